// Layers of ours as hls4ml calls them: a window [T, C, H, W] of fixed-point numbers in, a window or scores out, one call.
//   CONFIG_T   the shape class of this one layer, its row of the layer table and its contents: templates/hls4ml/
//   numbers    an hls4ml number is converted to the format that the kernel reads, and its bits are the integer
//   kernels    engine.hpp, razor.hpp and tally.hpp, as in the accelerator; in full: python/razorsnn/ops/
// Written for io_parallel.
#ifndef NNET_RAZORSNN_H_
#define NNET_RAZORSNN_H_

#include "ap_fixed.h"

#include "engine.hpp"
#include "razor.hpp"
#include "readout.hpp"
#include "tally.hpp"

namespace nnet {

// Words of `lanes_in` channels of as many positions as fill the lanes: python/razorsnn/ops/words.py. What no activation
// fills is never written, so it stays 0.
template <class C, int lanes_in, class data_T, class word_T>
void load_window(data_T data[C::n_in], word_T words[][C::lanes]) {
  const int beside = C::lanes / lanes_in, columns = (C::width + beside - 1) / beside;
  const int groups = (C::channels + lanes_in - 1) / lanes_in;
  int at = 0;
  for (int frame = 0; frame < C::frames; ++frame) {
    for (int channel = 0; channel < C::channels; ++channel) {
      for (int row = 0; row < C::height; ++row) {
        for (int column = 0; column < C::width; ++column, ++at) {
          const int place = (frame * C::height + row) * columns + column / beside;
          const typename C::input_t value = data[at];
          const ap_uint<C::input_t::width> bits = value.range(C::input_t::width - 1, 0);
          words[place * groups + channel / lanes_in][column % beside * lanes_in + channel % lanes_in] = bits;
        }
      }
    }
  }
}

// A frame that is not kept leaves as zeros.
template <class C, class res_T>
void save_window(const razorsnn::Activation<C> words[][C::lanes], const bool keep[C::frames],
                 res_T res[C::n_out]) {
  int word = 0;
  for (int frame = 0; frame < C::frames; ++frame) {
    for (int at = 0; at < C::out_positions; ++at) {
      for (int group = 0; group < C::out_channels; group += C::lanes, ++word) {
        for (int lane = 0; lane < C::lanes && group + lane < C::out_channels; ++lane) {
          res_T value = 0;
          const ap_uint<res_T::width> bits = words[word][lane];
          if (keep[frame]) value.range(res_T::width - 1, 0) = bits;
          res[(frame * C::out_channels + group + lane) * C::out_positions + at] = value;
        }
      }
    }
  }
}

// A convolution or dense layer of LIAF or LIF neurons. A readout gives scores.
template <class data_T, class res_T, typename CONFIG_T>
void spiking_layer(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_out]) {
  using C = CONFIG_T;
  static razorsnn::Input<C> input[C::input_depth][C::lanes];
#pragma HLS array_reshape variable=input dim=2 type=complete
  static razorsnn::Activation<C> even[C::store_depth_even][C::lanes];
#pragma HLS array_reshape variable=even dim=2 type=complete
  static razorsnn::Activation<C> odd[C::store_depth_odd][C::lanes];
  static razorsnn::Score<C> scores[C::score_depth][C::lanes];
#pragma HLS array_partition variable=scores dim=2 type=complete
  const razorsnn::Layer layer = razorsnn::read_layer(C::image_layer_table()[0]);
  razorsnn::Counters counters = {0, 0, 0, 0};
  bool keep[C::frames];
  for (int frame = 0; frame < C::frames; ++frame) {
    keep[frame] = true;
  }
  load_window<C, C::input_lanes>(data, input);
  razorsnn::clear_scores<C>(scores);
  razorsnn::run_layer<C>(0, layer, true, keep, C::image_weights(), C::image_upper(), C::image_bias(), input, even, odd, scores, counters);
  if (!C::is_readout) {
    save_window<C>(even, keep, res);
    return;
  }
  for (int index = 0; index < C::n_out; ++index) {
    res_T value = 0;
    const ap_uint<C::score_bits> bits = scores[index / C::lanes][index % C::lanes];
    value.range(C::score_bits - 1, 0) = bits;
    res[index] = value;
  }
}

// The razor gate: frames that do not reach the threshold leave as zeros.
template <class data_T, class res_T, typename CONFIG_T>
void razor_gate(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_out]) {
  using C = CONFIG_T;
  static razorsnn::Activation<C> even[C::store_depth_even][C::lanes];
#pragma HLS array_reshape variable=even dim=2 type=complete
  static razorsnn::Activation<C> odd[C::store_depth_odd][C::lanes];
  const razorsnn::Layer layer = razorsnn::read_layer(C::image_layer_table()[0]);
  bool keep[C::frames];
  load_window<C, C::lanes>(data, even);
  razorsnn::run_gate<C>(false, layer, C::image_embeddings(), C::image_affine(), C::image_offset(), C::image_exp(),
                        C::image_sigmoid(), even, odd, keep);
  save_window<C>(even, keep, res);
}

// The static gate: the same frames of every window leave as zeros.
template <class data_T, class res_T, typename CONFIG_T>
void static_gate(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_out]) {
  using C = CONFIG_T;
  static razorsnn::Activation<C> window[C::store_depth_even][C::lanes];
#pragma HLS array_reshape variable=window dim=2 type=complete
  bool keep[C::frames];
  for (int frame = 0; frame < C::frames; ++frame) {
    keep[frame] = C::image_keep()[0][frame] != 0;
  }
  load_window<C, C::lanes>(data, window);
  save_window<C>(window, keep, res);
}

// The tally gate: frames that hold too little leave as zeros.
template <class data_T, class res_T, typename CONFIG_T>
void tally_gate(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_out]) {
  using C = CONFIG_T;
  static razorsnn::Activation<C> even[C::store_depth_even][C::lanes];
#pragma HLS array_reshape variable=even dim=2 type=complete
  static razorsnn::Activation<C> odd[C::store_depth_odd][C::lanes];
  bool keep[C::frames];
  load_window<C, C::lanes>(data, even);
  razorsnn::tally_frames<C>(false, C::frame_words, C::tally_peak, C::tally_limit, even, odd, keep);
  save_window<C>(even, keep, res);
}

}  // namespace nnet

#endif
