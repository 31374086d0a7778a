// Names by number: those of names.inc are the same in every document, others are added to the document's
// table.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tidewire::html::detail {

// An index into the names that are known beforehand, or (from known_name_count up) into the document's own.
using name_id = std::uint32_t;

namespace names {
enum known : name_id {
  none = 0,
#define TIDEWIRE_HTML_NAMES(identifier, spelling) identifier,
#include "names.inc"
  end_of_known
};
}  // namespace names

inline constexpr name_id known_name_count = names::end_of_known;
inline constexpr name_id known_tag_count =
#define TIDEWIRE_HTML_TAG_COUNT(count) count + 1
#include "names.inc"
    ;
inline constexpr name_id max_name_id = (1U << 24) - 1;

extern const std::string_view known_spellings[known_name_count];

// The first sixteen bytes of a name, padded with zeros.
struct name_key {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend constexpr bool operator==(const name_key&, const name_key&) = default;
};

template <class Integer>
constexpr Integer load_little(const char* at) noexcept {
  if (std::is_constant_evaluated() || std::endian::native != std::endian::little) {
    Integer value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i)
      value |= static_cast<Integer>(static_cast<Integer>(static_cast<unsigned char>(at[i])) << (8 * i));
    return value;
  } else {
    Integer value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
}

constexpr name_key make_name_key(const char* at, std::size_t length) noexcept {
  name_key key;
  if (length > 8) {
    key.low = load_little<std::uint64_t>(at);
    key.high = length >= 16 ? load_little<std::uint64_t>(at + 8)
                            : load_little<std::uint64_t>(at + length - 8) >> (8 * (16 - length));
  } else if (length >= 4) {
    key.low = load_little<std::uint32_t>(at) | std::uint64_t{load_little<std::uint32_t>(at + length - 4)}
                                                   << (8 * (length - 4));
  } else {
    for (std::size_t i = 0; i < length; ++i)
      key.low |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  }
  return key;
}

struct known_name_table {
  static constexpr unsigned bits = 12;
  std::array<name_key, known_name_count> keys{};
  std::array<std::uint16_t, std::size_t{1} << bits> slots{};  // 0: free

  static constexpr std::size_t slot_of(const name_key& key) noexcept {
    return ((key.low ^ std::rotl(key.high, 21)) * 0x9E3779B97F4A7C15ULL) >> (64 - bits);
  }
  // The number of the name that begins with `key`, or 0.
  constexpr name_id find(const name_key& key) const noexcept {
    for (std::size_t slot = slot_of(key);; slot = (slot + 1) % slots.size()) {
      const name_id id = slots[slot];
      if (id == 0 || keys[id] == key) return id;
    }
  }
};
extern const known_name_table known_names;

// The number of a known name, or 0.
name_id find_known_name(std::string_view name) noexcept;
// The same for a name of 1 to 15 bytes, none of them NUL, where 16 can be read.
inline name_id find_known_name(const char* at, std::size_t length) noexcept {
  if (length <= 8)
    return known_names.find({load_little<std::uint64_t>(at) & UINT64_MAX >> (64 - 8 * length), 0});
  return known_names.find({load_little<std::uint64_t>(at),
                           load_little<std::uint64_t>(at + 8) & UINT64_MAX >> (128 - 8 * length)});
}

// The document's own names: id = known_name_count + position.
class name_table {
 public:
  name_table() noexcept;
  void clear() noexcept;
  // 0 if the name is neither known nor ours.
  name_id find(std::string_view name) const noexcept;
  // The id of a name, added if it is new: `keep` then copies its spelling to where it stays. 0 for "".
  template <class Keep>
  name_id intern(std::string_view name, Keep&& keep) {
    if (name_id id = find_known_name(name)) return id;
    if (name.empty()) return 0;
    const std::uint64_t hash = hash_of(name);
    if (name_id id = find_own(name, hash)) return id;
    return add(keep(name), hash);
  }
  std::string_view spelling(name_id id) const noexcept {
    return id < known_name_count ? known_spellings[id] : own_[id - known_name_count].spelling;
  }
  name_id size() const noexcept { return known_name_count + static_cast<name_id>(own_.size()); }
  std::size_t memory() const noexcept;

 private:
  struct entry {
    std::string_view spelling;
    std::uint64_t hash;
  };
  std::uint64_t hash_of(std::string_view name) const noexcept;
  name_id find_own(std::string_view name, std::uint64_t hash) const noexcept;
  name_id add(std::string_view name, std::uint64_t hash);

  std::vector<entry> own_;
  std::vector<std::uint32_t> slots_;  // position + 1, 0 = free; a power of two, at most half full
  std::uint64_t seed_;
};

