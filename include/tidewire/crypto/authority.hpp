/// @file
/// A certificate authority for tests and for closed systems: roots, intermediates and leaves made in memory,
/// the right ones and each kind of wrong one.
///
/// | wanted | call |
/// | --- | --- |
/// | a server | `ca.issue({"localhost", "127.0.0.1", "::1"})` |
/// | a client | `ca.issue({"ada@example.org"}, {.purpose = certificate_purpose::client})` |
/// | below an intermediate | `ca.intermediate().issue({"localhost"})` |
/// | expired, not yet valid | `ca.issue_expired({"localhost"})`, `ca.issue_not_yet_valid({"localhost"})` |
/// | for another host | `ca.issue({"wrong.example"})` |
/// | self-signed | `authority::self_signed({"localhost"})` |
/// | from an unknown root | `authority().issue({"localhost"})` of an authority that nobody trusts |
/// | with a missing intermediate | `ca.intermediate().issue({"localhost"}).chain.resize(1)` |
/// | revoked | `ca.status_of(leaf, {.status = certificate_status::revoked})`, an OCSP response |
/// | of an authority that may not issue it | `ca.intermediate({.permitted_domain =
/// "example.org"}).issue({"example.com"})` | | with a weak key | `ca.issue({"localhost"}, {.key =
/// key_spec::rsa_1024_dangerous})` |
#pragma once

#include <tidewire/crypto/certificate.hpp>
#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/key.hpp>
#include <tidewire/crypto/ocsp.hpp>
#include <tidewire/crypto/request.hpp>

#include <chrono>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::crypto {

/// How an authority is made.
struct authority_options {
  std::string_view name = "tidewire test CA";     ///< The common name of its certificate.
  key_spec key = key_spec::ec_p256;               ///< Its key.
  std::optional<std::chrono::sys_seconds> now{};  ///< What it takes for now; nothing: the system's clock.
  std::chrono::days valid_for{3650};              ///< How long its certificate is valid.
  /// It may issue for this DNS name and those below only (RFC 5280 section 4.2.1.10); empty: for any.
  std::string_view permitted_domain{};
  int path_length = -1;  ///< How many intermediates may follow below it; -1: any number.
};

/// How a certificate is made.
struct issue_options {
  std::string_view common_name{};                             ///< Empty: the first of the names.
  key_spec key = key_spec::ec_p256;                           ///< Its key.
  certificate_purpose purpose = certificate_purpose::server;  ///< `any`: both server and client.
  std::optional<std::chrono::sys_seconds> not_before{};       ///< Nothing: an hour ago.
  std::optional<std::chrono::sys_seconds> not_after{};        ///< Nothing: 90 days from now.
  bool must_staple = false;  ///< Demands that servers show an OCSP response with it (RFC 7633).
};

/// How a statement of a certificate is made.
struct status_options {
  certificate_status status = certificate_status::good;     ///< What is said of it.
  std::optional<std::chrono::sys_seconds> this_update{};    ///< Nothing: an hour ago.
  std::chrono::seconds valid_for = std::chrono::hours(24);  ///< Until the next update; 0: that is not said.
  /// Signs in place of the authority; one that was issued for `certificate_purpose::ocsp_responder`.
  const identity* responder = nullptr;
};

/// A key and a certificate that signs others.
///
/// Names are given as text: what is an IP address becomes one, what has an `@` a mail address, anything else
/// a DNS name. Its constructor and its functions throw `error` as `private_key::generate` does, and with
/// `tidewire::errc::misuse` for a name that is empty, not ASCII, or has a control character or a space.
///
/// Whoever has the object can sign whatever he likes: trust it as far as the program that made it.
class TIDEWIRE_CRYPTO_API authority {
 public:
  /// A new root.
  explicit authority(authority_options options = {});

  /// Its certificate: what clients have to trust, if it is a root.
  [[nodiscard]] const certificate& own_certificate() const noexcept { return chain_.front(); }
  /// The same as PEM.
  [[nodiscard]] std::string pem() const { return own_certificate().to_pem(); }
  /// Its key.
  [[nodiscard]] const private_key& key() const noexcept { return key_; }

  /// An authority whose certificate this one signs. What it issues comes with that certificate.
  [[nodiscard]] authority intermediate(authority_options options = {
                                           .name = "tidewire test intermediate"}) const;
  /// A certificate for `names`, with a new key, and the intermediates above it.
  [[nodiscard]] identity issue(std::span<const std::string_view> names, issue_options options = {}) const;
  /// @copydoc issue
  [[nodiscard]] identity issue(std::initializer_list<std::string_view> names,
                               issue_options options = {}) const {
    return issue(std::span(names.begin(), names.size()), options);
  }
  /// A certificate for the names and the key of a request, and the intermediates above it. The names are
  /// taken as they are: whoever runs an authority looks at them first.
  [[nodiscard]] std::vector<certificate> issue(const certificate_request& request,
                                               issue_options options = {}) const;
  /// One that was valid until yesterday.
  [[nodiscard]] identity issue_expired(std::initializer_list<std::string_view> names,
                                       issue_options options = {}) const;
  /// One that is valid from tomorrow.
  [[nodiscard]] identity issue_not_yet_valid(std::initializer_list<std::string_view> names,
                                             issue_options options = {}) const;
  /// What this authority says of a certificate that it issued: an OCSP response, as a server staples it. One
  /// that is revoked is so since an hour ago, because its key was compromised.
  [[nodiscard]] ocsp_response status_of(const certificate& of, status_options options = {}) const;
  /// One that nobody signed but itself.
  [[nodiscard]] static identity self_signed(std::initializer_list<std::string_view> names,
                                            issue_options options = {});

 private:
  authority(std::vector<certificate> chain, private_key key, std::optional<std::chrono::sys_seconds> now)
      : chain_(std::move(chain)), key_(std::move(key)), now_(now) {}

  [[nodiscard]] std::vector<certificate> issue(std::span<const std::string_view> names, const public_key& key,
                                               const issue_options& options) const;

  std::vector<certificate> chain_;  // its own, and what is above it but the root
  private_key key_;
  std::optional<std::chrono::sys_seconds> now_;
};

}  // namespace tidewire::crypto
