// Number types of a shape class C, and what is counted. The widths' proofs: python/razorsnn/shape.py.
#pragma once

#include <ap_int.h>

#include <cstdint>

namespace razorsnn {

template <class C>
using Input = ap_uint<C::input_bits>;
template <class C>
using Activation = ap_uint<C::activation_bits>;
// What a layer reads: an Input or an Activation.
template <class C>
using Operand = ap_uint<C::operand_bits>;
template <class C>
using Weight = ap_int<C::weight_bits>;
// Of a weight and an operand: exact.
template <class C>
using Product = ap_int<C::weight_bits + C::operand_bits>;
template <class C>
using Membrane = ap_int<C::membrane_bits>;
template <class C>
using Score = ap_int<C::score_bits>;

// Of one window. `multiplies` counts multiply cycles: each is one multiply on every lane.
struct Counters {
  std::uint32_t events;
  std::uint32_t multiplies;
  std::uint32_t dropped;
  std::uint32_t saturations;
};

}  // namespace razorsnn
