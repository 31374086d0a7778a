// From the beginning to the end: dispatch, characters, comments, doctypes.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "tree_builder_inline.hpp"

namespace tidewire::html::detail {

using namespace names;
using mode = insertion_mode;
using code = parse_error_code;

namespace {

// 13.2.6.4.1
quirks_mode quirks_of(const doctype_token& token) noexcept {
  static constexpr std::string_view quirky_prefixes[] = {
      "+//silmaril//dtd html pro v0r11 19970101//",
      "-//as//dtd html 3.0 aswedit + extensions//",
      "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
      "-//ietf//dtd html 2.0 level 1//",
      "-//ietf//dtd html 2.0 level 2//",
      "-//ietf//dtd html 2.0 strict level 1//",
      "-//ietf//dtd html 2.0 strict level 2//",
      "-//ietf//dtd html 2.0 strict//",
      "-//ietf//dtd html 2.0//",
      "-//ietf//dtd html 2.1e//",
      "-//ietf//dtd html 3.0//",
      "-//ietf//dtd html 3.2 final//",
      "-//ietf//dtd html 3.2//",
      "-//ietf//dtd html 3//",
      "-//ietf//dtd html level 0//",
      "-//ietf//dtd html level 1//",
      "-//ietf//dtd html level 2//",
      "-//ietf//dtd html level 3//",
      "-//ietf//dtd html strict level 0//",
      "-//ietf//dtd html strict level 1//",
      "-//ietf//dtd html strict level 2//",
      "-//ietf//dtd html strict level 3//",
      "-//ietf//dtd html strict//",
      "-//ietf//dtd html//",
      "-//metrius//dtd metrius presentational//",
      "-//microsoft//dtd internet explorer 2.0 html strict//",
      "-//microsoft//dtd internet explorer 2.0 html//",
      "-//microsoft//dtd internet explorer 2.0 tables//",
      "-//microsoft//dtd internet explorer 3.0 html strict//",
      "-//microsoft//dtd internet explorer 3.0 html//",
      "-//microsoft//dtd internet explorer 3.0 tables//",
      "-//netscape comm. corp.//dtd html//",
      "-//netscape comm. corp.//dtd strict html//",
      "-//o'reilly and associates//dtd html 2.0//",
      "-//o'reilly and associates//dtd html extended 1.0//",
      "-//o'reilly and associates//dtd html extended relaxed 1.0//",
      "-//sq//dtd html 2.0 hotmetal + extensions//",
      "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
      "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
      "-//spyglass//dtd html 2.0 extended//",
      "-//sun microsystems corp.//dtd hotjava html//",
      "-//sun microsystems corp.//dtd hotjava strict html//",
      "-//w3c//dtd html 3 1995-03-24//",
      "-//w3c//dtd html 3.2 draft//",
      "-//w3c//dtd html 3.2 final//",
      "-//w3c//dtd html 3.2//",
      "-//w3c//dtd html 3.2s draft//",
      "-//w3c//dtd html 4.0 frameset//",
      "-//w3c//dtd html 4.0 transitional//",
      "-//w3c//dtd html experimental 19960712//",
      "-//w3c//dtd html experimental 970421//",
      "-//w3c//dtd w3 html//",
      "-//w3o//dtd w3 html 3.0//",
      "-//webtechs//dtd mozilla html 2.0//",
      "-//webtechs//dtd mozilla html//",
  };
  const std::string_view id = token.public_id;
  if (token.force_quirks || token.name != html_) return quirks_mode::quirks;
  if (token.has_system_id &&
      ascii::iequals(token.system_id, "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd"))
    return quirks_mode::quirks;
  if (!token.has_public_id) return quirks_mode::no_quirks;
  if (ascii::iequals(id, "-//w3o//dtd w3 html strict 3.0//en//") ||
      ascii::iequals(id, "-/w3c/dtd html 4.0 transitional/en") || ascii::iequals(id, "html"))
    return quirks_mode::quirks;
  for (std::string_view prefix : quirky_prefixes)
    if (ascii::istarts_with(id, prefix)) return quirks_mode::quirks;
  if (ascii::istarts_with(id, "-//w3c//dtd html 4.01 frameset//") ||
      ascii::istarts_with(id, "-//w3c//dtd html 4.01 transitional//"))
    return token.has_system_id ? quirks_mode::limited_quirks : quirks_mode::quirks;
  if (ascii::istarts_with(id, "-//w3c//dtd xhtml 1.0 frameset//") ||
      ascii::istarts_with(id, "-//w3c//dtd xhtml 1.0 transitional//"))
    return quirks_mode::limited_quirks;
  return quirks_mode::no_quirks;
}

}  // namespace

tree_builder::tree_builder(document_store& store) : store_(&store), tokens_(store, *this) {}

void tree_builder::rebind(document_store& store) noexcept {
  store_ = &store;
  tokens_.rebind(store);
}

void tree_builder::close() {
  for (; top_ != 0; top_ = stack_[top_].below) at(stack_[top_].node).meta &= ~open_flag;
}

void tree_builder::begin(const parse_options& options, std::uint32_t context, name_id context_name) {
  options_ = options;
  tokens_.reset();
  tokens_.keep_errors = options.max_errors != 0;
  tokens_.max_attributes = options.max_attributes;
  mode_ = original_mode_ = mode::initial;
  stopped_ = foster_ = skip_newline_ = used_attributes_ = has_selectedcontent_ = false;
  frameset_ok_ = true;
  head_ = form_ = root_element_ = body_ = 0;
  context_ = context;
  depth_ = unclosed_ = 0;
  work_ = 0;
  stack_.clear();
  stack_.push_back(open_element{});
  top_ = free_entry_ = 0;
  chain_.clear();
  chain_.resize(known_name_count, 0);
  template_modes_.clear();
  formats_.clear();
  formats_.push_back(formatting_element{});
  last_format_ = free_format_ = segment_ = 0;
  std::fill(std::begin(format_chain_), std::end(format_chain_), 0U);
  alike_.clear();
  table_text_.clear();
  merged_.clear();
  selects_.clear();
  if (context == 0) return;
  // 13.4, parsing HTML fragments.
  switch (context) {
    case html_element(title_):
    case html_element(textarea_): tokens_.mode = text_mode::rcdata; break;
    case html_element(style_):
    case html_element(xmp_):
    case html_element(iframe_):
    case html_element(noembed_):
    case html_element(noframes_): tokens_.mode = text_mode::rawtext; break;
    case html_element(script_): tokens_.mode = text_mode::script; break;
    case html_element(noscript_):
      if (options.scripting) tokens_.mode = text_mode::rawtext;
      break;
    case html_element(plaintext_): tokens_.mode = text_mode::plaintext; break;
    default: break;
  }
  root_element_ = make(html_element(html_), 0, 0, no_source);
  store_->append(document_store::root, root_element_);
  if (context == html_element(template_)) template_modes_.push_back(mode::in_template);
  push(root_element_, html_);
  open_element& bottom = stack_[top_];
  bottom.foreign = foreign_kind(context, nullptr);
  bottom.scope.reset =
      (context & space_mask) == 0 ? reset_mode_of(context_name, true, mode::in_body) : mode::in_body;
  reset_insertion_mode();
  // A form around the context would be the form element pointer; the caller has shown us only the context.
  if (context == html_element(form_)) form_ = root_element_;
}

void tree_builder::run(std::uint32_t size, bool final) {
  tokens_.run(size, final);
}

// --- characters

void tree_builder::text_in_body(const slice& text) {
  reconstruct();
  insert_text(text);
  if (frameset_ok_ && !is_blank(store_->view(text))) frameset_ok_ = false;
}

void tree_builder::characters(const piece& what) {
  if (mode_ == mode::in_body && top().foreign == 0 && !skip_newline_) [[likely]] {
    if (!what.null) text_in_body(what.text);
    return;
  }
  characters_by_mode(what);
}

void tree_builder::characters_by_mode(piece what) {
  if (skip_newline_) [[unlikely]] {
    skip_newline_ = false;
    if (!what.null && *store_->address(what.text.offset) == '\n') {
      ++what.text.offset;
      if (--what.text.length == 0) return;
    }
  }
  if (top().foreign != 0 && (top().foreign & (foreign::mathml_text | foreign::html_point)) == 0) {
    if (what.null) return insert_replacement();
    insert_text(what.text);
    if (frameset_ok_ && !is_blank(store_->view(what.text))) frameset_ok_ = false;
    return;
  }
  // The white space that `what` begins with; what is left of it goes on.
  const auto take_space = [&] {
    if (what.null) return slice{what.text.offset, 0};
    const char* const start = store_->address(what.text.offset);
    const auto length = static_cast<std::uint32_t>(skip_space(start, start + what.text.length) - start);
    const slice taken{what.text.offset, length};
    what.text.offset += length;
    what.text.length -= length;
    return taken;
  };
  // What it begins with up to the next white space is ignored.
  const auto drop_others = [&] {
    fail(code::unexpected_text, source_of(what.text));
    const char* const start = store_->address(what.text.offset);
    std::uint32_t length = what.null ? what.text.length : 1;
    while (length != what.text.length && !is_space(start[length])) ++length;
    what.text.offset += length;
    what.text.length -= length;
  };
  for (;;) {
    switch (mode_) {
      case mode::in_body:
      case mode::in_caption:
      case mode::in_cell:
      case mode::in_template:
        if (!what.null) text_in_body(what.text);
        return;
      case mode::text: return insert_text(what.text);
      case mode::initial:
        take_space();
        if (what.text.length == 0) return;
        fail(code::missing_doctype, source_of(what.text));
        store_->quirks = quirks_mode::quirks;
        mode_ = mode::before_html;
        break;
      case mode::before_html:
        take_space();
        if (what.text.length == 0) return;
        root_element_ = make(html_element(html_), 0, 0, no_source);
        store_->append(document_store::root, root_element_);
        push(root_element_, html_);
        mode_ = mode::before_head;
        break;
      case mode::before_head:
        take_space();
        if (what.text.length == 0) return;
        head_ = insert_implied(names::head_);
        mode_ = mode::in_head;
        break;
      case mode::in_head:
        insert_text(take_space());
        if (what.text.length == 0) return;
        pop();
        mode_ = mode::after_head;
        break;
      case mode::in_head_noscript:
        insert_text(take_space());
        if (what.text.length == 0) return;
        fail(code::unexpected_text, source_of(what.text));
        pop();
        mode_ = mode::in_head;
        break;
      case mode::after_head:
        insert_text(take_space());
        if (what.text.length == 0) return;
        body_ = insert_implied(names::body_);
        mode_ = mode::in_body;
        break;
      case mode::in_table:
      case mode::in_table_body:
      case mode::in_row:
        switch (top().kind) {
          case html_element(table_):
          case html_element(tbody_):
          case html_element(template_):
          case html_element(tfoot_):
          case html_element(thead_):
          case html_element(tr_):
            table_text_.clear();
            table_text_black_ = false;
            original_mode_ = mode_;
            mode_ = mode::in_table_text;
            break;
          default:
            if (what.null) return;
            foster_ = true;
            text_in_body(what.text);
            foster_ = false;
            return;
        }
        break;
      case mode::in_table_text:
        if (what.null) return;
        table_text_.push_back({what.text, what.null, source_of(what.text)});
        table_text_black_ = table_text_black_ || !is_blank(store_->view(what.text));
        return;
      case mode::in_column_group:
        insert_text(take_space());
        if (what.text.length == 0) return;
        if (current_is(colgroup_)) {
          pop();
          mode_ = mode::in_table;
        } else {
          drop_others();
        }
        break;
      case mode::after_body:
      case mode::after_after_body: {
        const slice space = take_space();
        if (space.length != 0) text_in_body(space);
        if (what.text.length == 0) return;
        fail(code::unexpected_text, source_of(what.text));
        mode_ = mode::in_body;
        break;
      }
      case mode::in_frameset:
      case mode::after_frameset:
      case mode::after_after_frameset: {
        if (what.null) return;
        const slice space = take_space();
        if (mode_ != mode::after_after_frameset)
          insert_text(space);
        else if (space.length != 0)
          text_in_body(space);
        if (what.text.length == 0) return;
        drop_others();
        break;
      }
      default: return;
    }
  }
}

void tree_builder::flush_table_text() {
  mode_ = original_mode_;
  foster_ = table_text_black_;
  if (table_text_black_) fail(code::unexpected_text, table_text_[0].source);
  for (std::uint32_t i = 0; i < table_text_.size(); ++i) {
    literal_source_ = table_text_[i].source;
    if (table_text_black_)
      text_in_body(table_text_[i].text);
    else
      insert_text(table_text_[i].text);
  }
  foster_ = false;
  table_text_.clear();
}

// --- comments, doctypes, the end

void tree_builder::on_comment(slice data, std::uint32_t source) {
  skip_newline_ = false;
  if (mode_ == mode::in_table_text) flush_table_text();
  switch (mode_) {
    case mode::initial:
    case mode::before_html:
    case mode::after_after_body:
    case mode::after_after_frameset: return insert_comment(data, source, document_store::root);
    case mode::after_body: return insert_comment(data, source, root_element_);
    default: return insert_comment(data, source, 0);
  }
}

void tree_builder::on_doctype(const doctype_token& token) {
  skip_newline_ = false;
  if (mode_ == mode::in_table_text) flush_table_text();
  if (mode_ != mode::initial) {
    fail(code::unexpected_doctype, token.source);
    return;
  }
  if (token.name != html_ || token.has_public_id ||
      (token.has_system_id && token.system_id != "about:legacy-compat"))
    fail(code::unexpected_doctype, token.source);
  const std::uint32_t first = store_->attrs.size();
  const auto add = [&](name_id name, std::string_view text) {
    const slice value = store_->pool.add(text);
    store_->attrs.push_back({name, value.offset, value.length});
  };
  if (token.has_public_id) add(public_id_name, token.public_id);
  if (token.has_system_id) add(system_id_name, token.system_id);
  const std::uint32_t made = make(make_meta(node_type::doctype, space::none, token.name), first,
                                  store_->attrs.size() - first, token.source);
  store_->append(document_store::root, made);
  store_->quirks = quirks_of(token);
  mode_ = mode::before_html;
}

void tree_builder::on_eof(std::uint32_t source) {
  if (mode_ == mode::in_table_text) flush_table_text();
  while (!eof_in(mode_, source)) {
  }
  // Popped one by one: what an <option> shows may have to be copied.
  while (top_ != 0) pop();
}

bool tree_builder::eof_in(mode where, std::uint32_t source) {
  switch (where) {
    case mode::initial:
      fail(code::missing_doctype, source);
      store_->quirks = quirks_mode::quirks;
      mode_ = mode::before_html;
      return false;
    case mode::before_html:
      root_element_ = make(html_element(html_), 0, 0, no_source);
      store_->append(document_store::root, root_element_);
      push(root_element_, html_);
      mode_ = mode::before_head;
      return false;
    case mode::before_head:
      head_ = insert_implied(names::head_);
      mode_ = mode::in_head;
      return false;
    case mode::in_head:
      pop();
      mode_ = mode::after_head;
      return false;
    case mode::in_head_noscript:
      fail(code::unexpected_end_of_file, source);
      pop();
      mode_ = mode::in_head;
      return false;
    case mode::after_head:
      body_ = insert_implied(names::body_);
      mode_ = mode::in_body;
      return false;
    case mode::text:
      fail(code::unexpected_end_of_file, source);
      pop();
      mode_ = original_mode_;
      return false;
    case mode::in_frameset:
      if (!only_root()) fail(code::unexpected_end_of_file, source);
      return true;
    case mode::after_body:
    case mode::after_frameset:
    case mode::after_after_body:
    case mode::after_after_frameset: return true;
    default: break;
  }
  if (!template_modes_.empty() && html_open(template_)) {
    fail(code::unexpected_end_of_file, source);
    pop_until(template_);
    clear_to_marker();
    template_modes_.pop_back();
    reset_insertion_mode();
    return false;
  }
  if (unclosed_ != 0) fail(code::unexpected_end_of_file, source);
  return true;
}

}  // namespace tidewire::html::detail
