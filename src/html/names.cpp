#include "names.hpp"

#include <array>
#include <initializer_list>

namespace tidewire::html::detail {

constinit const std::string_view known_spellings[known_name_count] = {
    "",
#define TIDEWIRE_HTML_NAMES(identifier, spelling) spelling,
#include "names.inc"
};

namespace {

constexpr known_name_table make_known_names() {
  constexpr std::string_view spellings[] = {
      "",
#define TIDEWIRE_HTML_NAMES(identifier, spelling) spelling,
#include "names.inc"
  };
  known_name_table table;
  static_assert(known_name_count * 2 < table.slots.size());
  for (std::uint16_t id = 1; id < known_name_count; ++id) {
    table.keys[id] = make_name_key(spellings[id].data(), spellings[id].size());
    std::size_t slot = known_name_table::slot_of(table.keys[id]);
    for (; table.slots[slot] != 0; slot = (slot + 1) % table.slots.size())
      if (table.keys[table.slots[slot]] == table.keys[id])
        throw "two names begin with the same sixteen bytes";
    table.slots[slot] = id;
  }
  return table;
}

}  // namespace

constexpr known_name_table known_names = make_known_names();

name_id find_known_name(std::string_view name) noexcept {
  const name_id id = known_names.find(make_name_key(name.data(), name.size()));
  return known_spellings[id] == name ? id : 0;
}

// The seed differs between runs, so that nobody can prepare names that collide.
name_table::name_table() noexcept
    : seed_(reinterpret_cast<std::uintptr_t>(this) * 0x9E3779B97F4A7C15ULL ^
            reinterpret_cast<std::uintptr_t>(&known_spellings)) {}

void name_table::clear() noexcept {
  own_.clear();
  slots_.clear();
}

std::uint64_t name_table::hash_of(std::string_view name) const noexcept {
  std::uint64_t hash = seed_ ^ name.size();
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * 0xBF58476D1CE4E5B9ULL;
    hash ^= hash >> 29;
    hash = (hash + seed_) * 0x94D049BB133111EBULL;
    hash ^= hash >> 32;
  };
  const char* at = name.data();
  std::size_t left = name.size();
  for (; left >= 8; left -= 8, at += 8) mix(load_little<std::uint64_t>(at));
  std::uint64_t rest = 0;
  for (std::size_t i = 0; i < left; ++i)
    rest |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  mix(rest);
  return hash;
}

name_id name_table::find_own(std::string_view name, std::uint64_t hash) const noexcept {
  if (slots_.empty()) return 0;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const entry& candidate = own_[slots_[slot] - 1];
    if (candidate.hash == hash && candidate.spelling == name) return known_name_count + slots_[slot] - 1;
  }
  return 0;
}

name_id name_table::find(std::string_view name) const noexcept {
  if (name_id id = find_known_name(name)) return id;
  return own_.empty() ? 0 : find_own(name, hash_of(name));
}

name_id name_table::add(std::string_view name, std::uint64_t hash) {
  if ((own_.size() + 1) * 2 > slots_.size()) {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
    const std::size_t mask = slots_.size() - 1;
    for (std::uint32_t i = 0; i < own_.size(); ++i) {
      std::size_t slot = own_[i].hash & mask;
      while (slots_[slot] != 0) slot = (slot + 1) & mask;
      slots_[slot] = i + 1;
    }
  }
  own_.push_back({name, hash});
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = static_cast<std::uint32_t>(own_.size());
  return known_name_count + static_cast<name_id>(own_.size()) - 1;
}

std::size_t name_table::memory() const noexcept {
  return own_.capacity() * sizeof(entry) + slots_.capacity() * sizeof(std::uint32_t);
}

}  // namespace tidewire::html::detail
