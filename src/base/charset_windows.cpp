#include <tidewire/base/utf8.hpp>

#include <algorithm>
#include <utility>

#define WIN32_LEAN_AND_MEAN
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

#include "charset_system.hpp"

namespace tidewire::detail {

namespace {

// One character at a time: the system says of which length it is by accepting it.
class code_page_converter final : public system_converter {
 public:
  explicit code_page_converter(unsigned page) noexcept : page_(page) {}

  outcome convert(const char*& at, const char* end, std::string& out) override {
    while (at != end) {
      const auto left = static_cast<int>(std::min<std::ptrdiff_t>(end - at, 4));
      wchar_t wide[4];
      int length = 1;
      int units = 0;
      for (; length <= left; ++length) {
        units = MultiByteToWideChar(page_, MB_ERR_INVALID_CHARS, at, length, wide, 4);
        if (units > 0) break;
      }
      if (units <= 0) return left < 4 ? outcome::incomplete : outcome::malformed;
      char bytes[16];
      const int count = WideCharToMultiByte(CP_UTF8, 0, wide, units, bytes, sizeof bytes, nullptr, nullptr);
      out.append(bytes, static_cast<std::size_t>(count));
      at += length;
    }
    return outcome::done;
  }
  void reset() override {}

 private:
  unsigned page_;
};

}  // namespace

std::unique_ptr<system_converter> open_system_converter(std::string_view name) {
  static constexpr std::pair<std::string_view, unsigned> pages[] = {{"GBK", 54936},     {"gb18030", 54936},
                                                                    {"Big5", 950},      {"EUC-JP", 20932},
                                                                    {"Shift_JIS", 932}, {"EUC-KR", 949}};
  for (const auto& [standard, page] : pages)
    if (standard == name && IsValidCodePage(page)) return std::make_unique<code_page_converter>(page);
  return nullptr;
}

}  // namespace tidewire::detail
