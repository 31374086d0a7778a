/// @file
/// Signing messages (RFC 6376 section 5, RFC 8463).
///
/// @code
/// auto key = crypto::private_key::from_file("mail.key").value();
/// auto signer = std::make_shared<dkim::signer>("example.org", "mail", key);
/// message.sign_with(signer);                     // whatever sends it, and however, signs it on the way
/// std::string field = signer->sign(bytes);       // or of bytes that are there: what goes in front of them
/// @endcode
#pragma once

#include <tidewire/crypto/key.hpp>
#include <tidewire/dkim/canonical.hpp>
#include <tidewire/dkim/export.hpp>
#include <tidewire/mime/message.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidewire::dkim {

/// What a signature covers and says.
struct signer_options {
  canonicalization header = canonicalization::relaxed;  ///< What servers may do to fields.
  canonicalization body = canonicalization::relaxed;    ///< What servers may do to the body.
  /// The names of the fields to sign, From among them; of each, all that there are. Empty: those that RFC
  /// 6376 section 5.4.1 names, Message-ID, MIME-Version and the Content fields.
  std::span<const std::string_view> fields{};
  /// Sign one more of a name than there are, so that adding another breaks the signature: with the names
  /// above of From, Reply-To, Subject, To, Cc always, and of the other fields that may be there once, if they
  /// are.
  bool oversign = true;
  /// i=: "ada@example.org", "@robots.example.org". Empty: not said.
  std::string_view identity{};
  /// x=: for how long the signature is good, a hundred years at most. 0: for ever.
  std::chrono::seconds lifetime{0};
  bool timestamp = true;  ///< t=: when it was made. `lifetime` needs it not.
  /// l=: sign the body as it is, and whatever somebody appends to it. Some lists add a footer; so can
  /// anybody else (RFC 6376 section 8.2).
  bool allow_appending_dangerous = false;
};

/// A domain that signs: its keys, and what it signs. It cannot be changed once it is in use; any number of
/// threads may sign with one.
class TIDEWIRE_DKIM_API signer : public mime::signing_hook {
 public:
  /// @param domain   d=: UTF-8, or the `xn--` form, in which it is written.
  /// @param selector s=: which key; `selector._domainkey.domain` is where its record must be.
  /// @param key      RSA of 1,024 bits or more (2,048 are advised), or Ed25519.
  /// Throws `error` (`errc::misuse`) for what is no domain, no selector, no such key, no field name, for
  /// `fields` without From, for an `identity` that is not within the domain, for such a lifetime.
  signer(std::string_view domain, std::string_view selector, crypto::private_key key,
         const signer_options& options = {});
  signer(const signer&);
  signer(signer&&) noexcept;
  signer& operator=(const signer&);
  signer& operator=(signer&&) noexcept;
  ~signer() override;

  /// One more key: each makes a signature of its own. RSA and Ed25519 together serve every verifier (RFC 8463
  /// section 3). At most 4 keys in all; throws as the constructor.
  signer& add_key(std::string_view selector, crypto::private_key key);

  /// The DKIM-Signature fields of a message, to be put in front of it: each of lines of 78 characters where
  /// that can be, ended by CR LF.
  /// @param message All of it, as it will travel.
  /// @param now     For t= and x=; the system's clock if not given.
  /// Throws `error`: `errc::misuse` if the header is malformed, or has no From; what `private_key::sign`
  /// throws.
  [[nodiscard]] std::string sign(std::string_view message,
                                 std::optional<std::chrono::sys_seconds> now = std::nullopt) const;
  /// The same of a message that is read from a serialiser; of `mime::message::sign_with`.
  [[nodiscard]] std::string sign(mime::serializer& message) const override;

 private:
  friend class signing;
  struct impl;
  std::shared_ptr<const impl> impl_;
};

/// A message being signed while it comes: its header (256 KiB at most) is held, its body is not. Not
/// thread-safe: one object, one user.
class TIDEWIRE_DKIM_API signing {
 public:
  /// Keeps what it needs of the signer.
  explicit signing(const signer& who);
  signing(signing&&) noexcept;
  signing& operator=(signing&&) noexcept;
  ~signing();

  /// The next bytes of the message, cut anywhere.
  void update(std::string_view bytes);
  /// The message ends. @return and throws as `signer::sign`. The object is then of no further use.
  [[nodiscard]] std::string finish(std::optional<std::chrono::sys_seconds> now = std::nullopt);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace tidewire::dkim
