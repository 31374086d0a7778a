#include "certificate_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <new>

#include "pem.hpp"

namespace tidewire::crypto {
namespace {

using octets_ptr = openssl_ptr<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

constexpr std::size_t longest_name = 1000;
constexpr std::size_t longest_common_name = 64;  // RFC 5280, ub-common-name
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

// Takes over `value`.
void add_name(GENERAL_NAMES* names, int kind, ASN1_STRING* value) {
  GENERAL_NAME* const name = GENERAL_NAME_new();
  if (name == nullptr || value == nullptr) throw std::bad_alloc();
  GENERAL_NAME_set0_value(name, kind, value);
  if (sk_GENERAL_NAME_push(names, name) <= 0) throw std::bad_alloc();
}

}  // namespace

std::string_view text_of(const ASN1_STRING* text) noexcept {
  const int size = ASN1_STRING_length(text);
  const unsigned char* const data = ASN1_STRING_get0_data(text);
  return size > 0 && data != nullptr ? as_text(as_bytes(std::span(data, static_cast<std::size_t>(size))))
                                     : std::string_view();
}

std::string name_text(const X509_NAME* name) {
  const bio_ptr stream = memory_stream();
  X509_NAME_print_ex(stream.get(), name, 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  return std::string(written_to(stream.get()).substr(0, longest_name));
}

void check_name(std::string_view name, bool with_spaces) {
  const auto fits = [&](char c) { return ascii::is_visible(c) || (with_spaces && c == ' '); };
  if (name.empty() || !std::ranges::all_of(name, fits)) {
    throw error(tidewire::errc::misuse, "'" + shown(name) + "' is no name for a certificate");
  }
}

void set_common_name(X509_NAME* subject, std::string_view name) {
  const std::string_view cut = name.substr(0, longest_common_name);
  if (X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(cut.data()),
                                 static_cast<int>(cut.size()), -1, 0) != 1) {
    throw error(openssl_failure(errc::failed, "name a certificate"));
  }
}

general_names_ptr general_names(std::span<const std::string_view> texts) {
  general_names_ptr names(sk_GENERAL_NAME_new_null());
  if (names == nullptr) throw std::bad_alloc();
  for (const std::string_view text : texts) {
    check_name(text);
    if (octets_ptr address(a2i_IPADDRESS(std::string(text).c_str())); address != nullptr) {
      add_name(names.get(), GEN_IPADD, address.release());
      continue;
    }
    (void)openssl_reason();
    ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
    if (value == nullptr || ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) != 1) {
      throw std::bad_alloc();
    }
    add_name(names.get(), text.find('@') != npos ? GEN_EMAIL : GEN_DNS, value);
  }
  return names;
}

std::vector<std::string> texts_of(const GENERAL_NAMES* names, int wanted) {
  std::vector<std::string> texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    int kind = -1;
    const auto* const value =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind));
    if (kind != wanted) continue;
    if (wanted != GEN_IPADD) {
      texts.emplace_back(text_of(value));
    } else if (std::string text = address_text(text_of(value)); !text.empty()) {
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

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
