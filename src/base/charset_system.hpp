// The converter of the system, behind which the encodings of several bytes a character are.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace tidewire::detail {

class system_converter {
 public:
  enum class outcome {
    done,        // all of the input was converted
    malformed,   // what `at` points to is no character
    incomplete,  // the input ends within one
  };

  virtual ~system_converter() = default;
  // Appends to `out` what [at, end) gives; `at` moves to what was not converted.
  virtual outcome convert(const char*& at, const char* end, std::string& out) = 0;
  // Back to the initial shift state.
  virtual void reset() = 0;
};

// A converter from the encoding of that name (of the Encoding standard) to UTF-8; null if this system has
// none.
std::unique_ptr<system_converter> open_system_converter(std::string_view name);

}  // namespace tidewire::detail
