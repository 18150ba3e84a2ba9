// The shape class, and the contents that a net brings (images.cpp). Every net of the class shares this file.
#pragma once

#include <cstdint>

namespace razorsnn {

struct Config {
  static constexpr int lanes = 2;
  static constexpr int taps = 1;
  static constexpr int inputs = 1;
  static constexpr int frames = 2;
  static constexpr int channels = 1;
  static constexpr int height = 2;
  static constexpr int width = 2;
  static constexpr int sensor_height = 2;
  static constexpr int sensor_width = 2;
  static constexpr int classes = 2;
  static constexpr int layers = 2;
  static constexpr int gates = 1;
  static constexpr int razors = 1;
  static constexpr int statics = 0;
  static constexpr int tallies = 0;
  static constexpr int relatives = 0;
  static constexpr int embeddings = 1;
  static constexpr int input_lanes = 1;
  static constexpr int input_bits = 4;
  static constexpr int activation_bits = 4;
  static constexpr int weight_bits = 4;
  static constexpr int lower_bits = 4;
  static constexpr int membrane_bits = 9;
  static constexpr int sums_bits = 11;
  static constexpr int frame_sum_bits = 6;
  static constexpr int logit_bits = 10;
  static constexpr int score_bits = 10;
  static constexpr int weight_depth = 17;
  static constexpr int upper_depth = 0;
  static constexpr int bias_depth = 2;
  static constexpr int membrane_depth = 4;
  static constexpr int store_depth_even = 8;
  static constexpr int store_depth_odd = 1;
  static constexpr int sums_depth_even = 4;
  static constexpr int sums_depth_odd = 0;
  static constexpr int alpha = 77;
  static constexpr int reset = 0;
  static constexpr int spike = 0;
  static constexpr int ties_even = 0;
  static constexpr int out_max = 15;
  static constexpr int streaming = 0;
  static constexpr int slots = 2;
  static constexpr int tile_side = 1;
  static constexpr int input_groups = 1;
  static constexpr int input_rows = 2;
  static constexpr int input_columns = 1;
  static constexpr int positions_beside = 2;
  static constexpr int input_max = 15;
  static constexpr int input_depth = 4;
  static constexpr int held_frames = 2;
  static constexpr int operand_bits = 4;
  static constexpr int score_depth = 1;
  static constexpr int keep_depth = 2;
  static constexpr int mask_depth = 4;
  static constexpr int sums_depth = 4;
  static constexpr int rho_one = 256;
  static constexpr int gate_depth = 2;
  static constexpr int offset_depth = 1;
  static constexpr int mask_bits = 8;
  static constexpr int mask_product_bits = 20;
  static constexpr int masked_bits = 13;
  static constexpr int scan_steps = 13;
  static constexpr int outputs_reached = 36;
  static constexpr int row_bits = 5;
  static constexpr int frame_words = 4;
  static constexpr int upper_bits = 0;
  static constexpr int upper_room = 1;
  static constexpr int load_begin = 64;
  static constexpr int load_address = 68;
  static constexpr int load_data = 72;
  static constexpr int load_commit = 76;
  static constexpr int class_identity = 123977579;
  static constexpr int load_memories = 10;
  static constexpr int load_index_bits = 24;
  static constexpr int most_chunks = 14;
  static constexpr int embedding_bits = 8;
  static constexpr int affine_bits = 12;
  static constexpr int exp_bits = 12;
  static constexpr int sigmoid_bits = 8;
  static constexpr int x_bits = 12;
  static constexpr int y_bits = 12;
  static constexpr int x_high = 11;
  static constexpr int y_high = 23;
  static constexpr int polarity_high = 27;
  static constexpr int mark_bit = 31;
  static constexpr int weight_frac = 8;
  static constexpr int logit_low = -2048;
  static constexpr int logit_high = 2047;
  static constexpr int mask_input_low = -128;
  static constexpr int mask_input_high = 127;
  static constexpr int table_depth = 256;
  static constexpr int layer_fields = 46;
  using weight_t = std::int8_t;
  using upper_t = std::int8_t;
  using bias_t = std::int16_t;
};

// Of the memories that a load can write, by number: words, and 32-bit chunks of a word.
const int load_depth[] = {2, 17, 0, 2, 0, 2, 2, 1, 256, 256};
const int load_chunks[] = {14, 1, 1, 1, 1, 1, 1, 1, 1, 1};

}  // namespace razorsnn

using razorsnn::Config;
extern std::uint32_t image_layer_table[Config::layers][Config::layer_fields];  // a row a layer: layer.hpp
extern std::int8_t image_weights[Config::weight_depth][Config::slots];  // all layers
extern std::int8_t image_upper[Config::upper_room][Config::slots];  // of wide weights
extern std::int16_t image_bias[Config::bias_depth][Config::slots];  // all layers, as membranes hold it
extern std::int8_t image_embeddings[Config::gate_depth];  // gates x T x K
extern std::int16_t image_affine[Config::gate_depth];  // gates x T x K
extern std::int32_t image_offset[Config::offset_depth];  // gates x K
extern std::uint8_t image_keep[Config::layers][Config::frames];  // of static gates, T a layer
extern std::uint16_t image_exp[Config::table_depth];  // EXP[d]
extern std::uint8_t image_sigmoid[Config::table_depth];  // SIGMOID[v]
