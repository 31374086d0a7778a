// Keys, as PEM and DER, public and private, and well-formed ones with some bytes changed: what was read comes
// back. Without a password: how long it takes to try one is up to whoever wrote the key.

#include <tidewire/base/hex.hpp>
#include <tidewire/crypto/key.hpp>

#include <cstddef>
#include <vector>

#include "fuzz_support.hpp"

namespace {

namespace crypto = tidewire::crypto;
using tidewire::fuzz::require;

// The first key of RFC 8032 section 7.1: as PKCS#8, and its public half.
constexpr std::string_view private_form =
    "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
constexpr std::string_view public_form =
    "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

void look_at(const crypto::public_key& read) {
  (void)read.kind();
  (void)read.bits();
  (void)read.description();
  require(crypto::public_key::from_der(read.to_der()).value() == read);
  (void)read.verify("message", tidewire::as_bytes("no signature"));
}

void look_at(const tidewire::result<crypto::public_key>& read) {
  if (read) return look_at(*read);
  (void)read.error().message();
}

void look_at(const tidewire::result<crypto::private_key>& read) {
  if (!read) {
    (void)read.error().message();
    return;
  }
  look_at(read->public_part());
  require(crypto::private_key::from_pem(read->to_pem().reveal()).value().public_part() ==
          read->public_part());
}

std::vector<std::byte> changed(std::string_view form, std::string_view changes) {
  auto der = tidewire::hex::decode(form).value();
  for (; changes.size() >= 2; changes.remove_prefix(2)) {
    der[static_cast<unsigned char>(changes[0]) % der.size()] = static_cast<std::byte>(changes[1]);
  }
  return der;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewire::fuzz::input input(data, size);
  const std::size_t choice = input.choose(6);
  const std::string_view rest = input.rest();
  switch (choice) {
    case 0: look_at(crypto::private_key::from_pem(rest)); break;
    case 1: look_at(crypto::public_key::from_pem(rest)); break;
    case 2: look_at(crypto::private_key::from_der(tidewire::as_bytes(rest))); break;
    case 3: look_at(crypto::public_key::from_der(tidewire::as_bytes(rest))); break;
    case 4: look_at(crypto::private_key::from_der(changed(private_form, rest))); break;
    default: look_at(crypto::public_key::from_der(changed(public_form, rest))); break;
  }
  return 0;
}
