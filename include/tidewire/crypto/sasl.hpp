/// @file
/// SASL (RFC 4422) for both sides, without any I/O: mail protocols and others carry the messages. PLAIN (RFC
/// 4616), LOGIN, CRAM-MD5 (RFC 2195), SCRAM-SHA-1 and SCRAM-SHA-256 with and without channel binding (RFC
/// 5802, RFC 7677), XOAUTH2, OAUTHBEARER (RFC 7628), EXTERNAL.
///
/// @code
/// auto client = crypto::sasl_client::strongest(offered, credentials).value();
/// // AUTH client.mechanism(), with client.first() if client.sends_first(); then for each challenge of the
/// server auto answer = client.reply(challenge);           // result<secret>
/// // and when the server says that all is well
/// if (auto sure = client.finish(); !sure) ...      // it may have lied
/// @endcode
///
/// Messages are bytes as the mechanism has them: base64, which most protocols put around them, is not done
/// here. They hold passwords, hence the type `secret`.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/hash.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::crypto {

/// The longest message that either side accepts. One more byte is `tidewire::errc::limit_exceeded`.
inline constexpr std::size_t max_sasl_message = 64 * 1024;

/// Prepares a user name or a password as SASLprep (RFC 4013) says: what is mapped to nothing is taken out,
/// other spaces become U+0020, all is brought to the form NFKC of Unicode 3.2; control characters, private
/// ones and the like are refused, and so is text that mixes directions. Characters that Unicode 3.2 did not
/// have stay as they are.
/// @return `errc::prohibited_character` for a character that is not allowed, and for what is no UTF-8; the
/// detail does
///         not have the text. `tidewire::errc::limit_exceeded` beyond `max_sasl_message`.
[[nodiscard]] TIDEWIRE_CRYPTO_API result<secret> saslprep(std::string_view text);

/// How a channel is bound to the authentication that goes over it.
struct channel_binding {
  std::string_view type;  ///< `tls-exporter` (RFC 9266), `tls-server-end-point`, `tls-unique` (RFC 5929).
  byte_view data;         ///< What TLS gave for it.
};

/// Who logs in, and by what. It owns copies of all of it. Not thread-safe: one object, one user.
class TIDEWIRE_CRYPTO_API sasl_credentials {
 public:
  /// A user with a password.
  sasl_credentials(std::string_view user, secret password) : user_(user), password_(std::move(password)) {}
  /// A user with a token of OAuth 2.
  [[nodiscard]] static sasl_credentials bearer(std::string_view user, secret token);
  /// Whoever the channel says that we are: the TLS client certificate.
  [[nodiscard]] static sasl_credentials external();

  /// To act as somebody else than `user`, if the server lets him.
  sasl_credentials& act_as(std::string_view identity) {
    identity_ = identity;
    return *this;
  }
  /// The channel binding that TLS gave. SCRAM then uses its -PLUS form where it is offered, and notices if
  /// somebody took it out of the offer.
  sasl_credentials& bind(channel_binding binding) {
    binding_type_ = binding.type;
    binding_data_ = secret(binding.data);
    return *this;
  }
  /// The server, as OAUTHBEARER tells it.
  sasl_credentials& server(std::string_view host, std::uint16_t port) {
    host_ = host;
    port_ = port;
    return *this;
  }
  /// Is the channel encrypted? If not, `sasl_client::strongest` uses no mechanism that shows the password or
  /// the token to whoever listens. Default: it is.
  sasl_credentials& encrypted(bool is) {
    encrypted_ = is;
    return *this;
  }
  /// What SCRAM accepts of a server's iterations. Fewer make the password easier to guess for whoever plays
  /// the server, more keep us busy. Default: 4096 to 1,000,000.
  sasl_credentials& iterations(std::uint32_t least, std::uint32_t most) {
    least_iterations_ = least;
    most_iterations_ = most;
    return *this;
  }
  /// The client's nonce of SCRAM, which is random otherwise: for tests.
  sasl_credentials& nonce_dangerous(std::string_view nonce) {
    nonce_ = nonce;
    return *this;
  }

