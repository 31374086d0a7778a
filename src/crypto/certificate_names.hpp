// Host names and addresses, and how certificates are compared with them.
#pragma once

#include <tidewire/crypto/certificate.hpp>

#include <openssl/x509.h>

#include <string>
#include <string_view>

namespace tidewire::crypto {

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
