/// @file
/// Commands of SMTP and LMTP (RFC 5321 section 4.1, RFC 2033) with the parameters of their extensions,
/// written and read. Pure.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/smtp/address.hpp>
#include <tidewire/smtp/error.hpp>
#include <tidewire/smtp/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::smtp {

/// Which dialect is spoken.
enum class dialect {
  smtp,  ///< SMTP: EHLO, HELO; one answer to a message.
  lmtp,  ///< LMTP, RFC 2033: LHLO; an answer to a message for each recipient that was accepted.
};

/// The commands.
enum class verb {
  unknown,
  helo,
  ehlo,
  lhlo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  quit,
  vrfy,
  expn,
  help,
  starttls,
  auth
};

/// What a body is, BODY= of MAIL (RFC 6152, RFC 3030).
enum class body_type {
  unspecified,  ///< Not said: seven bits.
  seven_bit,    ///< 7BIT
  eight_bit,    ///< 8BITMIME: lines, with bytes of 128 and above.
  binary,       ///< BINARYMIME: any bytes; only with BDAT.
};

/// What a delivery report brings back, RET= of MAIL (RFC 3461 section 4.3).
enum class dsn_return {
  unspecified,  ///< What the server likes.
  headers,      ///< HDRS: the headers.
  full,         ///< FULL: the whole message, if it failed.
};

/// When to report to the sender, NOTIFY= of RCPT (RFC 3461 section 4.1). Joined by `|`.
enum class dsn_notify : unsigned char {
  unspecified = 0,  ///< Not said: when it failed.
  never = 1,        ///< Never; alone.
  success = 2,      ///< When it was delivered.
  failure = 4,      ///< When it failed.
  delay = 8,        ///< When it takes long.
};
[[nodiscard]] constexpr dsn_notify operator|(dsn_notify a, dsn_notify b) noexcept {
  return static_cast<dsn_notify>(static_cast<unsigned char>(a) | static_cast<unsigned char>(b));
}
/// Is `one` among `set`?
[[nodiscard]] constexpr bool includes(dsn_notify set, dsn_notify one) noexcept {
  return (static_cast<unsigned char>(set) & static_cast<unsigned char>(one)) != 0;
}

/// A parameter of MAIL or RCPT that has no member of its own.
struct parameter {
  std::string keyword{};  ///< In upper case.
  std::string value{};    ///< Without the `=`; empty if there is none.
};

/// What may follow the address of MAIL.
struct mail_parameters {
  std::optional<std::uint64_t> size{};            ///< SIZE=, RFC 1870: bytes of the message.
  body_type body = body_type::unspecified;        ///< BODY=
  bool smtputf8 = false;                          ///< SMTPUTF8, RFC 6531
  bool require_tls = false;                       ///< REQUIRETLS, RFC 8689
  dsn_return returned = dsn_return::unspecified;  ///< RET=
  std::string envelope_id{};                      ///< ENVID=, decoded; empty: none.
  std::optional<std::string> auth{};              ///< AUTH=, RFC 4954 section 5, decoded; empty for `<>`.
  std::vector<parameter> others{};                ///< All else, as it came.
};

/// What may follow the address of RCPT.
struct rcpt_parameters {
  dsn_notify notify = dsn_notify::unspecified;  ///< NOTIFY=
  std::string original_recipient{};             ///< ORCPT=, decoded: "rfc822;ada@example.org". Empty: none.
  std::vector<parameter> others{};              ///< All else, as it came.
};

/// Appends EHLO, LHLO or HELO.
/// @param name As `is_domain_or_literal` allows.
/// @return `tidewire::errc::misuse` if it is not; nothing was appended.
[[nodiscard]] TIDEWIRE_SMTP_API result<void> append_hello(std::string& wire, verb which,
                                                          std::string_view name);
/// Appends MAIL, RCPT or BDAT. Addresses hold nothing that could end a line; texts are encoded as xtext (RFC
/// 3461 section 4).
/// @return `tidewire::errc::misuse` for a parameter of `others` that has another character than RFC 5321
/// allows.
[[nodiscard]] TIDEWIRE_SMTP_API result<void> append_mail(std::string& wire, const address& from,
                                                         const mail_parameters& parameters);
/// @copydoc append_mail
[[nodiscard]] TIDEWIRE_SMTP_API result<void> append_rcpt(std::string& wire, const address& to,
                                                         const rcpt_parameters& parameters);
/// @copydoc append_mail
TIDEWIRE_SMTP_API void append_bdat(std::string& wire, std::uint64_t size, bool last);
/// Appends a line of any text with CRLF: `VRFY ada`, what no function here knows.
/// @return `tidewire::errc::misuse` if it holds a control character but tab; nothing was appended.
[[nodiscard]] TIDEWIRE_SMTP_API result<void> append_line(std::string& wire, std::string_view line);

/// A command as a server reads it. Which members say something depends on `what`.
struct command {
  verb what = verb::unknown;
  std::string argument{};  ///< Of HELO, EHLO, LHLO: the name. Of AUTH: the mechanism, in upper case. Of
                           ///< others: all that follows. If unknown: the verb.
  std::optional<std::string> initial_response{};  ///< Of AUTH: in base64; `=` is none of no bytes.
  address path{};                                 ///< Of MAIL, RCPT; empty for `<>`.
  mail_parameters mail{};                         ///< Of MAIL.
  rcpt_parameters rcpt{};                         ///< Of RCPT.
  std::uint64_t chunk_size = 0;                   ///< Of BDAT: bytes that follow.
  bool last_chunk = false;                        ///< Of BDAT: is it the last?
};

/// Reads a command line, without its CRLF. Verbs and keywords may have any case; blanks after `FROM:` and
/// `TO:`, and at the end, are passed over.
/// @return `errc::malformed_command` with what is wrong: bad arguments, control characters. A verb that is
/// none is `verb::unknown`.
[[nodiscard]] TIDEWIRE_SMTP_API result<command> parse_command(std::string_view line);

/// Encodes as xtext: what is not visible ASCII, `+` and `=`, as `+` and two digits (RFC 3461 section 4).
[[nodiscard]] TIDEWIRE_SMTP_API std::string xtext_encode(std::string_view text);
/// Decodes xtext; nothing if it is none.
[[nodiscard]] TIDEWIRE_SMTP_API std::optional<std::string> xtext_decode(std::string_view text);

}  // namespace tidewire::smtp