 private:
  friend class sasl_client;
  friend class sasl_client_state;
  sasl_credentials() = default;

  std::string user_;
  secret password_;
  std::string identity_;
  std::string binding_type_;
  secret binding_data_;
  std::string host_;
  std::string nonce_;
  std::uint32_t least_iterations_ = 4096;
  std::uint32_t most_iterations_ = 1'000'000;
  std::uint16_t port_ = 0;
  bool encrypted_ = true;
  enum class kind : unsigned char { password, bearer, external } kind_ = kind::password;
};

/// The client's side of one authentication.
///
/// After a failure it is of no use. Not thread-safe: one object, one user. No failure has a password or a
/// token in it.
class TIDEWIRE_CRYPTO_API sasl_client {
 public:
  /// For that mechanism; the case of its name is ignored.
  /// @return `errc::unknown_algorithm` if there is no such mechanism here; `tidewire::errc::misuse` if the
  /// credentials
  ///         are of another kind, or lack a channel binding; `errc::prohibited_character` for names and
  ///         passwords that the mechanism cannot carry.
  [[nodiscard]] static result<sasl_client> make(std::string_view mechanism,
                                                const sasl_credentials& credentials);
  /// For the strongest of the mechanisms that the server offers and the credentials fit: SCRAM-SHA-256-PLUS,
  /// SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN; OAUTHBEARER, XOAUTH2; EXTERNAL.
  /// @return `errc::no_common_mechanism` if there is none; the detail has the offer, and says when it is for
  /// want of
  ///         encryption. Otherwise as `make`.
  [[nodiscard]] static result<sasl_client> strongest(std::span<const std::string_view> offered,
                                                     const sasl_credentials& credentials);
  sasl_client(sasl_client&&) noexcept;
  sasl_client& operator=(sasl_client&&) noexcept;
  ~sasl_client();

  /// Its registered name: `SCRAM-SHA-256`.
  [[nodiscard]] std::string_view mechanism() const noexcept;
  /// Does the client have the first word? Then `first` goes along with the command that names the mechanism,
  /// or, where the protocol does not allow that, answers the empty first challenge of the server.
  [[nodiscard]] bool sends_first() const noexcept;
  /// The first message. `tidewire::errc::misuse` unless `sends_first`, and at any later time.
  [[nodiscard]] result<secret> first();
  /// What to answer to a challenge of the server.
  /// @return `errc::malformed_message` if it is none of the mechanism; `errc::server_not_authentic` if the
  /// server
  ///         proved that it does not know the password, or meddled with the messages;
  ///         `errc::authentication_failed` if SCRAM's server says so; `tidewire::errc::limit_exceeded` beyond
  ///         `max_sasl_message`, and for iterations that are too many or too few.
  [[nodiscard]] result<secret> reply(std::string_view challenge);
  /// The server says that the client is authenticated. Is the mechanism at its end, and the server proved to
  /// be it?
  /// @return `errc::server_not_authentic` if not.
  [[nodiscard]] result<void> finish();
  /// What the server said about a failure, as it came: untrusted. The JSON text of XOAUTH2 and OAUTHBEARER,
  /// the `e=` of SCRAM. Empty if nothing.
  [[nodiscard]] std::string_view server_error() const noexcept;

 private:
  explicit sasl_client(std::unique_ptr<class sasl_client_state> state) noexcept;

  std::unique_ptr<class sasl_client_state> state_;
};

/// What a server keeps of a password for SCRAM: enough to check it, not enough to log in elsewhere.
struct scram_record {
  hash_algorithm hash = hash_algorithm::sha256;  ///< `sha1` or `sha256`.
  std::uint32_t iterations = 0;                  ///< Of PBKDF2.
  std::vector<std::byte> salt;                   ///< Random, for this user.
  secret stored_key;  ///< The client has to prove that it knows what this is the hash of.
  secret server_key;  ///< By this the server proves itself.

  /// The record of a password. An empty `salt` becomes 16 random bytes.
  /// @return `errc::prohibited_character` as `saslprep`.
  [[nodiscard]] TIDEWIRE_CRYPTO_API static result<scram_record> from_password(
      const secret& password, hash_algorithm hash = hash_algorithm::sha256, std::uint32_t iterations = 4096,
      byte_view salt = {});
};

