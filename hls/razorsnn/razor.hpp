// Razor unit: scores the frames that a layer is about to read, and keeps those that reach the threshold.
// In full, with every width and rounding: python/razorsnn/ops/razor.py.
//   equation   F[t] = sum X[t];  a_k = cast(offset_k + sum_t affine[k, t] * F[t]);  w = softmax over k by table
//              acc_k[p] = sum_t embeddings[k, t] * X[t, p];  M[p] = sum_k SIGMOID[cast(w_k * acc_k[p])]
//              S[t] = max over p of M[p] * X[t, p];  keep[t] = S[t] >= threshold, or relative to the best S
//   operand    raw: X stays; refined: cast(M * X) is written over it
//   order      sums frame by frame, word by word, k by k; then masks word by word; then scores frame by frame. What
//              the order is changes no bit; the RTL takes the sums while the layer before puts its outputs out
//   handshake  all keep bits are known before the layer starts; in the RTL it does not wait for all
#pragma once

#include "fixed.hpp"
#include "layer.hpp"
#include "stores.hpp"

namespace razorsnn {

template <class C>
using Sum = ap_int<C::sums_bits>;
template <class C>
using FrameSum = ap_uint<C::frame_sum_bits>;
template <class C>
using Logit = ap_int<C::logit_bits>;
template <class C>
using Mask = ap_uint<C::mask_bits>;
template <class C>
using MaskedValue = ap_int<C::masked_bits>;
// w_k: 1 is 2^weight_frac
template <class C>
using Weighting = ap_uint<C::weight_frac + 1>;

template <class C>
FrameSum<C> word_sum(const Activation<C> word[C::slots]) {
#pragma HLS inline
  FrameSum<C> sum = 0;
  for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
    sum += word[lane];
  }
  return sum;
}

// Frame 0 sets the sums, so they need no clearing; in the others an empty word changes nothing.
template <class C>
FrameSum<C> sum_frame(const bool odd_store, const Layer& layer, const int frame,
                      const std::int8_t embeddings[C::gate_depth],
                      const Activation<C> even[C::store_depth_even][C::slots],
                      const Activation<C> odd[C::store_depth_odd][C::slots], Sum<C> sums[C::sums_depth][C::slots]) {
  const int base = frame * layer.words_in.to_int();
  const int first = (layer.gate_base.to_int() + frame) * C::embeddings;
  FrameSum<C> total = 0;
  for (int at = 0; at < C::mask_depth; ++at) {
    if (at == layer.words_in) break;
    Activation<C> word[C::slots];
#pragma HLS array_partition variable=word complete
    load_word<C>(odd_store, base + at, even, odd, word);
    const FrameSum<C> sum = word_sum<C>(word);
    total += sum;
    if (frame > 0 && sum == 0) continue;
    for (int k = 0; k < C::embeddings; ++k) {
#pragma HLS pipeline II=1
      for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
        Sum<C>& sum_k = sums[at * C::embeddings + k][lane];
        const int product = embeddings[first + k] * word[lane].to_int();
        sum_k = frame == 0 ? Sum<C>(product) : Sum<C>(sum_k + product);
      }
    }
  }
  return total;
}

template <class C>
void sum_window(const bool odd_store, const Layer& layer, const std::int8_t embeddings[C::gate_depth],
                const std::int16_t affine[C::gate_depth], const std::int32_t offset[C::offset_depth],
                const Activation<C> even[C::store_depth_even][C::slots],
                const Activation<C> odd[C::store_depth_odd][C::slots], Sum<C> sums[C::sums_depth][C::slots],
                Logit<C> logits[C::embeddings]) {
  for (int k = 0; k < C::embeddings; ++k) {
    logits[k] = offset[layer.offset_base.to_int() + k];
  }
  for (int frame = 0; frame < C::frames; ++frame) {
    const FrameSum<C> total = sum_frame<C>(odd_store, layer, frame, embeddings, even, odd, sums);
    const int first = (layer.gate_base.to_int() + frame) * C::embeddings;
    for (int k = 0; k < C::embeddings; ++k) {
#pragma HLS pipeline
      logits[k] += affine[first + k] * total;
    }
  }
}

// Softmax over the embeddings.
template <class C>
void weigh_embeddings(const Layer& layer, const Logit<C> logits[C::embeddings],
                      const std::uint16_t exp_table[C::table_depth], Weighting<C> weighting[C::embeddings]) {
  const int shift = layer.logit_shift.to_int();
  int values[C::embeddings], best = C::logit_low;
  for (int k = 0; k < C::embeddings; ++k) {
    values[k] = cast<C::logit_bits>(logits[k], shift, C::logit_low, C::logit_high).value.to_int();
    best = values[k] > best ? values[k] : best;
  }
  unsigned exponents[C::embeddings], total = 0;
  for (int k = 0; k < C::embeddings; ++k) {
    const int distance = best - values[k];
    exponents[k] = exp_table[distance < C::table_depth ? distance : C::table_depth - 1];
    total += exponents[k];
  }
  for (int k = 0; k < C::embeddings; ++k) {
    weighting[k] = (exponents[k] << C::weight_frac) / total;
  }
}

