// The number rules, and the only rounding code of the accelerator. In full: python/razorsnn/fixed.py.
//   round_half_up  floor(value / 2^shift + 1/2)
//   cast           round_half_up, then saturated into low..high
//   leak           floor(alpha * value / 256)
#pragma once

#include <ap_int.h>

namespace razorsnn {

const int leak_frac = 8;

template <int W>
ap_int<W> round_half_up(const ap_int<W> value, const int shift) {
#pragma HLS inline
  if (shift == 0) return value;
  // One bit stays below the point while the half is added: no shift, however large, needs more than W + 1 bits.
  return ((value >> (shift - 1)) + 1) >> 1;
}

template <int W>
struct Cast {
  ap_int<W> value;
  bool saturated;
};

template <int W>
Cast<W> cast(const ap_int<W> value, const int shift, const int low, const int high) {
#pragma HLS inline
  const ap_int<W> rounded = round_half_up<W>(value, shift);
  if (rounded < low) return {ap_int<W>(low), true};
  if (rounded > high) return {ap_int<W>(high), true};
  return {rounded, false};
}

template <int W>
ap_int<W> leak(const ap_int<W> value, const ap_uint<leak_frac> alpha) {
#pragma HLS inline
  return (value * alpha) >> leak_frac;
}

}  // namespace razorsnn