/// What a server has to do next.
enum class sasl_wants : unsigned char {
  response,        ///< Send `data` as a challenge, and call `step` with the answer.
  password_check,  ///< Is `password()` that of `user()`, and may he act as `identity()`? Then `decide`.
  password,        ///< CRAM-MD5: call `give_password` with that of `user()`, or with nothing.
  record,          ///< SCRAM: call `give_record` with that of `user()`, or with nothing.
  token_check,     ///< Is `password()` a token of OAuth 2 that is good for `user()`? Then `decide`.
  identity_check,  ///< EXTERNAL: may whoever is at the other end of the channel act as `identity()`? Then
                   ///< `decide`. SCRAM: may `user()` act as `identity()`, which is another one? Then
                   ///< `decide`.
  nothing,         ///< The client is authenticated.
};

/// The next step of a server.
struct sasl_step {
  sasl_wants wants = sasl_wants::nothing;  ///< What to do.
  secret data;                             ///< The challenge, for `sasl_wants::response`.
};

/// What a `sasl_server` knows. The views must be good until `make` returns.
struct sasl_server_options {
  channel_binding binding{};                 ///< What TLS gave; an empty type: there is none, and no -PLUS.
  std::string_view host_name = "localhost";  ///< For CRAM-MD5's challenge.
  std::string_view
      nonce_dangerous{};  ///< The server's part of a nonce, which is random otherwise: for tests.
  std::string_view unknown_user_key{};  ///< Some secret of the server: SCRAM's salts for users that do not
                                        ///< exist are made of it, so that they look as lasting as others.
                                        ///< Empty: they differ each time.
};

/// The server's side of one authentication. It asks its caller for passwords and decisions, who may take his
/// time to look them up.
///
/// `step` begins with the client's first message, if there came one with the command; without one it is
/// called with nothing, and asks for it. After a failure it is of no use. Not thread-safe: one object, one
/// user.
class TIDEWIRE_CRYPTO_API sasl_server {
 public:
  /// For that mechanism; the case of its name is ignored. @return `errc::unknown_algorithm` if there is none
  /// here.
  [[nodiscard]] static result<sasl_server> make(std::string_view mechanism,
                                                const sasl_server_options& options = {});
  sasl_server(sasl_server&&) noexcept;
  sasl_server& operator=(sasl_server&&) noexcept;
  ~sasl_server();

  /// Its registered name.
  [[nodiscard]] std::string_view mechanism() const noexcept;
  /// Takes what the client sent; nothing, if there was no first message.
  /// @return What to do, or `errc::malformed_message`, `errc::authentication_failed`,
  ///         `tidewire::errc::limit_exceeded`, `tidewire::errc::misuse` when something else is wanted.
  [[nodiscard]] result<sasl_step> step(std::optional<std::string_view> response);
  /// Answers `password_check`, `token_check` and `identity_check`.
  [[nodiscard]] result<sasl_step> decide(bool accepted);
  /// Answers `password`.
  [[nodiscard]] result<sasl_step> give_password(const std::optional<secret>& password);
  /// Answers `record`. Without a record the exchange goes on, and fails at its end.
  [[nodiscard]] result<sasl_step> give_record(const std::optional<scram_record>& record);

  /// Who logs in, in UTF-8, prepared by `saslprep`. Not to be trusted before `sasl_wants::nothing`.
  [[nodiscard]] std::string_view user() const noexcept;
  /// Whom he wants to act as; empty: himself.
  [[nodiscard]] std::string_view identity() const noexcept;
  /// The password or token that is to be checked.
  [[nodiscard]] const secret& password() const noexcept;

 private:
  explicit sasl_server(std::unique_ptr<class sasl_server_state> state) noexcept;

  std::unique_ptr<class sasl_server_state> state_;
};

/// The names of the mechanisms that are here, the strongest first.
[[nodiscard]] TIDEWIRE_CRYPTO_API std::span<const std::string_view> sasl_mechanisms() noexcept;

}  // namespace tidewire::crypto
