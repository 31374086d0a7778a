#include "tree_builder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>

namespace tidewire::html::detail {

using namespace names;
using mode = insertion_mode;
using code = parse_error_code;

namespace {

// What the rules for "in body" do with a start tag, by its name.
enum class start_action : std::uint8_t {
  ordinary,
  html,
  head_content,
  body,
  frameset,
  block,
  heading,
  pre,
  form,
  li,
  item,
  plaintext,
  button,
  anchor,
  formatting,
  nobr,
  marker,
  table,
  void_inline,
  input,
  void_plain,
  hr,
  image,
  textarea,
  xmp,
  iframe,
  noembed,
  noscript,
  select,
  option,
  optgroup,
  ruby_base,
  ruby_text,
  math,
  svg,
  ignored,
};

enum class end_action : std::uint8_t {
  other,
  template_,
  body,
  html,
  block,
  form,
  p,
  li,
  item,
  heading,
  formatting,
  marker,
  br,
};

struct tag_tables {
  std::array<start_action, known_tag_count> start{};
  std::array<end_action, known_tag_count> end{};
  std::array<std::uint8_t, known_tag_count> scope_bit{};  // 1 + the bit
  std::array<std::uint16_t, known_tag_count> table_bit{};
};

constexpr tag_tables make_tables() {
  tag_tables t;
  const auto start = [&](start_action action, std::initializer_list<name_id> tags) {
    for (name_id tag : tags) t.start[tag] = action;
  };
  const auto end = [&](end_action action, std::initializer_list<name_id> tags) {
    for (name_id tag : tags) t.end[tag] = action;
  };
  const std::initializer_list<name_id> blocks = {
      address_, article_, aside_,    blockquote_, center_, details_, dialog_,  dir_,
      div_,     dl_,      fieldset_, figcaption_, figure_, footer_,  header_,  hgroup_,
      main_,    menu_,    nav_,      ol_,         search_, section_, summary_, ul_};
  const std::initializer_list<name_id> formats = {b_, big_,   code_,   em_,     font_, i_,
                                                  s_, small_, strike_, strong_, tt_,   u_};
  start(start_action::html, {html_});
  start(start_action::head_content,
        {base_, basefont_, bgsound_, link_, meta_, noframes_, script_, style_, template_, title_});
  start(start_action::body, {body_});
  start(start_action::frameset, {frameset_});
  start(start_action::block, blocks);
  start(start_action::block, {p_});
  start(start_action::heading, {h1_, h2_, h3_, h4_, h5_, h6_});
  start(start_action::pre, {pre_, listing_});
  start(start_action::form, {form_});
  start(start_action::li, {li_});
  start(start_action::item, {dd_, dt_});
  start(start_action::plaintext, {plaintext_});
  start(start_action::button, {button_});
  start(start_action::anchor, {a_});
  start(start_action::formatting, formats);
  start(start_action::nobr, {nobr_});
  start(start_action::marker, {applet_, marquee_, object_});
  start(start_action::table, {table_});
  start(start_action::void_inline, {area_, br_, embed_, img_, keygen_, wbr_});
  start(start_action::input, {input_});
  start(start_action::void_plain, {param_, source_, track_});
  start(start_action::hr, {hr_});
  start(start_action::image, {image_});
  start(start_action::textarea, {textarea_});
  start(start_action::xmp, {xmp_});
  start(start_action::iframe, {iframe_});
  start(start_action::noembed, {noembed_});
  start(start_action::noscript, {noscript_});
  start(start_action::select, {select_});
  start(start_action::option, {option_});
  start(start_action::optgroup, {optgroup_});
  start(start_action::ruby_base, {rb_, rtc_});
  start(start_action::ruby_text, {rp_, rt_});
  start(start_action::math, {math_});
  start(start_action::svg, {svg_});
  start(start_action::ignored,
        {caption_, col_, colgroup_, frame_, head_, tbody_, td_, tfoot_, th_, thead_, tr_});
  end(end_action::template_, {template_});
  end(end_action::body, {body_});
  end(end_action::html, {html_});
  end(end_action::block, blocks);
  end(end_action::block, {button_, listing_, pre_, select_});
  end(end_action::form, {form_});
  end(end_action::p, {p_});
  end(end_action::li, {li_});
  end(end_action::item, {dd_, dt_});
  end(end_action::heading, {h1_, h2_, h3_, h4_, h5_, h6_});
  end(end_action::formatting, formats);
  end(end_action::formatting, {a_, nobr_});
  end(end_action::marker, {applet_, marquee_, object_});
  end(end_action::br, {br_});
  std::uint8_t bit = 0;
  for (name_id tag : blocks) t.scope_bit[tag] = ++bit;
  for (name_id tag : {button_, listing_, pre_, select_, form_, dd_, dt_, applet_, marquee_, object_, body_,
                      option_, optgroup_, ruby_, nobr_})
    t.scope_bit[tag] = ++bit;
  ++bit;
  for (name_id tag : {h1_, h2_, h3_, h4_, h5_, h6_}) t.scope_bit[tag] = bit;
  std::uint16_t table_bit = 1;
  for (name_id tag : {table_, td_, th_, tr_, tbody_, tfoot_, thead_, caption_}) {
    t.table_bit[tag] = table_bit;
    table_bit = static_cast<std::uint16_t>(table_bit << 1);
  }
  return t;
}
constexpr tag_tables tables = make_tables();

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

// 13.2.6.5: start tags that end foreign content.
constexpr bool breaks_out(name_id tag) noexcept {
  switch (tag) {
    case b_:
    case big_:
    case blockquote_:
    case body_:
    case br_:
    case center_:
    case code_:
    case dd_:
    case div_:
    case dl_:
    case dt_:
    case em_:
    case embed_:
    case h1_:
    case h2_:
    case h3_:
    case h4_:
    case h5_:
    case h6_:
    case head_:
    case hr_:
    case i_:
    case img_:
    case li_:
    case listing_:
    case menu_:
    case meta_:
    case nobr_:
    case ol_:
    case p_:
    case pre_:
    case ruby_:
    case s_:
    case small_:
    case span_:
    case strong_:
    case strike_:
    case sub_:
    case sup_:
    case table_:
    case tt_:
    case u_:
    case ul_:
    case var_: return true;
    default: return false;
  }
}

constexpr std::uint32_t math_kind(name_id name) noexcept {
  return make_meta(node_type::element, space::mathml, name);
}
constexpr std::uint32_t svg_kind(name_id name) noexcept {
  return make_meta(node_type::element, space::svg, name);
}

std::uint32_t element_properties(std::uint32_t kind) noexcept {
  if ((kind & space_mask) == 0) return html_properties(kind & name_mask);
  switch (kind) {
    case math_kind(mi_):
    case math_kind(mo_):
    case math_kind(mn_):
    case math_kind(ms_):
    case math_kind(mtext_):
    case math_kind(annotation_xml_):
    case svg_kind(foreignObject_):
    case svg_kind(desc_):
    case svg_kind(title_): return property::special | property::scope;
    default: return 0;
  }
}

bool is_blank(std::string_view text) noexcept {
  return skip_space(text.data(), text.data() + text.size()) == text.data() + text.size();
}

bool equals_folded(std::string_view text, std::string_view lower) noexcept {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(),
                    [](char left, char right) { return ascii_lower(left) == right; });
}

bool starts_folded(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() && equals_folded(text.substr(0, lower.size()), lower);
}

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
      equals_folded(token.system_id, "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd"))
    return quirks_mode::quirks;
  if (!token.has_public_id) return quirks_mode::no_quirks;
  if (equals_folded(id, "-//w3o//dtd w3 html strict 3.0//en//") ||
      equals_folded(id, "-/w3c/dtd html 4.0 transitional/en") || equals_folded(id, "html"))
    return quirks_mode::quirks;
  for (std::string_view prefix : quirky_prefixes)
    if (starts_folded(id, prefix)) return quirks_mode::quirks;
  if (starts_folded(id, "-//w3c//dtd html 4.01 frameset//") ||
      starts_folded(id, "-//w3c//dtd html 4.01 transitional//"))
    return token.has_system_id ? quirks_mode::limited_quirks : quirks_mode::quirks;
  if (starts_folded(id, "-//w3c//dtd xhtml 1.0 frameset//") ||
      starts_folded(id, "-//w3c//dtd xhtml 1.0 transitional//"))
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
  bottom.reset =
      (context & space_mask) == 0 ? reset_mode_of(context_name, true, mode::in_body) : mode::in_body;
  reset_insertion_mode();
  // A form around the context would be the form element pointer; the caller has shown us only the context.
  if (context == html_element(form_)) form_ = root_element_;
}

