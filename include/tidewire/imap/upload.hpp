/// @file
/// A message on its way into a mailbox.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/date.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/mime/message.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace tidewire::imap {

/// Gives the next bytes of a message, which stay as they are until the next call; none at its end.
using body_source = std::function<task<byte_view>()>;

/// What `client::append` takes: a message with its flags and date, and where its bytes come from. It moves.
///
/// @code
/// co_await imap.append("Sent", imap::upload(mail).flags(imap::flag::seen));
/// @endcode
class TIDEWIRE_IMAP_API upload {
 public:
  /// A message of `tidewire::mime`, serialised while it is sent: attachments are never in memory as a whole.
  upload(const mime::message& message);  // NOLINT: a message is one
  /// The bytes of a message, with CRLF at the ends of its lines.
  explicit upload(std::string bytes);
  /// A message of exactly `size` bytes that is read while it is sent.
  upload(std::uint64_t size, body_source read);

  /// Its flags. Default: none.
  upload& flags(imap::flags which) {
    flags_ = std::move(which);
    return *this;
  }
  /// When it was received: its INTERNALDATE. Default: when the server gets it.
  upload& received(const date_time& when) {
    received_ = when;
    return *this;
  }

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const imap::flags& flags() const noexcept { return flags_; }
  [[nodiscard]] const std::optional<date_time>& received() const noexcept { return received_; }
  /// For the library: the next bytes.
  [[nodiscard]] task<byte_view> next() { return read_(); }

 private:
  std::uint64_t size_;
  body_source read_;
  imap::flags flags_;
  std::optional<date_time> received_;
};

}  // namespace tidewire::imap
