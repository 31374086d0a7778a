// What queries share: the elements of a document in document order, and, made when first asked for, where
// each id, class and attribute occurs. Dropped by every change of the document.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "store.hpp"

namespace tidewire::html::detail {

// Lists of positions, ascending, one list a key.
struct posting_lists {
  std::vector<std::uint32_t> starts;  // one more than there are lists
  std::vector<std::uint32_t> positions;
  std::span<const std::uint32_t> operator[](std::uint32_t list) const noexcept {
    return {positions.data() + starts[list], positions.data() + starts[list + 1]};
  }
};

// Words (ids, or classes) and where they occur.
struct word_postings {
  std::vector<std::string_view> words;
  std::vector<std::uint32_t> slots;  // word + 1, open addressing
  posting_lists lists;
  std::span<const std::uint32_t> find(std::string_view word) const noexcept;
};

struct select_index {
  explicit select_index(const document_store& store);

  // Of the elements under the root in document order; contents of templates are not among them.
  std::vector<std::uint32_t> nodes;
  std::vector<std::uint32_t> ends;     // position after the element's subtree
  std::vector<std::uint32_t> parents;  // position of the parent element, or nobody
  std::vector<std::uint16_t> tags;     // name of an HTML element if it is small, else other_tag
  bool ascending = true;               // the nodes' numbers are
  static constexpr std::uint16_t other_tag = UINT16_MAX;
  static constexpr std::uint32_t nobody = UINT32_MAX;

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(nodes.size()); }
  // The position of the next sibling element, or nobody.
  std::uint32_t next_sibling(std::uint32_t position) const noexcept {
    const std::uint32_t next = ends[position];
    return next < size() && parents[next] == parents[position] ? next : nobody;
  }

  // The positions of what lies below `scope`.
  std::pair<std::uint32_t, std::uint32_t> below(const document_store& store,
                                                std::uint32_t scope) const noexcept;
  std::uint32_t position_of(std::uint32_t node) const noexcept;

  const word_postings& ids(const document_store& store) const;
  const word_postings& classes(const document_store& store) const;
  // By the number of an attribute's name, in whatever namespace.
  std::span<const std::uint32_t> with_attribute(const document_store& store, name_id name) const;

 private:
  template <class T>
  struct lazy {
    mutable std::once_flag once;
    mutable std::unique_ptr<const T> value;
    template <class Make>
    const T& get(Make&& make) const {
      std::call_once(once, [&] { value = std::make_unique<const T>(make()); });
      return *value;
    }
  };
  word_postings collect(const document_store& store, name_id attribute, bool split) const;
  posting_lists collect_attributes(const document_store& store) const;

  lazy<word_postings> ids_;
  lazy<word_postings> classes_;
  lazy<posting_lists> attributes_;
};

const select_index& index_of(const document_store& store);

}  // namespace tidewire::html::detail
