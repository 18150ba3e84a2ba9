// LIAF and LIF neurons. In full: python/razorsnn/ops/neuron.py.
//   equation   s = u >= v_th;  y = cast(max(u, 0)), or s where `spike`;  h = floor(alpha * reset(u, s) / 256)
//   score      max(u, 0), or u where `signed_sum`
//   widths     u, h: membrane_bits, proven by the plan; y: out_max of the layer
//   rounding   fixed.hpp
#pragma once

#include "fixed.hpp"
#include "layer.hpp"
#include "types.hpp"

namespace razorsnn {

template <class C>
Membrane<C> reset_value(const Layer& layer, const Membrane<C> u) {
#pragma HLS inline
  if (u < layer.v_th) return u;
  if (layer.reset == reset_subtract) return u - layer.v_th;
  if (layer.reset == reset_threshold) return layer.v_th;
  return 0;
}

template <class C>
Membrane<C> decayed(const Layer& layer, const Membrane<C> u) {
#pragma HLS inline
  return leak<C::membrane_bits>(reset_value<C>(layer, u), layer.alpha);
}

template <class C>
Cast<C::membrane_bits> output(const Layer& layer, const Membrane<C> u) {
#pragma HLS inline
  if (layer.spike) return {Membrane<C>(u >= layer.v_th ? 1 : 0), false};
  const Membrane<C> positive = u > 0 ? u : Membrane<C>(0);
  return cast<C::membrane_bits>(positive, layer.out_shift.to_int(), 0, layer.out_max.to_int(), layer.ties_even != 0);
}

template <class C>
Membrane<C> score_part(const Layer& layer, const Membrane<C> u) {
#pragma HLS inline
  return layer.signed_sum || u > 0 ? u : Membrane<C>(0);
}

}  // namespace razorsnn
