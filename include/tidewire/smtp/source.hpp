/// @file
/// Where the content of a message comes from while it is sent: memory, a file, whatever makes it piece by
/// piece.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/mime/message.hpp>
#include <tidewire/smtp/envelope.hpp>
#include <tidewire/smtp/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::smtp {

/// What has to be known of a message before it is sent.
struct message_traits {
  /// Bytes, if they are known.
  std::optional<std::uint64_t> size{};
  /// Are there bytes of 128 and above? Then the server needs 8BITMIME.
  bool eight_bit = false;
  /// Are there such bytes in headers (RFC 6532)? Then the server needs SMTPUTF8.
  bool utf8_headers = false;
  /// Is it anything but lines, with parts in binary? Then the server needs BINARYMIME, and nothing is changed
  /// on the way: line ends stay as they are.
  bool binary = false;
};

/// A message that is pulled piece by piece while it is sent. Line ends may be CRLF, LF or CR: they become
/// CRLF on the wire, unless the message is binary. It must not change between two readings.
class TIDEWIRE_SMTP_API message_source {
 public:
  message_source() = default;
  message_source(const message_source&) = delete;
  message_source& operator=(const message_source&) = delete;
  virtual ~message_source();

  /// Asked before anything is sent.
  [[nodiscard]] virtual message_traits traits() const = 0;
  /// The next piece, which stays as it is until the next call; empty at the end. What it throws ends the
  /// connection, as only that keeps half a message from being delivered.
  [[nodiscard]] virtual task<byte_view> next() = 0;
  /// Begins anew, to be sent once more: asked before each reading.
  virtual void rewind() = 0;
  /// All of it, if it is in memory: it is then sent without asking for pieces.
  [[nodiscard]] virtual std::optional<byte_view> whole() const noexcept { return std::nullopt; }
};

/// A message in memory. Its traits are found by looking at it once.
class TIDEWIRE_SMTP_API memory_source final : public message_source {
 public:
  /// Keeps `content`.
  explicit memory_source(std::string content);

  [[nodiscard]] message_traits traits() const override { return traits_; }
  [[nodiscard]] task<byte_view> next() override;
  void rewind() override { read_ = false; }
  [[nodiscard]] std::optional<byte_view> whole() const noexcept override { return as_bytes(content_); }

 private:
  std::string content_;
  message_traits traits_;
  bool read_ = false;
};

/// A message of `tidewire::mime`, serialised while it is sent: an attachment of any size is never held whole.
/// Attachments that are files are read on the loop's thread.
class TIDEWIRE_SMTP_API mime_source final : public message_source {
 public:
  /// Keeps what it needs of the message.
  /// @param what What the server can take beyond what all of them can.
  /// @throw error `condition::misuse` if the message has no sender, or needs what is not allowed.
  explicit mime_source(const mime::message& message, const mime::serialize_options& what = {});

  [[nodiscard]] message_traits traits() const override;
  [[nodiscard]] task<byte_view> next() override;
  void rewind() override { serializer_.rewind(); }

 private:
  mime::serializer serializer_;
  std::vector<char> buffer_;
};

/// The envelope that the headers of a message say: from Sender or From, to all of To, Cc and Bcc.
/// @throw error `condition::misuse` without a sender or a recipient; `tidewire::errc::malformed` for an
/// address that no envelope can have.
[[nodiscard]] TIDEWIRE_SMTP_API envelope envelope_of(const mime::message& message);

/// The traits of a message that is in memory: never binary.
[[nodiscard]] TIDEWIRE_SMTP_API message_traits traits_of(std::string_view message) noexcept;

}  // namespace tidewire::smtp
