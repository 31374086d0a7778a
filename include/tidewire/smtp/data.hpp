/// @file
/// The message on the wire behind DATA (RFC 5321 sections 2.3.8 and 4.5.2): lines end with CRLF, dots at
/// their beginning are doubled, and CRLF.CRLF, nothing else, is the end. Pure and incremental.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/smtp/export.hpp>

#include <cstddef>
#include <string>

namespace tidewire::smtp {

/// What becomes of a CR or LF that stands alone in a message that is sent. On the wire it never stands alone:
/// what one server reads as text may be the end of the message to the next one ("SMTP smuggling").
enum class bare_line_ends {
  normalise,  ///< Each becomes CRLF.
  refuse,     ///< The message is refused: `tidewire::errc::malformed`.
};

/// How a message is encoded.
struct data_encoding {
  bare_line_ends bare = bare_line_ends::normalise;
  /// Double dots, and end with `.CRLF`, as DATA needs it. Without, only line ends are looked at: for BDAT.
  bool dots = true;
};

/// Makes what goes over the wire of a message that comes in pieces: the same for any split. Not thread-safe:
/// one object, one user.
class TIDEWIRE_SMTP_API data_encoder {
 public:
  explicit data_encoder(data_encoding how = {}) noexcept : how_(how) {}

  /// Appends what `message` becomes to `out`: at most twice as much.
  /// @return `tidewire::errc::malformed` if bare line ends are refused and there is one. That is final.
  [[nodiscard]] result<void> update(byte_view message, std::string& out);
  /// Appends the end: CRLF, if the last line lacks it, and the dot. The encoder is then as new.
  /// @return As `update`.
  [[nodiscard]] result<void> finish(std::string& out);

 private:
  data_encoding how_;
  bool at_line_start_ = true;
  bool after_cr_ = false;
  bool failed_ = false;
};

/// What a `data_decoder` made of the bytes that it was shown.
struct data_piece {
  byte_view body;         ///< The next part of the message, in the bytes that were shown; may be empty.
  std::size_t taken = 0;  ///< How many bytes are to be consumed; 0: more bytes are needed.
  bool end = false;       ///< Was that the end of the message? Nothing more may be shown then.
};

/// Takes a message out of what comes behind DATA. It is shown all bytes that are buffered; the reader
/// consumes `taken` of them and asks again, with the rest and what has come meanwhile. It copies nothing, and
/// needs three bytes at most to get on.
///
/// A CR or LF that stands alone is text: it neither ends a line, nor the message. Whether there was one is
/// told; a server should refuse such a message (it is what smuggling is made of). Not thread-safe: one
/// object, one user.
class TIDEWIRE_SMTP_API data_decoder {
 public:
  /// Looks at `shown`, which is not empty.
  [[nodiscard]] data_piece next(byte_view shown) noexcept;
  /// Was there a CR or LF that stands alone?
  [[nodiscard]] bool saw_bare_line_end() const noexcept { return bare_; }
  /// Begins with another message.
  void reset() noexcept { *this = data_decoder(); }

 private:
  bool at_line_start_ = true;
  bool after_cr_ = false;
  bool bare_ = false;
};

}  // namespace tidewire::smtp
