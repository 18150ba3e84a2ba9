// LIAF and LIF neurons. In full: python/razorsnn/ops/neuron.py.
//   equation   s = u >= v_th;  y = cast(max(u, 0)), or s where `spike`;  h = floor(alpha * reset(u, s) / 256)
//   score      max(u, 0), or u where `signed_sum`: then h = 0
//   constants  C::alpha, reset, spike, ties_even, out_max: of all layers, instead of the layer's own; negative: its own
//   widths     u, h: membrane_bits, proven by the plan; y: out_max of the layer
//   rounding   fixed.hpp
#pragma once

#include "fixed.hpp"
#include "layer.hpp"
#include "types.hpp"

namespace razorsnn {

template <int Constant, int W>
ap_uint<W> setting(const ap_uint<W> own) {
#pragma HLS inline
  return Constant < 0 ? own : ap_uint<W>(Constant);
}

template <class C>
Membrane<C> reset_value(const Layer& layer, const Membrane<C> u) {
#pragma HLS inline
  if (u < layer.v_th) return u;
  const int reset = setting<C::reset>(layer.reset).to_int();
  if (reset == reset_subtract) return u - layer.v_th;
  if (reset == reset_threshold) return layer.v_th;
  return 0;
}

template <class C>
Membrane<C> decayed(const Layer& layer, const Membrane<C> u) {
#pragma HLS inline
  if (layer.signed_sum) return 0;
  return leak<C::membrane_bits>(reset_value<C>(layer, u), setting<C::alpha>(layer.alpha));
}

template <class C>
Cast<C::membrane_bits> output(const Layer& layer, const Membrane<C> u) {
#pragma HLS inline
  if (setting<C::spike>(layer.spike)) return {Membrane<C>(u >= layer.v_th ? 1 : 0), false};
  const Membrane<C> positive = u > 0 ? u : Membrane<C>(0);
  const int out_max = setting<C::out_max>(layer.out_max).to_int();
  const bool ties_even = setting<C::ties_even>(layer.ties_even) != 0;
  return cast<C::membrane_bits>(positive, layer.out_shift.to_int(), 0, out_max, ties_even);
}

template <class C>
Membrane<C> score_part(const Layer& layer, const Membrane<C> u) {
#pragma HLS inline
  return layer.signed_sum || u > 0 ? u : Membrane<C>(0);
}

}  // namespace razorsnn
