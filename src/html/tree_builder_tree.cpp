// What puts nodes into the tree.
#include <algorithm>
#include <array>

#include "tree_builder_inline.hpp"

namespace tidewire::html::detail {

using namespace names;
using mode = insertion_mode;
using code = parse_error_code;

namespace {

constexpr std::array<std::uint16_t, known_name_count> make_svg_tags() {
  std::array<std::uint16_t, known_name_count> table{};
#define TIDEWIRE_HTML_SVG_TAGS(lower, adjusted) table[lower] = adjusted;
#include "names.inc"
  return table;
}
constexpr std::array<std::uint16_t, known_name_count> make_svg_attributes() {
  std::array<std::uint16_t, known_name_count> table{};
#define TIDEWIRE_HTML_SVG_ATTRIBUTES(lower, adjusted) table[lower] = adjusted;
#include "names.inc"
  return table;
}
constexpr std::array<std::uint32_t, known_name_count> make_foreign_attributes() {
  std::array<std::uint32_t, known_name_count> table{};
#define TIDEWIRE_HTML_FOREIGN_ATTRIBUTES(name, local, where) \
  table[name] = attribute_name(space::where, local);
#include "names.inc"
  return table;
}
constexpr auto svg_tags = make_svg_tags();
constexpr auto svg_attributes = make_svg_attributes();
constexpr auto foreign_attributes = make_foreign_attributes();

}  // namespace

std::uint32_t tree_builder::clone_of(std::uint32_t node) {
  if (store_->nodes.size() >= options_.max_nodes) [[unlikely]] {
    store_->limit = limit_kind::nodes;
    stopped_ = true;
  }
  return store_->clone_shallow(node);
}

tree_builder::place tree_builder::foster_place() {
  std::uint32_t templates = topmost(template_);
  while (templates != 0 && stack_[templates].kind != html_element(template_))
    templates = stack_[templates].same_below;
  std::uint32_t table = topmost(table_);
  while (table != 0 && stack_[table].kind != html_element(table_)) table = stack_[table].same_below;
  if (templates != 0 && (table == 0 || stack_[templates].key > stack_[table].key))
    return {store_->template_content(stack_[templates].node), 0};
  if (table == 0) return {root_element_, 0};
  const std::uint32_t node = stack_[table].node;
  if (at(node).parent != 0) return {at(node).parent, node};
  const std::uint32_t before = stack_[stack_[table].below].node;
  if (const std::uint32_t content = store_->template_content(before)) return {content, 0};
  return {before, 0};
}

void tree_builder::insert_text(const slice& text) {
  if (text.length == 0) return;
  const place where = place_for(top().node);
  if (where.parent == document_store::root && at(where.parent).type() == node_type::document) return;
  const std::uint32_t before =
      where.before == 0 ? store_->last_child(where.parent) : store_->previous_sibling(where.before);
  if (before != 0 && at(before).is_text()) {
    store_->append_slice(before, text);
    return;
  }
  const std::uint32_t made =
      make(make_meta(node_type::text, space::none, 0), text.offset, text.length, source_of(text));
  insert_at(where, made);
}

void tree_builder::insert_replacement() {
  insert_text(store_->pool.add(replacement_character));
}

std::uint32_t tree_builder::insert_html(const tag_token& tag) {
  const place where = place_for(top().node);
  const std::uint32_t made = create(tag, space::html, tag.name);
  insert_at(where, made);
  push(made, tag.name);
  return made;
}

void tree_builder::insert_void(const tag_token& tag) {
  const place where = place_for(top().node);
  insert_at(where, create(tag, space::html, tag.name));
}

std::uint32_t tree_builder::insert_implied(name_id name) {
  const std::uint32_t made = make(html_element(name), 0, 0, no_source);
  insert_at(place_for(top().node), made);
  push(made, name);
  return made;
}

void tree_builder::rename_attribute(std::uint32_t index, std::uint32_t name) {
  attr_record attr = store_->attrs[index];
  attr.name = name;
  store_->attrs.set(index, attr);
}

void tree_builder::adjust_svg_attributes(const tag_token& tag) {
  for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
    const name_id name = store_->attrs[tag.first_attr + i].name;
    if (name < known_name_count && svg_attributes[name] != 0)
      rename_attribute(tag.first_attr + i, svg_attributes[name]);
  }
}

void tree_builder::adjust_mathml_attributes(const tag_token& tag) {
  for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
    if (store_->attrs[tag.first_attr + i].name == definitionurl_)
      rename_attribute(tag.first_attr + i, definitionURL_);
  }
}

void tree_builder::adjust_foreign_attributes(const tag_token& tag) {
  for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
    const name_id name = store_->attrs[tag.first_attr + i].name;
    if (name < known_name_count && foreign_attributes[name] != 0)
      rename_attribute(tag.first_attr + i, foreign_attributes[name]);
  }
}

