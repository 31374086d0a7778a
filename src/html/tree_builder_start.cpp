// Start tags, by insertion mode.
#include "tree_builder_inline.hpp"

namespace tidewire::html::detail {

using namespace names;
using mode = insertion_mode;
using code = parse_error_code;

void tree_builder::on_start_tag(tag_token& tag) {
  skip_newline_ = false;
  used_attributes_ = false;
  if (mode_ == mode::in_table_text) [[unlikely]]
    flush_table_text();
  const std::uint32_t attrs = store_->attrs.size();
  if (mode_ == mode::in_body && top().foreign == 0) [[likely]]
    start_in_body(tag);
  else
    start_tag(tag);
  if (!used_attributes_ && tag.attr_count != 0 && store_->attrs.size() == attrs)
    store_->attrs.truncate(tag.first_attr);
  if (tag.self_closing && (html_properties(tag.name) & property::void_element) == 0)
    fail(code::non_void_html_element_start_tag_with_trailing_solidus, tag.source);
}

void tree_builder::start_tag(tag_token& tag) {
  const unsigned kind = top().foreign;
  if (kind != 0) {
    const bool html =
        ((kind & foreign::mathml_text) != 0 && tag.name != mglyph_ && tag.name != malignmark_) ||
        ((kind & foreign::annotation_xml) != 0 && tag.name == svg_) || (kind & foreign::html_point) != 0;
    if (!html && start_in_foreign(tag)) return;
  }
  while (!start_tag_in(mode_, tag)) {
  }
}

bool tree_builder::start_in_foreign(tag_token& tag) {
  bool out = has_property(tag.name, property::leaves_foreign);
  if (tag.name == font_) {
    for (std::uint32_t i = 0; i < tag.attr_count && !out; ++i) {
      const name_id name = store_->attrs[tag.first_attr + i].name;
      out = name == color_ || name == face_ || name == size_;
    }
  }
  if (out) {
    bad_start(tag);
    while (top().foreign != 0 && (top().foreign & (foreign::mathml_text | foreign::html_point)) == 0 &&
           !only_root())
      pop();
    return false;
  }
  const std::uint32_t kind = only_root() && context_ != 0 ? context_ : top().kind;
  const auto where = static_cast<space>(kind >> space_shift & 7U);
  if (where == space::mathml)
    adjust_mathml_attributes(tag);
  else
    adjust_svg_attributes(tag);
  adjust_foreign_attributes(tag);
  insert_foreign(tag, where);
  return true;
}

bool tree_builder::start_in_head(tag_token& tag) {
  switch (tag.name) {
    case html_: start_in_body(tag); return true;
    case base_:
    case basefont_:
    case bgsound_:
    case link_:
    case meta_: insert_void(tag); return true;
    case title_: switch_to_text(tag, text_mode::rcdata); return true;
    case noscript_:
      if (!options_.scripting) {
        insert_html(tag);
        mode_ = mode::in_head_noscript;
        return true;
      }
      [[fallthrough]];
    case noframes_:
    case style_: switch_to_text(tag, text_mode::rawtext); return true;
    case script_: switch_to_text(tag, text_mode::script); return true;
    case template_:
      insert_html(tag);
      push_marker();
      frameset_ok_ = false;
      mode_ = mode::in_template;
      template_modes_.push_back(mode::in_template);
      return true;
    case names::head_: bad_start(tag); return true;
    default: return false;
  }
}

bool tree_builder::start_tag_in(mode where, tag_token& tag) {
  switch (where) {
    case mode::initial:
      fail(code::missing_doctype, tag.source);
      store_->quirks = quirks_mode::quirks;
      mode_ = mode::before_html;
      return false;
    case mode::before_html:
      if (tag.name == html_) {
        root_element_ = create(tag, space::html, html_);
      } else {
        root_element_ = make(html_element(html_), 0, 0, no_source);
      }
      store_->append(document_store::root, root_element_);
      push(root_element_, html_);
      mode_ = mode::before_head;
      return tag.name == html_;
    case mode::before_head:
      if (tag.name == html_) {
        start_in_body(tag);
        return true;
      }
      if (tag.name == names::head_) {
        head_ = insert_html(tag);
        mode_ = mode::in_head;
        return true;
      }
      head_ = insert_implied(names::head_);
      mode_ = mode::in_head;
      return false;
    case mode::in_head:
      if (start_in_head(tag)) return true;
      pop();
      mode_ = mode::after_head;
      return false;
    case mode::in_head_noscript:
      switch (tag.name) {
        case html_: start_in_body(tag); return true;
        case basefont_:
        case bgsound_:
        case link_:
        case meta_:
        case noframes_:
        case style_: return start_in_head(tag);
        case names::head_:
        case noscript_: bad_start(tag); return true;
        default:
          bad_start(tag);
          pop();
          mode_ = mode::in_head;
          return false;
      }
    case mode::after_head:
      switch (tag.name) {
        case html_: start_in_body(tag); return true;
        case names::body_:
          body_ = insert_html(tag);
          frameset_ok_ = false;
          mode_ = mode::in_body;
          return true;
        case frameset_:
          insert_html(tag);
          mode_ = mode::in_frameset;
          return true;
        case names::head_: bad_start(tag); return true;
        default:
          if (has_property(tag.name, property::head_content)) {
            bad_start(tag);
            push(head_, names::head_);
            const std::uint32_t entry = top_;
            start_in_head(tag);
            remove_open(entry);
            return true;
          }
          body_ = insert_implied(names::body_);
          mode_ = mode::in_body;
          return false;
      }
    case mode::in_body: start_in_body(tag); return true;
    case mode::in_table: return start_in_table(tag);
    case mode::in_caption:
      if (!has_property(tag.name, property::table_part)) {
        start_in_body(tag);
        return true;
      }
      if (!in_table_scope(caption_)) {
        bad_start(tag);
        return true;
      }
      implied_end_tags();
      if (!current_is(caption_)) bad_start(tag);
      pop_until(caption_);
      clear_to_marker();
      mode_ = mode::in_table;
      return false;
    case mode::in_column_group:
      switch (tag.name) {
        case html_: start_in_body(tag); return true;
        case col_: insert_void(tag); return true;
        case template_: return start_in_head(tag);
        default:
          if (!current_is(colgroup_)) {
            bad_start(tag);
            return true;
          }
          pop();
          mode_ = mode::in_table;
          return false;
      }
    case mode::in_table_body:
      switch (tag.name) {
        case tr_:
          clear_to_table_body_context();
          insert_html(tag);
          mode_ = mode::in_row;
          return true;
        case th_:
        case td_:
          bad_start(tag);
          clear_to_table_body_context();
          insert_implied(tr_);
          mode_ = mode::in_row;
          return false;
        default:
          if (!has_property(tag.name, property::table_part)) return start_in_table(tag);
          if (!in_table_scope(tbody_) && !in_table_scope(thead_) && !in_table_scope(tfoot_)) {
            bad_start(tag);
            return true;
          }
          clear_to_table_body_context();
          pop();
          mode_ = mode::in_table;
          return false;
      }
    case mode::in_row:
      switch (tag.name) {
        case th_:
        case td_:
          clear_to_row_context();
          insert_html(tag);
          mode_ = mode::in_cell;
          push_marker();
          return true;
        default:
          if (!has_property(tag.name, property::table_part)) return start_in_table(tag);
          if (!in_table_scope(tr_)) {
            bad_start(tag);
            return true;
          }
          clear_to_row_context();
          pop();
          mode_ = mode::in_table_body;
          return false;
      }
    case mode::in_cell:
      if (!has_property(tag.name, property::table_part)) {
        start_in_body(tag);
        return true;
      }
      if (!in_table_scope(td_) && !in_table_scope(th_)) {
        bad_start(tag);
        return true;
      }
      close_cell();
      return false;
    case mode::in_template: {
      if (has_property(tag.name, property::head_content)) return start_in_head(tag);
      mode next;
      switch (tag.name) {
        case caption_:
        case colgroup_:
        case tbody_:
        case tfoot_:
        case thead_: next = mode::in_table; break;
        case col_: next = mode::in_column_group; break;
        case tr_: next = mode::in_table_body; break;
        case td_:
        case th_: next = mode::in_row; break;
        default: next = mode::in_body; break;
      }
      template_modes_.back() = next;
      mode_ = next;
      return false;
    }
    case mode::after_body:
    case mode::after_after_body:
      if (tag.name == html_) {
        start_in_body(tag);
        return true;
      }
      bad_start(tag);
      mode_ = mode::in_body;
      return false;
    case mode::in_frameset:
      switch (tag.name) {
        case html_: start_in_body(tag); return true;
        case frameset_: insert_html(tag); return true;
        case frame_: insert_void(tag); return true;
        case noframes_: return start_in_head(tag);
        default: bad_start(tag); return true;
      }
    case mode::after_frameset:
    case mode::after_after_frameset:
      switch (tag.name) {
        case html_: start_in_body(tag); return true;
        case noframes_: return start_in_head(tag);
        default: bad_start(tag); return true;
      }
    default: return true;
  }
}

void tree_builder::close_cell() {
  implied_end_tags();
  if (!current_is(td_) && !current_is(th_)) fail(code::unexpected_end_tag, tokens_.position());
  while (!current_is(td_) && !current_is(th_)) pop();
  pop();
  clear_to_marker();
  mode_ = mode::in_row;
}

void tree_builder::fostered_start(tag_token& tag) {
  bad_start(tag);
  foster_ = true;
  start_in_body(tag);
  foster_ = false;
}

bool tree_builder::start_in_table(tag_token& tag) {
  switch (tag.name) {
    case caption_:
      clear_to_table_context();
      push_marker();
      insert_html(tag);
      mode_ = mode::in_caption;
      return true;
    case colgroup_:
      clear_to_table_context();
      insert_html(tag);
      mode_ = mode::in_column_group;
      return true;
    case col_:
      clear_to_table_context();
      insert_implied(colgroup_);
      mode_ = mode::in_column_group;
      return false;
    case tbody_:
    case tfoot_:
    case thead_:
      clear_to_table_context();
      insert_html(tag);
      mode_ = mode::in_table_body;
      return true;
    case td_:
    case th_:
    case tr_:
      clear_to_table_context();
      insert_implied(tbody_);
      mode_ = mode::in_table_body;
      return false;
    case table_:
      bad_start(tag);
      if (!in_table_scope(table_)) return true;
      pop_until(table_);
      reset_insertion_mode();
      return false;
    case style_:
    case script_:
    case template_: return start_in_head(tag);
    case input_: {
      bool hidden = false;
      for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
        const attr_record attr = store_->attrs[tag.first_attr + i];
        if (attr.name == type_) hidden = ascii::iequals(store_->value(attr), "hidden");
      }
      if (!hidden) {
        fostered_start(tag);
        return true;
      }
      bad_start(tag);
      insert_void(tag);
      return true;
    }
    case names::form_:
      bad_start(tag);
      if (form_ != 0 || html_open(template_)) return true;
      form_ = insert_html(tag);
      pop();
      return true;
    default: fostered_start(tag); return true;
  }
}

