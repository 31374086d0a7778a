#include "message_reader.hpp"

#include <algorithm>

namespace tidewire::dkim::detail {

std::string_view header_field::value() const noexcept {
  const std::string_view all = whole;
  return all.substr(std::min(all.find(':'), all.size() - 1) + 1);
}

void header_fields::add(std::string_view name, std::string_view whole) {
  by_name_[std::string(name)].push_back(all_.size());
  all_.push_back({std::string(whole), name.size()});
}

std::size_t header_fields::count(std::string_view name) const noexcept {
  const auto found = by_name_.find(name);
  return found != by_name_.end() ? found->second.size() : 0;
}

std::string header_fields::signed_text(std::span<const std::string> names, canonicalization how,
                                       std::string_view own_text, std::size_t own) const {
  std::string text;
  std::map<std::string_view, std::size_t> used;  // how many of a name, from the last one
  for (const std::string& name : names) {
    const auto found = by_name_.find(std::string_view(name));
    if (found == by_name_.end()) continue;
    const std::vector<std::size_t>& places = found->second;
    std::size_t& next = used[found->first];
    if (next < places.size() && places[places.size() - 1 - next] == own) ++next;
    if (next == places.size()) continue;
    text += canonicalize_field(all_[places[places.size() - 1 - next]].whole, how);
    ++next;
  }
  text += canonicalize_field(own_text, how);
  text.resize(text.size() - 2);
  return text;
}

body_hash::body_hash(canonicalization how, std::uint64_t limit)
    : canonical_(how,
                 [this](std::string_view bytes) {
                   const std::uint64_t room = saturating_subtract(limit_, size_);
                   hash_.update(bytes.substr(0, std::min<std::uint64_t>(bytes.size(), room)));
                   size_ += bytes.size();
                 }),
      limit_(limit) {}

crypto::digest body_hash::finish() {
  canonical_.finish();
  return hash_.finish();
}

// The body is one leaf, whatever it is made of.
message_reader::message_reader() : parser_(*this, {.max_depth = 1}) {}

void message_reader::on_defect(const mime::defect& what) {
  switch (what.kind) {
    case mime::defect_kind::header_separator:
    case mime::defect_kind::header_lost:
    case mime::defect_kind::header_nul:
    case mime::defect_kind::too_many_headers:
    case mime::defect_kind::header_too_large:
      if (malformed_.empty()) malformed_ = describe(what.kind);
      break;
    default: break;
  }
}

}  // namespace tidewire::dkim::detail
