// LIAF engine: all layers in turn, each told by its row of the layer table. In full: python/razorsnn/ops/synapse.py.
//   equation   z = sum over pool x pool outputs of (bias + sum w * x); then the neuron (neuron.hpp)
//   shapes     membranes in words of `slots`, a bank of `lanes` a tap, at pooled size: python/razorsnn/ops/words.py; where
//              frames stream, those of the layers behind each other, from membrane_base on
//   order      of an event's outputs (pooled ones where the pool is folded): blocks of a tile's size row by row, column
//              by column, channel group by channel group, those only that exist and that a pool uses; a block a cycle
//   handshake  a pruned frame is not scanned: no weight read, no multiply; its neuron pass runs all the same
#pragma once

#include "neuron.hpp"
#include "scanner.hpp"

namespace razorsnn {

// Where a word of outputs lies in its frame, in tiles.
struct Spot {
  int group;
  int x;
  int y;
};

template <class C>
int side(const Layer& layer) {
#pragma HLS inline
  return layer.deep ? 1 : C::tile_side;
}

// Along an axis: the tile of a row or column, and its place there, which is that of its bank. By a constant: a divider
// would be large. A place before the map has a negative one.
template <class C>
int tile(const Layer& layer, const int at) {
#pragma HLS inline
  return layer.deep ? at : at / C::tile_side;
}

template <class C>
int place_in_tile(const Layer& layer, const int at) {
#pragma HLS inline
  return layer.deep ? 0 : at % C::tile_side;
}

template <class C>
Spot next_spot(const Spot at, const Layer& layer) {
#pragma HLS inline
  Spot next = {at.group + 1, at.x, at.y};
  if (next.group == layer.groups_out) {
    next.group = 0;
    next.x += side<C>(layer);
  }
  if (next.x >= layer.columns) {
    next.x = 0;
    next.y += side<C>(layer);
  }
  return next;
}

// Of a bank's neurons: those of positions that a tile has beyond the map have no bias, and so stay 0.
template <class C>
typename C::bias_t bias_at(const Layer& layer, const Spot at, const int slot,
                           const typename C::bias_t bias[C::bias_depth][C::slots]) {
#pragma HLS inline
  const int bank = layer.deep ? 0 : slot / C::lanes;
  const int y = at.y + bank / C::tile_side, x = at.x + bank % C::tile_side;
  const bool exists = y < layer.rows && x < layer.columns;
  return exists ? bias[layer.bias_base.to_int() + at.group][slot] : typename C::bias_t(0);
}

// Membranes hold h + bias between frames; h is 0 before the first.
template <class C>
void preset_membranes(const Layer& layer, const typename C::bias_t bias[C::bias_depth][C::slots],
                      Membrane<C> membranes[C::membrane_depth][C::slots]) {
  Spot at = {0, 0, 0};
  for (int word = 0; word < C::membrane_depth; ++word) {
#pragma HLS pipeline II=1
    if (word == layer.words_out) break;
    for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
      membranes[layer.membrane_base.to_int() + word][lane] = bias_at<C>(layer, at, lane, bias);
    }
    at = next_spot<C>(at, layer);
  }
}

// Outputs, first..last, that an input reaches along one axis, in blocks of `side` from the first one on; where a block
// is one output, those alone that exist. No block where last < first.
struct Span {
  int first;
  int last;
  int blocks;
};

// Those o with 0 <= at + reach - (o << step_log2) <= span.
template <class C>
Span span_reached(const int at, const Layer& layer, const int outputs) {
#pragma HLS inline
  const int step = layer.step_log2.to_int(), farthest = at + layer.reach.to_int(), span = layer.span.to_int();
  const int whole = (farthest - span + (1 << step) - 1) >> step;
  const int first = side<C>(layer) == 1 && whole < 0 ? 0 : whole;
  const int last = (farthest >> step) < outputs ? farthest >> step : outputs - 1;
  return {first, last, last < first ? 0 : tile<C>(layer, last - first) + 1};
}

// A block of outputs from (row, column) on, of one channel group.
struct Block {
  int row;
  int column;
  int group;
};

