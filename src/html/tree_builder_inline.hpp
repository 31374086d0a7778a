// The parts of tree_builder that nearly every token goes through.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tree_builder.hpp"
#include "tree_builder_tags.hpp"

namespace tidewire::html::detail {

inline open_scope tree_builder::scope_above(const open_scope& below, std::uint32_t kind,
                                            std::uint32_t id) noexcept {
  const scope_effect& effect = effect_of(kind);
  open_scope scope;
  scope.tags = (below.tags & effect.kept_tags) | effect.tags;
  scope.special = effect.special ? id : below.special;
  scope.boundary = effect.boundary ? id : below.boundary;
  scope.html = effect.html ? id : below.html;
  scope.table_tags =
      static_cast<std::uint16_t>((below.table_tags & effect.kept_table_tags) | effect.table_tags);
  scope.nearby = static_cast<std::uint8_t>((below.nearby & effect.kept_nearby) | effect.nearby);
  scope.reset = effect.reset == insertion_mode::of_below ? below.reset : effect.reset;
  return scope;
}

inline std::uint32_t tree_builder::new_entry() {
  if (free_entry_ != 0) {
    const std::uint32_t id = free_entry_;
    free_entry_ = stack_[id].below;
    return id;
  }
  stack_.emplace_back();
  return stack_.size() - 1;
}

inline void tree_builder::free_entry(std::uint32_t id) {
  if (id + 1 == stack_.size()) {
    stack_.pop_back();
    return;
  }
  stack_[id].below = free_entry_;
  free_entry_ = id;
}

inline void tree_builder::push(std::uint32_t node, name_id name) {
  const std::uint32_t id = new_entry();
  open_element& entry = stack_[id];
  open_element& below = stack_[top_];
  node_record& record = at(node);
  record.meta |= open_flag;
  if (name >= chain_.size()) chain_.resize(std::max<std::uint32_t>(name + 1, chain_.size() * 2), 0);
  entry.node = node;
  entry.name = name;
  entry.kind = record.meta & kind_mask;
  entry.below = top_;
  entry.above = 0;
  entry.same_below = chain_[name];
  entry.format = 0;
  entry.key = below.key + (std::uint64_t{1} << 32);
  entry.foreign = (record.meta & space_mask) == 0 ? std::uint8_t{0} : foreign_kind(entry.kind, &record);
  entry.scope = scope_above(below.scope, entry.kind, id);
  below.above = id;
  chain_[name] = id;
  top_ = id;
  if (tokens_.keep_errors && (html_properties(entry.kind & name_mask) & property::open_at_end) == 0)
    ++unclosed_;
  if (++depth_ > options_.max_depth) {
    store_->limit = limit_kind::depth;
    stopped_ = true;
  }
}

inline void tree_builder::pop() {
  const std::uint32_t id = top_;
  const open_element& entry = stack_[id];
  const std::uint32_t node = entry.node;
  const bool option = has_selectedcontent_ && entry.kind == html_element(names::option_);
  at(node).meta &= ~open_flag;
  if (tokens_.keep_errors && (html_properties(entry.kind & name_mask) & property::open_at_end) == 0)
    --unclosed_;
  chain_[entry.name] = entry.same_below;
  if (entry.format != 0) formats_[entry.format].entry = 0;
  top_ = entry.below;
  stack_[top_].above = 0;
  --depth_;
  free_entry(id);
  if (option) [[unlikely]]
    option_closed(node);
}

inline bool tree_builder::in_scope(name_id tag) const noexcept {
  return (top().scope.tags & tag_table.effect[tag].tags) != 0;
}

inline bool tree_builder::in_table_scope(name_id tag) const noexcept {
  return (top().scope.table_tags & tag_table.effect[tag].table_tags) != 0;
}

inline void tree_builder::reconstruct() {
  if (last_format_ == 0) return;
  const formatting_element& last = formats_[last_format_];
  if (last.node == 0 || last.entry != 0) return;
  reconstruct_slow();
}

inline std::uint32_t tree_builder::make(std::uint32_t meta, std::uint32_t a, std::uint32_t b,
                                        std::uint32_t source) {
  if (store_->nodes.size() >= options_.max_nodes) [[unlikely]] {
    store_->limit = limit_kind::nodes;
    stopped_ = true;
  }
  return store_->make(meta, a, b, source);
}

inline tree_builder::place tree_builder::place_for(std::uint32_t target) {
  const node_record& record = at(target);
  if (foster_) [[unlikely]] {
    switch (record.meta & kind_mask) {
      case html_element(names::table_):
      case html_element(names::tbody_):
      case html_element(names::tfoot_):
      case html_element(names::thead_):
      case html_element(names::tr_): return foster_place();
      default: break;
    }
  }
  if (record.is_html(names::template_)) [[unlikely]]
    return {record.first, 0};
  return {target, 0};
}

inline void tree_builder::insert_at(place where, std::uint32_t node) {
  if (where.before == 0)
    store_->append(where.parent, node);
  else
    store_->insert_before(node, where.before);
}

inline std::uint32_t tree_builder::create(const tag_token& tag, space where, name_id name) {
  used_attributes_ = true;
  const std::uint32_t made =
      make(make_meta(node_type::element, where, name), tag.first_attr, tag.attr_count, tag.source);
  if (name == names::template_ && where == space::html) {
    const std::uint32_t content = make(make_meta(node_type::fragment, space::none, 0), 0, 0, no_source);
    store_->append(made, content);
  }
  return made;
}

}  // namespace tidewire::html::detail
