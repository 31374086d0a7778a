/// @file
/// Verifying signatures (RFC 6376 section 6, RFC 8463, RFC 8301), and saying what came of it (RFC 8601).
///
/// @code
/// dkim::verifier in;
/// while (auto piece = read()) in.update(*piece);
/// in.finish();
/// for (auto& name : in.wanted()) in.give(name, look_up_txt(name));       // the DNS is yours: await it here
/// for (auto& one : in.results())
///   if (one.verdict == dkim::verdict::pass) trust(one.signature->domain);
/// @endcode
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/dkim/export.hpp>
#include <tidewire/dkim/signature.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::dkim {

/// What came of a signature, in the words of RFC 8601 section 2.7.1.
enum class verdict : std::uint8_t {
  pass,       ///< Good.
  fail,       ///< Not of this message, or not any more.
  policy,     ///< Not looked at, or good, but weaker than what is accepted here.
  neutral,    ///< Not of the grammar, or of a kind that is not known.
  temperror,  ///< Nobody could tell now: the key could not be got.
  permerror,  ///< It cannot be verified, now or later: there is no such key, or none that may be used.
};

/// Why it is not `pass`.
enum class reason : std::uint8_t {
  none,                 ///< It is.
  body_hash,            ///< fail: the body is not the one that was signed.
  signature,            ///< fail: the header is not, or the key is another.
  body_too_short,       ///< fail: l= is more than there is.
  expired,              ///< fail: x= is past.
  from_the_future,      ///< fail: t= is to come.
  weak_algorithm,       ///< policy: rsa-sha1 (RFC 8301 section 3.1).
  weak_key,             ///< policy: RSA of less than 1,024 bits (RFC 8301 section 3.2).
  unsigned_content,     ///< policy: l= leaves bytes at the end of the body unsigned.
  malformed_signature,  ///< neutral: not of the grammar, or larger than the limits.
  unsupported,          ///< neutral: an algorithm or version that is not known.
  malformed_message,    ///< permerror: the header has lines that are no fields, or is larger than the limits.
  no_key,               ///< permerror: there is no such record.
  malformed_key,        ///< permerror: the record is none, or of a kind of key that is not known.
  revoked_key,          ///< permerror: p= is empty.
  unsuitable_key,       ///< permerror: of another algorithm, not for mail, or not for this i=; RSA too large.
  key_unavailable,      ///< temperror: the look-up failed, or was not made.
};

/// Its name in Authentication-Results: "permerror".
[[nodiscard]] TIDEWIRE_DKIM_API std::string_view to_string(verdict value) noexcept;
/// A few words about it, for logs: "the body was changed".
[[nodiscard]] TIDEWIRE_DKIM_API std::string_view describe(reason value) noexcept;

/// What is known of one signature.
struct verification {
  dkim::verdict verdict = dkim::verdict::neutral;
  dkim::reason reason = dkim::reason::none;
  std::string detail;                        ///< More about the reason, in words of ours; often empty.
  std::optional<dkim::signature> signature;  ///< What it says; nothing if it could not be read.
  bool testing = false;                      ///< t=y of the key: a pass counts as no signature.
  unsigned key_bits = 0;                     ///< Of an RSA key; 0 if there was none.
  std::uint64_t unsigned_bytes = 0;          ///< Of the canonical body, that l= leaves out.
};

/// What is accepted.
struct verifier_options {
  /// When the message came; the system's clock if not given.
  std::optional<std::chrono::sys_seconds> now{};
  /// By how much t= and x= may be off. Default 5 minutes.
  std::chrono::seconds clock_skew{300};
  /// Signatures that are looked at, from the first: 10. `verifier::ignored` counts those that are not.
  std::size_t max_signatures = 10;
  /// RSA keys of more bits are not used, as they take long: 8,192.
  unsigned max_rsa_bits = 8'192;
  /// Let a signature with l= pass though there are bytes after what it covers: anybody can have added them.
  bool allow_unsigned_content_dangerous = false;
};

/// A message whose signatures are verified. It does no look-up: it is fed, names the key records that it
/// wants, and is given them. Its header (256 KiB at most) is held, its body is not. Nothing fails: whatever
/// is wrong is a `verification`. Not thread-safe: one object, one user.
class TIDEWIRE_DKIM_API verifier {
 public:
  explicit verifier(const verifier_options& options = {});
  verifier(verifier&&) noexcept;
  verifier& operator=(verifier&&) noexcept;
  ~verifier();

  /// The next bytes of the message, cut anywhere.
  void update(std::string_view bytes);
  /// The message ends.
  void finish();

  /// The names whose TXT records are needed and were not given yet, each once, in the order of the
  /// signatures. Complete when the header is: look-ups may begin while the body still comes.
  [[nodiscard]] std::vector<std::string> wanted() const;
  /// Is the header complete?
  [[nodiscard]] bool has_header() const noexcept;
  /// The answer for one of these names, before or after `finish`.
  /// @param records The TXT records of that name, each with its strings joined; the first that is a key
  /// record
  ///        for the signature is used, of 8 that are looked at. None: there is no such name, or it has none.
  ///        A failure: nobody could tell, which is `temperror`.
  void give(std::string_view name, const result<std::vector<std::string>>& records);

  /// One for each signature, in the order of the header. Only after `finish`; throws `error` (`errc::misuse`)
  /// before. Names that no answer was given for are `temperror`.
  [[nodiscard]] std::vector<verification> results() const;
  /// How many signatures are beyond `max_signatures`.
  [[nodiscard]] std::size_t ignored() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Gives the TXT records of a name, as `verifier::give` takes them.
using key_source = std::function<result<std::vector<std::string>>(std::string_view name)>;

/// Verifies a message that is in memory, with keys that are at hand: all of the above in one call.
[[nodiscard]] TIDEWIRE_DKIM_API std::vector<verification> verify(std::string_view message,
                                                                 const key_source& keys,
                                                                 const verifier_options& options = {});

/// The field Authentication-Results (RFC 8601) that says so, folded, ended by CR LF, to be put in front of
/// the message. A field of that kind with the same `authserv_id` that came with the message is to be taken
/// out first (section 5): it is somebody else's word.
/// @param authserv_id Who says it: the name of this host, or of its domain.
/// @param results     None: "dkim=none".
/// Throws `error` (`errc::misuse`) for an `authserv_id` that is no domain.
[[nodiscard]] TIDEWIRE_DKIM_API std::string authentication_results(std::string_view authserv_id,
                                                                   std::span<const verification> results);

}  // namespace tidewire::dkim
