#include "certificate_names.hpp"

#include <openssl/x509v3.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

#include "pem.hpp"

namespace tidewire::crypto {
namespace {

using octets_ptr = openssl_ptr<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

constexpr unsigned strict_names = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

std::string ipv6_text(std::string_view bytes) {
  std::array<std::uint16_t, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = load_big<std::uint16_t>(std::span<const std::byte, 2>(as_bytes(bytes.substr(2 * i, 2))));
  }
  // The longest run of at least two zeros, the first of several, is left out (RFC 5952).
  std::size_t start = groups.size();
  std::size_t longest = 1;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t length = 0;
    while (i + length < groups.size() && groups[i + length] == 0) ++length;
    if (length > longest) {
      start = i;
      longest = length;
    }
  }
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == start) {
      text += "::";
      i += longest - 1;
      continue;
    }
    if (!text.empty() && !text.ends_with(':')) text += ':';
    std::array<char, 4> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16);
    text.append(digits.data(), written.ptr);
  }
  return text;
}

}  // namespace

std::string address_text(std::string_view bytes) {
  if (bytes.size() == 16) return ipv6_text(bytes);
  if (bytes.size() != 4) return {};
  std::string text;
  for (const char byte : bytes) {
    if (!text.empty()) text += '.';
    text += std::to_string(static_cast<unsigned char>(byte));
  }
  return text;
}

host_to_check::host_to_check(std::string_view host) : name_(host) {
  if (name_.size() > 2 && name_.front() == '[' && name_.back() == ']')
    name_ = name_.substr(1, name_.size() - 2);
  impossible_ = name_.empty() || name_.find('\0') != std::string::npos;
  if (impossible_) return;
  is_address_ = octets_ptr(a2i_IPADDRESS(name_.c_str())) != nullptr;
  (void)openssl_reason();
  // "example.org." is the same host; certificates are written without the dot. A leading one would match any
  // name below.
  if (!is_address_ && name_.ends_with('.')) name_.pop_back();
  impossible_ = name_.empty() || name_.front() == '.';
}

bool host_to_check::matches(X509* x509) const {
  if (impossible_) return false;
  const int is = is_address_ ? X509_check_ip_asc(x509, name_.c_str(), 0)
                             : X509_check_host(x509, name_.data(), name_.size(), strict_names, nullptr);
  (void)openssl_reason();
  return is == 1;
}

std::string names_other_hosts(const certificate& leaf, std::string_view host) {
  constexpr std::size_t most = 10;
  std::vector<std::string> names = leaf.dns_names();
  for (std::string& address : leaf.ip_addresses()) names.push_back(std::move(address));
  const std::string common = leaf.common_name();
  const std::string first = !names.empty() ? names.front() : !common.empty() ? common : std::string("nobody");
  std::string text = "certificate for " + shown(first) + " does not cover " + shown(host) + "; it names ";
  if (names.empty()) return text + "no host at all";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == most) return text + " and " + std::to_string(names.size() - most) + " more";
    text += (i > 0 ? ", " : "") + shown(names[i]);
  }
  return text;
}

}  // namespace tidewire::crypto
