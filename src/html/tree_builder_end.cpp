// End tags, by insertion mode.
#include "tree_builder_inline.hpp"

namespace tidewire::html::detail {

using namespace names;
using mode = insertion_mode;
using code = parse_error_code;

namespace {

// End tags that the modes within a table ignore, but for those that they ask for themselves.
bool means_nothing_in_table(name_id tag) noexcept {
  return tag == names::body_ || tag == html_ || has_property(tag, property::table_part);
}

}  // namespace

void tree_builder::on_end_tag(tag_token& tag) {
  skip_newline_ = false;
  if (mode_ == mode::in_table_text) [[unlikely]]
    flush_table_text();
  if (top().foreign != 0 && end_in_foreign(tag)) return;
  if (mode_ == mode::in_body) return end_in_body(tag);
  while (!end_tag_in(mode_, tag)) {
  }
}

bool tree_builder::end_in_foreign(tag_token& tag) {
  if (tag.name == br_ || tag.name == p_) {
    bad_end(tag);
    while (top().foreign != 0 && (top().foreign & (foreign::mathml_text | foreign::html_point)) == 0 &&
           !only_root())
      pop();
    return false;
  }
  if (only_root()) return true;
  if (top().name != tag.name) bad_end(tag);
  const std::uint32_t found = topmost(tag.name);
  if (found == 0 || stack_[found].key <= stack_[top().scope.html].key) return false;
  pop_through(found);
  return true;
}

void tree_builder::end_template(const tag_token& tag) {
  if (!html_open(template_)) {
    bad_end(tag);
    return;
  }
  implied_end_tags_thoroughly();
  if (!current_is(template_)) bad_end(tag);
  pop_until(template_);
  clear_to_marker();
  template_modes_.pop_back();
  reset_insertion_mode();
}

bool tree_builder::close_body(const tag_token& tag) {
  if (!in_scope(names::body_)) {
    bad_end(tag);
    return false;
  }
  if (unclosed_ != 0) bad_end(tag);
  mode_ = mode::after_body;
  return true;
}

void tree_builder::end_in_body(tag_token& tag) {
  const end_action action = tag.name < known_tag_count ? tag_table.end[tag.name] : end_action::other;
  switch (action) {
    case end_action::other: any_other_end_tag(tag); return;
    case end_action::block:
      if (!in_scope(tag.name)) {
        bad_end(tag);
        return;
      }
      implied_end_tags();
      if (!current_is(tag.name)) bad_end(tag);
      pop_until(tag.name);
      return;
    case end_action::formatting: adoption_agency(tag); return;
    case end_action::p:
      if (!near_top(nearby::p)) {
        bad_end(tag);
        insert_implied(p_);
      }
      close_p();
      return;
    case end_action::li:
      if (!near_top(nearby::li)) {
        bad_end(tag);
        return;
      }
      implied_end_tags(li_);
      if (!current_is(li_)) bad_end(tag);
      pop_until(li_);
      return;
    case end_action::item:
      if (!in_scope(tag.name)) {
        bad_end(tag);
        return;
      }
      implied_end_tags(tag.name);
      if (!current_is(tag.name)) bad_end(tag);
      pop_until(tag.name);
      return;
    case end_action::heading:
      if (!in_scope(h1_)) {
        bad_end(tag);
        return;
      }
      implied_end_tags();
      if (!current_is(tag.name)) bad_end(tag);
      while ((top().kind & space_mask) != 0 || (html_properties(top().name) & property::heading) == 0) pop();
      pop();
      return;
    case end_action::marker:
      if (!in_scope(tag.name)) {
        bad_end(tag);
        return;
      }
      implied_end_tags();
      if (!current_is(tag.name)) bad_end(tag);
      pop_until(tag.name);
      clear_to_marker();
      return;
    case end_action::form: {
      if (html_open(template_)) {
        if (!in_scope(names::form_)) {
          bad_end(tag);
          return;
        }
        implied_end_tags();
        if (!current_is(names::form_)) bad_end(tag);
        pop_until(names::form_);
        return;
      }
      const std::uint32_t node = form_;
      form_ = 0;
      std::uint32_t entry = node == 0 || (at(node).meta & open_flag) == 0 ? 0 : topmost(names::form_);
      while (entry != 0 && stack_[entry].node != node) entry = stack_[entry].same_below;
      if (entry == 0 || stack_[entry].key < stack_[top().scope.boundary].key) {
        bad_end(tag);
        return;
      }
      implied_end_tags();
      if (entry != top_) bad_end(tag);
      remove_open(entry);
      return;
    }
    case end_action::br: {
      bad_end(tag);
      tag.attr_count = 0;
      tag.self_closing = false;
      reconstruct();
      insert_void(tag);
      frameset_ok_ = false;
      return;
    }
    case end_action::template_: end_template(tag); return;
    case end_action::body: close_body(tag); return;
    case end_action::html:
      if (close_body(tag)) {
        while (!end_tag_in(mode_, tag)) {
        }
      }
      return;
  }
}

bool tree_builder::end_in_table(tag_token& tag) {
  switch (tag.name) {
    case table_:
      if (!in_table_scope(table_)) {
        bad_end(tag);
        return true;
      }
      pop_until(table_);
      reset_insertion_mode();
      return true;
    case template_: end_template(tag); return true;
    default:
      bad_end(tag);
      if (means_nothing_in_table(tag.name)) return true;
      foster_ = true;
      end_in_body(tag);
      foster_ = false;
      return true;
  }
}

// In a caption or a cell.
bool tree_builder::end_within_table(tag_token& tag) {
  if (means_nothing_in_table(tag.name))
    bad_end(tag);
  else
    end_in_body(tag);
  return true;
}

bool tree_builder::end_tag_in(mode where, tag_token& tag) {
  // True for the end tags that some modes take as "anything else" while they ignore all others.
  const bool passes = tag.name == names::body_ || tag.name == html_ || tag.name == br_;
  switch (where) {
    case mode::initial:
      fail(code::missing_doctype, tag.source);
      store_->quirks = quirks_mode::quirks;
      mode_ = mode::before_html;
      return false;
    case mode::before_html:
      if (!passes && tag.name != names::head_) {
        bad_end(tag);
        return true;
      }
      root_element_ = make(html_element(html_), 0, 0, no_source);
      store_->append(document_store::root, root_element_);
      push(root_element_, html_);
      mode_ = mode::before_head;
      return false;
    case mode::before_head:
      if (!passes && tag.name != names::head_) {
        bad_end(tag);
        return true;
      }
      head_ = insert_implied(names::head_);
      mode_ = mode::in_head;
      return false;
    case mode::in_head:
      if (tag.name == names::head_) {
        pop();
        mode_ = mode::after_head;
        return true;
      }
      if (tag.name == template_) {
        end_template(tag);
        return true;
      }
      if (!passes) {
        bad_end(tag);
        return true;
      }
      pop();
      mode_ = mode::after_head;
      return false;
    case mode::in_head_noscript:
      if (tag.name == noscript_) {
        pop();
        mode_ = mode::in_head;
        return true;
      }
      bad_end(tag);
      if (tag.name != br_) return true;
      pop();
      mode_ = mode::in_head;
      return false;
    case mode::after_head:
      if (tag.name == template_) {
        end_template(tag);
        return true;
      }
      if (!passes) {
        bad_end(tag);
        return true;
      }
      body_ = insert_implied(names::body_);
      mode_ = mode::in_body;
      return false;
    case mode::in_body: end_in_body(tag); return true;
    case mode::text:
      pop();
      mode_ = original_mode_;
      return true;
    case mode::in_table: return end_in_table(tag);
    case mode::in_caption:
      switch (tag.name) {
        case caption_:
        case table_:
          if (!in_table_scope(caption_)) {
            bad_end(tag);
            return true;
          }
          implied_end_tags();
          if (!current_is(caption_)) bad_end(tag);
          pop_until(caption_);
          clear_to_marker();
          mode_ = mode::in_table;
          return tag.name == caption_;
        default: return end_within_table(tag);
      }
    case mode::in_column_group:
      if (tag.name == template_) {
        end_template(tag);
        return true;
      }
      if (tag.name == col_ || !current_is(colgroup_)) {
        bad_end(tag);
        return true;
      }
      pop();
      mode_ = mode::in_table;
      return tag.name == colgroup_;
    case mode::in_table_body:
      switch (tag.name) {
        case tbody_:
        case tfoot_:
        case thead_:
          if (!in_table_scope(tag.name)) {
            bad_end(tag);
            return true;
          }
          clear_to_table_body_context();
          pop();
          mode_ = mode::in_table;
          return true;
        case table_:
          if (!in_table_scope(tbody_) && !in_table_scope(thead_) && !in_table_scope(tfoot_)) {
            bad_end(tag);
            return true;
          }
          clear_to_table_body_context();
          pop();
          mode_ = mode::in_table;
          return false;
        default: return end_in_table(tag);
      }
    case mode::in_row:
      switch (tag.name) {
        case tbody_:
        case tfoot_:
        case thead_:
          if (!in_table_scope(tag.name)) {
            bad_end(tag);
            return true;
          }
          [[fallthrough]];
        case tr_:
        case table_:
          if (!in_table_scope(tr_)) {
            bad_end(tag);
            return true;
          }
          clear_to_row_context();
          pop();
          mode_ = mode::in_table_body;
          return tag.name == tr_;
        default: return end_in_table(tag);
      }
    case mode::in_cell:
      switch (tag.name) {
        case td_:
        case th_:
          if (!in_table_scope(tag.name)) {
            bad_end(tag);
            return true;
          }
          implied_end_tags();
          if (!current_is(tag.name)) bad_end(tag);
          pop_until(tag.name);
          clear_to_marker();
          mode_ = mode::in_row;
          return true;
        case table_:
        case tbody_:
        case tfoot_:
        case thead_:
        case tr_:
          if (!in_table_scope(tag.name)) {
            bad_end(tag);
            return true;
          }
          close_cell();
          return false;
        default: return end_within_table(tag);
      }
    case mode::in_template:
      if (tag.name == template_)
        end_template(tag);
      else
        bad_end(tag);
      return true;
    case mode::after_body:
      if (tag.name == html_) {
        if (context_ != 0)
          bad_end(tag);
        else
          mode_ = mode::after_after_body;
        return true;
      }
      bad_end(tag);
      mode_ = mode::in_body;
      return false;
    case mode::in_frameset:
      if (tag.name != frameset_ || only_root()) {
        bad_end(tag);
        return true;
      }
      pop();
      if (context_ == 0 && !current_is(frameset_)) mode_ = mode::after_frameset;
      return true;
    case mode::after_frameset:
      if (tag.name == html_)
        mode_ = mode::after_after_frameset;
      else
        bad_end(tag);
      return true;
    case mode::after_after_body:
      bad_end(tag);
      mode_ = mode::in_body;
      return false;
    case mode::after_after_frameset: bad_end(tag); return true;
    default: return true;
  }
}

}  // namespace tidewire::html::detail
