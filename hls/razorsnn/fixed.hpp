// The number rules, and the only rounding code of the accelerator. In full: python/razorsnn/fixed.py.
//   round_half_up    floor(value / 2^shift + 1/2)
//   round_half_even  the same, but a tie goes to the even neighbour
//   cast             one of the two, then saturated into low..high
//   leak             floor(alpha * value / 256)
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
ap_int<W> round_half_even(const ap_int<W> value, const int shift) {
#pragma HLS inline
  if (shift == 0) return value;
  const ap_int<W> cut = value >> (shift - 1);
  const bool tie = cut[0] && (cut << (shift - 1)) == value;
  const ap_int<W> up = (cut + 1) >> 1;
  return tie && up[0] ? ap_int<W>(up - 1) : up;
}

template <int W>
struct Cast {
  ap_int<W> value;
  bool saturated;
};

template <int W>
Cast<W> cast(const ap_int<W> value, const int shift, const int low, const int high, const bool ties_even = false) {
#pragma HLS inline
  const ap_int<W> rounded = ties_even ? round_half_even<W>(value, shift) : round_half_up<W>(value, shift);
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
