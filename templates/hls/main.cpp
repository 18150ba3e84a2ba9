// Testbench: main WINDOWS RESULTS. Runs the accelerator on each window, returns 0 only if all came out whole.
//   WINDOWS  little endian 64-bit words: the count of beats of a window, then its beats (bits 31..0 data, bit 32
//            TLAST), window after window; a count with bit 63 is that of a load's writes (bits 31..0 value, 63..32
//            the register's address)
//   RESULTS  text: a line of names and counts of columns, a line of integers a window, a line `end` with their number
// Prints a line with its number after each window.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "razorsnn/layer.hpp"
#include "razorsnn_top.hpp"

using razorsnn::Beat;
using razorsnn::BeatStream;
using razorsnn::Config;

namespace {

using Window = std::vector<std::uint64_t>;

const std::uint64_t last_bit = std::uint64_t(1) << 32;
const std::uint64_t load_bit = std::uint64_t(1) << 63;

void require(bool fine, const std::string& problem) {
  if (!fine) throw std::runtime_error(problem);
}

bool read_window(std::ifstream& file, Window& window, bool& is_load) {
  std::uint64_t count = 0;
  file.read(reinterpret_cast<char*>(&count), sizeof count);
  if (file.gcount() == 0) return false;
  require(bool(file), "the windows file ends within a count");
  is_load = (count & load_bit) != 0;
  count &= ~load_bit;
  window.clear();
  for (std::uint64_t word = 0; window.size() < count; window.push_back(word)) {
    file.read(reinterpret_cast<char*>(&word), sizeof word);
    require(bool(file), "the windows file ends within a window");
  }
  return true;
}

// The accelerator would wait for ever, or take the rest for the next window.
void require_one_window(const Window& window) {
  int marks = 0;
  for (std::size_t at = 0; at < window.size(); ++at) {
    if ((window[at] >> Config::mark_bit) & 1) ++marks;
    const bool closes = (window[at] & last_bit) || marks == Config::frames;
    require(closes == (at + 1 == window.size()), "a window does not close with its last beat");
  }
  require(!window.empty(), "a window without beats");
}

struct Result {
  bool keep[Config::keep_depth];
  std::uint32_t kept[Config::layers], pruned[Config::layers];
  std::uint32_t events, multiplies, dropped, saturations, windows, errors;
};

void call(BeatStream& events, BeatStream& score_words, BeatStream& writes, const std::uint32_t count, Result& result) {
  razorsnn_top(events, score_words, writes, count, result.keep, result.kept, result.pruned, result.events,
               result.multiplies, result.dropped, result.saturations, result.windows, result.errors);
}

void load(const Window& writes) {
  BeatStream events("events"), score_words("scores"), words("load");
  for (const std::uint64_t write : writes) {
    for (const std::uint64_t word : {write >> 32, write}) {
      Beat beat;
      beat.data = std::uint32_t(word);
      beat.last = 0;
      words.write(beat);
    }
  }
  Result result;
  call(events, score_words, words, std::uint32_t(writes.size()), result);
  require(words.empty(), "writes of the load were left over");
  require(!(result.errors & 2), "a write of the load was refused");
  if (!(result.errors & 4)) return;
  call(events, score_words, words, 0, result);
  require(false, result.errors & 4 ? "a window is refused: the load was not committed" : "a window ran on part of a load");
}

std::vector<std::int32_t> run(const Window& window, Result& result) {
  BeatStream events("events"), score_words("scores"), writes("load");
  for (const std::uint64_t word : window) {
    Beat beat;
    beat.data = std::uint32_t(word);
    beat.last = (word & last_bit) != 0;
    events.write(beat);
  }
  call(events, score_words, writes, 0, result);
  require(events.empty(), "beats of the window were left over");
  std::vector<std::int32_t> scores;
  for (bool last = false; !last;) {
    require(!score_words.empty(), "the scores end without TLAST");
    const Beat beat = score_words.read();
    scores.push_back(ap_int<32>(beat.data).to_int());
    last = beat.last != 0;
  }
  require(score_words.empty(), "scores follow TLAST");
  require(scores.size() == Config::classes, "TLAST is not on the last class");
  return scores;
}

// Of the net, which may have fewer layers and gates than the shape class.
struct Net {
  int layers;
  int gates;
};

Net net_size() {
  Net net = {0, 0};
  for (bool last = false; !last; ++net.layers) {
    require(net.layers < Config::layers, "no row of the layer table is the last");
    const razorsnn::Layer layer = razorsnn::read_layer(image_layer_table[net.layers]);
    net.gates += razorsnn::has_gate(layer) ? 1 : 0;
    last = layer.last != 0;
  }
  return net;
}

template <class Values>
void write_columns(std::ofstream& out, const Values& values, int count) {
  for (int at = 0; at < count; ++at) out << values[at] << ' ';
}

void write_result(std::ofstream& out, const std::vector<std::int32_t>& scores, const Result& result) {
  const Net net = net_size();
  write_columns(out, scores, Config::classes);
  write_columns(out, result.keep, Config::keep_depth);
  write_columns(out, result.kept, Config::layers);
  write_columns(out, result.pruned, Config::layers);
  out << net.layers << ' ' << net.gates << ' ';
  out << result.events << ' ' << result.multiplies << ' ' << result.dropped << ' ' << result.saturations << ' '
      << result.windows << ' ' << result.errors << '\n';
}

void write_names(std::ofstream& out) {
  out << "frames " << Config::frames << " scores " << Config::classes << " keep " << Config::keep_depth << " kept "
      << Config::layers << " pruned " << Config::layers
      << " layers 1 gates 1 events 1 multiplies 1 dropped 1 saturations 1 windows 1 errors 1\n";
}

void run_all(const std::string& windows_path, const std::string& results_path) {
  std::ifstream in(windows_path, std::ios::binary);
  require(bool(in), "cannot read " + windows_path);
  std::ofstream out(results_path);
  require(bool(out), "cannot write " + results_path);
  write_names(out);
  int done = 0;
  bool is_load = false;
  for (Window window; read_window(in, window, is_load);) {
    if (is_load) {
      load(window);
      continue;
    }
    require_one_window(window);
    Result result;
    write_result(out, run(window, result), result);
    std::cout << ++done << std::endl;
  }
  out << "end " << done << '\n';
  out.close();
  require(bool(out), "cannot write all of " + results_path);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    require(argc == 3, "two arguments: the file of windows, and the file for the results");
    run_all(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "csim: " << error.what() << std::endl;
    return 1;
  }
  return 0;
}
