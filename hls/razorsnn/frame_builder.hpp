// Frame builder: events of one window to frames in the input memory. Words: python/razorsnn/stream.py.
//   equation   x[t, p, floor(y * height / sensor_height), floor(x * width / sensor_width)] += 1, up to input_max
//   shapes     input memory [T * rows * columns * groups] words of slots, by (t, y, x, channel group) of tiles; a bank
//              of a word holds input_lanes channels of positions_beside positions: python/razorsnn/ops/words.py
//   dropped    an event outside of the sensor, or of a polarity that is no channel: counted
//   window     ends with TLAST (frames that are missing are empty), or with the mark of frame T; without TLAST
//              there, the window has overrun, and the next word starts the next window
//   order      held_frames at once: all of the window, or one where frames stream
#pragma once

#include "axis.hpp"
#include "types.hpp"

namespace razorsnn {

template <class C>
void clear_frames(Input<C> input[C::input_depth][C::slots]) {
  for (int address = 0; address < C::input_depth; ++address) {
#pragma HLS pipeline II=1
    for (int lane = 0; lane < C::slots; ++lane) {
#pragma HLS unroll
      input[address][lane] = 0;
    }
  }
}

template <class C>
void count_event(const ap_uint<32> word, const int frame, Input<C> input[C::input_depth][C::slots],
                 Counters& counters) {
#pragma HLS inline
  const unsigned x = word.range(C::x_high, 0).to_uint();
  const unsigned y = word.range(C::y_high, C::x_high + 1).to_uint();
  const unsigned channel = word.range(C::polarity_high, C::y_high + 1).to_uint();
  if (x >= C::sensor_width || y >= C::sensor_height || channel >= C::channels) {
    ++counters.dropped;
    return;
  }
  const unsigned row = y * C::height / C::sensor_height;
  const unsigned column = x * C::width / C::sensor_width;
  const unsigned n = C::tile_side, across = column / C::positions_beside;
  const unsigned place = (frame * C::input_rows + row / n) * C::input_columns + across / n;
  const unsigned lane = column % C::positions_beside * C::input_lanes + channel % C::input_lanes;
  const unsigned bank = row % n * n + across % n;
  Input<C>& cell = input[place * C::input_groups + channel / C::input_lanes][bank * C::lanes + lane];
  if (cell != C::input_max) cell += 1;
}

// How far a window has come.
struct Progress {
  int frames;  // that have ended
  bool ended;
  bool overrun;
};

// Reads the next held_frames frames, those that are left of a window that has ended as empty ones.
template <class C>
void build_frames(BeatStream& events, Input<C> input[C::input_depth][C::slots], Progress& window, Counters& counters) {
  clear_frames<C>(input);
  int frame = 0;
  // The counters' range bounds the loop: a window of more beats has overrun as well.
  for (std::uint32_t beats = 0; !window.ended && frame < C::held_frames; ++beats) {
#pragma HLS loop_tripcount min=1 max=C::input_depth
#pragma HLS pipeline
    const Beat beat = events.read();
    const bool mark = beat.data[C::mark_bit];
    if (!mark) count_event<C>(beat.data, frame, input, counters);
    if (mark) ++frame;
    window.overrun = !beat.last && (window.frames + frame == C::frames || beats == UINT32_MAX);
    window.ended = beat.last || window.overrun;
  }
  window.frames += C::held_frames;
}

}  // namespace razorsnn