void tree_builder::run(std::uint32_t size, bool final) {
  tokens_.run(size, final);
}

// --- the stack of open elements
// -----------------------------------------------------------------------------

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
        if (equals_folded(encoding, "text/html") || equals_folded(encoding, "application/xhtml+xml"))
          found |= foreign::html_point;
      }
      return found;
    }
    default: return foreign::plain;
  }
}

void tree_builder::inherit(open_element& entry, std::uint32_t id, const open_element& below) const {
  entry.special = below.special;
  entry.marker = below.marker;
  entry.html = below.html;
  entry.table_scope = below.table_scope;
  entry.p_in_button_scope = below.p_in_button_scope;
  entry.li_in_list_scope = below.li_in_list_scope;
  entry.scope = below.scope;
  entry.reset = below.reset;
  entry.open_li = below.open_li;
  entry.open_item = below.open_item;
  const std::uint32_t bits = element_properties(entry.kind);
  if ((bits & property::special) != 0) {
    entry.special = id;
    if (entry.kind != html_element(address_) && entry.kind != html_element(div_) &&
        entry.kind != html_element(p_)) {
      entry.open_li = entry.kind == html_element(li_);
      entry.open_item = entry.kind == html_element(dd_)   ? dd_
                        : entry.kind == html_element(dt_) ? dt_
                                                          : name_id{0};
    }
    if ((bits & property::scope) != 0) {
      entry.marker = id;
      entry.scope = 0;
      entry.p_in_button_scope = entry.li_in_list_scope = false;
    }
  }
  if ((entry.kind & space_mask) != 0) return;
  entry.html = id;
  const name_id tag = entry.kind & name_mask;
  if (tag >= known_tag_count) return;
  if (const unsigned bit = tables.scope_bit[tag]) entry.scope |= std::uint64_t{1} << (bit - 1);
  switch (tag) {
    case p_: entry.p_in_button_scope = true; break;
    case button_: entry.p_in_button_scope = false; break;
    case li_: entry.li_in_list_scope = true; break;
    case ol_:
    case ul_: entry.li_in_list_scope = false; break;
    case html_:
    case table_:
    case template_: entry.table_scope = 0; break;
    default: break;
  }
  entry.table_scope = static_cast<std::uint16_t>(entry.table_scope | tables.table_bit[tag]);
  if ((bits & property::special) != 0) entry.reset = reset_mode_of(tag, false, entry.reset);
}

