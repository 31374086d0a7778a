/// @file
/// Replies of an SMTP server (RFC 5321 section 4.2), with their enhanced status codes (RFC 3463, RFC 2034).
/// Pure: no socket, any split, a limit on everything.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/smtp/error.hpp>
#include <tidewire/smtp/export.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::smtp {

/// An enhanced status code, "5.1.1" (RFC 3463 section 2).
struct enhanced_code {
  std::uint8_t status = 0;  ///< 2: success, 4: persistent transient failure, 5: permanent failure.
  std::uint16_t subject =
      0;                     ///< What it is about, 0 to 999: 1 addresses, 2 mailboxes, 3 the mail system, ...
  std::uint16_t detail = 0;  ///< The finer cause, 0 to 999.

  [[nodiscard]] friend constexpr auto operator<=>(const enhanced_code&, const enhanced_code&) = default;
  /// "5.1.1"
  [[nodiscard]] TIDEWIRE_SMTP_API std::string to_string() const;
  /// The code that all of `text` is; nothing if it is none. No leading zeros, as RFC 3463 demands.
  [[nodiscard]] TIDEWIRE_SMTP_API static std::optional<enhanced_code> parse(std::string_view text) noexcept;
};

/// One reply: what the server says, and what a server of ours is told to say. A value.
struct reply {
  /// Three digits, of which the first says whether it went well: 200 to 599. 0: no reply.
  std::uint16_t code = 0;
  /// The enhanced status code, if the text began with one whose class agrees with `code`.
  std::optional<enhanced_code> enhanced{};
  /// The text without codes; its lines are joined by LF. From a server it is untrusted.
  std::string text{};

  /// 2yz: done.
  [[nodiscard]] bool positive() const noexcept { return code / 100 == 2; }
  /// 3yz: go on.
  [[nodiscard]] bool intermediate() const noexcept { return code / 100 == 3; }
  /// 4yz: not now.
  [[nodiscard]] bool transient() const noexcept { return code / 100 == 4; }
  /// 5yz: no.
  [[nodiscard]] bool permanent() const noexcept { return code / 100 == 5; }

  /// For people: "550 5.1.1 no such user"; lines are joined by "; ".
  [[nodiscard]] TIDEWIRE_SMTP_API std::string to_string() const;
  /// Appends it as it goes over the wire: each line of `text` a line, with CRLF. A CR in `text`, a NUL and
  /// other control characters become spaces, and a line is cut at 500 bytes, so that no text can be taken for
  /// another reply.
  TIDEWIRE_SMTP_API void append_to(std::string& wire) const;
  /// The reply as a failure: 421, 4yz, 5yz, and `errc::unexpected_reply` for all else, with the text as what
  /// the peer said.
  [[nodiscard]] TIDEWIRE_SMTP_API failure to_failure() const;

  [[nodiscard]] friend bool operator==(const reply&, const reply&) = default;
};

/// How long a reply may be.
struct reply_limits {
  /// Bytes of a line without its end. RFC 5321 asks for 510, servers send more. Default: 4 KiB.
  std::size_t line = 4096;
  /// Lines of one reply. Default: 200.
  std::size_t lines = 200;
  /// Bytes of all lines together. Default: 64 KiB.
  std::size_t total = 64 * 1024;
};

/// Reads replies from bytes that come in any split.
///
/// @code
/// while (!parser.complete()) {
///   const auto taken = parser.feed(peer.buffered());   // or taken.error()
///   peer.consume(*taken);
///   if (!parser.complete()) ... receive more
/// }
/// reply answer = parser.take();
/// @endcode
///
/// Strict where two readers could otherwise disagree on where a reply ends: a line ends with CRLF and nothing
/// else, all lines have one code. A failure is final. Not thread-safe: one object, one user.
class TIDEWIRE_SMTP_API reply_parser {
 public:
  explicit reply_parser(reply_limits limits = {}) noexcept : limits_(limits) {}

  /// Takes bytes, up to the end of the reply and no further.
  /// @return How many of them were taken: all, or those up to the end. `errc::malformed_reply`, or
  /// `tidewire::errc::limit_exceeded`.
  [[nodiscard]] result<std::size_t> feed(byte_view bytes);
  /// Is there a reply to take?
  [[nodiscard]] bool complete() const noexcept { return complete_; }
  /// Has a reply begun, and not ended?
  [[nodiscard]] bool within() const noexcept { return !complete_ && (lines_ > 0 || !line_.empty()); }
  /// The reply; it must be complete. The next one can be fed then.
  [[nodiscard]] reply take();

 private:
  result<void> take_line(std::string_view line);

  reply_limits limits_;
  std::string line_;  // what came of a line that was split
  reply reply_;
  std::size_t lines_ = 0;
  std::size_t total_ = 0;
  bool complete_ = false;
  std::optional<failure> failed_;
};

}  // namespace tidewire::smtp
