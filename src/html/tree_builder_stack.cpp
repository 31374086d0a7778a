// The stack of open elements.
#include "tree_builder_inline.hpp"

namespace tidewire::html::detail {

using namespace names;
using mode = insertion_mode;
using code = parse_error_code;

std::uint8_t tree_builder::foreign_kind(std::uint32_t kind, const node_record* record) const {
  if ((kind & space_mask) == 0) return 0;
  switch (kind) {
    case math_kind(mi_):
    case math_kind(mo_):
    case math_kind(mn_):
    case math_kind(ms_):
    case math_kind(mtext_): return foreign::plain | foreign::mathml_text;
    case svg_kind(foreignObject_):
    case svg_kind(desc_):
    case svg_kind(title_): return foreign::plain | foreign::html_point;
    case math_kind(annotation_xml_): {
      std::uint8_t found = foreign::plain | foreign::annotation_xml;
      if (record != nullptr) {
        const std::string_view encoding = store_->attr_value(*record, encoding_);
        if (ascii::iequals(encoding, "text/html") || ascii::iequals(encoding, "application/xhtml+xml"))
          found |= foreign::html_point;
      }
      return found;
    }
    default: return foreign::plain;
  }
}

void tree_builder::reset_insertion_mode() {
  mode_ = top().scope.reset;
  if (mode_ == mode::of_template)
    mode_ = template_modes_.empty() ? mode::in_body : template_modes_.back();
  else if (mode_ == mode::of_html)
    mode_ = head_ == 0 ? mode::before_head : mode::after_head;
}

void tree_builder::refresh_above(std::uint32_t id) {
  for (id = stack_[id].above; id != 0; id = stack_[id].above) {
    ++work_;
    open_element& entry = stack_[id];
    const open_scope fresh = scope_above(stack_[entry.below].scope, entry.kind, id);
    if (entry.scope == fresh) break;
    entry.scope = fresh;
  }
}

void tree_builder::remove_open(std::uint32_t id) {
  if (id == top_) return pop();
  const open_element entry = stack_[id];
  at(entry.node).meta &= ~open_flag;
  if (tokens_.keep_errors && (html_properties(entry.kind & name_mask) & property::open_at_end) == 0)
    --unclosed_;
  if (entry.format != 0) formats_[entry.format].entry = 0;
  std::uint32_t* link = &chain_[entry.name];
  while (*link != id) {
    ++work_;
    link = &stack_[*link].same_below;
  }
  *link = entry.same_below;
  stack_[entry.below].above = entry.above;
  stack_[entry.above].below = entry.below;
  --depth_;
  const std::uint32_t below = entry.below;
  free_entry(id);
  refresh_above(below);
  if (has_selectedcontent_ && entry.kind == html_element(option_)) option_closed(entry.node);
}

std::uint32_t tree_builder::insert_open_above(std::uint32_t id, std::uint32_t node, name_id name) {
  if (id == top_) {
    push(node, name);
    return top_;
  }
  const std::uint32_t made = new_entry();
  open_element& entry = stack_[made];
  open_element& below = stack_[id];
  open_element& above = stack_[below.above];
  if (above.key - below.key < 2) {
    std::uint64_t key = 0;
    std::uint32_t bottom = id;
    while (stack_[bottom].below != 0) bottom = stack_[bottom].below;
    for (; bottom != 0; bottom = stack_[bottom].above, ++work_)
      stack_[bottom].key = key += std::uint64_t{1} << 32;
  }
  entry.node = node;
  entry.name = name;
  entry.kind = at(node).meta & kind_mask;
  entry.below = id;
  entry.above = below.above;
  entry.format = 0;
  entry.foreign = 0;
  entry.key = below.key + (above.key - below.key) / 2;
  std::uint32_t* link = &chain_[name];
  while (*link != 0 && stack_[*link].key > entry.key) {
    ++work_;
    link = &stack_[*link].same_below;
  }
  entry.same_below = *link;
  *link = made;
  above.below = made;
  below.above = made;
  at(node).meta |= open_flag;
  if (tokens_.keep_errors && (html_properties(entry.kind & name_mask) & property::open_at_end) == 0)
    ++unclosed_;
  entry.scope = scope_above(below.scope, entry.kind, made);
  ++depth_;
  refresh_above(made);
  return made;
}

bool tree_builder::html_open(name_id tag) const noexcept {
  for (std::uint32_t id = topmost(tag); id != 0; id = stack_[id].same_below)
    if (stack_[id].kind == html_element(tag)) return true;
  return false;
}

void tree_builder::pop_until(name_id tag) {
  while (top_ != 0) {
    const bool last = current_is(tag);
    pop();
    if (last) return;
  }
}

void tree_builder::pop_through(std::uint32_t id) {
  while (top_ != 0) {
    const bool last = top_ == id;
    pop();
    if (last) return;
  }
}

void tree_builder::implied_end_tags(name_id except) {
  while ((top().kind & space_mask) == 0 && top().name != except &&
         (html_properties(top().name) & property::implied_end) != 0)
    pop();
}

void tree_builder::implied_end_tags_thoroughly() {
  while ((top().kind & space_mask) == 0 && (html_properties(top().name) & property::implied_end_all) != 0)
    pop();
}

void tree_builder::clear_to_table_context() {
  while (!current_is(table_) && !current_is(template_) && !only_root()) pop();
}
void tree_builder::clear_to_table_body_context() {
  while (!current_is(tbody_) && !current_is(tfoot_) && !current_is(thead_) && !current_is(template_) &&
         !only_root())
    pop();
}
void tree_builder::clear_to_row_context() {
  while (!current_is(tr_) && !current_is(template_) && !only_root()) pop();
}

}  // namespace tidewire::html::detail
