// Loader: replaces the contents of the memories. Writes and what is refused: docs/interface.md, "Loading".
//   order      begin, then for each memory its address and the chunks of its words, lowest bits first; then commit
//   shapes     the words of rtl/rsnn_loader.sv, bit for bit (python/razorsnn/contents.py), unpacked into arrays
//   handshake  two beats a write: the register's address, then the value. From begin to commit `whole` is false
#pragma once

#include "axis.hpp"
#include "layer.hpp"
#include "types.hpp"

namespace razorsnn {

// The memories by reference, in the order of their numbers.
template <class C>
struct Contents {
  std::uint32_t (&layer_table)[C::layers][C::layer_fields];
  typename C::weight_t (&weights)[C::weight_depth][C::slots];
  typename C::upper_t (&upper)[C::upper_room][C::slots];
  typename C::bias_t (&bias)[C::bias_depth][C::slots];
  std::uint8_t (&keep)[C::layers][C::frames];
  std::int8_t (&embeddings)[C::gate_depth];
  std::int16_t (&affine)[C::gate_depth];
  std::int32_t (&offset)[C::offset_depth];
  std::uint16_t (&exp)[C::table_depth];
  std::uint8_t (&sigmoid)[C::table_depth];
};

struct LoadState {
  bool loading;
  bool addressed;
  unsigned number;
  unsigned index;
  int chunk;
  std::uint32_t checksum;
};

inline void add_to_checksum(LoadState& state, const std::uint32_t value) {
#pragma HLS inline
  state.checksum = (state.checksum << 1 | state.checksum >> 31) ^ value;
}

template <class C>
void store_word(const unsigned number, const unsigned index, const std::uint32_t chunks[C::most_chunks + 1],
                Contents<C>& contents) {
  if (number == 0) unpack_row(chunks, contents.layer_table[index]);
  if (number == 1) {
    for (int lane = 0; lane < C::slots; ++lane) {
      contents.weights[index][lane] = signed_at(chunks, lane * C::lower_bits, C::lower_bits);
    }
  }
  if (C::upper_bits > 0 && number == 2) {
    const int width = C::upper_bits > 0 ? C::upper_bits : 1;
    for (int lane = 0; lane < C::slots; ++lane) {
      contents.upper[index][lane] = signed_at(chunks, lane * width, width);
    }
  }
  if (number == 3) {
    for (int lane = 0; lane < C::slots; ++lane) {
      contents.bias[index][lane] = signed_at(chunks, lane * C::membrane_bits, C::membrane_bits);
    }
  }
  if (number == 4) {
    for (int frame = 0; frame < C::frames; ++frame) {
      contents.keep[index][frame] = bits_at(chunks, frame, 1);
    }
  }
  for (int k = 0; k < C::embeddings; ++k) {
    const int at = index * C::embeddings + k;
    if (number == 5) contents.embeddings[at] = signed_at(chunks, k * C::embedding_bits, C::embedding_bits);
    if (number == 6) contents.affine[at] = signed_at(chunks, k * C::affine_bits, C::affine_bits);
  }
  if (number == 7) contents.offset[index] = signed_at(chunks, 0, 32);
  if (number == 8) contents.exp[index] = bits_at(chunks, 0, C::exp_bits);
  if (number == 9) contents.sigmoid[index] = bits_at(chunks, 0, C::sigmoid_bits);
}

template <class C>
bool take_address(const std::uint32_t value, LoadState& state) {
  const unsigned number = value >> C::load_index_bits, index = value & ((1u << C::load_index_bits) - 1);
  if (!state.loading || number >= C::load_memories || index >= unsigned(load_depth[number])) return false;
  add_to_checksum(state, value);
  state.number = number;
  state.index = index;
  state.chunk = 0;
  state.addressed = true;
  return true;
}

template <class C>
bool take_data(const std::uint32_t value, LoadState& state, std::uint32_t chunks[C::most_chunks + 1],
               Contents<C>& contents) {
  if (!state.loading || !state.addressed || state.index >= unsigned(load_depth[state.number])) return false;
  add_to_checksum(state, value);
  chunks[state.chunk] = value;
  if (++state.chunk == load_chunks[state.number]) {
    store_word<C>(state.number, state.index, chunks, contents);
    state.chunk = 0;
    ++state.index;
  }
  return true;
}

// Returns whether a write was refused. A load is one call: what is not committed by then stays partial.
template <class C>
bool load_contents(BeatStream& writes, const std::uint32_t count, Contents<C>& contents, bool& whole) {
  LoadState state = {false, false, 0, 0, 0, 0};
  std::uint32_t chunks[C::most_chunks + 1] = {};
  bool refused = false;
  for (std::uint32_t at = 0; at < count; ++at) {
#pragma HLS loop_tripcount min=1 max=C::weight_depth
    const std::uint32_t address = writes.read().data.to_uint(), value = writes.read().data.to_uint();
    bool taken = false;
    if (address == C::load_begin && value == C::class_identity) {
      state = {true, false, 0, 0, 0, 0};
      whole = false;
      taken = true;
    }
    if (address == C::load_address) taken = take_address<C>(value, state);
    if (address == C::load_data) taken = take_data<C>(value, state, chunks, contents);
    if (address == C::load_commit && state.loading && state.chunk == 0 && value == state.checksum) {
      state.loading = false;
      whole = true;
      taken = true;
    }
    if (!taken) refused = true;
  }
  return refused;
}

}  // namespace razorsnn
