// Addresses, endpoints and host:port: what is accepted has one text, which is accepted as the same value.

#include <tidewire/core/address.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void check_text(std::string_view text) {
  const auto value = T::parse(text);
  if (!value) {
    require(value.code() == tidewire::errc::malformed && !value.error().detail().empty());
    return;
  }
  const auto again = T::parse(value->to_string());
  require(again && *again == *value && again->to_string() == value->to_string());
  require(std::hash<T>()(*again) == std::hash<T>()(*value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidewire;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_text<ip_address>(text);
  check_text<endpoint>(text);

  const auto found = split_host_port(text, 80);
  if (found) {
    require(!found->host.empty() && found->host.size() <= 1024);
    require(found->host.find_first_of(std::string_view(" \r\n\0", 4)) == std::string_view::npos);
    const bool is_v6 = found->host.find(':') != std::string_view::npos;
    const std::string whole =
        (is_v6 ? "[" + found->host + "]" : found->host) + ":" + std::to_string(found->port);
    const auto again = split_host_port(whole);
    require(again && again->host == found->host && again->port == found->port);
  }
  // What names an address and a port is also what a person may type for them.
  if (const auto value = endpoint::parse(text)) require(found && found->port == value->port());
  if (ip_address::parse(text)) require(found && found->host == text && found->port == 80);
  return 0;
}