// The attributes have been adjusted.
void tree_builder::insert_foreign(tag_token& tag, space where) {
  name_id name = tag.name;
  if (where == space::svg && name < known_name_count && svg_tags[name] != 0) name = svg_tags[name];
  const place target = place_for(top().node);
  const std::uint32_t made = create(tag, where, name);
  insert_at(target, made);
  if (tag.self_closing)
    tag.self_closing = false;
  else
    push(made, tag.name);
}

void tree_builder::insert_comment(slice data, std::uint32_t source, std::uint32_t parent) {
  const std::uint32_t made =
      make(make_meta(node_type::comment, space::none, 0), data.offset, data.length, source);
  if (parent != 0)
    store_->append(parent, made);
  else
    insert_at(place_for(top().node), made);
}

// A second <html> or <body>: attributes that the element does not have yet. `merged_` knows which it has.
void tree_builder::merge_attributes(const tag_token& tag, std::uint32_t element, unsigned bit) {
  if (tag.attr_count == 0) return;
  if (merged_.size() < store_->own_names.size())
    merged_.resize(std::max(store_->own_names.size(), merged_.size() * 2), 0);
  const auto mark = static_cast<std::uint8_t>(1U << bit);
  const auto begun = static_cast<std::uint8_t>(16U << bit);
  if ((merged_[0] & begun) == 0) {
    merged_[0] |= begun;
    for (std::uint32_t i = 0; i < at(element).b; ++i) merged_[store_->attrs[at(element).a + i].id()] |= mark;
  }
  for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
    const attr_record attr = store_->attrs[tag.first_attr + i];
    if ((merged_[attr.id()] & mark) != 0) continue;
    merged_[attr.id()] |= mark;
    if (at(element).b >= options_.max_attributes) {
      store_->limit = limit_kind::attributes;
      break;
    }
    store_->add_attr(element, attr);
  }
}

void tree_builder::switch_to_text(const tag_token& tag, text_mode how) {
  insert_html(tag);
  tokens_.mode = how;
  original_mode_ = mode_;
  mode_ = mode::text;
}

void tree_builder::close_p() {
  implied_end_tags(p_);
  if (!current_is(p_)) fail(code::unexpected_end_tag, tokens_.position());
  pop_until(p_);
}

// --- <selectedcontent> (4.10.7, "maybe clone an option into selectedcontent")

std::uint32_t tree_builder::select_of(std::uint32_t option) const {
  bool group = false;
  for (std::uint32_t node = at(option).parent; node != 0; node = at(node).parent) {
    switch (at(node).meta & kind_mask) {
      case html_element(datalist_):
      case html_element(hr_):
      case html_element(option_): return 0;
      case html_element(optgroup_):
        if (group) return 0;
        group = true;
        break;
      case html_element(select_): return node;
      default: break;
    }
  }
  return 0;
}

void tree_builder::content_inserted(std::uint32_t content) {
  const std::uint32_t select = select_of(content);
  if (select == 0 || store_->has_attr(at(select), multiple_)) return;
  for (const select_state& known : selects_)
    if (known.select == select) return;
  has_selectedcontent_ = true;
  select_state state{select, content, 0};
  for (std::uint32_t node = select; (node = store_->next_in(node, select)) != 0;) {
    ++work_;
    if (!at(node).is_html(option_)) continue;
    const bool chosen = store_->has_attr(at(node), selected_);
    if (chosen || (state.chosen == 0 && !store_->has_attr(at(node), disabled_))) state.chosen = node;
  }
  selects_.push_back(state);
  if (state.chosen != 0 && (at(state.chosen).meta & open_flag) == 0) clone_into(state.chosen, content);
}

void tree_builder::option_closed(std::uint32_t option) {
  const std::uint32_t select = select_of(option);
  const auto state = std::find_if(selects_.rbegin(), selects_.rend(),
                                  [&](const select_state& known) { return known.select == select; });
  if (select == 0 || state == selects_.rend()) return;
  const node_record& record = at(option);
  const bool chosen = store_->has_attr(record, selected_);
  if (!chosen && (state->chosen != 0 || store_->has_attr(record, disabled_))) {
    if (state->chosen != option) return;
  }
  state->chosen = option;
  clone_into(option, state->content);
}

void tree_builder::clone_into(std::uint32_t option, std::uint32_t content) {
  while (const std::uint32_t child = at(content).first) store_->remove(child);
  std::uint32_t parent = content;
  for (std::uint32_t node = store_->first_child(option); node != 0 && !stopped_;) {
    ++work_;
    const std::uint32_t copy = clone_of(node);
    at(copy).meta &= ~open_flag;
    store_->append(parent, copy);
    if (const std::uint32_t inner = store_->first_child(node)) {
      node = inner;
      parent = copy;
      continue;
    }
    while (node != option && at(node).next == 0) {
      node = at(node).parent;
      parent = at(parent).parent;
    }
    if (node == option) break;
    node = at(node).next;
  }
}

}  // namespace tidewire::html::detail
