#include "razorsnn_top.hpp"

#include "razorsnn/frame_builder.hpp"
#include "razorsnn/loader.hpp"
#include "razorsnn/sequencer.hpp"

using razorsnn::Config;

void razorsnn_top(razorsnn::BeatStream& events, razorsnn::BeatStream& score_words,
                  razorsnn::BeatStream& load, std::uint32_t load_writes,
                  bool keep_bits[Config::keep_depth], std::uint32_t kept[Config::layers],
                  std::uint32_t pruned[Config::layers], std::uint32_t& event_count, std::uint32_t& multiply_count,
                  std::uint32_t& dropped, std::uint32_t& saturations, std::uint32_t& windows, std::uint32_t& errors) {
#pragma HLS interface mode=axis port=events
#pragma HLS interface mode=axis port=score_words
#pragma HLS interface mode=axis port=load
#pragma HLS interface mode=s_axilite port=load_writes
#pragma HLS interface mode=s_axilite port=keep_bits
#pragma HLS interface mode=s_axilite port=kept
#pragma HLS interface mode=s_axilite port=pruned
#pragma HLS interface mode=s_axilite port=event_count
#pragma HLS interface mode=s_axilite port=multiply_count
#pragma HLS interface mode=s_axilite port=dropped
#pragma HLS interface mode=s_axilite port=saturations
#pragma HLS interface mode=s_axilite port=windows
#pragma HLS interface mode=s_axilite port=errors
#pragma HLS interface mode=s_axilite port=return
#pragma HLS array_reshape variable=image_weights dim=2 type=complete
#pragma HLS array_reshape variable=image_upper dim=2 type=complete
#pragma HLS array_reshape variable=image_bias dim=2 type=complete
  static razorsnn::Input<Config> input[Config::input_depth][Config::slots];
#pragma HLS array_reshape variable=input dim=2 type=complete
#pragma HLS bind_storage variable=input type=ram_2p
  static razorsnn::Score<Config> scores[Config::score_depth][Config::slots];
#pragma HLS array_partition variable=scores dim=2 type=complete
  static std::uint32_t window_count = 0;
#pragma HLS reset variable=window_count
  static bool overrun = false;
#pragma HLS reset variable=overrun
  static bool refused = false;
#pragma HLS reset variable=refused
  // Not reset: a reset cannot know what the memories hold.
  static bool whole = true;
#pragma HLS reset variable=whole off
  if (load_writes > 0) {
    razorsnn::Contents<Config> contents = {image_layer_table, image_weights, image_upper, image_bias, image_keep, image_embeddings,
                                           image_affine, image_offset, image_exp, image_sigmoid};
    if (razorsnn::load_contents<Config>(load, load_writes, contents, whole)) refused = true;
  }
  if (load_writes > 0 || !whole) {
    errors = (whole ? 0 : 4) | (refused ? 2 : 0) | (overrun ? 1 : 0);
    return;
  }
  razorsnn::Counters counters = {0, 0, 0, 0};
  razorsnn::Progress window = {0, false, false};
  while (window.frames < Config::frames) {
#pragma HLS loop_tripcount min=Config::frames/Config::held_frames max=Config::frames/Config::held_frames
    const int first = window.frames;
    razorsnn::build_frames<Config>(events, input, window, counters);
    razorsnn::run_frames<Config>(image_layer_table, image_weights, image_upper, image_bias, image_embeddings, image_affine,
                                 image_offset, image_exp, image_sigmoid, image_keep, input, first, keep_bits, kept, pruned,
                                 scores, counters);
  }
  if (window.overrun) overrun = true;
  razorsnn::send_scores<Config>(scores, score_words);
  event_count = counters.events;
  multiply_count = counters.multiplies;
  dropped = counters.dropped;
  saturations = counters.saturations;
  windows = ++window_count;
  errors = (refused ? 2 : 0) | (overrun ? 1 : 0);
}
