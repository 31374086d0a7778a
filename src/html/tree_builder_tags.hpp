// What the rules of tree construction say of single tags, as tables.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "store.hpp"
#include "tree_builder.hpp"

namespace tidewire::html::detail {

constexpr std::uint32_t math_kind(name_id name) noexcept {
  return make_meta(node_type::element, space::mathml, name);
}
constexpr std::uint32_t svg_kind(name_id name) noexcept {
  return make_meta(node_type::element, space::svg, name);
}

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

// How an element changes what a walk down the stack finds.
struct scope_effect {
  std::uint64_t kept_tags = UINT64_MAX;
  std::uint64_t tags = 0;
  std::uint16_t kept_table_tags = UINT16_MAX;
  std::uint16_t table_tags = 0;
  std::uint8_t kept_nearby = UINT8_MAX;
  std::uint8_t nearby = 0;
  bool special = false;
  bool boundary = false;
  bool html = true;
  insertion_mode reset = insertion_mode::of_below;

  constexpr void keep_out(unsigned what) noexcept {
    kept_nearby = static_cast<std::uint8_t>(kept_nearby & ~what);
  }
  constexpr void end_scope() noexcept {
    boundary = true;
    kept_tags = 0;
    keep_out(nearby::p | nearby::li);
  }
};

struct tag_tables {
  std::array<start_action, known_tag_count> start{};
  std::array<end_action, known_tag_count> end{};
  std::array<scope_effect, known_tag_count> effect{};
};

// 13.2.4.1, "reset the insertion mode appropriately", for one element of the stack.
constexpr insertion_mode reset_mode_of(name_id tag, bool last, insertion_mode otherwise) noexcept {
  using namespace names;
  switch (tag) {
    case td_:
    case th_: return last ? insertion_mode::in_body : insertion_mode::in_cell;
    case tr_: return insertion_mode::in_row;
    case tbody_:
    case thead_:
    case tfoot_: return insertion_mode::in_table_body;
    case caption_: return insertion_mode::in_caption;
    case colgroup_: return insertion_mode::in_column_group;
    case table_: return insertion_mode::in_table;
    case template_: return insertion_mode::of_template;
    case head_: return last ? insertion_mode::in_body : insertion_mode::in_head;
    case body_: return insertion_mode::in_body;
    case frameset_: return insertion_mode::in_frameset;
    case html_: return insertion_mode::of_html;
    default: return otherwise;
  }
}

constexpr tag_tables make_tag_tables() {
  using namespace names;
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

  for (name_id tag = 1; tag < known_tag_count; ++tag) {
    scope_effect& effect = t.effect[tag];
    const std::uint32_t bits = known_properties[tag];
    effect.special = (bits & property::special) != 0;
    if (effect.special && tag != address_ && tag != div_ && tag != p_)
      effect.keep_out(nearby::open_li | nearby::open_dd | nearby::open_dt);
    if ((bits & property::scope) != 0) effect.end_scope();
    effect.reset = reset_mode_of(tag, false, insertion_mode::of_below);
  }
  std::uint64_t bit = 1;
  const auto ask_for = [&](std::initializer_list<name_id> tags) {
    for (name_id tag : tags) {
      t.effect[tag].tags = bit;
      bit <<= 1;
    }
  };
  ask_for(blocks);
  ask_for({button_, listing_, pre_, select_, form_, dd_, dt_, applet_, marquee_, object_, body_, option_,
           optgroup_, ruby_, nobr_});
  for (name_id tag : {h1_, h2_, h3_, h4_, h5_, h6_}) t.effect[tag].tags = bit;
  std::uint16_t table_bit = 1;
  for (name_id tag : {table_, td_, th_, tr_, tbody_, tfoot_, thead_, caption_}) {
    t.effect[tag].table_tags = table_bit;
    table_bit = static_cast<std::uint16_t>(table_bit << 1);
  }
  for (name_id tag : {html_, table_, template_}) t.effect[tag].kept_table_tags = 0;
  t.effect[p_].nearby = nearby::p;
  t.effect[button_].keep_out(nearby::p);
  t.effect[li_].nearby = nearby::li | nearby::open_li;
  t.effect[dd_].nearby = nearby::open_dd;
  t.effect[dt_].nearby = nearby::open_dt;
  for (name_id tag : {ol_, ul_}) t.effect[tag].keep_out(nearby::li);
  return t;
}
inline constexpr tag_tables tag_table = make_tag_tables();

constexpr scope_effect foreign_effect(bool special) noexcept {
  scope_effect effect;
  effect.html = false;
  effect.special = special;
  if (special) {
    effect.keep_out(nearby::open_li | nearby::open_dd | nearby::open_dt);
    effect.end_scope();
  }
  return effect;
}
inline constexpr scope_effect other_effect;
inline constexpr scope_effect foreign_plain_effect = foreign_effect(false);
inline constexpr scope_effect foreign_special_effect = foreign_effect(true);

inline const scope_effect& effect_of(std::uint32_t kind) noexcept {
  using namespace names;
  const name_id name = kind & name_mask;
  if ((kind & space_mask) == 0) return name < known_tag_count ? tag_table.effect[name] : other_effect;
  switch (kind) {
    case math_kind(mi_):
    case math_kind(mo_):
    case math_kind(mn_):
    case math_kind(ms_):
    case math_kind(mtext_):
    case math_kind(annotation_xml_):
    case svg_kind(foreignObject_):
    case svg_kind(desc_):
    case svg_kind(title_): return foreign_special_effect;
    default: return foreign_plain_effect;
  }
}

}  // namespace tidewire::html::detail
