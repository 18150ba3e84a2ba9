// One beat of an AXI4-Stream of 32-bit words. Event words: python/razorsnn/stream.py; scores: readout.hpp.
#pragma once

#include <ap_int.h>
#include <hls_stream.h>

#if __has_include(<ap_axi_sdata.h>)
#include <ap_axi_sdata.h>
#else
// The open ap_types headers have no AXI4-Stream side channels: a stand-in for csim with plain g++.
template <int data_bits, int, int, int>
struct ap_axiu {
  ap_uint<data_bits> data;
  ap_uint<data_bits / 8> keep;
  ap_uint<data_bits / 8> strb;
  ap_uint<1> last;
};
#endif

namespace razorsnn {

using Beat = ap_axiu<32, 0, 0, 0>;
using BeatStream = hls::stream<Beat>;

}  // namespace razorsnn
