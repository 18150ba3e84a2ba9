// Scanner: the non-zero activations of a frame become events, in the order of python/razorsnn/ops/synapse.py.
//   order      word by word (y, x, channel group), in a word lane 0 first; then one event with `end` set
//   row        the event's weights: its channel; in a dense layer its place in the frame, and y = x = 0
//   y, x       of the word's tile, of the bank, and of the lane: a bank of the input holds several positions
//   latency    a cycle a word and a cycle an event; it runs ahead of the engine through a FIFO
#pragma once

#include "axis.hpp"
#include "layer.hpp"
#include "stores.hpp"

namespace razorsnn {

template <class C>
struct Event {
  Operand<C> value;
  ap_uint<C::row_bits> row;
  ap_uint<C::y_bits> y;
  ap_uint<C::x_bits> x;
  bool end;
};

template <class C>
using EventStream = hls::stream<Event<C>>;

// Where a word lies in its frame.
struct Place {
  int word;
  int group;
  int x;
  int y;
};

inline Place next_place(const Place at, const Layer& layer) {
#pragma HLS inline
  Place next = {at.word + 1, at.group + 1, at.x, at.y};
  if (next.group == layer.groups_in) {
    next.group = 0;
    ++next.x;
  }
  if (next.x == layer.width) {
    next.x = 0;
    ++next.y;
  }
  return next;
}

// Layer 0 reads the input memory, the others what the layer before wrote.
template <class C>
void load_operands(const int index, const int address, const Input<C> input[C::input_depth][C::slots],
                   const Activation<C> even[C::store_depth_even][C::slots],
                   const Activation<C> odd[C::store_depth_odd][C::slots], Operand<C> word[C::slots]) {
#pragma HLS inline
  Activation<C> stored[C::slots];
#pragma HLS array_partition variable=stored complete
  if (index > 0) load_word<C>(index % 2 == 0, address, even, odd, stored);
  for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
    word[lane] = index > 0 ? Operand<C>(stored[lane]) : Operand<C>(input[address][lane]);
  }
}

template <class C>
ap_uint<C::slots> occupied(const Operand<C> word[C::slots]) {
#pragma HLS inline
  ap_uint<C::slots> bits = 0;
  for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
    bits[lane] = word[lane] != 0;
  }
  return bits;
}

template <class C>
int lowest_lane(const ap_uint<C::slots> bits) {
#pragma HLS inline
  int lowest = 0;
  for (int lane = C::slots - 1; lane >= 0; --lane) {
#pragma HLS unroll
    if (bits[lane]) lowest = lane;
  }
  return lowest;
}

template <class C>
Event<C> event_at(const Layer& layer, const Place at, const int lane, const Operand<C> value) {
#pragma HLS inline
  if (layer.dense) return {value, at.word * C::slots + lane, 0, 0, false};
  if (layer.deep_in) return {value, at.group * C::slots + lane, at.y, at.x, false};
  // A bank holds several positions only where it holds all their channels: then its group is 0.
  const int log2 = layer.lanes_in_log2.to_int(), bank = lane / C::lanes, in_bank = lane % C::lanes;
  const int beside = in_bank >> log2, channel = in_bank - (beside << log2);
  const int y = at.y * C::tile_side + bank / C::tile_side, x = at.x * C::tile_side + bank % C::tile_side;
  return {value, at.group * C::lanes + channel, y, x * (C::lanes >> log2) + beside, false};
}

template <class C>
void scan_frame(const int index, const Layer layer, const int frame,
                const Input<C> input[C::input_depth][C::slots],
                const Activation<C> even[C::store_depth_even][C::slots],
                const Activation<C> odd[C::store_depth_odd][C::slots], EventStream<C>& events) {
  const int base = frame * layer.words_in.to_int();
  Place here = {0, 0, 0, 0}, next = {0, 0, 0, 0};
  Operand<C> word[C::slots];
#pragma HLS array_partition variable=word complete
  ap_uint<C::slots> pending = 0;
  for (int step = 0; step < C::scan_steps; ++step) {
#pragma HLS pipeline II=1
    if (pending != 0) {
      const int lane = lowest_lane<C>(pending);
      events.write(event_at<C>(layer, here, lane, word[lane]));
      pending[lane] = 0;
    } else if (next.word != layer.words_in) {
      load_operands<C>(index, base + next.word, input, even, odd, word);
      pending = occupied<C>(word);
      here = next;
      next = next_place(next, layer);
    } else {
      break;
    }
  }
  events.write({0, 0, 0, 0, true});
}

}  // namespace razorsnn
