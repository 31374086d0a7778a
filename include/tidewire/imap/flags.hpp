/// @file
/// Flags of messages (RFC 9051 section 2.3.2): those of the system as bits, keywords as words.
#pragma once

#include <tidewire/imap/export.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// A flag that has a name of the system's.
enum class flag : std::uint8_t {
  seen = 1,      ///< \Seen: it was read.
  answered = 2,  ///< \Answered
  flagged = 4,   ///< \Flagged: it is urgent, or special.
  deleted = 8,   ///< \Deleted: a later EXPUNGE removes it.
  draft = 16,    ///< \Draft: it is not complete.
  recent = 32,   ///< \Recent: this session is the first that is told of it (RFC 3501). Cannot be set.
  any = 64,      ///< \*: new keywords may be made. Only in PERMANENTFLAGS.
};

/// A set of flags. Keywords keep the case in which they came, and are the same in any.
class TIDEWIRE_IMAP_API flags {
 public:
  flags() noexcept = default;
  flags(flag one) noexcept : bits_(static_cast<std::uint8_t>(one)) {}  // NOLINT: a flag is a set of one
  flags(std::initializer_list<flag> all) noexcept {
    for (const flag one : all) add(one);
  }

  [[nodiscard]] bool contains(flag one) const noexcept { return (bits_ & static_cast<unsigned>(one)) != 0; }
  /// Is it set? `\Seen`, `$Forwarded`, in any case.
  [[nodiscard]] bool contains(std::string_view name) const noexcept;
  [[nodiscard]] bool seen() const noexcept { return contains(flag::seen); }
  [[nodiscard]] bool answered() const noexcept { return contains(flag::answered); }
  [[nodiscard]] bool flagged() const noexcept { return contains(flag::flagged); }
  [[nodiscard]] bool deleted() const noexcept { return contains(flag::deleted); }
  [[nodiscard]] bool draft() const noexcept { return contains(flag::draft); }
  [[nodiscard]] bool recent() const noexcept { return contains(flag::recent); }
  [[nodiscard]] bool empty() const noexcept { return bits_ == 0 && keywords_.empty(); }

  flags& add(flag one) noexcept {
    bits_ = static_cast<std::uint8_t>(bits_ | static_cast<unsigned>(one));
    return *this;
  }
  /// Adds a flag by its name: `\Seen`, `$Forwarded`, `Work`. One that is there is not added again.
  flags& add(std::string_view name);
  flags& remove(flag one) noexcept {
    bits_ = static_cast<std::uint8_t>(bits_ & ~static_cast<unsigned>(one));
    return *this;
  }
  flags& remove(std::string_view name);

  /// Keywords, and flags with `\` that have no bit, as they came.
  [[nodiscard]] const std::vector<std::string>& keywords() const noexcept { return keywords_; }
  /// The names of all: `\Seen`, `$Forwarded`.
  [[nodiscard]] std::vector<std::string> names() const;
  /// "\Seen \Flagged $Forwarded"
  [[nodiscard]] std::string to_string() const;

  /// The same flags, in whatever order and case.
  friend TIDEWIRE_IMAP_API bool operator==(const flags& a, const flags& b) noexcept;

 private:
  std::uint8_t bits_ = 0;
  std::vector<std::string> keywords_;
};

}  // namespace tidewire::imap