// The first words have upper bits in a memory of their own; of the others those are the sign.
template <class C>
void weights_at(const int word, const typename C::weight_t weights[C::weight_depth][C::slots],
                const typename C::upper_t upper[C::upper_room][C::slots], Weight<C> whole[C::slots]) {
#pragma HLS inline
  const bool has_upper = C::upper_bits > 0 && word < C::upper_depth;
  for (int slot = 0; slot < C::slots; ++slot) {
#pragma HLS unroll
    const ap_int<C::lower_bits> lower = weights[word][slot];
    whole[slot] = lower;
    if (has_upper) whole[slot].range(C::weight_bits - 1, C::weight_bits - C::upper_bits) = upper[word][slot];
  }
}

// Bank (y mod n, x mod n) has one output of the block; its weights lie at the output's place in the block.
template <class C>
void multiply_block(const Layer& layer, const Operand<C> value, const Block& block, const Span& rows,
                    const Span& columns, const Weight<C> weights[C::slots],
                    Membrane<C> membranes[C::membrane_depth][C::slots]) {
#pragma HLS inline
  const int n = C::tile_side, groups = layer.groups_out.to_int(), pool = layer.pool_log2.to_int();
  for (int bank = 0; bank < C::taps; ++bank) {
#pragma HLS unroll
    const int i = place_in_tile<C>(layer, bank / n - place_in_tile<C>(layer, block.row) + n);
    const int j = place_in_tile<C>(layer, bank % n - place_in_tile<C>(layer, block.column) + n);
    const int row = block.row + i, column = block.column + j;
    if (row < 0 || row > rows.last || column < 0 || column > columns.last) continue;
    const int down = tile<C>(layer, row >> pool), across = tile<C>(layer, column >> pool);
    const int target = layer.membrane_base.to_int() + down * layer.pitch.to_int() + across * groups + block.group;
    const int place = layer.deep ? bank : i * n + j;
    for (int lane = 0; lane < C::lanes; ++lane) {
#pragma HLS unroll
      const Product<C> product = weights[place * C::lanes + lane] * value;
      membranes[target][bank * C::lanes + lane] += product;
    }
  }
}

// Returns the multiply cycles.
template <class C>
int multiply_event(const Layer& layer, const Event<C>& event,
                   const typename C::weight_t weights[C::weight_depth][C::slots],
                   const typename C::upper_t upper[C::upper_room][C::slots],
                   Membrane<C> membranes[C::membrane_depth][C::slots]) {
  const int reach = layer.reach.to_int(), step = layer.step_log2.to_int(), n = side<C>(layer);
  const int farthest_y = event.y.to_int() + reach, farthest_x = event.x.to_int() + reach;
  const int groups = layer.groups_out.to_int();
  // Words of weights along an axis, and by how many a place there is less than the index of the first weight.
  const int whole = layer.span.to_int() + 1;
  const int size = n == 1 ? whole : (tile<C>(layer, layer.span.to_int() >> step) + 1) << step;
  const int less = whole - size;
  const Span rows = span_reached<C>(event.y.to_int(), layer, layer.rows.to_int());
  const Span columns = span_reached<C>(event.x.to_int(), layer, layer.columns.to_int());
  const int steps = rows.blocks * columns.blocks * groups;
  const int row_base = layer.weight_base.to_int() + event.row.to_int() * layer.row_stride.to_int();
  Block block = {rows.first, columns.first, 0};
  int down = 0, across = 0;
  for (int output = 0; output < C::outputs_reached; ++output) {
#pragma HLS pipeline
#pragma HLS loop_tripcount min=0 max=C::outputs_reached
    if (output == steps) break;
    const int a = farthest_y - (rows.first << step) - less - (down << step);
    const int b = farthest_x - (columns.first << step) - less - (across << step);
    const int word = row_base + (a * size + b) * groups + block.group;
    Weight<C> whole[C::slots];
#pragma HLS array_partition variable=whole complete
    weights_at<C>(word, weights, upper, whole);
    multiply_block<C>(layer, event.value, block, rows, columns, whole, membranes);
    if (++block.group == groups) {
      block.group = 0;
      const bool wraps = across + 1 == columns.blocks;
      across = wraps ? 0 : across + 1;
      down += wraps ? 1 : 0;
      block.row = rows.first + down * n;
      block.column = columns.first + across * n;
    }
  }
  return steps;
}

