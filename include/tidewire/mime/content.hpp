/// @file
/// Where the bytes of a part come from: memory, a file, or anything that can be read again.
#pragma once

#include <tidewire/mime/export.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidewire::mime {

/// Bytes being read once, from the first to the last.
class TIDEWIRE_MIME_API content_reader {
 public:
  virtual ~content_reader();
  /// Writes the next bytes to `out`, which is not empty.
  /// @return How many; 0 at the end. May throw; the serialiser passes that on.
  virtual std::size_t read(std::span<char> out) = 0;
};

/// Bytes of known number that can be read any number of times; nothing is read before a message is
/// serialised. A small value; copies share what they read from. Distinct copies may be used from distinct
/// threads if the source can.
class TIDEWIRE_MIME_API content {
 public:
  /// The bytes of a string.
  content(std::string bytes);  // NOLINT: bytes are content
  /// The bytes of a literal.
  content(const char* bytes) : content(std::string(bytes)) {}  // NOLINT
  /// Bytes that must outlive it; nothing is copied.
  [[nodiscard]] static content view(std::string_view bytes);
  /// A file, which is read in pieces when the message is serialised. Its size is that of now: if it has
  /// another then, the serialiser throws.
  /// Throws `error` if there is no such file.
  [[nodiscard]] static content file(const std::filesystem::path& path);
  /// Whatever `open` gives: a new reader each time, of exactly `size` bytes in all.
  [[nodiscard]] static content source(std::uint64_t size,
                                      std::function<std::unique_ptr<content_reader>()> open);

  /// How many bytes there are.
  [[nodiscard]] std::uint64_t size() const noexcept;
  /// The bytes, if they are in memory.
  [[nodiscard]] std::optional<std::string_view> memory() const noexcept;
  /// Begins to read. Throws `error` if the source cannot be opened.
  [[nodiscard]] std::unique_ptr<content_reader> open() const;

 private:
  struct impl;
  explicit content(std::shared_ptr<const impl> source) noexcept : impl_(std::move(source)) {}
  std::shared_ptr<const impl> impl_;
};

/// The media type that files of that name mostly are: "application/pdf" for "report.PDF";
/// "application/octet-stream" for what is not known.
[[nodiscard]] TIDEWIRE_MIME_API std::string_view type_of_file(std::string_view filename) noexcept;

}  // namespace tidewire::mime
