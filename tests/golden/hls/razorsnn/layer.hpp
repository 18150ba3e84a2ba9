// A row of the layer table, as the sequencer reads it: python/razorsnn/layertable.py, LAYER_FIELDS.
#pragma once

#include <ap_int.h>

#include <cstdint>

namespace razorsnn {
const int reset_zero = 0;
const int reset_threshold = 1;
const int reset_subtract = 2;

struct Layer {
  ap_uint<1> gated;  // a razor gate stands before the layer
  ap_uint<1> fixed;  // a static gate stands before the layer: its keep bits are in the memory of them
  ap_uint<1> refined;  // the gate hands on cast(M * X), written over X
  ap_uint<1> relative;  // the threshold is a share of the window's best score
  ap_uint<31> threshold;  // keep[t] = S[t] >= threshold; relative: 256 S[t] >= threshold * max(1, max S)
  ap_uint<16> gate_base;  // first of the gate's T rows of K {affine, embedding}
  ap_uint<8> offset_base;  // first of the gate's K offsets
  ap_uint<5> logit_shift;  // right shift of the cast to s12.6
  ap_uint<5> mask_shift;  // right shift of the cast to s8.4
  ap_uint<5> refine_shift;  // right shift of the cast of M * X
  ap_uint<8> refine_max;  // largest refined activation
  ap_uint<1> dense;  // the event's position selects weights, not outputs
  ap_uint<1> reach;  // (kernel - 1) / 2
  ap_uint<4> span;  // outputs that an input may reach along an axis, before the step, less 1
  ap_uint<2> step_log2;  // log2 of the inputs from output to output: of the pool where it is folded, else 0
  ap_uint<2> pool_log2;  // log2 of the pool, 0 where it is folded
  ap_uint<3> lanes_in_log2;  // log2 of the channels of a position that a word of the input holds
  ap_uint<12> width;  // words a row of the input, channel groups aside
  ap_uint<12> groups_in;  // words a position of the input
  ap_uint<24> words_in;  // words a frame of the input
  ap_uint<12> rows;  // output rows: pooled ones where the pool is folded, else those before pooling that a pool uses
  ap_uint<12> columns;  // output columns, likewise
  ap_uint<12> groups_out;  // words a position of the output
  ap_uint<16> pitch;  // words a row of the output
  ap_uint<24> words_out;  // words a frame of the output
  ap_uint<16> row_stride;  // weight words from one input channel to the next
  ap_uint<24> weight_base;  // first weight word
  ap_uint<16> bias_base;  // first bias word
  ap_uint<8> alpha;  // leak, over 256
  ap_uint<31> v_th;  // threshold of the neuron
  ap_uint<2> reset;  // 0 zero, 1 threshold, 2 subtract
  ap_uint<1> spike;  // LIF: the output is the spike
  ap_uint<5> out_shift;  // right shift of the cast of y
  ap_uint<8> out_max;  // largest activation
  ap_uint<1> feeds;  // a razor gate reads the output, and takes its sums as it is put out
  ap_uint<16> feed_base;  // gate_base of that gate
  ap_uint<1> last;  // the readout
  ap_uint<1> signed_sum;  // the readout adds z, not max(u, 0)
  ap_uint<1> ties_even;  // the cast of y takes ties to the even neighbour, not up
};

inline Layer read_layer(const std::uint32_t row[39]) {
#pragma HLS inline
  Layer layer;
  layer.gated = row[0];
  layer.fixed = row[1];
  layer.refined = row[2];
  layer.relative = row[3];
  layer.threshold = row[4];
  layer.gate_base = row[5];
  layer.offset_base = row[6];
  layer.logit_shift = row[7];
  layer.mask_shift = row[8];
  layer.refine_shift = row[9];
  layer.refine_max = row[10];
  layer.dense = row[11];
  layer.reach = row[12];
  layer.span = row[13];
  layer.step_log2 = row[14];
  layer.pool_log2 = row[15];
  layer.lanes_in_log2 = row[16];
  layer.width = row[17];
  layer.groups_in = row[18];
  layer.words_in = row[19];
  layer.rows = row[20];
  layer.columns = row[21];
  layer.groups_out = row[22];
  layer.pitch = row[23];
  layer.words_out = row[24];
  layer.row_stride = row[25];
  layer.weight_base = row[26];
  layer.bias_base = row[27];
  layer.alpha = row[28];
  layer.v_th = row[29];
  layer.reset = row[30];
  layer.spike = row[31];
  layer.out_shift = row[32];
  layer.out_max = row[33];
  layer.feeds = row[34];
  layer.feed_base = row[35];
  layer.last = row[36];
  layer.signed_sum = row[37];
  layer.ties_even = row[38];
  return layer;
}

// `width` bits, at most 32, from bit `at` of a word in 32-bit chunks; the chunk after the last one is read, not used.
inline std::uint32_t bits_at(const std::uint32_t chunks[], const int at, const int width) {
#pragma HLS inline
  const std::uint64_t two = std::uint64_t(chunks[at / 32 + 1]) << 32 | chunks[at / 32];
  return std::uint32_t(two >> at % 32) & (0xFFFFFFFFu >> (32 - width));
}

inline std::int32_t signed_at(const std::uint32_t chunks[], const int at, const int width) {
#pragma HLS inline
  return std::int32_t(bits_at(chunks, at, width) << (32 - width)) >> (32 - width);
}

// The row as the RTL's memory holds it: the last field in the lowest bits.
inline void unpack_row(const std::uint32_t chunks[], std::uint32_t row[39]) {
  row[0] = bits_at(chunks, 349, 1);
  row[1] = bits_at(chunks, 348, 1);
  row[2] = bits_at(chunks, 347, 1);
  row[3] = bits_at(chunks, 346, 1);
  row[4] = bits_at(chunks, 315, 31);
  row[5] = bits_at(chunks, 299, 16);
  row[6] = bits_at(chunks, 291, 8);
  row[7] = bits_at(chunks, 286, 5);
  row[8] = bits_at(chunks, 281, 5);
  row[9] = bits_at(chunks, 276, 5);
  row[10] = bits_at(chunks, 268, 8);
  row[11] = bits_at(chunks, 267, 1);
  row[12] = bits_at(chunks, 266, 1);
  row[13] = bits_at(chunks, 262, 4);
  row[14] = bits_at(chunks, 260, 2);
  row[15] = bits_at(chunks, 258, 2);
  row[16] = bits_at(chunks, 255, 3);
  row[17] = bits_at(chunks, 243, 12);
  row[18] = bits_at(chunks, 231, 12);
  row[19] = bits_at(chunks, 207, 24);
  row[20] = bits_at(chunks, 195, 12);
  row[21] = bits_at(chunks, 183, 12);
  row[22] = bits_at(chunks, 171, 12);
  row[23] = bits_at(chunks, 155, 16);
  row[24] = bits_at(chunks, 131, 24);
  row[25] = bits_at(chunks, 115, 16);
  row[26] = bits_at(chunks, 91, 24);
  row[27] = bits_at(chunks, 75, 16);
  row[28] = bits_at(chunks, 67, 8);
  row[29] = bits_at(chunks, 36, 31);
  row[30] = bits_at(chunks, 34, 2);
  row[31] = bits_at(chunks, 33, 1);
  row[32] = bits_at(chunks, 28, 5);
  row[33] = bits_at(chunks, 20, 8);
  row[34] = bits_at(chunks, 19, 1);
  row[35] = bits_at(chunks, 3, 16);
  row[36] = bits_at(chunks, 2, 1);
  row[37] = bits_at(chunks, 1, 1);
  row[38] = bits_at(chunks, 0, 1);
}

}  // namespace razorsnn
