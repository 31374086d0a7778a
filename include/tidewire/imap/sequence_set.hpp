/// @file
/// Sets of message numbers and UIDs (RFC 9051 section 9, `sequence-set`): `1,3:5,7:*`.
#pragma once

#include <tidewire/imap/export.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// Numbers of messages, or their UIDs, as ranges in the order in which they were added or came: that order
/// has a meaning in COPYUID and in the answers of SORT. A number is never 0.
class TIDEWIRE_IMAP_API sequence_set {
 public:
  /// `*`, the largest number in use, whatever it is: 0 in a range.
  static constexpr std::uint32_t star = 0;

  /// From `first` to `last`, both included. They may be in any order; `*` stands last.
  struct range {
    std::uint32_t first = star;
    std::uint32_t last = star;
    [[nodiscard]] friend bool operator==(const range&, const range&) = default;
  };

  /// The empty set, which no command can name.
  sequence_set() noexcept = default;
  sequence_set(std::uint32_t one) { add(one); }  // NOLINT: a number is a set of one
  sequence_set(std::uint32_t first, std::uint32_t last) { add(first, last); }
  /// `1:*`
  [[nodiscard]] static sequence_set all() { return {1, star}; }
  /// Those of a range of numbers, which are put together to ranges where they follow one another.
  template <class Numbers>
  [[nodiscard]] static sequence_set of(const Numbers& numbers) {
    sequence_set out;
    for (const std::uint32_t one : numbers) out.add(one);
    return out;
  }
  /// `$`, what the last SEARCH with RETURN (SAVE) found (RFC 5182).
  [[nodiscard]] static sequence_set saved();

  /// Adds a number; it lengthens the last range if it follows on it.
  sequence_set& add(std::uint32_t one) { return add(one, one); }
  /// Adds a range.
  sequence_set& add(std::uint32_t first, std::uint32_t last);

  [[nodiscard]] bool empty() const noexcept { return ranges_.empty() && !saved_; }
  [[nodiscard]] bool is_saved() const noexcept { return saved_; }
  /// Does `*` stand in it?
  [[nodiscard]] bool has_star() const noexcept;
  /// Is the number in it? `largest` is what `*` means; without it nothing beyond what is written is in it.
  [[nodiscard]] bool contains(std::uint32_t number, std::uint32_t largest = star) const noexcept;
  /// How many numbers are in its ranges; those with `*` are not counted.
  [[nodiscard]] std::uint64_t count() const noexcept;
  [[nodiscard]] const std::vector<range>& ranges() const noexcept { return ranges_; }
  /// Its numbers in their order, at most `limit` of them; those with `*` are left out.
  [[nodiscard]] std::vector<std::uint32_t> numbers(std::size_t limit = 10'000'000) const;
  /// The same numbers in ascending order, each once, in as few ranges as can be.
  [[nodiscard]] sequence_set sorted() const;
  /// "1,3:5,7:*"; empty for the empty set.
  [[nodiscard]] std::string to_string() const;
  /// The set that all of `text` is; nothing if it is none, or has more than `limit` ranges.
  [[nodiscard]] static std::optional<sequence_set> parse(std::string_view text,
                                                         std::size_t limit = 1'000'000);

  [[nodiscard]] friend bool operator==(const sequence_set&, const sequence_set&) = default;

 private:
  std::vector<range> ranges_;
  bool saved_ = false;
};

}  // namespace tidewire::imap