// Properties of elements, as bits; one table for the HTML namespace.
namespace property {
enum : std::uint32_t {
  special = 1U << 0,          // 13.2.4.2 "special"
  formatting = 1U << 1,       // 13.2.4.2 "formatting"
  scope = 1U << 2,            // ends the default scope
  void_element = 1U << 3,     // 13.1.2: has no end tag
  raw_text = 1U << 4,         // 13.3: its text is serialised as it is
  implied_end = 1U << 5,      // "generate implied end tags"
  implied_end_all = 1U << 6,  // "generate all implied end tags thoroughly"
  heading = 1U << 7,          // h1 to h6
  block = 1U << 8,            // breaks a line in rendered text
  open_at_end = 1U << 9,      // may be open at the end of the body without an error
  table_part = 1U << 10,      // stands in a table, as the rules for tables name them
  head_content = 1U << 11,    // goes to the head, by "in head", also where it comes too late
  leaves_foreign = 1U << 12,  // 13.2.6.5: its start tag ends foreign content
};
}  // namespace property
constexpr std::array<std::uint32_t, known_tag_count> make_known_properties() {
  using namespace names;
  std::array<std::uint32_t, known_tag_count> table{};
  const auto set = [&](std::uint32_t bits, std::initializer_list<name_id> tags) {
    for (name_id tag : tags) table[tag] |= bits;
  };
  set(property::special,
      {address_,  applet_,   area_,     article_, aside_,   base_,     basefont_,   bgsound_, blockquote_,
       body_,     br_,       button_,   caption_, center_,  col_,      colgroup_,   dd_,      details_,
       dir_,      div_,      dl_,       dt_,      embed_,   fieldset_, figcaption_, figure_,  footer_,
       form_,     frame_,    frameset_, h1_,      h2_,      h3_,       h4_,         h5_,      h6_,
       head_,     header_,   hgroup_,   hr_,      html_,    iframe_,   img_,        input_,   keygen_,
       li_,       link_,     listing_,  main_,    marquee_, menu_,     meta_,       nav_,     noembed_,
       noframes_, noscript_, object_,   ol_,      p_,       param_,    plaintext_,  pre_,     script_,
       search_,   section_,  select_,   source_,  style_,   summary_,  table_,      tbody_,   td_,
       template_, textarea_, tfoot_,    th_,      thead_,   title_,    tr_,         track_,   ul_,
       wbr_,      xmp_});
  set(property::formatting,
      {a_, b_, big_, code_, em_, font_, i_, nobr_, s_, small_, strike_, strong_, tt_, u_});
  set(property::scope, {applet_, caption_, html_, table_, td_, th_, marquee_, object_, select_, template_});
  set(property::void_element, {area_, base_, basefont_, bgsound_, br_, col_, embed_, frame_, hr_, img_,
                               input_, keygen_, link_, meta_, param_, source_, track_, wbr_});
  set(property::raw_text, {style_, script_, xmp_, iframe_, noembed_, noframes_, plaintext_});
  set(property::implied_end | property::implied_end_all,
      {dd_, dt_, li_, optgroup_, option_, p_, rb_, rp_, rt_, rtc_});
  set(property::implied_end_all, {caption_, colgroup_, tbody_, td_, tfoot_, th_, thead_, tr_});
  set(property::heading, {h1_, h2_, h3_, h4_, h5_, h6_});
  set(property::open_at_end, {dd_, dt_, li_, optgroup_, option_, p_, rb_, rp_, rt_, rtc_, tbody_, td_, tfoot_,
                              th_, thead_, tr_, body_, html_});
  set(property::table_part, {caption_, col_, colgroup_, tbody_, td_, tfoot_, th_, thead_, tr_});
  set(property::head_content,
      {base_, basefont_, bgsound_, link_, meta_, noframes_, script_, style_, template_, title_});
  set(property::leaves_foreign,
      {b_,     big_,   blockquote_, body_,   br_,   center_, code_,  dd_, div_,  dl_,   dt_,
       em_,    embed_, h1_,         h2_,     h3_,   h4_,     h5_,    h6_, head_, hr_,   i_,
       img_,   li_,    listing_,    menu_,   meta_, nobr_,   ol_,    p_,  pre_,  ruby_, s_,
       small_, span_,  strong_,     strike_, sub_,  sup_,    table_, tt_, u_,    ul_,   var_});
  set(property::block,
      {address_, article_, aside_,     blockquote_, body_,     center_,     dd_,      details_, dialog_,
       dir_,     div_,     dl_,        dt_,         fieldset_, figcaption_, figure_,  footer_,  form_,
       h1_,      h2_,      h3_,        h4_,         h5_,       h6_,         header_,  hgroup_,  hr_,
       html_,    legend_,  li_,        listing_,    main_,     menu_,       nav_,     ol_,      optgroup_,
       option_,  p_,       plaintext_, pre_,        search_,   section_,    summary_, table_,   caption_,
       tbody_,   thead_,   tfoot_,     tr_,         ul_,       xmp_});
  return table;
}
inline constexpr std::array<std::uint32_t, known_tag_count> known_properties = make_known_properties();
inline std::uint32_t html_properties(name_id name) noexcept {
  return name < known_tag_count ? known_properties[name] : 0;
}

inline bool has_property(name_id name, std::uint32_t bits) noexcept {
  return (html_properties(name) & bits) != 0;
}

}  // namespace tidewire::html::detail