void tree_builder::start_in_body(tag_token& tag) {
  const start_action action = tag.name < known_tag_count ? tag_table.start[tag.name] : start_action::ordinary;
  switch (action) {
    case start_action::ordinary:
      reconstruct();
      insert_html(tag);
      if (tag.name == selectedcontent_) [[unlikely]]
        content_inserted(top().node);
      return;
    case start_action::block:
      if (near_top(nearby::p)) close_p();
      insert_html(tag);
      return;
    case start_action::formatting:
      reconstruct();
      push_formatting(insert_html(tag), tag.name);
      return;
    case start_action::anchor:
      if (const std::uint32_t open = find_formatting(a_)) {
        bad_start(tag);
        const std::uint32_t node = formats_[open].node;
        adoption_agency(tag);
        // "then remove that element from the list ... if the adoption agency algorithm didn't already"
        const std::uint32_t left = find_formatting(a_);
        if (left != 0 && formats_[left].node == node) {
          const std::uint32_t entry = formats_[left].entry;
          remove_formatting(left);
          if (entry != 0) remove_open(entry);
        }
      }
      reconstruct();
      push_formatting(insert_html(tag), a_);
      return;
    case start_action::void_inline:
      reconstruct();
      insert_void(tag);
      frameset_ok_ = false;
      return;
    case start_action::li:
      frameset_ok_ = false;
      if (near_top(nearby::open_li)) {
        implied_end_tags(li_);
        if (!current_is(li_)) bad_start(tag);
        pop_until(li_);
      }
      if (near_top(nearby::p)) close_p();
      insert_html(tag);
      return;
    case start_action::item:
      frameset_ok_ = false;
      if (near_top(nearby::open_dd | nearby::open_dt)) {
        const name_id open = near_top(nearby::open_dd) ? dd_ : dt_;
        implied_end_tags(open);
        if (!current_is(open)) bad_start(tag);
        pop_until(open);
      }
      if (near_top(nearby::p)) close_p();
      insert_html(tag);
      return;
    case start_action::heading:
      if (near_top(nearby::p)) close_p();
      if ((top().kind & space_mask) == 0 && (html_properties(top().name) & property::heading) != 0) {
        bad_start(tag);
        pop();
      }
      insert_html(tag);
      return;
    case start_action::html:
      bad_start(tag);
      if (!html_open(template_)) merge_attributes(tag, root_element_, 0);
      return;
    case start_action::head_content: start_in_head(tag); return;
    case start_action::body:
      bad_start(tag);
      if (body_ == 0 || (at(body_).meta & open_flag) == 0 || html_open(template_)) return;
      frameset_ok_ = false;
      merge_attributes(tag, body_, 1);
      return;
    case start_action::frameset:
      bad_start(tag);
      if (body_ == 0 || (at(body_).meta & open_flag) == 0 || !frameset_ok_) return;
      if (at(body_).parent != 0) store_->remove(body_);
      while (!only_root()) pop();
      insert_html(tag);
      mode_ = mode::in_frameset;
      return;
    case start_action::pre:
      if (near_top(nearby::p)) close_p();
      insert_html(tag);
      skip_newline_ = true;
      frameset_ok_ = false;
      return;
    case start_action::form: {
      const bool in_template = html_open(template_);
      if (form_ != 0 && !in_template) {
        bad_start(tag);
        return;
      }
      if (near_top(nearby::p)) close_p();
      const std::uint32_t made = insert_html(tag);
      if (!in_template) form_ = made;
      return;
    }
    case start_action::plaintext:
      if (near_top(nearby::p)) close_p();
      insert_html(tag);
      tokens_.mode = text_mode::plaintext;
      return;
    case start_action::button:
      if (in_scope(button_)) {
        bad_start(tag);
        implied_end_tags();
        pop_until(button_);
      }
      reconstruct();
      insert_html(tag);
      frameset_ok_ = false;
      return;
    case start_action::nobr:
      reconstruct();
      if (in_scope(nobr_)) {
        bad_start(tag);
        adoption_agency(tag);
        reconstruct();
      }
      push_formatting(insert_html(tag), nobr_);
      return;
    case start_action::marker:
      reconstruct();
      insert_html(tag);
      push_marker();
      frameset_ok_ = false;
      return;
    case start_action::table:
      if (store_->quirks != quirks_mode::quirks && near_top(nearby::p)) close_p();
      insert_html(tag);
      frameset_ok_ = false;
      mode_ = mode::in_table;
      return;
    case start_action::input: {
      if (context_ == html_element(select_)) {
        bad_start(tag);
        return;
      }
      if (in_scope(select_)) {
        bad_start(tag);
        pop_until(select_);
      }
      reconstruct();
      bool hidden = false;
      for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
        const attr_record attr = store_->attrs[tag.first_attr + i];
        if (attr.name == type_) hidden = ascii::iequals(store_->value(attr), "hidden");
      }
      insert_void(tag);
      if (!hidden) frameset_ok_ = false;
      return;
    }
    case start_action::void_plain: insert_void(tag); return;
    case start_action::hr:
      if (near_top(nearby::p)) close_p();
      if (in_scope(select_)) {
        implied_end_tags();
        if (in_scope(option_) || in_scope(optgroup_)) bad_start(tag);
      }
      insert_void(tag);
      frameset_ok_ = false;
      return;
    case start_action::image:
      bad_start(tag);
      tag.name = img_;
      return start_in_body(tag);
    case start_action::textarea:
      switch_to_text(tag, text_mode::rcdata);
      skip_newline_ = true;
      frameset_ok_ = false;
      return;
    case start_action::xmp:
      if (near_top(nearby::p)) close_p();
      reconstruct();
      frameset_ok_ = false;
      switch_to_text(tag, text_mode::rawtext);
      return;
    case start_action::iframe:
      frameset_ok_ = false;
      switch_to_text(tag, text_mode::rawtext);
      return;
    case start_action::noembed: switch_to_text(tag, text_mode::rawtext); return;
    case start_action::noscript:
      if (options_.scripting) {
        switch_to_text(tag, text_mode::rawtext);
      } else {
        reconstruct();
        insert_html(tag);
      }
      return;
    case start_action::select:
      if (context_ == html_element(select_)) {
        bad_start(tag);
        return;
      }
      if (in_scope(select_)) {
        bad_start(tag);
        pop_until(select_);
        return;
      }
      reconstruct();
      insert_html(tag);
      frameset_ok_ = false;
      return;
    case start_action::option:
      if (in_scope(select_)) {
        implied_end_tags(optgroup_);
        if (in_scope(option_)) bad_start(tag);
      } else if (current_is(option_)) {
        pop();
      }
      reconstruct();
      insert_html(tag);
      return;
    case start_action::optgroup:
      if (in_scope(select_)) {
        implied_end_tags();
        if (in_scope(option_) || in_scope(optgroup_)) bad_start(tag);
      } else if (current_is(option_)) {
        pop();
      }
      reconstruct();
      insert_html(tag);
      return;
    case start_action::ruby_base:
      if (in_scope(ruby_)) {
        implied_end_tags();
        if (!current_is(ruby_)) bad_start(tag);
      }
      insert_html(tag);
      return;
    case start_action::ruby_text:
      if (in_scope(ruby_)) {
        implied_end_tags(rtc_);
        if (!current_is(ruby_) && !current_is(rtc_)) bad_start(tag);
      }
      insert_html(tag);
      return;
    case start_action::math:
      reconstruct();
      adjust_mathml_attributes(tag);
      adjust_foreign_attributes(tag);
      insert_foreign(tag, space::mathml);
      return;
    case start_action::svg:
      reconstruct();
      adjust_svg_attributes(tag);
      adjust_foreign_attributes(tag);
      insert_foreign(tag, space::svg);
      return;
    case start_action::ignored: bad_start(tag); return;
  }
}

}  // namespace tidewire::html::detail
