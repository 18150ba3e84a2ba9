// For each format of the grid: the integer of ap_[u]fixed<W, I, mode, AP_SAT> of every eighth of a step.
//   prints a line a format and mode: signed W I mode, then the integers
#include <ap_fixed.h>

#include <iostream>

const int eighths = 8;

template <class Fixed>
void print(const char* mode, const bool is_signed) {
  const int span = 1 << (Fixed::width - is_signed);
  std::cout << is_signed << ' ' << Fixed::width << ' ' << Fixed::iwidth << ' ' << mode;
  for (int code = eighths * ((is_signed ? -span : 0) - 3); code < eighths * (span + 3); ++code) {
    // 24 fraction bits hold an eighth of every step of the grid.
    const ap_fixed<48, 24> value = ap_fixed<48, 24>(code) >> (3 + Fixed::width - Fixed::iwidth);
    Fixed fixed = value;
    const ap_int<Fixed::width + 1> bits = fixed.range(Fixed::width - 1, 0);
    const int low = is_signed && fixed[Fixed::width - 1] ? -(1 << Fixed::width) : 0;
    std::cout << ' ' << bits.to_int() + low;
  }
  std::cout << '\n';
}

template <int W, int I>
void print_format() {
  print<ap_fixed<W, I, AP_RND, AP_SAT>>("up", true);
  print<ap_fixed<W, I, AP_RND_CONV, AP_SAT>>("even", true);
  print<ap_ufixed<W, I, AP_RND, AP_SAT>>("up", false);
  print<ap_ufixed<W, I, AP_RND_CONV, AP_SAT>>("even", false);
}

template <int W>
void print_width() {
  print_format<W, 0>();
  print_format<W, 1>();
  print_format<W, W>();
  print_format<W, W + 2>();
}

int main() {
  print_width<2>();
  print_width<3>();
  print_width<4>();
  print_width<5>();
  print_width<6>();
  print_width<7>();
  print_width<8>();
}
