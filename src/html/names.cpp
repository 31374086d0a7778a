#include "names.hpp"

#include <array>
#include <initializer_list>

namespace tidewire::html::detail {

const std::string_view known_spellings[known_name_count] = {
    "",
#define TIDEWIRE_HTML_NAMES(identifier, spelling) spelling,
#include "names.inc"
};

namespace {

constexpr std::size_t slot_count = 2048;
static_assert(known_name_count * 2 < slot_count);

struct known_table {
  std::array<name_key, known_name_count> keys{};
  std::array<std::uint16_t, slot_count> slots{};
};

constexpr known_table make_known_table() {
  constexpr std::string_view spellings[] = {
      "",
#define TIDEWIRE_HTML_NAMES(identifier, spelling) spelling,
#include "names.inc"
  };
  known_table table;
  for (std::uint16_t id = 1; id < known_name_count; ++id) {
    table.keys[id] = make_name_key(spellings[id].data(), spellings[id].size());
    std::size_t slot = hash_name_key(table.keys[id]) >> 53;
    while (table.slots[slot] != 0) slot = (slot + 1) % slot_count;
    table.slots[slot] = id;
  }
  return table;
}

constexpr known_table known = make_known_table();

}  // namespace

name_id find_known_name(const char* at, std::size_t length) noexcept {
  if (length == 0) return 0;
  const name_key key = make_name_key(at, length);
  for (std::size_t slot = hash_name_key(key) >> 53;; slot = (slot + 1) % slot_count) {
    const name_id id = known.slots[slot];
    if (id == 0) return 0;
    if (known.keys[id] == key && (length <= 16 || known_spellings[id] == std::string_view(at, length)))
      return id;
  }
}

// The seed differs between runs, so that nobody can prepare names that collide.
name_table::name_table() noexcept
    : seed_(reinterpret_cast<std::uintptr_t>(this) * 0x9E3779B97F4A7C15ULL ^
            reinterpret_cast<std::uintptr_t>(&known_spellings)) {}

void name_table::clear() noexcept {
  own_.clear();
  slots_.clear();
}

std::uint64_t name_table::hash_of(std::string_view name) const noexcept {
  std::uint64_t hash = seed_ ^ name.size();
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * 0xBF58476D1CE4E5B9ULL;
    hash ^= hash >> 29;
    hash = (hash + seed_) * 0x94D049BB133111EBULL;
    hash ^= hash >> 32;
  };
  const char* at = name.data();
  std::size_t left = name.size();
  for (; left >= 8; left -= 8, at += 8) mix(load_little<std::uint64_t>(at));
  std::uint64_t rest = 0;
  for (std::size_t i = 0; i < left; ++i)
    rest |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  mix(rest);
  return hash;
}

name_id name_table::find_own(std::string_view name, std::uint64_t hash) const noexcept {
  if (slots_.empty()) return 0;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const entry& candidate = own_[slots_[slot] - 1];
    if (candidate.hash == hash && candidate.spelling == name) return known_name_count + slots_[slot] - 1;
  }
  return 0;
}

name_id name_table::find(std::string_view name) const noexcept {
  if (name_id id = find_known_name(name)) return id;
  return own_.empty() ? 0 : find_own(name, hash_of(name));
}

name_id name_table::add(std::string_view name, std::uint64_t hash) {
  if ((own_.size() + 1) * 2 > slots_.size()) {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
    const std::size_t mask = slots_.size() - 1;
    for (std::uint32_t i = 0; i < own_.size(); ++i) {
      std::size_t slot = own_[i].hash & mask;
      while (slots_[slot] != 0) slot = (slot + 1) & mask;
      slots_[slot] = i + 1;
    }
  }
  own_.push_back({name, hash});
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = static_cast<std::uint32_t>(own_.size());
  return known_name_count + static_cast<name_id>(own_.size()) - 1;
}

std::size_t name_table::memory() const noexcept {
  return own_.capacity() * sizeof(entry) + slots_.capacity() * sizeof(std::uint32_t);
}

namespace {

using namespace names;

constexpr void set(std::array<std::uint32_t, known_tag_count>& table, std::uint32_t bits,
                   std::initializer_list<name_id> tags) {
  for (name_id tag : tags) table[tag] |= bits;
}

constexpr std::array<std::uint32_t, known_tag_count> make_properties() {
  std::array<std::uint32_t, known_tag_count> table{};
  set(table, property::special,
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
  set(table, property::formatting,
      {a_, b_, big_, code_, em_, font_, i_, nobr_, s_, small_, strike_, strong_, tt_, u_});
  set(table, property::scope,
      {applet_, caption_, html_, table_, td_, th_, marquee_, object_, select_, template_});
  set(table, property::void_element,
      {area_, base_, basefont_, bgsound_, br_, col_, embed_, frame_, hr_, img_, input_, keygen_, link_, meta_,
       param_, source_, track_, wbr_});
  set(table, property::raw_text, {style_, script_, xmp_, iframe_, noembed_, noframes_, plaintext_});
  set(table, property::implied_end | property::implied_end_all,
      {dd_, dt_, li_, optgroup_, option_, p_, rb_, rp_, rt_, rtc_});
  set(table, property::implied_end_all, {caption_, colgroup_, tbody_, td_, tfoot_, th_, thead_, tr_});
  set(table, property::heading, {h1_, h2_, h3_, h4_, h5_, h6_});
  set(table, property::open_at_end,
      {dd_, dt_, li_, optgroup_, option_, p_, rb_, rp_, rt_, rtc_, tbody_, td_, tfoot_, th_, thead_, tr_,
       body_, html_});
  set(table, property::block,
      {address_, article_, aside_,     blockquote_, body_,     center_,     dd_,      details_, dialog_,
       dir_,     div_,     dl_,        dt_,         fieldset_, figcaption_, figure_,  footer_,  form_,
       h1_,      h2_,      h3_,        h4_,         h5_,       h6_,         header_,  hgroup_,  hr_,
       html_,    legend_,  li_,        listing_,    main_,     menu_,       nav_,     ol_,      optgroup_,
       option_,  p_,       plaintext_, pre_,        search_,   section_,    summary_, table_,   caption_,
       tbody_,   thead_,   tfoot_,     tr_,         ul_,       xmp_});
  return table;
}

}  // namespace

constexpr std::array<std::uint32_t, known_tag_count> known_properties = make_properties();

}  // namespace tidewire::html::detail
