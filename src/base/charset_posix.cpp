#include <iconv.h>

#include <cerrno>
#include <initializer_list>
#include <utility>

#include "charset_system.hpp"

namespace tidewire::detail {

namespace {

class iconv_converter final : public system_converter {
 public:
  explicit iconv_converter(iconv_t handle) noexcept : handle_(handle) {}
  iconv_converter(const iconv_converter&) = delete;
  iconv_converter& operator=(const iconv_converter&) = delete;
  ~iconv_converter() override { iconv_close(handle_); }

  outcome convert(const char*& at, const char* end, std::string& out) override {
    char buffer[1024];
    while (at != end) {
      char* from = const_cast<char*>(at);
      auto left = static_cast<std::size_t>(end - at);
      char* to = buffer;
      std::size_t room = sizeof buffer;
      const std::size_t result = iconv(handle_, &from, &left, &to, &room);
      const int why = errno;
      out.append(buffer, to);
      at = from;
      if (result != static_cast<std::size_t>(-1)) continue;
      if (why == E2BIG) continue;
      return why == EINVAL ? outcome::incomplete : outcome::malformed;
    }
    return outcome::done;
  }
  void reset() override { iconv(handle_, nullptr, nullptr, nullptr, nullptr); }

 private:
  iconv_t handle_;
};

}  // namespace

std::unique_ptr<system_converter> open_system_converter(std::string_view name) {
  // What is nearest to the standard's index first, as the systems spell it.
  static constexpr std::pair<std::string_view, const char*> names[] = {{"GBK", "GB18030"},
                                                                       {"gb18030", "GB18030"},
                                                                       {"Big5", "BIG5-HKSCS"},
                                                                       {"Big5", "BIG5"},
                                                                       {"EUC-JP", "EUC-JP-MS"},
                                                                       {"EUC-JP", "EUCJP-WIN"},
                                                                       {"EUC-JP", "EUC-JP"},
                                                                       {"ISO-2022-JP", "ISO-2022-JP-MS"},
                                                                       {"ISO-2022-JP", "ISO-2022-JP"},
                                                                       {"Shift_JIS", "CP932"},
                                                                       {"Shift_JIS", "SHIFT_JIS"},
                                                                       {"EUC-KR", "CP949"},
                                                                       {"EUC-KR", "UHC"},
                                                                       {"EUC-KR", "EUC-KR"}};
  for (const auto& [standard, ours] : names) {
    if (standard != name) continue;
    const iconv_t handle = iconv_open("UTF-8", ours);
    if (handle != reinterpret_cast<iconv_t>(-1)) return std::make_unique<iconv_converter>(handle);
  }
  return nullptr;
}

}  // namespace tidewire::detail
