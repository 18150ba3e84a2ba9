// LIAF engine: all layers in turn, each told by its row of the layer table. In full: python/razorsnn/ops/synapse.py.
//   equation   z = sum over pool x pool outputs of (bias + sum w * x); then the neuron (neuron.hpp)
//   shapes     membranes [H_out * W_out * groups_out] words of `lanes`, at pooled size
//   order      of an event's outputs (pooled ones where the pool is folded): row by row, column by column, channel
//              group by channel group, those only that exist and that a pool uses; one word of outputs a cycle
//   handshake  a pruned frame is not scanned: no weight read, no multiply; its neuron pass runs all the same
#pragma once

#include "neuron.hpp"
#include "scanner.hpp"

namespace razorsnn {

// Membranes hold h + bias between frames; h is 0 before the first.
template <class C>
void preset_membranes(const Layer& layer, const typename C::bias_t bias[C::bias_depth][C::lanes],
                      Membrane<C> membranes[C::membrane_depth][C::lanes]) {
  int group = 0;
  for (int word = 0; word < C::membrane_depth; ++word) {
#pragma HLS pipeline II=1
    if (word == layer.words_out) break;
    for (int lane = 0; lane < C::lanes; ++lane) {
#pragma HLS unroll
      membranes[word][lane] = bias[layer.bias_base.to_int() + group][lane];
    }
    group = group + 1 == layer.groups_out ? 0 : group + 1;
  }
}

// Outputs, first..last, that an input reaches along one axis; none where last < first.
struct Span {
  int first;
  int last;
};

// Those o with 0 <= at + reach - (o << step_log2) <= span.
inline Span span_reached(const int at, const Layer& layer, const int outputs) {
#pragma HLS inline
  const int step = layer.step_log2.to_int(), farthest = at + layer.reach.to_int(), span = layer.span.to_int();
  const int first = farthest < span ? 0 : (farthest - span + (1 << step) - 1) >> step;
  return {first, (farthest >> step) < outputs ? farthest >> step : outputs - 1};
}

inline int length(const Span span) {
#pragma HLS inline
  return span.last < span.first ? 0 : span.last - span.first + 1;
}

template <class C>
void multiply_word(const Operand<C> value, const typename C::weight_t weights[C::lanes],
                   Membrane<C> membranes[C::lanes]) {
#pragma HLS inline
  for (int lane = 0; lane < C::lanes; ++lane) {
#pragma HLS unroll
    const Product<C> product = weights[lane] * value.to_int();
    membranes[lane] += product;
  }
}

// Returns the multiply cycles.
template <class C>
int multiply_event(const Layer& layer, const Event<C>& event,
                   const typename C::weight_t weights[C::weight_depth][C::lanes],
                   Membrane<C> membranes[C::membrane_depth][C::lanes]) {
  const int farthest_y = event.y.to_int() + layer.reach.to_int(), farthest_x = event.x.to_int() + layer.reach.to_int();
  const int step = layer.step_log2.to_int(), size = layer.span.to_int() + 1;
  const int groups = layer.groups_out.to_int(), pool = layer.pool_log2.to_int();
  const Span rows = span_reached(event.y.to_int(), layer, layer.rows.to_int());
  const Span columns = span_reached(event.x.to_int(), layer, layer.columns.to_int());
  const int outputs = length(rows) * length(columns) * groups;
  const int row_base = layer.weight_base.to_int() + event.row.to_int() * layer.row_stride.to_int();
  int row = rows.first, column = columns.first, group = 0;
  for (int output = 0; output < C::outputs_reached; ++output) {
#pragma HLS pipeline
#pragma HLS loop_tripcount min=0 max=C::outputs_reached
    if (output == outputs) break;
    const int tap = (farthest_y - (row << step)) * size + farthest_x - (column << step);
    const int target = (row >> pool) * layer.pitch.to_int() + (column >> pool) * groups + group;
    multiply_word<C>(event.value, weights[row_base + tap * groups + group], membranes[target]);
    if (++group == groups) {
      group = 0;
      const bool wraps = column == columns.last;
      column = wraps ? columns.first : column + 1;
      row += wraps ? 1 : 0;
    }
  }
  return outputs;
}

template <class C>
void multiply_events(const Layer layer, EventStream<C>& events,
                     const typename C::weight_t weights[C::weight_depth][C::lanes],
                     Membrane<C> membranes[C::membrane_depth][C::lanes], Counters& counters) {
  for (int count = 0; count < C::scan_steps; ++count) {
    const Event<C> event = events.read();
    if (event.end) break;
    ++counters.events;
    counters.multiplies += multiply_event<C>(layer, event, weights, membranes);
  }
}

template <class C>
void multiply_frame(const int index, const Layer layer, const int frame,
                    const Input<C> input[C::input_depth][C::lanes],
                    const Activation<C> even[C::store_depth_even][C::lanes],
                    const Activation<C> odd[C::store_depth_odd][C::lanes],
                    const typename C::weight_t weights[C::weight_depth][C::lanes],
                    Membrane<C> membranes[C::membrane_depth][C::lanes], Counters& counters) {
#pragma HLS dataflow
  EventStream<C> events("events");
#pragma HLS stream variable=events depth=16
  scan_frame<C>(index, layer, frame, input, even, odd, events);
  multiply_events<C>(layer, events, weights, membranes, counters);
}

// Ends a frame: threshold, output, reset, leak, next frame's bias; the readout adds to the scores instead.
template <class C>
void neuron_pass(const int index, const Layer layer, const int frame,
                 const typename C::bias_t bias[C::bias_depth][C::lanes],
                 Membrane<C> membranes[C::membrane_depth][C::lanes],
                 Activation<C> even[C::store_depth_even][C::lanes], Activation<C> odd[C::store_depth_odd][C::lanes],
                 Score<C> scores[C::score_depth][C::lanes], Counters& counters) {
  const int base = frame * layer.words_out.to_int();
  int group = 0;
  for (int word = 0; word < C::membrane_depth; ++word) {
#pragma HLS pipeline
    if (word == layer.words_out) break;
    Activation<C> outputs[C::lanes];
#pragma HLS array_partition variable=outputs complete
    for (int lane = 0; lane < C::lanes; ++lane) {
#pragma HLS unroll
      const Membrane<C> u = membranes[word][lane];
      const Cast<C::membrane_bits> y = output<C>(layer, u);
      outputs[lane] = y.value;
      membranes[word][lane] = decayed<C>(layer, u) + bias[layer.bias_base.to_int() + group][lane];
      if (layer.last) scores[group][lane] += score_part<C>(layer, u);
      if (!layer.last && y.saturated) ++counters.saturations;
    }
    if (!layer.last) save_word<C>(index % 2 == 1, base + word, outputs, even, odd);
    group = group + 1 == layer.groups_out ? 0 : group + 1;
  }
}

template <class C>
void run_layer(const int index, const Layer& layer, const bool keep[C::frames],
               const typename C::weight_t weights[C::weight_depth][C::lanes],
               const typename C::bias_t bias[C::bias_depth][C::lanes],
               const Input<C> input[C::input_depth][C::lanes],
               Activation<C> even[C::store_depth_even][C::lanes], Activation<C> odd[C::store_depth_odd][C::lanes],
               Score<C> scores[C::score_depth][C::lanes], Counters& counters) {
#pragma HLS inline off
  static Membrane<C> membranes[C::membrane_depth][C::lanes];
#pragma HLS array_reshape variable=membranes dim=2 type=complete
#pragma HLS bind_storage variable=membranes type=ram_2p
  preset_membranes<C>(layer, bias, membranes);
  for (int frame = 0; frame < C::frames; ++frame) {
    if (keep[frame]) multiply_frame<C>(index, layer, frame, input, even, odd, weights, membranes, counters);
    neuron_pass<C>(index, layer, frame, bias, membranes, even, odd, scores, counters);
  }
}

}  // namespace razorsnn
