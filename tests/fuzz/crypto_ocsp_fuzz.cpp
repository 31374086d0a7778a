// OCSP responses, as they come and as a well-formed one with some bytes changed: what nobody signed never
// says that a certificate is good.

#include <tidewire/base/hex.hpp>
#include <tidewire/crypto/ocsp.hpp>

#include <cstddef>
#include <vector>

#include "fuzz_support.hpp"

namespace {

namespace crypto = tidewire::crypto;
using tidewire::fuzz::require;

// An authority, a certificate of it, and what it says of that: revoked. Nobody has its key any more.
constexpr std::string_view authority_form =
    "308201883082012fa00302010202143c7b317bc25df363933b8d722a13629ba6a8d994300a06082a8648ce3d0403023019"
    "3117301506035504030c0e5469646520617574686f726974793020170d3236313132353138323532365a180f3231323631"
    "3130313138323532365a30193117301506035504030c0e5469646520617574686f726974793059301306072a8648ce3d02"
    "0106082a8648ce3d03010703420004d87727d22d59ef23e153550e09b501bbda7272e2a9870de438fd3fdf4bfddf973f1d"
    "d857ca512632fe753502217f2f0c483f004c3098900d134a195ab0bec3f1a3533051301d0603551d0e04160414da18b004"
    "697fd6f3a8c5edb5bb9d1873084bfc7f301f0603551d23041830168014da18b004697fd6f3a8c5edb5bb9d1873084bfc7f"
    "300f0603551d130101ff040530030101ff300a06082a8648ce3d040302034700304402202d257823ef6d9b07f8b6c21010"
    "bdd7f414eafbd10a7ddce9b4f345de9adec860022037dbe61b2ac1558b9d2215185c379595269ddf7428143928891716d7"
    "ccf92392";
constexpr std::string_view leaf_form =
    "308201193081c102021234300a06082a8648ce3d04030230193117301506035504030c0e5469646520617574686f726974"
    "793020170d3236313132353138323532365a180f32313236313130313138323532365a30173115301306035504030c0c74"
    "6964652e6578616d706c653059301306072a8648ce3d020106082a8648ce3d03010703420004378b54d9ee06304ecf6291"
    "bbbd7c791b5385f9611efad66e90c461126ff526107dcc72092370ce4fed7f33129bb3cf4234e6ab1ce058d5f3651c8b04"
    "491ab007300a06082a8648ce3d040302034700304402207910191bf2125c2b6e0decde90ae18a108c3cc0a29a087994a0e"
    "e0d1da9e6f8402204736784c914e1568e6fc80a306b4b5781b8f340cc6a4af26a72861bf6f1d81f6";
constexpr std::string_view response_form =
    "308201460a0100a082013f3082013b06092b06010505073001010482012c308201283081d0a11b30193117301506035504"
    "030c0e5469646520617574686f72697479180f32303236313132353138323532365a307b3079303b300906052b0e03021a"
    "050004143dfdac4f2b3c6544dcf4a68a30c7e39ff66ccb4b0414da18b004697fd6f3a8c5edb5bb9d1873084bfc7f020212"
    "34a116180f32303236313132353138323532365aa0030a0101180f32303236313132353138323532365aa011180f323132"
    "36313130313138323532365aa1233021301f06092b0601050507300102041204105b80f86ae52d08d13b5bae164a34f653"
    "300a06082a8648ce3d0403020347003044022068d959839c641e2b11938a6a8a6c7ac75b30675e202222428583678396ab"
    "b44b02200b820df40692ce9e383ec69274bd94e390c52cd0ad44ab0d60f01d14396fe5de";

crypto::certificate certificate_of(std::string_view form) {
  return crypto::certificate::from_der(tidewire::hex::decode(form).value()).value();
}

void look_at(const tidewire::result<crypto::ocsp_response>& read) {
  static const crypto::certificate authority = certificate_of(authority_form);
  static const crypto::certificate leaf = certificate_of(leaf_form);
  if (!read) {
    (void)read.error().message();
    return;
  }
  (void)read->statement_about(leaf);
  const auto statement = read->verify(leaf, authority, leaf.not_before());
  if (!statement) {
    (void)statement.error().message();
  } else {
    require(statement->status == crypto::certificate_status::revoked);
  }
  require(crypto::ocsp_response::from_der(read->der()).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewire::fuzz::input input(data, size);
  if (input.choose(2) == 0) {
    look_at(crypto::ocsp_response::from_der(tidewire::as_bytes(input.rest())));
    return 0;
  }
  auto der = tidewire::hex::decode(response_form).value();
  for (std::string_view rest = input.rest(); rest.size() >= 3; rest.remove_prefix(3)) {
    const auto at = tidewire::load_big<std::uint16_t>(tidewire::as_bytes(rest).first<2>());
    der[at % der.size()] = static_cast<std::byte>(rest[2]);
  }
  look_at(crypto::ocsp_response::from_der(der));
  return 0;
}
