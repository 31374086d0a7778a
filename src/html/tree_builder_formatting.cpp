// The list of active formatting elements, and the adoption agency.
#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

#include "tree_builder_inline.hpp"

namespace tidewire::html::detail {

using namespace names;
using mode = insertion_mode;
using code = parse_error_code;

std::uint32_t tree_builder::new_format() {
  if (free_format_ != 0) {
    const std::uint32_t id = free_format_;
    free_format_ = formats_[id].before;
    formats_[id] = {};
    return id;
  }
  formats_.push_back(formatting_element{});
  return formats_.size() - 1;
}

std::uint32_t tree_builder::find_formatting(name_id name) const noexcept {
  const std::uint32_t id = format_chain_[name];
  return id != 0 && formats_[id].segment == segment_ ? id : 0;
}

std::uint64_t tree_builder::attributes_hash(const node_record& element) const {
  std::uint64_t sum = element.name();
  for (std::uint32_t i = 0; i < element.b; ++i) {
    const attr_record attr = store_->attrs[element.a + i];
    sum += (std::hash<std::string_view>{}(store_->value(attr)) ^ attr.name * 0x9E3779B97F4A7C15ULL) *
           0xBF58476D1CE4E5B9ULL;
  }
  return sum | 1U;
}

bool tree_builder::same_attributes(const node_record& left, const node_record& right) const {
  if (left.b != right.b) return false;
  const auto sorted = [&](const node_record& element) {
    std::vector<attr_record> attrs;
    for (std::uint32_t i = 0; i < element.b; ++i) attrs.push_back(store_->attrs[element.a + i]);
    std::sort(attrs.begin(), attrs.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return attrs;
  };
  const auto a = sorted(left);
  const auto b = sorted(right);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].name != b[i].name || store_->value(a[i]) != store_->value(b[i])) return false;
  return true;
}

void tree_builder::hash_format(formatting_element& format, std::uint32_t id) {
  format.hash = (attributes_hash(at(format.node)) + format.segment * 0x94D049BB133111EBULL) | 1U;
  std::uint32_t& last = alike_[format.hash];
  format.alike_before = last;
  last = id;
}

// 13.2.4.3, with the Noah's Ark clause: three alike are enough.
void tree_builder::push_formatting(std::uint32_t node, name_id name) {
  const std::uint32_t id = new_format();
  formatting_element& format = formats_[id];
  format.node = node;
  format.name = name;
  format.entry = top_;
  format.segment = segment_;
  format.key = formats_[last_format_].key + (std::uint64_t{1} << 32);
  format.before = last_format_;
  const std::uint32_t same = find_formatting(name);
  if (same != 0) {
    if (formats_[same].hash == 0) hash_format(formats_[same], same);
    hash_format(format, id);
    std::uint32_t alike = 0;
    std::uint32_t earliest = 0;
    for (std::uint32_t other = format.alike_before; other != 0; other = formats_[other].alike_before) {
      ++work_;
      if (formats_[other].name != name || !same_attributes(at(formats_[other].node), at(node))) continue;
      ++alike;
      if (earliest == 0 || formats_[other].key < formats_[earliest].key) earliest = other;
    }
    if (alike >= 3) {
      remove_formatting(earliest);
      format.before = last_format_;
    }
  }
  format.same_before = format_chain_[name];
  format_chain_[name] = id;
  formats_[last_format_].after = id;
  last_format_ = id;
  stack_[top_].format = id;
}

void tree_builder::push_marker() {
  const std::uint32_t id = new_format();
  formatting_element& format = formats_[id];
  format.segment = segment_++;
  format.key = formats_[last_format_].key + (std::uint64_t{1} << 32);
  format.before = last_format_;
  formats_[last_format_].after = id;
  last_format_ = id;
}

void tree_builder::clear_to_marker() {
  while (last_format_ != 0) {
    const bool marker = formats_[last_format_].node == 0;
    remove_formatting(last_format_);
    if (marker) return;
  }
}

void tree_builder::remove_formatting(std::uint32_t id) {
  formatting_element& format = formats_[id];
  formats_[format.before].after = format.after;
  (format.after != 0 ? formats_[format.after].before : last_format_) = format.before;
  if (format.node == 0) {
    --segment_;
  } else {
    std::uint32_t* link = &format_chain_[format.name];
    while (*link != id) {
      ++work_;
      link = &formats_[*link].same_before;
    }
    *link = format.same_before;
    if (format.hash != 0) {
      const auto found = alike_.find(format.hash);
      link = &found->second;
      while (*link != id) link = &formats_[*link].alike_before;
      *link = format.alike_before;
      if (found->second == 0) alike_.erase(found);
    }
    if (format.entry != 0) stack_[format.entry].format = 0;
  }
  format.before = free_format_;
  free_format_ = id;
}

