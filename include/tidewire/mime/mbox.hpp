/// @file
/// Mailbox files (RFC 4155): many messages in one file, separated by lines that begin with "From ".
#pragma once

#include <tidewire/base/date.hpp>
#include <tidewire/mime/export.hpp>

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::mime {

/// How lines of a message that begin with "From " are told from separators.
enum class mbox_quoting : unsigned char {
  mboxrd,  ///< `From `, `>From `, `>>From ` each get one more `>`: what was written can be read back.
  mboxo,   ///< `From ` gets a `>`; `>From ` cannot be told from it again.
  mboxcl,  ///< As mboxrd, and Content-Length says how long the body is.
  mboxcl2  ///< Content-Length says it, and nothing is quoted.
};

/// One message of a file.
struct mbox_message {
  std::string bytes;              ///< With its quoting undone, lines ended as in the file.
  std::string sender;             ///< Of the separator: the envelope's.
  std::optional<date_time> date;  ///< Of the separator.
  bool truncated = false;         ///< It was longer than the limit; the rest was passed over.
};

/// Reads a mailbox file message by message, holding one of them. Every input is a mailbox: what comes before
/// the first separator is passed over. Not thread-safe.
class TIDEWIRE_MIME_API mbox_reader {
 public:
  /// @param in        Must outlive the reader. Open files as binary.
  /// @param max_bytes Of a message that are kept. Default 256 MiB.
  explicit mbox_reader(std::istream& in, mbox_quoting quoting = mbox_quoting::mboxrd,
                       std::size_t max_bytes = std::size_t{256} << 20);
  mbox_reader(mbox_reader&&) noexcept;
  mbox_reader& operator=(mbox_reader&&) noexcept;
  ~mbox_reader();

  /// The next message; nothing at the end. Throws `error` if the stream breaks.
  [[nodiscard]] std::optional<mbox_message> next();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Appends `message` to a mailbox file, lines ended by LF, as such files have them.
/// @param sender Of the envelope; "MAILER-DAEMON" if empty.
/// Throws `error`: `errc::misuse` for a sender with white space or control characters, or if the stream
/// breaks.
TIDEWIRE_MIME_API void write_mbox(std::ostream& out, std::string_view message, std::string_view sender,
                                  const date_time& date, mbox_quoting quoting = mbox_quoting::mboxrd);

}  // namespace tidewire::mime
