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
  ap_uint<1> tallied;  // a tally gate stands before the layer: it has kept its bits as the layer before put its outputs out
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
  ap_uint<3> lanes_in_log2;  // log2 of the channels of a position that a bank of the input holds
  ap_uint<1> deep_in;  // all banks of the input's words are of one position: further channels
  ap_uint<1> deep;  // so are those of the output
  ap_uint<12> width;  // words a row of the input, channel groups aside
  ap_uint<12> groups_in;  // words a tile of the input
  ap_uint<24> words_in;  // words a frame of the input
  ap_uint<12> rows;  // output rows: pooled ones where the pool is folded, else those before pooling that a pool uses
  ap_uint<12> columns;  // output columns, likewise
  ap_uint<12> groups_out;  // words a tile of the output
  ap_uint<16> pitch;  // words a row of the output
  ap_uint<24> words_out;  // words a frame of the output
  ap_uint<16> row_stride;  // weight words from one input channel to the next
  ap_uint<24> weight_base;  // first weight word
  ap_uint<16> bias_base;  // first bias word
  ap_uint<24> membrane_base;  // first membrane word, where frames stream
  ap_uint<8> alpha;  // leak, over 256
  ap_uint<31> v_th;  // threshold of the neuron
  ap_uint<2> reset;  // 0 zero, 1 threshold, 2 subtract
  ap_uint<1> spike;  // LIF: the output is the spike
  ap_uint<5> out_shift;  // right shift of the cast of y
  ap_uint<8> out_max;  // largest activation
  ap_uint<1> feeds;  // a razor gate reads the output, and takes its sums as it is put out
  ap_uint<16> feed_base;  // gate_base of that gate
  ap_uint<8> feed_offset;  // offset_base of that gate
  ap_uint<1> tally_peak;  // the tally gate that reads the output takes the largest activation, not their sum
  ap_uint<31> tally_limit;  // and keeps the frames that reach this
  ap_uint<1> last;  // the readout
  ap_uint<1> signed_sum;  // the readout adds z, not max(u, 0)
  ap_uint<1> ties_even;  // the cast of y takes ties to the even neighbour, not up
};

inline Layer read_layer(const std::uint32_t row[46]) {
#pragma HLS inline
  Layer layer;
  layer.gated = row[0];
  layer.fixed = row[1];
  layer.tallied = row[2];
  layer.refined = row[3];
  layer.relative = row[4];
  layer.threshold = row[5];
  layer.gate_base = row[6];
  layer.offset_base = row[7];
  layer.logit_shift = row[8];
  layer.mask_shift = row[9];
  layer.refine_shift = row[10];
  layer.refine_max = row[11];
  layer.dense = row[12];
  layer.reach = row[13];
  layer.span = row[14];
  layer.step_log2 = row[15];
  layer.pool_log2 = row[16];
  layer.lanes_in_log2 = row[17];
  layer.deep_in = row[18];
  layer.deep = row[19];
  layer.width = row[20];
  layer.groups_in = row[21];
  layer.words_in = row[22];
  layer.rows = row[23];
  layer.columns = row[24];
  layer.groups_out = row[25];
  layer.pitch = row[26];
  layer.words_out = row[27];
  layer.row_stride = row[28];
  layer.weight_base = row[29];
  layer.bias_base = row[30];
  layer.membrane_base = row[31];
  layer.alpha = row[32];
  layer.v_th = row[33];
  layer.reset = row[34];
  layer.spike = row[35];
  layer.out_shift = row[36];
  layer.out_max = row[37];
  layer.feeds = row[38];
  layer.feed_base = row[39];
  layer.feed_offset = row[40];
  layer.tally_peak = row[41];
  layer.tally_limit = row[42];
  layer.last = row[43];
  layer.signed_sum = row[44];
  layer.ties_even = row[45];
  return layer;
}

// A gate of any kind stands before the layer.
inline bool has_gate(const Layer& layer) {
#pragma HLS inline
  return layer.gated || layer.fixed || layer.tallied;
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
inline void unpack_row(const std::uint32_t chunks[], std::uint32_t row[46]) {
  row[0] = bits_at(chunks, 416, 1);
  row[1] = bits_at(chunks, 415, 1);
  row[2] = bits_at(chunks, 414, 1);
  row[3] = bits_at(chunks, 413, 1);
  row[4] = bits_at(chunks, 412, 1);
  row[5] = bits_at(chunks, 381, 31);
  row[6] = bits_at(chunks, 365, 16);
  row[7] = bits_at(chunks, 357, 8);
  row[8] = bits_at(chunks, 352, 5);
  row[9] = bits_at(chunks, 347, 5);
  row[10] = bits_at(chunks, 342, 5);
  row[11] = bits_at(chunks, 334, 8);
  row[12] = bits_at(chunks, 333, 1);
  row[13] = bits_at(chunks, 332, 1);
  row[14] = bits_at(chunks, 328, 4);
  row[15] = bits_at(chunks, 326, 2);
  row[16] = bits_at(chunks, 324, 2);
  row[17] = bits_at(chunks, 321, 3);
  row[18] = bits_at(chunks, 320, 1);
  row[19] = bits_at(chunks, 319, 1);
  row[20] = bits_at(chunks, 307, 12);
  row[21] = bits_at(chunks, 295, 12);
  row[22] = bits_at(chunks, 271, 24);
  row[23] = bits_at(chunks, 259, 12);
  row[24] = bits_at(chunks, 247, 12);
  row[25] = bits_at(chunks, 235, 12);
  row[26] = bits_at(chunks, 219, 16);
  row[27] = bits_at(chunks, 195, 24);
  row[28] = bits_at(chunks, 179, 16);
  row[29] = bits_at(chunks, 155, 24);
  row[30] = bits_at(chunks, 139, 16);
  row[31] = bits_at(chunks, 115, 24);
  row[32] = bits_at(chunks, 107, 8);
  row[33] = bits_at(chunks, 76, 31);
  row[34] = bits_at(chunks, 74, 2);
  row[35] = bits_at(chunks, 73, 1);
  row[36] = bits_at(chunks, 68, 5);
  row[37] = bits_at(chunks, 60, 8);
  row[38] = bits_at(chunks, 59, 1);
  row[39] = bits_at(chunks, 43, 16);
  row[40] = bits_at(chunks, 35, 8);
  row[41] = bits_at(chunks, 34, 1);
  row[42] = bits_at(chunks, 3, 31);
  row[43] = bits_at(chunks, 2, 1);
  row[44] = bits_at(chunks, 1, 1);
  row[45] = bits_at(chunks, 0, 1);
}

}  // namespace razorsnn
