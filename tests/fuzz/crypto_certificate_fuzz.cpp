// Certificates, as DER, as PEM, and as one that is well-formed with some bytes changed: all that is told of
// them can be told, and what was read comes back.

#include <tidewire/base/hex.hpp>
#include <tidewire/crypto/certificate.hpp>

#include <cstddef>
#include <vector>

#include "fuzz_support.hpp"

namespace {

namespace crypto = tidewire::crypto;
using tidewire::fuzz::require;

// With each kind of name, usages and a name constraint; nobody has its key.
constexpr std::string_view well_formed =
    "308202773082021da003020102021456f3ef1c11b1563d6ef1ceadac0a9c976a58f001300a06082a8648ce3d04030230"
    "33310b3009060355040613025858310d300b060355040a0c04546964653115301306035504030c0c746964652e657861"
    "6d706c653020170d3236313132353135333734325a180f32313236313130313135333734325a3033310b300906035504"
    "0613025858310d300b060355040a0c04546964653115301306035504030c0c746964652e6578616d706c653059301306"
    "072a8648ce3d020106082a8648ce3d03010703420004a0836f2352a49085a9967635d4360644599545c0152830615e0e"
    "535567cad87635b6b04f664e9d3828eea2fc3c8391e812e77bcdfe117d52059512ac1af2a2d9a382010b30820107301d"
    "0603551d0e041604148ce82d15cb920c5467a91a6f4d4c85396dd303b3301f0603551d230418301680148ce82d15cb92"
    "0c5467a91a6f4d4c85396dd303b3300f0603551d130101ff040530030101ff30660603551d11045f305d820c74696465"
    "2e6578616d706c65820e2a2e746964652e6578616d706c658704c0000201871020010db8000000000000000000000001"
    "810e6140746964652e6578616d706c65861568747470733a2f2f746964652e6578616d706c652f300b0603551d0f0404"
    "0302028430220603551d25041b301906082b0601050507030106082b0601050507030206032a0304301b0603551d1e04"
    "143012a010300e820c746964652e6578616d706c65300a06082a8648ce3d0403020348003045022100a7357270cf934a"
    "8adea46f938c50bb10db1d4d5f21eb1777a7a104b29294ab2202203b252b1923dcae29e3fccf826893d55c9ded687ab7"
    "d0abacbc5a172890f82819";
void look_at(const crypto::certificate& read) {
  (void)read.subject();
  (void)read.issuer();
  (void)read.common_name();
  (void)read.serial();
  (void)read.is_valid_at(read.not_after());
  (void)read.email_addresses();
  (void)read.uris();
  for (const std::string& address : read.ip_addresses()) require(read.covers(address).has_value());
  (void)read.dns_names();
  if (const auto covers = read.covers("www.tide.example"); !covers) (void)covers.error().message();
  (void)read.signature_algorithm();
  (void)read.fingerprint();
  (void)read.is_ca();
  (void)read.path_length();
  (void)read.key_usage();
  (void)read.extended_key_usage();
  (void)read.allows(crypto::certificate_purpose::server);
  (void)read.extensions();
  (void)read.is_self_issued();
  (void)read.is_signed_by(read);
  if (const auto key = read.key()) (void)key->description();
  const crypto::certificate again = crypto::certificate::from_der(read.to_der()).value();
  require(again == read);
  require(crypto::certificate::from_pem(read.to_pem()).value() == read);
  crypto::certificate_problem problem;
  (void)crypto::verify_chain(std::span(&read, 1), std::span(&again, 1), {.host = "tide.example"}, &problem);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewire::fuzz::input input(data, size);
  switch (input.choose(3)) {
    case 0:
      if (const auto read = crypto::certificate::from_der(tidewire::as_bytes(input.rest()))) look_at(*read);
      break;
    case 1:
      if (const auto all = crypto::certificate::all_from_pem(input.rest())) {
        require(crypto::certificate::from_pem(input.rest()).value() == all->front());
        for (const auto& each : std::span(*all).first(std::min<std::size_t>(all->size(), 3))) look_at(each);
      }
      break;
    default: {
      auto der = tidewire::hex::decode(well_formed).value();
      for (std::string_view rest = input.rest(); rest.size() >= 3; rest.remove_prefix(3)) {
        const auto at = tidewire::load_big<std::uint16_t>(tidewire::as_bytes(rest).first<2>());
        der[at % der.size()] = static_cast<std::byte>(rest[2]);
      }
      if (const auto read = crypto::certificate::from_der(der)) look_at(*read);
    }
  }
  return 0;
}
