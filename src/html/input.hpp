// From bytes to the input stream of WHATWG HTML 13.2.3: valid UTF-8 with newlines normalised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store.hpp"

namespace tidewire::html::detail {

// Is it well-formed UTF-8 without CR, so that it can be used as it stands?
bool is_plain_input(std::string_view text) noexcept;

// Turns input that comes in pieces into the input stream.
class input_decoder {
 public:
  void reset() noexcept;
  // Appends what `chunk` gives to `into`; `shifts` learns where offsets in the two part ways. If `final`,
  // what is left incomplete becomes U+FFFD.
  void decode(std::string_view chunk, bool final, std::string& into, std::vector<offset_shift>& shifts);

 private:
  void note_shift(std::size_t decoded, std::vector<offset_shift>& shifts);

  std::string pending_;
  std::uint64_t consumed_ = 0;  // bytes of input before what comes next
  std::int64_t delta_ = 0;
  bool begun_ = false;
};

// The errors of the input stream itself (13.2.3.5).
void find_input_errors(std::string_view decoded, std::vector<raw_error>& errors);

}  // namespace tidewire::html::detail
