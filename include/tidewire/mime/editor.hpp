/// @file
/// A parsed message with a few changes: what was not touched keeps its bytes, so that signatures over it
/// hold.
#pragma once

#include <tidewire/mime/export.hpp>
#include <tidewire/mime/parsed_message.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::mime {

/// Changes to a message, which must outlive it. Each function may be called for any part, in any order; a
/// part within one that was replaced or removed is gone with it. Throws `error` (`errc::misuse`) as `message`
/// does for a CR, LF or NUL in what becomes a header. Not thread-safe: one editor, one user.
class TIDEWIRE_MIME_API editor {
 public:
  explicit editor(const parsed_message& original) : original_(&original) {}
  explicit editor(parsed_message&&) = delete;

  /// Puts a field, as unstructured text, in place of the first of that name; others of that name go. Without
  /// one, it is added at the end of the header.
  editor& set_header(const part& where, std::string_view name, std::string_view text);
  /// Adds a field at the beginning of the header: as servers on the way do.
  editor& prepend_header(const part& where, std::string_view name, std::string_view text);
  /// Takes out all fields of that name.
  editor& remove_header(const part& where, std::string_view name);
  /// Puts other bytes in place of a body, as they travel: they must suit the header.
  editor& set_raw_body(const part& where, std::string_view bytes);
  /// Puts other content into a leaf, encoded as its header says. A text must be in its charset.
  editor& set_body(const part& where, std::string_view bytes);
  /// Takes a part out of its multipart, with its boundary line. Throws for one that is in none.
  editor& remove(const part& where);

  /// The message with its changes.
  [[nodiscard]] std::string str() const;

 private:
  // In place of `size` bytes of the source at `offset`.
  struct change {
    std::uint64_t offset;
    std::uint64_t size;
    std::string text;
  };
  editor& replace(std::uint64_t offset, std::uint64_t size, std::string text);

  const parsed_message* original_;
  std::vector<change> changes_;
};

}  // namespace tidewire::mime
