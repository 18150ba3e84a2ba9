// The two activation stores: even layers write the even one, odd layers the odd one; each reads the other.
//   order   words of `lanes` channels, in a frame by (y, x, channel group), frame after frame; in full:
//           python/razorsnn/ops/words.py
// A select bit instead of a pointer, because synthesis needs to know both memories at each access.
#pragma once

#include "types.hpp"

namespace razorsnn {

template <class C>
void load_word(const bool odd_store, const int address, const Activation<C> even[C::store_depth_even][C::lanes],
               const Activation<C> odd[C::store_depth_odd][C::lanes], Activation<C> word[C::lanes]) {
#pragma HLS inline
  for (int lane = 0; lane < C::lanes; ++lane) {
#pragma HLS unroll
    word[lane] = odd_store ? odd[address][lane] : even[address][lane];
  }
}

template <class C>
void save_word(const bool odd_store, const int address, const Activation<C> word[C::lanes],
               Activation<C> even[C::store_depth_even][C::lanes], Activation<C> odd[C::store_depth_odd][C::lanes]) {
#pragma HLS inline
  for (int lane = 0; lane < C::lanes; ++lane) {
#pragma HLS unroll
    if (odd_store) {
      odd[address][lane] = word[lane];
    } else {
      even[address][lane] = word[lane];
    }
  }
}

}  // namespace razorsnn
