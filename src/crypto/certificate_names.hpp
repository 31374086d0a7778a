// Host names and addresses, and how certificates are compared with them.
#pragma once

#include <tidewire/crypto/certificate.hpp>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "openssl.hpp"

namespace tidewire::crypto {

using general_names_ptr = openssl_ptr<GENERAL_NAMES, GENERAL_NAMES_free>;

// The bytes of a text of ASN.1, as they are.
std::string_view text_of(const ASN1_STRING* text) noexcept;
// A name as RFC 4514 writes it, but UTF-8 stays legible; at most 1,000 bytes.
std::string name_text(const X509_NAME* name);
// Throws misuse for what is no name for a certificate: empty, not ASCII, with spaces if these are not
// allowed.
void check_name(std::string_view name, bool with_spaces = false);
// Cut at the 64 bytes of RFC 5280.
void set_common_name(X509_NAME* subject, std::string_view name);
// Addresses, mail addresses and DNS names, as they look. Throws misuse as `check_name`.
general_names_ptr general_names(std::span<const std::string_view> texts);
// Those of one kind (GEN_DNS, ...), as text; an address of another size than those of IP is none.
std::vector<std::string> texts_of(const GENERAL_NAMES* names, int wanted);

// `192.0.2.1` or `2001:db8::1` for the 4 or 16 bytes of an address; empty for another size.
std::string address_text(std::string_view bytes);

// A host that a certificate has to be for.
class host_to_check {
 public:
  explicit host_to_check(std::string_view host);
  [[nodiscard]] bool matches(X509* x509) const;

 private:
  std::string name_;
  bool is_address_ = false;
  bool impossible_ = false;  // no certificate can be for it
};

// "certificate for a.example does not cover b.example; it names a.example, c.example"
std::string names_other_hosts(const certificate& leaf, std::string_view host);

}  // namespace tidewire::crypto
