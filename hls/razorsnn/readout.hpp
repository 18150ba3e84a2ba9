// Readout: the scores of a window leave as signed 32-bit words, class 0 first, TLAST on the last class.
//   score      sum over the frames of max(u, 0), or of z: python/razorsnn/ops/neuron.py
#pragma once

#include "axis.hpp"
#include "types.hpp"

namespace razorsnn {

template <class C>
void clear_scores(Score<C> scores[C::score_depth][C::slots]) {
  for (int word = 0; word < C::score_depth; ++word) {
#pragma HLS pipeline II=1
    for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
      scores[word][lane] = 0;
    }
  }
}

template <class C>
void send_scores(const Score<C> scores[C::score_depth][C::slots], BeatStream& out) {
  static_assert(C::score_bits <= 32, "a score does not fit its word");
  for (int index = 0; index < C::classes; ++index) {
#pragma HLS pipeline II=1
    Beat beat;
    beat.data = scores[index / C::slots][index % C::slots];
    beat.keep = -1;
    beat.strb = -1;
    beat.last = index == C::classes - 1;
    out.write(beat);
  }
}

}  // namespace razorsnn