std::uint32_t tree_builder::insert_formatting_after(std::uint32_t before, std::uint32_t node,
                                                    std::uint32_t entry, name_id name) {
  const std::uint32_t id = new_format();
  formatting_element& format = formats_[id];
  format.node = node;
  format.name = name;
  format.entry = entry;
  format.before = before;
  format.after = formats_[before].after;
  format.segment = segment_;
  if (format.after == 0) {
    format.key = formats_[before].key + (std::uint64_t{1} << 32);
    last_format_ = id;
  } else {
    if (formats_[format.after].key - formats_[before].key < 2) {
      std::uint64_t key = 0;
      for (std::uint32_t other = formats_[0].after; other != 0; other = formats_[other].after, ++work_)
        formats_[other].key = key += std::uint64_t{1} << 32;
    }
    format.key = formats_[before].key + (formats_[format.after].key - formats_[before].key) / 2;
    formats_[format.after].before = id;
  }
  formats_[before].after = id;
  std::uint32_t* link = &format_chain_[name];
  while (*link != 0 && formats_[*link].key > format.key) {
    ++work_;
    link = &formats_[*link].same_before;
  }
  format.same_before = *link;
  *link = id;
  // Hashed at once: only the first of its name in a segment may be without.
  hash_format(format, id);
  if (entry != 0) stack_[entry].format = id;
  return id;
}

void tree_builder::reconstruct_slow() {
  std::uint32_t id = last_format_;
  while (formats_[id].before != 0) {
    const formatting_element& before = formats_[formats_[id].before];
    if (before.node == 0 || before.entry != 0) break;
    id = formats_[id].before;
  }
  for (; id != 0 && !stopped_; id = formats_[id].after) {
    ++work_;
    const std::uint32_t made = clone_of(formats_[id].node);
    insert_at(place_for(top().node), made);
    push(made, formats_[id].name);
    formats_[id].node = made;
    formats_[id].entry = top_;
    stack_[top_].format = id;
  }
}

// 13.2.6.4.7, "any other end tag".
void tree_builder::any_other_end_tag(const tag_token& tag) {
  const std::uint32_t found = topmost(tag.name);
  if (found == 0 || (stack_[found].kind & space_mask) != 0 ||
      stack_[found].key < stack_[top().scope.special].key) {
    bad_end(tag);
    return;
  }
  implied_end_tags(tag.name);
  if (top_ != found) bad_end(tag);
  pop_through(found);
}

void tree_builder::adoption_agency(const tag_token& tag) {
  const name_id subject = tag.name;
  if (current_is(subject) && top().format == 0) {
    pop();
    return;
  }
  for (int outer = 0; outer < 8 && !stopped_; ++outer) {
    const std::uint32_t format = find_formatting(subject);
    if (format == 0) {
      any_other_end_tag(tag);
      return;
    }
    const std::uint32_t element = formats_[format].entry;
    if (element == 0) {
      bad_end(tag);
      remove_formatting(format);
      return;
    }
    if (stack_[element].key < stack_[top().scope.boundary].key) {
      bad_end(tag);
      return;
    }
    if (element != top_) bad_end(tag);
    std::uint32_t furthest = stack_[element].above;
    while (furthest != 0 && stack_[furthest].scope.special != furthest) {
      ++work_;
      furthest = stack_[furthest].above;
    }
    if (furthest == 0) {
      pop_through(element);
      remove_formatting(format);
      return;
    }
    const std::uint32_t ancestor = stack_[stack_[element].below].node;
    std::uint32_t bookmark = format;  // the new element goes after this one
    std::uint32_t last_node = stack_[furthest].node;
    const std::uint32_t furthest_node = last_node;
    std::uint32_t entry = stack_[furthest].below;
    for (int inner = 1; entry != element; ++inner) {
      ++work_;
      const std::uint32_t below = stack_[entry].below;
      if (inner > 3 && stack_[entry].format != 0) {
        if (bookmark == stack_[entry].format) bookmark = formats_[bookmark].before;
        remove_formatting(stack_[entry].format);
      }
      if (stack_[entry].format == 0) {
        remove_open(entry);
        entry = below;
        continue;
      }
      const std::uint32_t copy = clone_of(stack_[entry].node);
      at(stack_[entry].node).meta &= ~open_flag;
      at(copy).meta |= open_flag;
      stack_[entry].node = copy;
      formats_[stack_[entry].format].node = copy;
      if (last_node == furthest_node) bookmark = stack_[entry].format;
      if (at(last_node).parent != 0) store_->remove(last_node);
      store_->append(copy, last_node);
      last_node = copy;
      entry = below;
    }
    if (at(last_node).parent != 0) store_->remove(last_node);
    insert_at(place_for(ancestor), last_node);
    const std::uint32_t copy = clone_of(formats_[format].node);
    store_->move_children(furthest_node, copy);
    store_->append(furthest_node, copy);
    // Above the furthest block first, then out of its old place: what is in scope changes only in between.
    const std::uint32_t opened = insert_open_above(furthest, copy, subject);
    insert_formatting_after(bookmark, copy, opened, subject);
    remove_formatting(format);
    remove_open(element);
  }
}

}  // namespace tidewire::html::detail