template <class C>
void multiply_events(const Layer layer, EventStream<C>& events,
                     const typename C::weight_t weights[C::weight_depth][C::slots],
                     const typename C::upper_t upper[C::upper_room][C::slots],
                     Membrane<C> membranes[C::membrane_depth][C::slots], Counters& counters) {
  for (int count = 0; count < C::scan_steps; ++count) {
    const Event<C> event = events.read();
    if (event.end) break;
    ++counters.events;
    counters.multiplies += multiply_event<C>(layer, event, weights, upper, membranes);
  }
}

template <class C>
void multiply_frame(const int index, const Layer layer, const int frame,
                    const Input<C> input[C::input_depth][C::slots],
                    const Activation<C> even[C::store_depth_even][C::slots],
                    const Activation<C> odd[C::store_depth_odd][C::slots],
                    const typename C::weight_t weights[C::weight_depth][C::slots],
                    const typename C::upper_t upper[C::upper_room][C::slots],
                    Membrane<C> membranes[C::membrane_depth][C::slots], Counters& counters) {
#pragma HLS dataflow
  EventStream<C> events("events");
#pragma HLS stream variable=events depth=16
  scan_frame<C>(index, layer, frame, input, even, odd, events);
  multiply_events<C>(layer, events, weights, upper, membranes, counters);
}

// Ends a frame: threshold, output, reset, leak, next frame's bias; the readout adds to the scores instead.
template <class C>
void neuron_pass(const int index, const Layer layer, const int frame,
                 const typename C::bias_t bias[C::bias_depth][C::slots],
                 Membrane<C> membranes[C::membrane_depth][C::slots],
                 Activation<C> even[C::store_depth_even][C::slots], Activation<C> odd[C::store_depth_odd][C::slots],
                 Score<C> scores[C::score_depth][C::slots], Counters& counters) {
  const int base = frame * layer.words_out.to_int();
  Spot at = {0, 0, 0};
  for (int word = 0; word < C::membrane_depth; ++word) {
#pragma HLS pipeline
    if (word == layer.words_out) break;
    Activation<C> outputs[C::slots];
#pragma HLS array_partition variable=outputs complete
    for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
      Membrane<C>& membrane = membranes[layer.membrane_base.to_int() + word][lane];
      const Membrane<C> u = membrane;
      const Cast<C::membrane_bits> y = output<C>(layer, u);
      outputs[lane] = y.value;
      membrane = decayed<C>(layer, u) + bias_at<C>(layer, at, lane, bias);
      if (layer.last) scores[at.group][lane] += score_part<C>(layer, u);
      if (!layer.last && y.saturated) ++counters.saturations;
    }
    if (!layer.last) save_word<C>(index % 2 == 1, base + word, outputs, even, odd);
    at = next_spot<C>(at, layer);
  }
}

// The frames that are held; with the first of a window the layer opens.
template <class C>
void run_layer(const int index, const Layer& layer, const bool opens, const bool keep[C::held_frames],
               const typename C::weight_t weights[C::weight_depth][C::slots],
               const typename C::upper_t upper[C::upper_room][C::slots],
               const typename C::bias_t bias[C::bias_depth][C::slots],
               const Input<C> input[C::input_depth][C::slots],
               Activation<C> even[C::store_depth_even][C::slots], Activation<C> odd[C::store_depth_odd][C::slots],
               Score<C> scores[C::score_depth][C::slots], Counters& counters) {
#pragma HLS inline off
  static Membrane<C> membranes[C::membrane_depth][C::slots];
#pragma HLS array_partition variable=membranes dim=2 type=block factor=C::taps
#pragma HLS array_reshape variable=membranes dim=2 type=complete
#pragma HLS bind_storage variable=membranes type=ram_2p
  if (opens) preset_membranes<C>(layer, bias, membranes);
  for (int frame = 0; frame < C::held_frames; ++frame) {
    if (keep[frame]) multiply_frame<C>(index, layer, frame, input, even, odd, weights, upper, membranes, counters);
    neuron_pass<C>(index, layer, frame, bias, membranes, even, odd, scores, counters);
  }
}

}  // namespace razorsnn
