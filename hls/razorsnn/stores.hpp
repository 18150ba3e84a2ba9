// The two activation stores: even layers write the even one, odd layers the odd one; each reads the other.
//   order   words of `slots` activations, in a frame by (tile row, tile column, channel group), frame after frame:
//           python/razorsnn/ops/words.py
// A select bit instead of a pointer, because synthesis needs to know both memories at each access.
#pragma once

#include "types.hpp"

namespace razorsnn {

template <class C>
void load_word(const bool odd_store, const int address, const Activation<C> even[C::store_depth_even][C::slots],
               const Activation<C> odd[C::store_depth_odd][C::slots], Activation<C> word[C::slots]) {
#pragma HLS inline
  for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
    word[lane] = odd_store ? odd[address][lane] : even[address][lane];
  }
}

template <class C>
void save_word(const bool odd_store, const int address, const Activation<C> word[C::slots],
               Activation<C> even[C::store_depth_even][C::slots], Activation<C> odd[C::store_depth_odd][C::slots]) {
#pragma HLS inline
  for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
    if (odd_store) {
      odd[address][lane] = word[lane];
    } else {
      even[address][lane] = word[lane];
    }
  }
}

}  // namespace razorsnn
