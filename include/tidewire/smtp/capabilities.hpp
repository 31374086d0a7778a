/// @file
/// What a server says that it can do, in its answer to EHLO or LHLO (RFC 5321 section 4.1.1.1).
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/smtp/export.hpp>
#include <tidewire/smtp/reply.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::smtp {

/// A keyword of EHLO with its parameters, as the server wrote them.
struct capability {
  std::string keyword{};                  ///< In upper case.
  std::vector<std::string> parameters{};  ///< In the order of the server.
};

/// The capabilities of a server. Made by `parse`; by default, those of a server that knows HELO alone.
///
/// Sloppy servers are understood: `AUTH=LOGIN PLAIN`, blanks around keywords, any case, a size that is no
/// number.
struct capabilities {
  std::string domain{};                ///< Whom the server says it is: the first word of the reply.
  bool pipelining = false;             ///< PIPELINING, RFC 2920.
  bool chunking = false;               ///< CHUNKING: BDAT, RFC 3030.
  bool binary_mime = false;            ///< BINARYMIME, RFC 3030. Of use only with `chunking`.
  bool eight_bit_mime = false;         ///< 8BITMIME, RFC 6152.
  bool smtputf8 = false;               ///< SMTPUTF8, RFC 6531.
  bool starttls = false;               ///< STARTTLS, RFC 3207.
  bool dsn = false;                    ///< DSN, RFC 3461.
  bool enhanced_status_codes = false;  ///< ENHANCEDSTATUSCODES, RFC 2034.
  bool require_tls = false;            ///< REQUIRETLS, RFC 8689.
  bool size_declared = false;          ///< SIZE, RFC 1870.
  /// The largest message in bytes; 0: the server names no limit.
  std::uint64_t max_size = 0;
  /// The limits of RFC 9422: messages in a session, recipients in a message; 0: none named.
  std::uint64_t max_messages = 0;
  std::uint64_t max_recipients = 0;
  /// The mechanisms of AUTH (RFC 4954), in upper case, in the order of the server.
  std::vector<std::string> auth{};
  /// Every keyword, known or not, as it came; those that came twice, twice.
  std::vector<capability> all{};

  /// Does the server offer this SASL mechanism?
  [[nodiscard]] TIDEWIRE_SMTP_API bool offers_auth(std::string_view mechanism) const noexcept;
  /// The capability of that keyword, in any case; null if there is none.
  [[nodiscard]] TIDEWIRE_SMTP_API const capability* find(std::string_view keyword) const noexcept;
  /// Reads the reply to EHLO, which must be positive. Never fails: what is no keyword is passed over.
  [[nodiscard]] TIDEWIRE_SMTP_API static capabilities parse(const reply& ehlo);
};

}  // namespace tidewire::smtp