mode tree_builder::reset_mode_of(name_id tag, bool last, mode otherwise) const noexcept {
  switch (tag) {
    case td_:
    case th_: return last ? mode::in_body : mode::in_cell;
    case tr_: return mode::in_row;
    case tbody_:
    case thead_:
    case tfoot_: return mode::in_table_body;
    case caption_: return mode::in_caption;
    case colgroup_: return mode::in_column_group;
    case table_: return mode::in_table;
    case template_: return mode::of_template;
    case names::head_: return last ? mode::in_body : mode::in_head;
    case names::body_: return mode::in_body;
    case frameset_: return mode::in_frameset;
    case html_: return mode::of_html;
    default: return otherwise;
  }
}

void tree_builder::reset_insertion_mode() {
  mode_ = top().reset;
  if (mode_ == mode::of_template)
    mode_ = template_modes_.empty() ? mode::in_body : template_modes_.back();
  else if (mode_ == mode::of_html)
    mode_ = head_ == 0 ? mode::before_head : mode::after_head;
}

std::uint32_t tree_builder::new_entry() {
  if (free_entry_ != 0) {
    const std::uint32_t id = free_entry_;
    free_entry_ = stack_[id].below;
    return id;
  }
  stack_.emplace_back();
  return stack_.size() - 1;
}

