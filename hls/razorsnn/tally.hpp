// Tally gate: keeps a frame that a layer is about to read for its largest activation, or for their sum.
// In full, with every width: python/razorsnn/ops/tally.py.
//   equation   S[t] = max or sum over p of X[t, p];  keep[t] = S[t] >= limit
//   order      frame by frame, word by word; the RTL tallies while the layer before puts its outputs out
//   handshake  all keep bits are known before the layer starts
#pragma once

#include "layer.hpp"
#include "stores.hpp"

namespace razorsnn {

using Tally = decltype(Layer::tally_limit);

template <class C>
Tally tally_word(const bool peak, const Tally so_far, const Activation<C> word[C::slots]) {
#pragma HLS inline
  Tally found = so_far;
  for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
    if (!peak) found += word[lane];
    if (peak && word[lane] > found) found = word[lane];
  }
  return found;
}

// `words` words a frame, of the store that the layer reads.
template <class C>
void tally_frames(const bool odd_store, const int words, const bool peak, const Tally limit,
                  const Activation<C> even[C::store_depth_even][C::slots],
                  const Activation<C> odd[C::store_depth_odd][C::slots], bool keep[C::held_frames]) {
#pragma HLS inline off
  for (int frame = 0; frame < C::held_frames; ++frame) {
    Tally found = 0;
    for (int at = 0; at < C::frame_words; ++at) {
#pragma HLS pipeline II=1
      if (at == words) break;
      Activation<C> word[C::slots];
#pragma HLS array_partition variable=word complete
      load_word<C>(odd_store, frame * words + at, even, odd, word);
      found = tally_word<C>(peak, found, word);
    }
    keep[frame] = found >= limit;
  }
}

}  // namespace razorsnn
