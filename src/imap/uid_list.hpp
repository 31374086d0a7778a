// The UIDs of a mailbox in their order, as ranges: which UID has message number n, and who is missing.
#pragma once

#include <tidewire/imap/sequence_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tidewire::imap::detail {

class uid_list {
 public:
  uid_list() = default;
  // The numbers of `uids`, each once; what has `*` is left out.
  explicit uid_list(const sequence_set& uids);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  // The largest; 0 if there is none.
  [[nodiscard]] std::uint32_t last() const noexcept { return ranges_.empty() ? 0 : ranges_.back().last; }
  [[nodiscard]] bool contains(std::uint32_t uid) const noexcept;
  // Of the message of that number, which counts from 1; nothing if there are not so many.
  [[nodiscard]] std::optional<std::uint32_t> at(std::size_t number) const noexcept;

  // False if it was there.
  bool add(std::uint32_t uid);
  // False if it was not there.
  bool erase(std::uint32_t uid);
  // Removes the message of that number, and gives its UID.
  std::optional<std::uint32_t> erase_at(std::size_t number);

  // Those that are in here and not in `other`.
  [[nodiscard]] sequence_set without(const uid_list& other) const;
  // Those that are in both.
  [[nodiscard]] sequence_set common(const uid_list& other) const { return without(uid_list(without(other))); }
  [[nodiscard]] sequence_set to_set() const;

  [[nodiscard]] friend bool operator==(const uid_list&, const uid_list&) = default;

 private:
  using range = sequence_set::range;
  // The first range that does not end before `uid`.
  [[nodiscard]] std::vector<range>::const_iterator find(std::uint32_t uid) const noexcept;

  std::vector<range> ranges_;  // in ascending order, apart from each other by at least one number
  std::size_t size_ = 0;
};

}  // namespace tidewire::imap::detail
