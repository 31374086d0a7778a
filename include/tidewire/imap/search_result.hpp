/// @file
/// What SEARCH, SORT and THREAD answer (RFC 9051 section 7.3.4, RFC 4731, RFC 5256, RFC 5267, RFC 9394).
#pragma once

#include <tidewire/imap/export.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/imap/sequence_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidewire::imap {

/// The answer to SEARCH or SORT without RETURN. Numbers of messages, or UIDs if it was UID SEARCH.
struct search_numbers {
  std::vector<std::uint32_t> numbers{};   ///< Of SORT, in the order asked for.
  std::optional<std::uint64_t> modseq{};  ///< The highest of those found, if the search was for MODSEQ.
  bool sorted = false;                    ///< Is it the answer to SORT?

  [[nodiscard]] friend bool operator==(const search_numbers&, const search_numbers&) = default;
};

/// A part of what was found: PARTIAL, RFC 9394.
struct partial_result {
  std::int64_t first = 0;  ///< As it was asked for: from 1, or from -1 to count from the end.
  std::int64_t last = 0;
  sequence_set set{};  ///< Empty if there is nothing in that range.

  [[nodiscard]] friend bool operator==(const partial_result&, const partial_result&) = default;
};

/// A change of what a search has found: ADDTO and REMOVEFROM of RFC 5267.
struct search_update {
  bool added = false;          ///< Otherwise removed.
  std::uint32_t position = 0;  ///< Where in the result, from 1; 0: it is not ordered.
  sequence_set set{};

  [[nodiscard]] friend bool operator==(const search_update&, const search_update&) = default;
};

/// ESEARCH: the answer to SEARCH or SORT with RETURN. What was not asked for is nothing. `all` is nothing as
/// well if nothing was found.
struct search_data {
  std::string tag{};      ///< Of the command; empty: news without one.
  bool uid = false;       ///< Are the numbers UIDs?
  std::string mailbox{};  ///< Of MULTISEARCH (RFC 7377): where; else empty.
  std::uint32_t uid_validity = 0;
  std::optional<std::uint32_t> min{};
  std::optional<std::uint32_t> max{};
  std::optional<std::uint32_t> count{};
  std::optional<sequence_set> all{};  ///< Of SORT, in the order asked for.
  std::optional<std::uint64_t> modseq{};
  std::optional<partial_result> partial{};
  std::vector<std::uint32_t> relevancy{};  ///< 1 to 100 for each of `all`, RFC 6203.
  std::vector<search_update> updates{};
  std::vector<std::pair<std::string, token>> others{};  ///< All else, by its name in upper case.

  [[nodiscard]] friend bool operator==(const search_data&, const search_data&) = default;
};

/// A message in a thread.
struct thread_node {
  /// Its number or UID; 0 for one that is not in the mailbox, and holds its children together.
  std::uint32_t number = 0;
  /// The place of its parent in `thread_forest::nodes`; `npos` for the first of a thread.
  std::size_t parent = static_cast<std::size_t>(-1);
  /// How many are above it.
  std::size_t depth = 0;

  [[nodiscard]] friend bool operator==(const thread_node&, const thread_node&) = default;
};
/// The answer to THREAD: threads as trees, each node behind its parent.
struct thread_forest {
  std::vector<thread_node> nodes{};

  /// The places of those that `parent` is the parent of; the first of all threads for `npos`.
  [[nodiscard]] TIDEWIRE_IMAP_API std::vector<std::size_t> children(std::size_t parent) const;
  [[nodiscard]] friend bool operator==(const thread_forest&, const thread_forest&) = default;
};

}  // namespace tidewire::imap