template <class C>
void make_masks(const Layer& layer, const Weighting<C> weighting[C::embeddings],
                const Sum<C> sums[C::sums_depth][C::slots], const std::uint8_t sigmoid_table[C::table_depth],
                Mask<C> masks[C::mask_depth][C::slots]) {
  const int shift = layer.mask_shift.to_int();
  for (int at = 0; at < C::mask_depth; ++at) {
    if (at == layer.words_in) break;
    for (int k = 0; k < C::embeddings; ++k) {
#pragma HLS pipeline
      for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
        const ap_int<C::mask_product_bits> product = weighting[k] * sums[at * C::embeddings + k][lane];
        const Cast<C::mask_product_bits> input =
            cast<C::mask_product_bits>(product, shift, C::mask_input_low, C::mask_input_high);
        const Mask<C> before = k == 0 ? Mask<C>(0) : masks[at][lane];
        masks[at][lane] = before + ap_uint<8>(sigmoid_table[input.value.to_int() - C::mask_input_low]);
      }
    }
  }
}

// Returns S[t]; writes the refined operand over X where the layer reads it.
template <class C>
MaskedValue<C> score_frame(const bool odd_store, const Layer& layer, const int frame,
                           const Mask<C> masks[C::mask_depth][C::slots],
                           Activation<C> even[C::store_depth_even][C::slots],
                           Activation<C> odd[C::store_depth_odd][C::slots]) {
  const int base = frame * layer.words_in.to_int(), shift = layer.refine_shift.to_int();
  MaskedValue<C> score = 0;
  for (int at = 0; at < C::mask_depth; ++at) {
#pragma HLS pipeline
    if (at == layer.words_in) break;
    Activation<C> word[C::slots];
#pragma HLS array_partition variable=word complete
    load_word<C>(odd_store, base + at, even, odd, word);
    for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
      const MaskedValue<C> masked = masks[at][lane].to_int() * word[lane].to_int();
      score = masked > score ? masked : score;
      word[lane] = cast<C::masked_bits>(masked, shift, 0, layer.refine_max.to_int()).value;
    }
    if (layer.refined) save_word<C>(odd_store, base + at, word, even, odd);
  }
  return score;
}

// keep[t] of absolute and relative thresholds; a relative one measures a window without a non-zero against 1.
template <class C>
void keep_frames(const Layer& layer, const MaskedValue<C> scores[C::frames], bool keep[C::frames]) {
  MaskedValue<C> best = 1;
  for (int frame = 0; frame < C::frames; ++frame) {
    best = scores[frame] > best ? scores[frame] : best;
  }
  for (int frame = 0; frame < C::frames; ++frame) {
#pragma HLS pipeline II=1
    const ap_int<C::masked_bits + 10> limit = layer.threshold.to_int64() * best;
    const ap_int<C::masked_bits + 10> scaled = scores[frame] * C::rho_one;
    keep[frame] = layer.relative ? scaled >= limit : scores[frame] >= layer.threshold;
  }
}

template <class C>
void run_gate(const bool odd_store, const Layer& layer, const std::int8_t embeddings[C::gate_depth],
              const std::int16_t affine[C::gate_depth], const std::int32_t offset[C::offset_depth],
              const std::uint16_t exp_table[C::table_depth], const std::uint8_t sigmoid_table[C::table_depth],
              Activation<C> even[C::store_depth_even][C::slots], Activation<C> odd[C::store_depth_odd][C::slots],
              bool keep[C::held_frames]) {
#pragma HLS inline off
  static Sum<C> sums[C::sums_depth][C::slots];
#pragma HLS array_reshape variable=sums dim=2 type=complete
#pragma HLS bind_storage variable=sums type=ram_2p
  static Mask<C> masks[C::mask_depth][C::slots];
#pragma HLS array_reshape variable=masks dim=2 type=complete
#pragma HLS bind_storage variable=masks type=ram_2p
  Logit<C> logits[C::embeddings];
  Weighting<C> weighting[C::embeddings];
  MaskedValue<C> scores[C::frames];
  sum_window<C>(odd_store, layer, embeddings, affine, offset, even, odd, sums, logits);
  weigh_embeddings<C>(layer, logits, exp_table, weighting);
  make_masks<C>(layer, weighting, sums, sigmoid_table, masks);
  for (int frame = 0; frame < C::frames; ++frame) {
    scores[frame] = score_frame<C>(odd_store, layer, frame, masks, even, odd);
  }
  keep_frames<C>(layer, scores, keep);
}

}  // namespace razorsnn