void tree_builder::free_entry(std::uint32_t id) {
  if (id + 1 == stack_.size()) {
    stack_.pop_back();
    return;
  }
  stack_[id].below = free_entry_;
  free_entry_ = id;
}

void tree_builder::push(std::uint32_t node, name_id name) {
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
  inherit(entry, id, below);
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

void tree_builder::pop() {
  const std::uint32_t id = top_;
  const open_element& entry = stack_[id];
  const std::uint32_t node = entry.node;
  const bool option = has_selectedcontent_ && entry.kind == html_element(option_);
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

void tree_builder::refresh_above(std::uint32_t id) {
  const auto inherited = [](const open_element& e) {
    return std::tuple(e.special, e.marker, e.html, e.table_scope, e.p_in_button_scope, e.li_in_list_scope,
                      e.scope, e.reset, e.open_li, e.open_item);
  };
  for (id = stack_[id].above; id != 0; id = stack_[id].above) {
    ++work_;
    open_element& entry = stack_[id];
    const auto before = inherited(entry);
    const std::uint8_t bottom_foreign = entry.foreign;
    inherit(entry, id, stack_[entry.below]);
    entry.foreign = bottom_foreign;
    if (inherited(entry) == before) break;
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
  inherit(entry, made, below);
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

bool tree_builder::in_scope(name_id tag) const noexcept {
  return (top().scope >> (tables.scope_bit[tag] - 1) & 1U) != 0;
}

bool tree_builder::in_table_scope(name_id tag) const noexcept {
  return (top().table_scope & tables.table_bit[tag]) != 0;
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

// --- the list of active formatting elements
// -----------------------------------------------------------------

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
    const attr_record& attr = store_->attrs[element.a + i];
    sum += (std::hash<std::string_view>{}(store_->value(attr)) ^ attr.name * 0x9E3779B97F4A7C15ULL) *
           0xBF58476D1CE4E5B9ULL;
  }
  return sum | 1U;
}

bool tree_builder::same_attributes(const node_record& left, const node_record& right) const {
  if (left.b != right.b) return false;
  const auto sorted = [&](const node_record& element) {
    std::vector<const attr_record*> attrs;
    for (std::uint32_t i = 0; i < element.b; ++i) attrs.push_back(&store_->attrs[element.a + i]);
    std::sort(attrs.begin(), attrs.end(), [](auto* a, auto* b) { return a->name < b->name; });
    return attrs;
  };
  const auto a = sorted(left);
  const auto b = sorted(right);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i]->name != b[i]->name || store_->value(*a[i]) != store_->value(*b[i])) return false;
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
  const formatting_element format = formats_[id];
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
  formats_[id].before = free_format_;
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

inline void tree_builder::reconstruct() {
  if (last_format_ == 0) return;
  const formatting_element& last = formats_[last_format_];
  if (last.node == 0 || last.entry != 0) return;
  reconstruct_slow();
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
  if (found == 0 || (stack_[found].kind & space_mask) != 0 || stack_[found].key < stack_[top().special].key) {
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
    if (stack_[element].key < stack_[top().marker].key) {
      bad_end(tag);
      return;
    }
    if (element != top_) bad_end(tag);
    std::uint32_t furthest = stack_[element].above;
    while (furthest != 0 && stack_[furthest].special != furthest) {
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

// --- the tree
// -----------------------------------------------------------------------------------------------

std::uint32_t tree_builder::make(std::uint32_t meta, std::uint32_t a, std::uint32_t b, std::uint32_t source) {
  if (store_->nodes.size() >= options_.max_nodes) [[unlikely]] {
    store_->limit = limit_kind::nodes;
    stopped_ = true;
  }
  return store_->make(meta, a, b, source);
}

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

inline tree_builder::place tree_builder::place_for(std::uint32_t target) {
  const node_record& record = at(target);
  if (foster_) [[unlikely]] {
    switch (record.meta & kind_mask) {
      case html_element(table_):
      case html_element(tbody_):
      case html_element(tfoot_):
      case html_element(thead_):
      case html_element(tr_): return foster_place();
      default: break;
    }
  }
  if (record.is_html(template_)) [[unlikely]]
    return {record.first, 0};
  return {target, 0};
}

inline void tree_builder::insert_at(place where, std::uint32_t node) {
  if (where.before == 0)
    store_->append(where.parent, node);
  else
    store_->insert_before(node, where.before);
}

void tree_builder::insert_text_at(place where, slice text) {
  if (text.length == 0) return;
  if (where.parent == document_store::root && at(where.parent).type() == node_type::document) return;
  const std::uint32_t before =
      where.before == 0 ? store_->last_child(where.parent) : store_->previous_sibling(where.before);
  if (before != 0 && at(before).is_text()) {
    store_->append_slice(before, text);
    return;
  }
  const std::uint32_t made = make(make_meta(node_type::text, space::none, 0), text.offset, text.length,
                                  text.offset < pool_base ? text.offset : no_source);
  insert_at(where, made);
}

inline void tree_builder::insert_text(slice text) {
  insert_text_at(place_for(top().node), text);
}

void tree_builder::insert_replacement() {
  insert_text(store_->pool.add(replacement_character));
}

inline std::uint32_t tree_builder::create(const tag_token& tag, space where, name_id name) {
  used_attributes_ = true;
  const std::uint32_t made =
      make(make_meta(node_type::element, where, name), tag.first_attr, tag.attr_count, tag.source);
  if (name == template_ && where == space::html) {
    const std::uint32_t content = make(make_meta(node_type::fragment, space::none, 0), 0, 0, no_source);
    store_->append(made, content);
  }
  return made;
}

inline std::uint32_t tree_builder::insert_html(const tag_token& tag) {
  const place where = place_for(top().node);
  const std::uint32_t made = create(tag, space::html, tag.name);
  insert_at(where, made);
  push(made, tag.name);
  return made;
}

inline void tree_builder::insert_void(const tag_token& tag) {
  const place where = place_for(top().node);
  insert_at(where, create(tag, space::html, tag.name));
}

std::uint32_t tree_builder::insert_implied(name_id name) {
  const std::uint32_t made = make(html_element(name), 0, 0, no_source);
  insert_at(place_for(top().node), made);
  push(made, name);
  return made;
}

void tree_builder::adjust_svg_attributes(const tag_token& tag) {
  for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
    attr_record& attr = store_->attrs[tag.first_attr + i];
    if (attr.name < known_name_count && svg_attributes[attr.name] != 0) attr.name = svg_attributes[attr.name];
  }
}

void tree_builder::adjust_mathml_attributes(const tag_token& tag) {
  for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
    attr_record& attr = store_->attrs[tag.first_attr + i];
    if (attr.name == definitionurl_) attr.name = definitionURL_;
  }
}

void tree_builder::adjust_foreign_attributes(const tag_token& tag) {
  for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
    attr_record& attr = store_->attrs[tag.first_attr + i];
    if (attr.name < known_name_count && foreign_attributes[attr.name] != 0)
      attr.name = foreign_attributes[attr.name];
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
// ---------------------------------

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
  if (select == 0 || store_->find_attr(at(select), multiple_) != nullptr) return;
  for (const select_state& known : selects_)
    if (known.select == select) return;
  has_selectedcontent_ = true;
  select_state state{select, content, 0};
  for (std::uint32_t node = select; (node = store_->next_in(node, select)) != 0;) {
    ++work_;
    if (!at(node).is_html(option_)) continue;
    const bool chosen = store_->find_attr(at(node), selected_) != nullptr;
    if (chosen || (state.chosen == 0 && store_->find_attr(at(node), disabled_) == nullptr))
      state.chosen = node;
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
  const bool chosen = store_->find_attr(record, selected_) != nullptr;
  if (!chosen && (state->chosen != 0 || store_->find_attr(record, disabled_) != nullptr)) {
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

// --- characters
// ---------------------------------------------------------------------------------------------

void tree_builder::characters_in_body(piece what) {
  if (what.null) return;
  reconstruct();
  insert_text(what.text);
  if (frameset_ok_ && !is_blank(store_->view(what.text))) frameset_ok_ = false;
}

void tree_builder::characters(piece what) {
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
  for (;;) {
    switch (mode_) {
      case mode::in_body: return characters_in_body(what);
      case mode::in_caption:
      case mode::in_cell:
      case mode::in_template: return characters_in_body(what);
      case mode::text: return insert_text(what.text);
      case mode::initial:
        take_space();
        if (what.text.length == 0) return;
        fail(code::missing_doctype, what.text.offset);
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
        fail(code::unexpected_text, what.text.offset);
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
            foster_ = true;
            characters_in_body(what);
            foster_ = false;
            return;
        }
        break;
      case mode::in_table_text:
        if (what.null) return;
        table_text_.push_back(what);
        table_text_black_ = table_text_black_ || !is_blank(store_->view(what.text));
        return;
      case mode::in_column_group:
        insert_text(take_space());
        if (what.text.length == 0) return;
        if (!current_is(colgroup_)) {
          fail(code::unexpected_text, what.text.offset);
          return;
        }
        pop();
        mode_ = mode::in_table;
        break;
      case mode::after_body:
      case mode::after_after_body: {
        const slice space = take_space();
        if (space.length != 0) characters_in_body({space, false});
        if (what.text.length == 0) return;
        fail(code::unexpected_text, what.text.offset);
        mode_ = mode::in_body;
        break;
      }
      case mode::in_frameset:
      case mode::after_frameset:
      case mode::after_after_frameset: {
        if (what.null) return;
        // Only the white space counts; what is between is dropped.
        while (what.text.length != 0) {
          const slice space = take_space();
          if (space.length != 0) {
            if (mode_ == mode::after_after_frameset)
              characters_in_body({space, false});
            else
              insert_text(space);
          }
          if (what.text.length == 0) return;
          fail(code::unexpected_text, what.text.offset);
          const char* at = store_->address(what.text.offset);
          while (what.text.length != 0 && !is_space(*at)) ++at, ++what.text.offset, --what.text.length;
        }
        return;
      }
      default: return;
    }
  }
}

void tree_builder::flush_table_text() {
  mode_ = original_mode_;
  foster_ = table_text_black_;
  if (table_text_black_) fail(code::unexpected_text, table_text_[0].text.offset);
  for (std::uint32_t i = 0; i < table_text_.size(); ++i) {
    if (table_text_black_)
      characters_in_body(table_text_[i]);
    else
      insert_text(table_text_[i].text);
  }
  foster_ = false;
  table_text_.clear();
}

// --- comments, doctypes, the end
// ----------------------------------------------------------------------------

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

// --- start tags
// ---------------------------------------------------------------------------------------------

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
  bool out = breaks_out(tag.name);
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
        case base_:
        case basefont_:
        case bgsound_:
        case link_:
        case meta_:
        case noframes_:
        case script_:
        case style_:
        case template_:
        case title_: {
          bad_start(tag);
          push(head_, names::head_);
          const std::uint32_t entry = top_;
          start_in_head(tag);
          remove_open(entry);
          return true;
        }
        case names::head_: bad_start(tag); return true;
        default:
          body_ = insert_implied(names::body_);
          mode_ = mode::in_body;
          return false;
      }
    case mode::in_body: start_in_body(tag); return true;
    case mode::in_table: return start_in_table(tag);
    case mode::in_caption:
      switch (tag.name) {
        case caption_:
        case col_:
        case colgroup_:
        case tbody_:
        case td_:
        case tfoot_:
        case th_:
        case thead_:
        case tr_:
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
        default: start_in_body(tag); return true;
      }
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
        case caption_:
        case col_:
        case colgroup_:
        case tbody_:
        case tfoot_:
        case thead_:
          if (!in_table_scope(tbody_) && !in_table_scope(thead_) && !in_table_scope(tfoot_)) {
            bad_start(tag);
            return true;
          }
          clear_to_table_body_context();
          pop();
          mode_ = mode::in_table;
          return false;
        default: return start_in_table(tag);
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
        case caption_:
        case col_:
        case colgroup_:
        case tbody_:
        case tfoot_:
        case thead_:
        case tr_:
          if (!in_table_scope(tr_)) {
            bad_start(tag);
            return true;
          }
          clear_to_row_context();
          pop();
          mode_ = mode::in_table_body;
          return false;
        default: return start_in_table(tag);
      }
    case mode::in_cell:
      switch (tag.name) {
        case caption_:
        case col_:
        case colgroup_:
        case tbody_:
        case td_:
        case tfoot_:
        case th_:
        case thead_:
        case tr_:
          if (!in_table_scope(td_) && !in_table_scope(th_)) {
            bad_start(tag);
            return true;
          }
          close_cell();
          return false;
        default: start_in_body(tag); return true;
      }
    case mode::in_template: {
      mode next;
      switch (tag.name) {
        case base_:
        case basefont_:
        case bgsound_:
        case link_:
        case meta_:
        case noframes_:
        case script_:
        case style_:
        case template_:
        case title_: return start_in_head(tag);
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
        const attr_record& attr = store_->attrs[tag.first_attr + i];
        if (attr.name == type_) hidden = equals_folded(store_->value(attr), "hidden");
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
  const start_action action = tag.name < known_tag_count ? tables.start[tag.name] : start_action::ordinary;
  switch (action) {
    case start_action::ordinary:
      reconstruct();
      insert_html(tag);
      if (tag.name == selectedcontent_) [[unlikely]]
        content_inserted(top().node);
      return;
    case start_action::block:
      if (top().p_in_button_scope) close_p();
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
      if (top().open_li) {
        implied_end_tags(li_);
        if (!current_is(li_)) bad_start(tag);
        pop_until(li_);
      }
      if (top().p_in_button_scope) close_p();
      insert_html(tag);
      return;
    case start_action::item:
      frameset_ok_ = false;
      if (const name_id open = top().open_item) {
        implied_end_tags(open);
        if (!current_is(open)) bad_start(tag);
        pop_until(open);
      }
      if (top().p_in_button_scope) close_p();
      insert_html(tag);
      return;
    case start_action::heading:
      if (top().p_in_button_scope) close_p();
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
      if (top().p_in_button_scope) close_p();
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
      if (top().p_in_button_scope) close_p();
      const std::uint32_t made = insert_html(tag);
      if (!in_template) form_ = made;
      return;
    }
    case start_action::plaintext:
      if (top().p_in_button_scope) close_p();
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
      if (store_->quirks != quirks_mode::quirks && top().p_in_button_scope) close_p();
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
        const attr_record& attr = store_->attrs[tag.first_attr + i];
        if (attr.name == type_) hidden = equals_folded(store_->value(attr), "hidden");
      }
      insert_void(tag);
      if (!hidden) frameset_ok_ = false;
      return;
    }
    case start_action::void_plain: insert_void(tag); return;
    case start_action::hr:
      if (top().p_in_button_scope) close_p();
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
      if (top().p_in_button_scope) close_p();
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

// --- end tags
// -----------------------------------------------------------------------------------------------

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
  if (found == 0 || stack_[found].key <= stack_[top().html].key) return false;
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
  const end_action action = tag.name < known_tag_count ? tables.end[tag.name] : end_action::other;
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
      if (!top().p_in_button_scope) {
        bad_end(tag);
        insert_implied(p_);
      }
      close_p();
      return;
    case end_action::li:
      if (!top().li_in_list_scope) {
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
      if (entry == 0 || stack_[entry].key < stack_[top().marker].key) {
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
    case names::body_:
    case caption_:
    case col_:
    case colgroup_:
    case html_:
    case tbody_:
    case td_:
    case tfoot_:
    case th_:
    case thead_:
    case tr_: bad_end(tag); return true;
    case template_: end_template(tag); return true;
    default:
      bad_end(tag);
      foster_ = true;
      end_in_body(tag);
      foster_ = false;
      return true;
  }
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
        case names::body_:
        case col_:
        case colgroup_:
        case html_:
        case tbody_:
        case td_:
        case tfoot_:
        case th_:
        case thead_:
        case tr_: bad_end(tag); return true;
        default: end_in_body(tag); return true;
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
        case names::body_:
        case caption_:
        case col_:
        case colgroup_:
        case html_:
        case td_:
        case th_:
        case tr_: bad_end(tag); return true;
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
        case names::body_:
        case caption_:
        case col_:
        case colgroup_:
        case html_:
        case td_:
        case th_: bad_end(tag); return true;
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
        case names::body_:
        case caption_:
        case col_:
        case colgroup_:
        case html_: bad_end(tag); return true;
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
        default: end_in_body(tag); return true;
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
