#include "select_index.hpp"

#include <algorithm>
#include <functional>

#include "scan.hpp"

namespace tidewire::html::detail {

select_index::select_index(const document_store& store) {
  const std::size_t guess = store.nodes.size() / 2 + 1;
  nodes.reserve(guess);
  ends.reserve(guess);
  parents.reserve(guess);
  tags.reserve(guess);
  std::vector<std::uint32_t> open;  // positions whose subtree goes on
  const auto close = [&] {
    ends[open.back()] = static_cast<std::uint32_t>(nodes.size());
    open.pop_back();
  };
  std::uint32_t last = 0;
  for (std::uint32_t at = store.first_child(document_store::root); at != 0;) {
    const node_record& record = store[at];
    const bool element = record.is_element();
    if (element) {
      ascending = ascending && at > last;
      last = at;
      nodes.push_back(at);
      ends.push_back(static_cast<std::uint32_t>(nodes.size()));
      parents.push_back(open.empty() ? nobody : open.back());
      tags.push_back(record.where() == space::html && record.name() < other_tag
                         ? static_cast<std::uint16_t>(record.name())
                         : other_tag);
      const std::uint32_t first = store.first_child(at);
      if (first != 0) {
        open.push_back(static_cast<std::uint32_t>(nodes.size() - 1));
        at = first;
        continue;
      }
    }
    while (at != document_store::root && store[at].next == 0) {
      at = store[at].parent;
      if (at != document_store::root) close();
    }
    if (at == document_store::root) break;
    at = store[at].next;
  }
}

std::uint32_t select_index::position_of(std::uint32_t node) const noexcept {
  const auto found = ascending ? std::lower_bound(nodes.begin(), nodes.end(), node)
                               : std::find(nodes.begin(), nodes.end(), node);
  return found != nodes.end() && *found == node ? static_cast<std::uint32_t>(found - nodes.begin()) : nobody;
}

std::pair<std::uint32_t, std::uint32_t> select_index::below(const document_store&,
                                                            std::uint32_t scope) const noexcept {
  if (scope == document_store::root) return {0, size()};
  const std::uint32_t position = position_of(scope);
  if (position == nobody) return {nobody, nobody};
  return {position + 1, ends[position]};
}

std::span<const std::uint32_t> word_postings::find(std::string_view word) const noexcept {
  if (slots.empty()) return {};
  const std::size_t mask = slots.size() - 1;
  for (std::size_t slot = std::hash<std::string_view>{}(word)&mask; slots[slot] != 0;
       slot = (slot + 1) & mask)
    if (words[slots[slot] - 1] == word) return lists[slots[slot] - 1];
  return {};
}

word_postings select_index::collect(const document_store& store, name_id attribute, bool split) const {
  word_postings made;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;  // word, position
  const auto grow = [&] {
    made.slots.assign(std::max<std::size_t>(64, made.slots.size() * 2), 0);
    const std::size_t mask = made.slots.size() - 1;
    for (std::uint32_t i = 0; i < made.words.size(); ++i) {
      std::size_t slot = std::hash<std::string_view>{}(made.words[i]) & mask;
      while (made.slots[slot] != 0) slot = (slot + 1) & mask;
      made.slots[slot] = i + 1;
    }
  };
  const auto add = [&](std::string_view word, std::uint32_t position) {
    if ((made.words.size() + 1) * 2 > made.slots.size()) grow();
    const std::size_t mask = made.slots.size() - 1;
    std::size_t slot = std::hash<std::string_view>{}(word)&mask;
    for (; made.slots[slot] != 0; slot = (slot + 1) & mask)
      if (made.words[made.slots[slot] - 1] == word) break;
    if (made.slots[slot] == 0) {
      made.words.push_back(word);
      made.slots[slot] = static_cast<std::uint32_t>(made.words.size());
    }
    pairs.emplace_back(made.slots[slot] - 1, position);
  };
  for (std::uint32_t position = 0; position < nodes.size(); ++position) {
    const node_record& record = store[nodes[position]];
    if (record.b == 0) continue;
    const auto attr = store.find_attr(record, attribute);
    if (!attr) continue;
    const std::string_view value = store.value(*attr);
    if (!split) {
      add(value, position);
      continue;
    }
    const char* at = value.data();
    const char* const end = at + value.size();
    while ((at = skip_space(at, end)) != end) {
      const char* stop = at;
      while (stop != end && !is_space(*stop)) ++stop;
      add({at, static_cast<std::size_t>(stop - at)}, position);
      at = stop;
    }
  }
  made.lists.starts.assign(made.words.size() + 1, 0);
  for (const auto& [word, position] : pairs) ++made.lists.starts[word + 1];
  for (std::size_t i = 1; i < made.lists.starts.size(); ++i) made.lists.starts[i] += made.lists.starts[i - 1];
  made.lists.positions.resize(pairs.size());
  std::vector<std::uint32_t> next(made.lists.starts.begin(), made.lists.starts.end() - 1);
  for (const auto& [word, position] : pairs) made.lists.positions[next[word]++] = position;
  return made;
}

posting_lists select_index::collect_attributes(const document_store& store) const {
  posting_lists made;
  made.starts.assign(store.own_names.size() + 1, 0);
  for (const std::uint32_t node : nodes) {
    const node_record& record = store[node];
    for (std::uint32_t i = 0; i < record.b; ++i) {
      const attr_record attr = store.attrs[record.a + i];
      if (attr.where() != space::other) ++made.starts[attr.id() + 1];
    }
  }
  for (std::size_t i = 1; i < made.starts.size(); ++i) made.starts[i] += made.starts[i - 1];
  made.positions.resize(made.starts.back());
  std::vector<std::uint32_t> next(made.starts.begin(), made.starts.end() - 1);
  for (std::uint32_t position = 0; position < nodes.size(); ++position) {
    const node_record& record = store[nodes[position]];
    for (std::uint32_t i = 0; i < record.b; ++i) {
      const attr_record attr = store.attrs[record.a + i];
      if (attr.where() != space::other) made.positions[next[attr.id()]++] = position;
    }
  }
  return made;
}

const word_postings& select_index::ids(const document_store& store) const {
  return ids_.get([&] { return collect(store, names::id_, false); });
}
const word_postings& select_index::classes(const document_store& store) const {
  return classes_.get([&] { return collect(store, names::class_, true); });
}
std::span<const std::uint32_t> select_index::with_attribute(const document_store& store, name_id name) const {
  return attributes_.get([&] { return collect_attributes(store); })[name];
}

const select_index& index_of(const document_store& store) {
  if (const select_index* made = store.index.load(std::memory_order_acquire)) return *made;
  const std::lock_guard lock(store.index_mutex);
  if (store.index_owner == nullptr) {
    store.index_owner.reset(new select_index(store));
    store.index.store(store.index_owner.get(), std::memory_order_release);
  }
  return *store.index_owner;
}

}  // namespace tidewire::html::detail
