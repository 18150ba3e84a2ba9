// Sequencer: runs the layers in the order of the layer table, each after its gate if it has one, on the frames that are
// held: a whole window, or where frames stream one. The
// keep bits of a static gate are in a memory (python/razorsnn/ops/static.py).
// Rows: layer.hpp, from python/razorsnn/layertable.py. A net of fewer layers ends with its row marked `last`.
#pragma once

#include "engine.hpp"
#include "razor.hpp"
#include "readout.hpp"
#include "tally.hpp"

namespace razorsnn {

// The gate's verdicts on the frames that are held, from `first` on, for the host: keep bits gate after gate, and for every
// layer how many frames it read.
template <class C>
void record_keep(const int index, const int gate, const int first, const Layer& layer, const bool keep[C::held_frames],
                 bool keep_bits[C::keep_depth], std::uint32_t kept[C::layers], std::uint32_t pruned[C::layers]) {
  std::uint32_t count = 0;
  for (int frame = 0; frame < C::held_frames; ++frame) {
#pragma HLS pipeline II=1
    if (has_gate(layer)) keep_bits[gate * C::frames + first + frame] = keep[frame];
    if (keep[frame]) ++count;
  }
  kept[index] += count;
  pruned[index] += C::held_frames - count;
}

template <class C>
void clear_verdicts(bool keep_bits[C::keep_depth], std::uint32_t kept[C::layers], std::uint32_t pruned[C::layers]) {
  for (int at = 0; at < C::keep_depth; ++at) {
    keep_bits[at] = false;
  }
  for (int index = 0; index < C::layers; ++index) {
    kept[index] = 0;
    pruned[index] = 0;
  }
}

// The frames that are held, from `first` of their window on, through all layers.
template <class C>
void run_frames(const std::uint32_t layer_table[C::layers][C::layer_fields],
                const typename C::weight_t weights[C::weight_depth][C::slots],
                const typename C::upper_t upper[C::upper_room][C::slots],
                const typename C::bias_t bias[C::bias_depth][C::slots], const std::int8_t embeddings[C::gate_depth],
                const std::int16_t affine[C::gate_depth], const std::int32_t offset[C::offset_depth],
                const std::uint16_t exp_table[C::table_depth], const std::uint8_t sigmoid_table[C::table_depth],
                const std::uint8_t fixed_keep[C::layers][C::frames],
                const Input<C> input[C::input_depth][C::slots], const int first, bool keep_bits[C::keep_depth],
                std::uint32_t kept[C::layers], std::uint32_t pruned[C::layers],
                Score<C> scores[C::score_depth][C::slots], Counters& counters) {
  static Activation<C> even[C::store_depth_even][C::slots];
#pragma HLS array_reshape variable=even dim=2 type=complete
#pragma HLS bind_storage variable=even type=ram_2p
  static Activation<C> odd[C::store_depth_odd][C::slots];
#pragma HLS array_reshape variable=odd dim=2 type=complete
#pragma HLS bind_storage variable=odd type=ram_2p
  if (first == 0) clear_scores<C>(scores);
  if (first == 0) clear_verdicts<C>(keep_bits, kept, pruned);
  int gate = 0;
  for (int index = 0; index < C::layers; ++index) {
    const Layer layer = read_layer(layer_table[index]);
    bool keep[C::held_frames];
    for (int frame = 0; frame < C::held_frames; ++frame) {
      keep[frame] = fixed_keep[index][first + frame] != 0;
    }
    if (C::razors > 0 && layer.gated) {
      run_gate<C>(index % 2 == 0, layer, embeddings, affine, offset, exp_table, sigmoid_table, even, odd, keep);
    }
    if (C::tallies > 0 && layer.tallied) {
      const Layer before = read_layer(layer_table[index - 1]);
      tally_frames<C>(index % 2 == 0, layer.words_in, before.tally_peak, before.tally_limit, even, odd, keep);
    }
    record_keep<C>(index, gate, first, layer, keep, keep_bits, kept, pruned);
    gate += has_gate(layer) ? 1 : 0;
    run_layer<C>(index, layer, first == 0, keep, weights, upper, bias, input, even, odd, scores, counters);
    if (layer.last) break;
  }
}

}  // namespace razorsnn
