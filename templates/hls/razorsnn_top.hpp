// The accelerator: one call reads one window of events and sends its scores, or loads other contents.
//   events       stream words, python/razorsnn/stream.py
//   score_words  signed 32-bit scores, class 0 first, TLAST on the last class
//   load         with load_writes > 0 the call is a load: writes of python/razorsnn/contents.py, two beats each; no
//                window is read and nothing else is set but errors
//   keep_bits    [gates * T] of this window, gate after gate
//   kept/pruned  [layers] frames that each layer read or skipped in this window
//   event_count, multiply_count, dropped, saturations: of this window; multiplies in cycles of all lanes
//   windows      since reset
//   errors       since reset: bit 0, a window had no TLAST on the mark of its last frame; bit 1, a write of a load was
//                refused. Bit 2: the contents are part of a load; then no window is read until one was committed
#pragma once

#include "razorsnn/axis.hpp"
#include "razorsnn_config.hpp"

void razorsnn_top(razorsnn::BeatStream& events, razorsnn::BeatStream& score_words,
                  razorsnn::BeatStream& load, std::uint32_t load_writes,
                  bool keep_bits[razorsnn::Config::keep_depth], std::uint32_t kept[razorsnn::Config::layers],
                  std::uint32_t pruned[razorsnn::Config::layers], std::uint32_t& event_count,
                  std::uint32_t& multiply_count, std::uint32_t& dropped, std::uint32_t& saturations,
                  std::uint32_t& windows, std::uint32_t& errors);
