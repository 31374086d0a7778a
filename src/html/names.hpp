// Names by number: those of names.inc are the same in every document, others are added to the document's
// table.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tidewire::html::detail {

// An index into the names that are known beforehand, or (from known_name_count up) into the document's own.
using name_id = std::uint32_t;

namespace names {
enum known : name_id {
  none = 0,
#define TIDEWIRE_HTML_NAMES(identifier, spelling) identifier,
#include "names.inc"
  end_of_known
};
}  // namespace names

inline constexpr name_id known_name_count = names::end_of_known;
inline constexpr name_id known_tag_count =
#define TIDEWIRE_HTML_TAG_COUNT(count) count + 1
#include "names.inc"
    ;
inline constexpr name_id max_name_id = (1U << 24) - 1;

extern const std::string_view known_spellings[known_name_count];

// All bytes of a name of up to 16 bytes, and its length: two names that short are equal if their keys are.
struct name_key {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::size_t length = 0;
  friend constexpr bool operator==(const name_key&, const name_key&) = default;
};

template <class Integer>
constexpr Integer load_little(const char* at) noexcept {
  if (std::is_constant_evaluated() || std::endian::native != std::endian::little) {
    Integer value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i)
      value |= static_cast<Integer>(static_cast<Integer>(static_cast<unsigned char>(at[i])) << (8 * i));
    return value;
  } else {
    Integer value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
}

constexpr name_key make_name_key(const char* at, std::size_t length) noexcept {
  name_key key;
  key.length = length;
  if (length >= 8) {
    key.low = load_little<std::uint64_t>(at);
    key.high = load_little<std::uint64_t>(at + length - 8);
  } else if (length >= 4) {
    key.low = load_little<std::uint32_t>(at) | std::uint64_t{load_little<std::uint32_t>(at + length - 4)}
                                                   << 32;
  } else if (length > 0) {
    key.low = static_cast<unsigned char>(at[0]) |
              static_cast<std::uint64_t>(static_cast<unsigned char>(at[length / 2])) << 8 |
              static_cast<std::uint64_t>(static_cast<unsigned char>(at[length - 1])) << 16;
  }
  return key;
}

constexpr std::uint64_t hash_name_key(const name_key& key) noexcept {
  std::uint64_t hash = key.low * 0x9E3779B97F4A7C15ULL;
  hash ^= std::rotl(key.high * 0xC2B2AE3D27D4EB4FULL, 29) + key.length * 0x165667B19E3779F9ULL;
  hash ^= hash >> 32;
  return hash * 0x9E3779B97F4A7C15ULL;
}

// The number of a known name, or 0.
name_id find_known_name(const char* at, std::size_t length) noexcept;
inline name_id find_known_name(std::string_view name) noexcept {
  return find_known_name(name.data(), name.size());
}

// The document's own names: id = known_name_count + position.
class name_table {
 public:
  name_table() noexcept;
  void clear() noexcept;
  // 0 if the name is neither known nor ours.
  name_id find(std::string_view name) const noexcept;
  // The id of a name, added if it is new: `keep` then copies its spelling to where it stays. 0 for "".
  template <class Keep>
  name_id intern(std::string_view name, Keep&& keep) {
    if (name_id id = find_known_name(name)) return id;
    if (name.empty()) return 0;
    const std::uint64_t hash = hash_of(name);
    if (name_id id = find_own(name, hash)) return id;
    return add(keep(name), hash);
  }
  std::string_view spelling(name_id id) const noexcept {
    return id < known_name_count ? known_spellings[id] : own_[id - known_name_count].spelling;
  }
  name_id size() const noexcept { return known_name_count + static_cast<name_id>(own_.size()); }
  std::size_t memory() const noexcept;

 private:
  struct entry {
    std::string_view spelling;
    std::uint64_t hash;
  };
  std::uint64_t hash_of(std::string_view name) const noexcept;
  name_id find_own(std::string_view name, std::uint64_t hash) const noexcept;
  name_id add(std::string_view name, std::uint64_t hash);

  std::vector<entry> own_;
  std::vector<std::uint32_t> slots_;  // position + 1, 0 = free; a power of two, at most half full
  std::uint64_t seed_;
};

// Properties of elements, as bits; one table for the HTML namespace.
namespace property {
enum : std::uint32_t {
  special = 1U << 0,          // 13.2.4.2 "special"
  formatting = 1U << 1,       // 13.2.4.2 "formatting"
  scope = 1U << 2,            // ends the default scope
  void_element = 1U << 3,     // 13.1.2: has no end tag
  raw_text = 1U << 4,         // 13.3: its text is serialised as it is
  implied_end = 1U << 5,      // "generate implied end tags"
  implied_end_all = 1U << 6,  // "generate all implied end tags thoroughly"
  heading = 1U << 7,          // h1 to h6
  block = 1U << 8,            // breaks a line in rendered text
  open_at_end = 1U << 9,      // may be open at the end of the body without an error
};
}  // namespace property
extern const std::array<std::uint32_t, known_tag_count> known_properties;
inline std::uint32_t html_properties(name_id name) noexcept {
  return name < known_tag_count ? known_properties[name] : 0;
}

}  // namespace tidewire::html::detail
