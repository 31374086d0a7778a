// Matching. From right to left, on the elements that the rightmost compound's best index names. Whatever
// would walk over ancestors, siblings or descendants again and again is remembered for the length of a query,
// so that a query is linear in the document (times the parts of the selector), however deep or wide it is.
#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <unordered_map>

#include "scan.hpp"
#include "select_index.hpp"
#include "selector_program.hpp"
#include "selector_state.hpp"
#include "text_search.hpp"

namespace tidewire::html {

using namespace detail;
using namespace detail::names;

namespace {

// Attributes whose values HTML documents compare without case (WHATWG HTML 4.16.2).
constexpr std::array<bool, known_name_count> make_folded_attributes() {
  std::array<bool, known_name_count> table{};
  for (name_id name : {accept_,   accept_charset_, align_,     bgcolor_,  charset_,  checked_, clear_,
                       color_,    defer_,          dir_,       disabled_, enctype_,  face_,    frame_,
                       hreflang_, http_equiv_,     lang_,      language_, link_,     media_,   method_,
                       multiple_, noresize_,       noshade_,   nowrap_,   readonly_, rel_,     rev_,
                       rules_,    scope_,          scrolling_, selected_, shape_,    target_,  text_,
                       type_,     valign_,         vlink_})
    table[name] = true;
  return table;
}
constexpr auto folded_attributes = make_folded_attributes();

// How far a walk goes before it is worth remembering its answers.
constexpr unsigned short_walk = 24;
// What is less than the number of elements divided by this is few: looked at one by one.
constexpr std::uint32_t few = 64;

class bits {
 public:
  void size(std::size_t count) { words_.assign((count + 63) / 64, 0); }
  bool empty() const { return words_.empty(); }
  bool get(std::uint32_t at) const { return (words_[at >> 6] >> (at & 63) & 1U) != 0; }
  // Sets; true if it was not set before.
  bool set(std::uint32_t at) {
    const std::uint64_t bit = std::uint64_t{1} << (at & 63);
    const bool fresh = (words_[at >> 6] & bit) == 0;
    words_[at >> 6] |= bit;
    return fresh;
  }

 private:
  std::vector<std::uint64_t> words_;
};

class query {
 public:
  query(const document_store& store, const selector_program& program, std::uint32_t scope)
      : store_(store), program_(program), scope_(scope), memos_(program.memos) {
    if (scope_ == document_store::root && store_[scope_].type() == node_type::document) {
      for (scope_ = store_.first_child(scope_); scope_ != 0 && !store_[scope_].is_element();)
        scope_ = store_[scope_].next;
    }
  }

  // Only this node is asked: what its text or its descendants must have is looked up without the rest of the
  // tree.
  bool matches_only(std::uint32_t node) {
    asked_ = node;
    return matches(node);
  }
  bool matches(std::uint32_t node) { return store_[node].is_element() && match_list(program_.top, node); }

  std::vector<std::uint32_t> select(std::uint32_t below, std::size_t limit) {
    std::vector<std::uint32_t> found;
    const selector_list& top = program_.lists[program_.top];
    if (limit == 0 || top.members.empty()) return found;
    const select_index* index =
        store_[below].parent == 0 && below != document_store::root ? nullptr : &index_of(store_);
    std::pair<std::uint32_t, std::uint32_t> range{select_index::nobody, select_index::nobody};
    if (index != nullptr) range = index->below(store_, below);
    if (range.first == select_index::nobody) {
      // Not in the document's tree: contents of a template, or what was taken out.
      for (std::uint32_t at = below; (at = store_.next_in(at, below)) != 0 && found.size() < limit;)
        if (store_[at].is_element() && match_list(program_.top, at)) found.push_back(at);
      return found;
    }
    std::vector<std::uint32_t> positions;
    for (const std::uint32_t member : top.members) {
      const complex_selector& complex = program_.complexes[member];
      const std::uint32_t last = complex.first + complex.count - 1;
      const std::size_t before = positions.size();
      // The root of a fragment is no element, but ":scope > p" may ask for it.
      if (complex.count > 1 && limit > index->size() / few &&
          store_[document_store::root].type() == node_type::document &&
          select_by_sets(*index, range.first, range.second, complex, positions))
        continue;
      candidates(*index, range.first, range.second, program_.compounds[last],
                 [&](std::uint32_t position, bool sure) {
                   if ((sure && complex.count == 1) || match_from(complex, last, index->nodes[position]))
                     positions.push_back(position);
                   return positions.size() - before < limit;
                 });
    }
    if (top.members.size() > 1) {
      std::sort(positions.begin(), positions.end());
      positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
      if (positions.size() > limit) positions.resize(limit);
    }
    found.reserve(positions.size());
    for (const std::uint32_t position : positions) found.push_back(index->nodes[position]);
    return found;
  }

  // Steps so far: elements looked at and links followed. Tests hold them against the size of the document.
  std::uint64_t work() const noexcept { return work_; }

  std::uint32_t closest(std::uint32_t node) {
    for (; node != 0; node = store_[node].parent)
      if (matches(node)) return node;
    return 0;
  }

 private:
  static constexpr name_id unbound = UINT32_MAX;

  struct memo {
    std::vector<std::uint8_t> answers;   // 0 unknown, 1 no, 2 yes
    std::vector<std::uint32_t> indexes;  // of nth: 0 unknown
    bits marked;                         // of :has
    bool has_known = false;
  };

  const std::string& text(std::uint32_t string) const { return program_.strings[string]; }
  name_id bound(std::uint32_t string) {
    if (bound_.empty()) bound_.assign(program_.strings.size(), unbound);
    if (bound_[string] == unbound) bound_[string] = store_.own_names.find(text(string));
    return bound_[string];
  }
  bool folds_names(const node_record& element) const { return element.where() == space::html && !store_.xml; }

  std::uint32_t parent_element(std::uint32_t node) const {
    const std::uint32_t parent = store_[node].parent;
    return parent != 0 && (store_[parent].is_element() || parent == scope_) ? parent : 0;
  }
  std::uint32_t previous_element(std::uint32_t node) const {
    do node = store_.previous_sibling(node), ++work_;
    while (node != 0 && !store_[node].is_element());
    return node;
  }
  std::uint32_t next_element(std::uint32_t node) const {
    do node = store_[node].next, ++work_;
    while (node != 0 && !store_[node].is_element());
    return node;
  }

  // The test of a compound that names the fewest elements, as far as an index tells; null if none does.
  const simple_test* best_test(const compound_selector& part) const {
    const auto rank = [](const simple_test& each) {
      switch (each.kind) {
        case test_kind::nothing: return 5;
        case test_kind::id: return 4;
        case test_kind::class_: return 3;
        case test_kind::type: return 2;
        case test_kind::attribute: return each.space == 0 ? 1 : 0;
        default: return 0;
      }
    };
    const simple_test* best = nullptr;
    for (std::uint32_t i = 0; i < part.count; ++i) {
      const simple_test& test = program_.tests[part.first + i];
      if (rank(test) > (best == nullptr ? 0 : rank(*best))) best = &test;
    }
    return best;
  }

  // Calls found(position, sure) for the elements in [from, to) that may match `part`, in order, while it
  // returns true; `sure` says that nothing is left to ask.
  template <class Found>
  void candidates(const select_index& index, std::uint32_t from, std::uint32_t to,
                  const compound_selector& part, Found&& found) {
    const simple_test* const best = best_test(part);
    if (best != nullptr && best->kind == test_kind::nothing) return;
    const auto listed = [&](std::span<const std::uint32_t> positions, bool sure) {
      auto at = std::lower_bound(positions.begin(), positions.end(), from);
      for (; at != positions.end() && *at < to; ++at)
        if (!found(*at, sure)) return;
    };
    const bool alone = part.count == 1;
    if (best == nullptr) {
      for (std::uint32_t position = from; position < to; ++position)
        if (!found(position, part.count == 0)) return;
      return;
    }
    switch (best->kind) {
      case test_kind::id: return listed(index.ids(store_).find(text(best->value)), alone);
      case test_kind::class_: return listed(index.classes(store_).find(text(best->value)), alone);
      case test_kind::attribute: {
        const name_id lower_name = bound(best->lower_name);
        const name_id name = bound(best->name);
        if (lower_name == name && text(best->name).find(':') == std::string::npos && !store_.xml) {
          if (name != 0)
            listed(index.with_attribute(store_, name),
                   alone && best->compare == attribute_operator::present && !foreign_attribute(name));
          return;
        }
        break;
      }
      default: {
        const name_id lower_name = bound(best->lower_name);
        const name_id name = bound(best->name);
        if (store_.xml || lower_name >= select_index::other_tag) break;
        const auto tag = static_cast<std::uint16_t>(lower_name);
        const bool sure = alone && best->space == any_space;
        const std::uint16_t* const tags = index.tags.data();
        scan(tags, from, to, tag, name != 0,
             [&](std::uint32_t position) { return found(position, sure && tags[position] == tag); });
        return;
      }
    }
    for (std::uint32_t position = from; position < to; ++position)
      if (!found(position, false)) return;
  }
  // Names that attributes in a namespace have, too: there the name alone does not decide.
  static bool foreign_attribute(name_id name) {
    switch (name) {
      case actuate_:
      case arcrole_:
      case href_:
      case role_:
      case show_:
      case title_:
      case type_:
      case lang_:
      case space_:
      case xmlns_:
      case xlink_: return true;
      default: return false;
    }
  }
  // The positions whose tag is `tag`, or (if `others`) is not in the column at all.
  template <class Found>
  static void scan(const std::uint16_t* tags, std::uint32_t from, std::uint32_t to, std::uint16_t tag,
                   bool others, Found&& found) {
    std::uint32_t at = from;
    const std::uint16_t other = others ? select_index::other_tag : tag;
    if (tag == 0 && !others) return;
#if defined(TIDEWIRE_HTML_SSE2)
    const __m128i wanted = _mm_set1_epi16(static_cast<short>(tag));
    const __m128i also = _mm_set1_epi16(static_cast<short>(other));
    for (; at + 16 <= to; at += 16) {
      const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tags + at));
      const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tags + at + 8));
      const __m128i a = _mm_or_si128(_mm_cmpeq_epi16(low, wanted), _mm_cmpeq_epi16(low, also));
      const __m128i b = _mm_or_si128(_mm_cmpeq_epi16(high, wanted), _mm_cmpeq_epi16(high, also));
      auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(a, b)));
      while (mask != 0) {
        if (!found(at + static_cast<std::uint32_t>(std::countr_zero(mask)))) return;
        mask &= mask - 1;
      }
    }
#endif
    for (; at < to; ++at)
      if ((tags[at] == tag || tags[at] == other) && !found(at)) return;
  }

  // From left to right: the elements that match the first compound, of these those that stand where the
  // second wants them, and so on, whole sets at a time. False, and nothing done, where the elements that may
  // match the last compound are few: then it is cheaper to look up from each.
  bool select_by_sets(const select_index& index, std::uint32_t from, std::uint32_t to,
                      const complex_selector& complex, std::vector<std::uint32_t>& positions) {
    const std::uint32_t last = complex.first + complex.count - 1;
    if (count_candidates(index, program_.compounds[last]) < index.size() / few) return false;
    std::vector<std::uint32_t> left;
    for (std::uint32_t part = complex.first;; ++part) {
      const compound_selector& compound = program_.compounds[part];
      std::vector<std::uint32_t> found;
      std::vector<std::uint32_t>& into = part == last ? positions : found;
      const auto keep_matching = [&](auto&& stands_right) {
        candidates(index, part == last ? from : 0, part == last ? to : index.size(), compound,
                   [&](std::uint32_t position, bool sure) {
                     if (stands_right(position) && (sure || match_compound(compound, index.nodes[position])))
                       into.push_back(position);
                     return true;
                   });
      };
      switch (compound.left) {
        case combinator::none: keep_matching([](std::uint32_t) { return true; }); break;
        case combinator::descendant: {
          std::size_t next = 0;
          std::uint32_t end = 0;  // of the subtrees begun so far
          keep_matching([&](std::uint32_t position) {
            for (; next < left.size() && left[next] < position; ++next, ++work_)
              end = std::max(end, index.ends[left[next]]);
            return position < end;
          });
          break;
        }
        case combinator::child: {
          bits parents;
          parents.size(index.size());
          for (const std::uint32_t position : left) parents.set(position);
          keep_matching([&](std::uint32_t position) {
            const std::uint32_t parent = index.parents[position];
            return parent != select_index::nobody && parents.get(parent);
          });
          break;
        }
        case combinator::next:
        case combinator::subsequent: {
          bits siblings;
          siblings.size(index.size());
          for (std::uint32_t position : left) {
            do position = index.next_sibling(position), ++work_;
            while (position != select_index::nobody && siblings.set(position) &&
                   compound.left == combinator::subsequent);
          }
          keep_matching([&](std::uint32_t position) { return siblings.get(position); });
          break;
        }
      }
      if (part == last) return true;
      left = std::move(found);
      if (left.empty()) return true;
    }
  }
  // How many elements `candidates` would name, as far as that is told quickly; else all.
  std::size_t count_candidates(const select_index& index, const compound_selector& part) {
    const simple_test* const best = best_test(part);
    if (best == nullptr) return index.size();
    switch (best->kind) {
      case test_kind::nothing: return 0;
      case test_kind::id: return index.ids(store_).find(text(best->value)).size();
      case test_kind::class_: return index.classes(store_).find(text(best->value)).size();
      case test_kind::type: {
        std::size_t count = 0;
        candidates(index, 0, index.size(), part,
                   [&](std::uint32_t, bool) { return ++count < index.size() / few; });
        return count;
      }
      default: return index.size();
    }
  }

  bool match_list(std::uint32_t list, std::uint32_t node) {
    for (const std::uint32_t member : program_.lists[list].members) {
      const complex_selector& complex = program_.complexes[member];
      if (match_from(complex, complex.first + complex.count - 1, node)) return true;
    }
    return false;
  }

  // Does `node` match the compound `part` of the complex selector, and what is left of it?
  bool match_from(const complex_selector& complex, std::uint32_t part, std::uint32_t node) {
    for (;;) {
      const compound_selector& compound = program_.compounds[part];
      if (!match_compound(compound, node)) return false;
      if (part == complex.first) return true;
      switch (compound.left) {
        case combinator::child: node = parent_element(node); break;
        case combinator::next: node = previous_element(node); break;
        case combinator::descendant:
        case combinator::subsequent: return match_somewhere(complex, part, node);
        case combinator::none: return true;
      }
      if (node == 0) return false;
      --part;
    }
  }

  // Is there an ancestor (or a sibling before) of `node` that matches the compound before `part`?
  bool match_somewhere(const complex_selector& complex, std::uint32_t part, std::uint32_t node) {
    const compound_selector& compound = program_.compounds[part];
    const bool up = compound.left == combinator::descendant;
    const auto step = [&](std::uint32_t from) { return up ? parent_element(from) : previous_element(from); };
    // The first of its answers are not written down if it is cheap to find them again.
    const bool simple = part - 1 == complex.first;
    memo& kept = memos_[compound.memo];
    std::uint32_t at = node;
    unsigned steps = 0;
    bool answer = false;
    const bool remembering = !kept.answers.empty();
    for (;; ++work_) {
      if (remembering && kept.answers[at] != 0) {
        answer = kept.answers[at] == 2;
        break;
      }
      at = step(at);
      if (at == 0) break;
      if (match_from(complex, part - 1, at)) {
        answer = true;
        break;
      }
      if (++steps == short_walk && !remembering) {
        kept.answers.assign(store_.nodes.size(), 0);
        return match_somewhere(complex, part, node);
      }
      if (!simple && !remembering) {
        kept.answers.assign(store_.nodes.size(), 0);
        return match_somewhere(complex, part, node);
      }
    }
    if (!memos_[compound.memo].answers.empty()) {
      std::vector<std::uint8_t>& answers = memos_[compound.memo].answers;
      // All on the way have the same answer, except where the match was found: that one is asked for its own.
      for (std::uint32_t on_way = node; on_way != at && on_way != 0; on_way = step(on_way))
        answers[on_way] = answer ? 2 : 1;
    }
    return answer;
  }

  bool match_compound(const compound_selector& compound, std::uint32_t node) {
    ++work_;
    const node_record& element = store_[node];
    if (!element.is_element()) {
      // Only the fragment that was asked can stand here.
      if (compound.count == 0) return false;
      for (std::uint32_t i = 0; i < compound.count; ++i)
        if (program_.tests[compound.first + i].kind != test_kind::scope) return false;
      return node == scope_;
    }
    for (std::uint32_t i = 0; i < compound.count; ++i)
      if (!match_test(program_.tests[compound.first + i], node, element)) return false;
    return true;
  }

  bool match_space(std::uint16_t wanted, const node_record& element) const {
    if (wanted == any_space) return true;
    if (wanted == unknown_space) return false;
    return store_.element_namespace(element) == text(wanted);
  }

  bool match_test(const simple_test& test, std::uint32_t node, const node_record& element) {
    switch (test.kind) {
      case test_kind::nothing: return false;
      case test_kind::type: {
        const name_id wanted = bound(folds_names(element) ? test.lower_name : test.name);
        const name_id have =
            element.where() == space::other ? store_.qualified[element.name()].local : element.name();
        return wanted == have && wanted != 0 && match_space(test.space, element);
      }
      case test_kind::space_only: return match_space(test.space, element);
      case test_kind::id: {
        const auto attr = store_.find_attr(element, id_);
        return attr && store_.value(*attr) == text(test.value);
      }
      case test_kind::class_: {
        const auto attr = store_.find_attr(element, class_);
        return attr && has_word(store_.value(*attr), text(test.value), false);
      }
      case test_kind::attribute: return match_attribute(test, element);
      case test_kind::is: return match_list(test.list, node);
      case test_kind::not_: return !match_list(test.list, node);
      case test_kind::has: return match_has(test, node);
      case test_kind::root:
        return element.parent == document_store::root &&
               store_[document_store::root].type() == node_type::document;
      case test_kind::empty:
        for (std::uint32_t child = store_.first_child(node); child != 0; child = store_[child].next)
          if (store_[child].is_element() ||
              (store_[child].is_text() && !is_blank(store_.text(store_[child]))))
            return false;
        return true;
      case test_kind::scope: return node == scope_;
      case test_kind::nth_child:
      case test_kind::nth_last_child:
      case test_kind::nth_of_type:
      case test_kind::nth_last_of_type: return match_nth(test, node);
      case test_kind::only_child: return previous_element(node) == 0 && next_element(node) == 0;
      case test_kind::only_of_type: return count_of_type(test, node) == 1;
      case test_kind::lang: return match_lang(test, node);
      case test_kind::dir: return direction(node) == (test.right_to_left ? 2 : 1);
      case test_kind::link: return is_link(store_, element);
      case test_kind::checked: return is_checked(store_, node);
      case test_kind::default_: return match_default(node, element);
      case test_kind::disabled: return can_be_disabled(element) && is_disabled(node, element);
      case test_kind::enabled: return can_be_disabled(element) && !is_disabled(node, element);
      case test_kind::indeterminate: return match_indeterminate(node, element);
      case test_kind::in_range: return range_state(store_, element) > 0;
      case test_kind::out_of_range: return range_state(store_, element) < 0;
      case test_kind::optional:
        return can_be_required(store_, element) && !store_.has_attr(element, required_);
      case test_kind::required:
        return can_be_required(store_, element) && store_.has_attr(element, required_);
      case test_kind::placeholder_shown: return shows_placeholder(store_, node);
      case test_kind::read_write: return is_read_write(node, element);
      case test_kind::read_only: return element.where() == space::html && !is_read_write(node, element);
      case test_kind::muted:
        return (element.is_html(video_) || element.is_html(audio_)) && store_.has_attr(element, muted_);
      case test_kind::open:
        return (element.is_html(details_) || element.is_html(dialog_)) && store_.has_attr(element, open_);
      case test_kind::defined:
        return element.where() == space::html &&
               (store_.xml || element.name() < known_tag_count || spelled_plainly(element));
      case test_kind::contains:
      case test_kind::contains_own: return match_contains(test, node);
    }
    return false;
  }
  // A custom element, which nobody defines here, has a hyphen in its name.
  bool spelled_plainly(const node_record& element) const {
    return store_.spelling(element.name()).find('-') == std::string_view::npos;
  }

  static bool equal(std::string_view left, std::string_view right, bool fold) {
    return fold ? ascii::iequals(left, right) : left == right;
  }
  static bool has_word(std::string_view all, std::string_view word, bool fold) {
    if (word.empty()) return false;
    const char* at = all.data();
    const char* const end = at + all.size();
    while ((at = skip_space(at, end)) != end) {
      const char* stop = at;
      while (stop != end && !is_space(*stop)) ++stop;
      if (equal({at, static_cast<std::size_t>(stop - at)}, word, fold)) return true;
      at = stop;
    }
    return false;
  }
  // Made when it is first needed: the search for a string of the selector.
  const text_search& search_for(std::uint32_t string, bool fold) {
    if (searches_.empty()) searches_.resize(2 * program_.strings.size());
    std::optional<text_search>& made = searches_[2 * std::size_t{string} + (fold ? 1 : 0)];
    if (!made) made.emplace(text(string), fold);
    return *made;
  }

  bool match_attribute(const simple_test& test, const node_record& element) {
    const std::uint32_t written = folds_names(element) ? test.lower_name : test.name;
    const name_id name = bound(written);
    if (test.space == 0 && name != 0) {
      const std::uint32_t end = element.a + element.b;
      const std::uint32_t place = store_.attrs.find(element.a, element.b, name);
      if (place != end && (test.compare == attribute_operator::present ||
                           match_value(test, store_.value(store_.attrs[place]), element, name)))
        return true;
      if (text(written).find(':') == std::string::npos && name != xmlns_) return false;
    }
    for (std::uint32_t i = 0; i < element.b; ++i) {
      const attr_record attr = store_.attrs[element.a + i];
      if (!names_attribute(test, attr, name, written)) continue;
      if (match_value(test, store_.value(attr), element, attr.id())) return true;
    }
    return false;
  }
  bool names_attribute(const simple_test& test, const attr_record& attr, name_id name,
                       std::uint32_t written) const {
    if (test.space == 0) {
      if (attr.name == name && name != 0) return true;
      // As people write it: the whole name, prefix and all.
      return attr.where() != space::html && store_.attr_qualified_name(attr) == text(written);
    }
    if (test.space == unknown_space) return false;
    const name_id have = attr.where() == space::other ? store_.qualified[attr.id()].local : attr.id();
    if (have != name || name == 0) return false;
    return test.space == any_space || store_.attr_namespace(attr) == text(test.space);
  }
  bool match_value(const simple_test& test, std::string_view have, const node_record& element, name_id name) {
    if (test.compare == attribute_operator::present) return true;
    const std::string_view want = text(test.value);
    const bool fold = test.folding == value_case::ignored ||
                      (test.folding == value_case::by_attribute && folds_names(element) &&
                       name < known_name_count && folded_attributes[name]);
    switch (test.compare) {
      case attribute_operator::equal: return equal(have, want, fold);
      case attribute_operator::word:
        return std::none_of(want.begin(), want.end(), is_space) && has_word(have, want, fold);
      case attribute_operator::dash:
        return equal(have.substr(0, want.size()), want, fold) &&
               (have.size() == want.size() || (have.size() > want.size() && have[want.size()] == '-'));
      case attribute_operator::prefix: return !want.empty() && equal(have.substr(0, want.size()), want, fold);
      case attribute_operator::suffix:
        return !want.empty() && have.size() >= want.size() &&
               equal(have.substr(have.size() - want.size()), want, fold);
      case attribute_operator::substring:
        return !want.empty() && search_for(test.value, fold).occurs_in(have, work_);
      case attribute_operator::present: break;
    }
    return true;
  }

  // --- :nth-*

  bool same_type(const node_record& left, const node_record& right) const {
    if (left.where() != space::other || right.where() != space::other)
      return (left.meta & kind_mask) == (right.meta & kind_mask);
    const qualified_name& a = store_.qualified[left.name()];
    const qualified_name& b = store_.qualified[right.name()];
    return a.local == b.local && a.uri == b.uri;
  }
  std::uint64_t type_key(const node_record& element) const {
    if (element.where() != space::other) return element.meta & kind_mask;
    const qualified_name& name = store_.qualified[element.name()];
    return std::hash<std::string_view>{}(name.uri) * 31 + name.local + (std::uint64_t{1} << 32);
  }

  bool match_nth(const simple_test& test, std::uint32_t node) {
    const bool first = test.list == no_list && test.a == 0 && test.b == 1;
    if (first && test.kind == test_kind::nth_child) return previous_element(node) == 0;
    if (first && test.kind == test_kind::nth_last_child) return next_element(node) == 0;
    const std::uint32_t index = nth_index(test, node);
    if (index == 0) return false;
    const std::int64_t from = std::int64_t{index} - test.b;
    return test.a == 0 ? from == 0 : from % test.a == 0 && from / test.a >= 0;
  }

  // The place of `node` among its siblings as the test counts them, from 1; 0 if it does not count.
  std::uint32_t nth_index(const simple_test& test, std::uint32_t node) {
    std::vector<std::uint32_t>& indexes = memos_[test.memo].indexes;
    if (indexes.empty()) indexes.assign(store_.nodes.size(), 0);
    if (indexes[node] != 0) return indexes[node] - 1;
    // For all siblings at once.
    const bool of_type = test.kind == test_kind::nth_of_type || test.kind == test_kind::nth_last_of_type;
    const bool backwards = test.kind == test_kind::nth_last_child || test.kind == test_kind::nth_last_of_type;
    std::uint32_t at = node;
    if (backwards)
      at = last_sibling(node);
    else
      at = store_[node].parent == 0 ? node : store_[store_[node].parent].first;
    std::uint32_t count = 0;
    std::unordered_map<std::uint64_t, std::uint32_t> counts;
    for (; at != 0; ++work_) {
      if (store_[at].is_element()) {
        std::uint32_t place = 0;
        if (of_type)
          place = ++counts[type_key(store_[at])];
        else if (test.list == no_list || match_list(test.list, at))
          place = ++count;
        memos_[test.memo].indexes[at] = place + 1;
      }
      at = backwards ? store_.previous_sibling(at) : store_[at].next;
    }
    return memos_[test.memo].indexes[node] - 1;
  }
  std::uint32_t last_sibling(std::uint32_t node) const {
    return store_[node].parent == 0 ? node : store_.last_child(store_[node].parent);
  }
  std::uint32_t count_of_type(const simple_test& test, std::uint32_t node) {
    std::vector<std::uint32_t>& indexes = memos_[test.memo].indexes;
    if (indexes.empty()) indexes.assign(store_.nodes.size(), 0);
    if (indexes[node] != 0) return indexes[node];
    std::unordered_map<std::uint64_t, std::uint32_t> counts;
    const std::uint32_t first = store_[node].parent == 0 ? node : store_[store_[node].parent].first;
    for (std::uint32_t at = first; at != 0; at = store_[at].next)
      if (store_[at].is_element()) ++counts[type_key(store_[at])];
    for (std::uint32_t at = first; at != 0; at = store_[at].next)
      if (store_[at].is_element()) indexes[at] = counts[type_key(store_[at])];
    return indexes[node];
  }

  // --- :has

  bool match_has(const simple_test& test, std::uint32_t node) {
    if (node == asked_) {
      // Only what is below it, or beside it, can matter.
      bits marked;
      marked.size(store_.nodes.size());
      for (const std::uint32_t member : program_.lists[test.list].members) {
        const combinator relation = program_.compounds[program_.complexes[member].first].left;
        const bool beside = relation == combinator::next || relation == combinator::subsequent;
        const std::uint32_t top = beside ? store_[node].parent : node;
        std::vector<std::uint32_t> elements;
        if (top != 0)
          for (std::uint32_t at = top; (at = store_.next_in(at, top)) != 0;)
            if (store_[at].is_element()) elements.push_back(at);
        mark_anchors(program_.complexes[member], elements, nullptr, marked);
      }
      return marked.get(node);
    }
    if (!memos_[test.memo].has_known) {
      bits marked;
      marked.size(store_.nodes.size());
      const select_index* index = nullptr;
      std::vector<std::uint32_t> elements;
      std::uint32_t top = node;
      while (store_[top].parent != 0) top = store_[top].parent;
      if (top == document_store::root) {
        index = &index_of(store_);
      } else {
        for (std::uint32_t at = top; at != 0; at = store_.next_in(at, top))
          if (store_[at].is_element()) elements.push_back(at);
        // Another tree, asked later in this query, would need its own marks: contents of a template are one
        // tree.
      }
      for (const std::uint32_t member : program_.lists[test.list].members)
        mark_anchors(program_.complexes[member], elements, index, marked);
      memos_[test.memo].marked = std::move(marked);
      memos_[test.memo].has_known = true;
    }
    return memos_[test.memo].marked.get(node);
  }

  // Marks each node that has, in the relation asked for, what `complex` describes: from right to left, the
  // set of what matches and then of what stands in the combinator's relation to it.
  void mark_anchors(const complex_selector& complex, const std::vector<std::uint32_t>& elements,
                    const select_index* index, bits& marked) {
    std::uint32_t part = complex.first + complex.count - 1;
    std::vector<std::uint32_t> current;
    if (index != nullptr) {
      candidates(*index, 0, static_cast<std::uint32_t>(index->nodes.size()), program_.compounds[part],
                 [&](std::uint32_t position, bool sure) {
                   const std::uint32_t node = index->nodes[position];
                   if (sure || match_compound(program_.compounds[part], node)) current.push_back(node);
                   return true;
                 });
    } else {
      for (const std::uint32_t node : elements)
        if (match_compound(program_.compounds[part], node)) current.push_back(node);
    }
    for (;; --part) {
      const bool last = part == complex.first;
      bits own;
      if (!last) own.size(store_.nodes.size());
      bits& seen = last ? marked : own;
      std::vector<std::uint32_t> related;
      const auto mark = [&](std::uint32_t node) {
        if (!seen.set(node)) return false;
        if (!last) related.push_back(node);
        return true;
      };
      // Where members of a list share `marked`, an ancestor marked before has all above it marked only if it
      // was marked by the same relation: hence a set of its own for walks.
      bits walked;
      const combinator relation = program_.compounds[part].left;
      if (relation == combinator::descendant || relation == combinator::subsequent)
        walked.size(store_.nodes.size());
      for (const std::uint32_t node : current) {
        switch (relation) {
          case combinator::child:
            if (store_[node].parent != 0) mark(store_[node].parent);
            break;
          case combinator::next:
            if (const std::uint32_t before = previous_element(node)) mark(before);
            break;
          case combinator::subsequent:
            for (std::uint32_t at = previous_element(node); at != 0 && walked.set(at);
                 at = previous_element(at))
              mark(at);
            break;
          default:
            for (std::uint32_t at = store_[node].parent; at != 0 && walked.set(at);
                 at = store_[at].parent, ++work_)
              mark(at);
            break;
        }
      }
      if (last) return;
      current.clear();
      for (const std::uint32_t node : related)
        if (store_[node].is_element() && match_compound(program_.compounds[part - 1], node))
          current.push_back(node);
    }
  }

  // --- inherited properties

  // The nearest of `node` and its ancestors that `is` accepts, or 0; remembered in `kept` (0 unknown, 1 none,
  // else the node).
  template <class Is>
  std::uint32_t nearest(std::vector<std::uint32_t>& kept, std::uint32_t node, Is&& is) {
    if (kept.empty()) kept.assign(store_.nodes.size(), 0);
    std::uint32_t at = node;
    std::uint32_t answer = 1;
    for (; at != 0; at = store_[at].parent, ++work_) {
      if (kept[at] != 0) {
        answer = kept[at];
        break;
      }
      if (store_[at].is_element() && is(at)) {
        answer = at;
        break;
      }
    }
    for (std::uint32_t on_way = node; on_way != at; on_way = store_[on_way].parent) kept[on_way] = answer;
    if (at != 0) kept[at] = answer;
    return answer == 1 ? 0 : answer;
  }

  std::optional<attr_record> language_of(std::uint32_t node) const {
    const node_record& element = store_[node];
    if (const auto attr = store_.find_attr(element, attribute_name(space::xml, lang_))) return attr;
    if (element.where() != space::html) return std::nullopt;
    return store_.find_attr(element, lang_);
  }
  bool match_lang(const simple_test& test, std::uint32_t node) {
    const std::uint32_t holder =
        nearest(languages_, node, [&](std::uint32_t at) { return language_of(at).has_value(); });
    std::string_view language;
    if (holder != 0) {
      language = store_.value(*language_of(holder));
    } else {
      if (!meta_language_) meta_language_ = find_meta_language();
      if (!*meta_language_) return false;
      language = **meta_language_;
    }
    for (std::uint32_t i = 0; i < test.text_count; ++i)
      if (language_matches(language, text(test.first_text + i))) return true;
    return false;
  }
  // <meta http-equiv=content-language>, in the head.
  std::optional<std::string_view> find_meta_language() const {
    if (store_.xml) return std::nullopt;
    const select_index& index = index_of(store_);
    for (std::size_t i = 0; i < index.nodes.size(); ++i) {
      const node_record& element = store_[index.nodes[i]];
      if (element.is_html(body_)) break;
      if (!element.is_html(meta_) ||
          !ascii::iequals(store_.attr_value(element, http_equiv_), "content-language"))
        continue;
      if (const auto content = store_.find_attr(element, content_)) return store_.value(*content);
    }
    return std::nullopt;
  }

  // 3.2.6.4: 1 left to right, 2 right to left, 0 not an HTML element.
  int direction(std::uint32_t node) {
    if (store_[node].where() != space::html) return 0;
    const auto own = [&](std::uint32_t at) {
      const node_record& element = store_[at];
      if (element.where() != space::html) return false;
      if (element.is_html(bdi_) || element.parent == document_store::root) return true;
      const std::string_view value = store_.attr_value(element, dir_);
      if (ascii::iequals(value, "ltr") || ascii::iequals(value, "rtl") || ascii::iequals(value, "auto"))
        return true;
      return element.is_html(input_) && ascii::iequals(store_.attr_value(element, type_), "tel");
    };
    std::uint32_t holder = nearest(directions_, node, own);
    while (holder != 0) {
      const auto known = direction_of_.find(holder);
      if (known != direction_of_.end()) return known->second;
      const node_record& element = store_[holder];
      const std::string_view value = store_.attr_value(element, dir_);
      int found = 0;
      if (ascii::iequals(value, "ltr"))
        found = 1;
      else if (ascii::iequals(value, "rtl"))
        found = 2;
      else if (ascii::iequals(value, "auto"))
        found = std::max(automatic_direction(holder), 1);
      else if (element.is_html(bdi_))
        found = automatic_direction(holder);
      else
        found = 1;
      if (found == 0) {
        // A <bdi> without a strong character is as its parent.
        const std::uint32_t parent = element.parent;
        holder = parent == 0 ? 0 : nearest(directions_, parent, own);
        continue;
      }
      direction_of_[holder] = found;
      return found;
    }
    return 1;
  }
  int automatic_direction(std::uint32_t node) const {
    const node_record& element = store_[node];
    if (element.is_html(input_)) return strong_direction(store_.attr_value(element, value_));
    for (std::uint32_t at = store_.first_child(node); at != 0;) {
      const node_record& record = store_[at];
      if (record.is_text()) {
        if (const int found = strong_direction(store_.text(record))) return found;
      } else if (record.is_element() &&
                 (record.is_html(bdi_) || record.is_html(script_) || record.is_html(style_) ||
                  record.is_html(textarea_) || store_.has_attr(record, dir_))) {
        at = store_.next_skipping(at, node);
        continue;
      }
      at = store_.next_in(at, node);
    }
    return 0;
  }

  // --- forms

  bool is_disabled(std::uint32_t node, const node_record& element) {
    if (store_.has_attr(element, disabled_)) return true;
    if (element.is_html(option_)) {
      const node_record& parent = store_[element.parent];
      return parent.is_html(optgroup_) && store_.has_attr(parent, disabled_);
    }
    if (element.is_html(optgroup_)) return false;
    // In a disabled fieldset, but not in its first legend: the child of the fieldset on the way up tells.
    const std::uint32_t child = nearest(disabling_, node, [&](std::uint32_t at) {
      const std::uint32_t above = store_[at].parent;
      if (above == 0 || !store_[above].is_html(fieldset_) || !store_.has_attr(store_[above], disabled_))
        return false;
      if (!store_[at].is_html(legend_)) return true;
      for (std::uint32_t before = previous_element(at); before != 0; before = previous_element(before))
        if (store_[before].is_html(legend_)) return true;
      return false;
    });
    return child != 0;
  }

  bool is_read_write(std::uint32_t node, const node_record& element) {
    if (element.where() != space::html) return false;
    if (is_text_control(store_, element))
      return !store_.has_attr(element, readonly_) && !is_disabled(node, element);
    const std::uint32_t host = nearest(editing_, node, [&](std::uint32_t at) {
      return store_[at].where() == space::html && store_.has_attr(store_[at], contenteditable_);
    });
    return host != 0 && !ascii::iequals(store_.attr_value(store_[host], contenteditable_), "false");
  }

  std::uint32_t form_of(std::uint32_t node) {
    return nearest(forms_, node, [&](std::uint32_t at) { return store_[at].is_html(form_); });
  }
  bool is_submit(const node_record& element) const {
    const std::string_view type = store_.attr_value(element, type_);
    if (element.is_html(button_)) return !ascii::iequals(type, "button") && !ascii::iequals(type, "reset");
    return element.is_html(input_) && (ascii::iequals(type, "submit") || ascii::iequals(type, "image"));
  }
  bool match_default(std::uint32_t node, const node_record& element) {
    if (is_checked(store_, node)) return true;
    if (!is_submit(element)) return false;
    const std::uint32_t form = form_of(node);
    if (form == 0) return false;
    if (default_buttons_.empty()) {
      std::uint32_t top = form;
      while (store_[top].parent != 0) top = store_[top].parent;
      for (std::uint32_t at = top; at != 0; at = store_.next_in(at, top))
        if (store_[at].is_element() && is_submit(store_[at])) default_buttons_.try_emplace(form_of(at), at);
    }
    return default_buttons_[form] == node;
  }
  bool match_indeterminate(std::uint32_t node, const node_record& element) {
    if (element.is_html(progress_)) return !store_.has_attr(element, value_);
    if (!element.is_html(input_)) return false;
    const std::string_view type = store_.attr_value(element, type_);
    if (ascii::iequals(type, "checkbox")) return store_.has_attr(element, own_indeterminate());
    const std::string_view name = store_.attr_value(element, name_);
    if (!ascii::iequals(type, "radio") || store_.has_attr(element, checked_)) return false;
    if (name.empty()) return true;
    if (!radios_known_) {
      radios_known_ = true;
      std::uint32_t top = node;
      while (store_[top].parent != 0) top = store_[top].parent;
      for (std::uint32_t at = top; at != 0; at = store_.next_in(at, top)) {
        const node_record& other = store_[at];
        if (other.is_html(input_) && store_.has_attr(other, checked_) &&
            ascii::iequals(store_.attr_value(other, type_), "radio"))
          checked_groups_.insert_or_assign(group_key(form_of(at), store_.attr_value(other, name_)), true);
      }
    }
    return !checked_groups_.contains(group_key(form_of(node), name));
  }
  static std::string group_key(std::uint32_t form, std::string_view name) {
    return std::to_string(form) + " " + std::string(name);
  }
  name_id own_indeterminate() const { return store_.own_names.find("indeterminate"); }

  // --- :contains

  bool match_contains(const simple_test& test, std::uint32_t node) {
    for (std::uint32_t i = 0; i < test.text_count; ++i) {
      const std::uint32_t wanted = test.first_text + i;
      if (text(wanted).empty()) return true;
      if (test.kind == test_kind::contains_own ? own_text_has(node, wanted) : text_has(node, wanted))
        return true;
    }
    return false;
  }
  bool own_text_has(std::uint32_t node, std::uint32_t wanted) {
    const text_search& search = search_for(wanted, false);
    text_search::progress now;
    bool found = false;
    for (std::uint32_t child = store_.first_child(node); child != 0 && !found;
         child = store_[child].next, ++work_)
      if (store_[child].is_text())
        found = search.find_end(store_.text(store_[child]), 0, now) != text_search::npos;
    work_ += now.work;
    return found;
  }
  bool text_has(std::uint32_t node, std::uint32_t wanted) {
    const text_search& search = search_for(wanted, false);
    if (node == asked_) {
      text_search::progress now;
      bool found = false;
      for (std::uint32_t at = node; at != 0 && !found; at = store_.next_in(at, node), ++work_)
        if (store_[at].is_text())
          found = search.find_end(store_.text(store_[at]), 0, now) != text_search::npos;
      work_ += now.work;
      return found;
    }
    const auto [known, fresh] = containing_.try_emplace(wanted);
    if (fresh) {
      known->second.size(store_.nodes.size());
      mark_containing(search, node, known->second);
    }
    return known->second.get(node);
  }
  // Marks the nodes of the tree that `node` is in whose text has what is searched for: when a node ends, the
  // last occurrence so far is in it if it began in it.
  void mark_containing(const text_search& search, std::uint32_t node, bits& containing) {
    std::uint32_t top = node;
    while (store_[top].parent != 0) top = store_[top].parent;
    std::vector<std::uint64_t> begins;  // of the nodes that are open
    std::uint64_t length = 0;           // of the text so far
    std::uint64_t last = 0;             // where the last occurrence begins, from 1; 0: there was none
    text_search::progress now;
    for (std::uint32_t at = top;; ++work_) {
      begins.push_back(length);
      if (store_[at].is_text()) {
        const std::string_view piece = store_.text(store_[at]);
        for (std::size_t end = 0; (end = search.find_end(piece, end, now)) != text_search::npos;)
          last = length + end - search.size() + 1;
        length += piece.size();
      }
      if (const std::uint32_t first = store_.first_child(at)) {
        at = first;
        continue;
      }
      for (;;) {
        if (last > begins.back()) containing.set(at);
        begins.pop_back();
        if (at == top) {
          work_ += now.work;
          return;
        }
        if (store_[at].next != 0) {
          at = store_[at].next;
          break;
        }
        at = store_[at].parent;
      }
    }
  }

  const document_store& store_;
  const selector_program& program_;
  mutable std::uint64_t work_ = 0;
  std::uint32_t scope_;
  std::uint32_t asked_ = 0;
  std::vector<memo> memos_;
  std::vector<name_id> bound_;
  std::vector<std::uint32_t> languages_;
  std::vector<std::uint32_t> directions_;
  std::vector<std::uint32_t> disabling_;
  std::vector<std::uint32_t> editing_;
  std::vector<std::uint32_t> forms_;
  std::optional<std::optional<std::string_view>> meta_language_;
  std::unordered_map<std::uint32_t, int> direction_of_;
  std::unordered_map<std::uint32_t, std::uint32_t> default_buttons_;
  std::unordered_map<std::string, bool> checked_groups_;
  bool radios_known_ = false;
  std::vector<std::optional<text_search>> searches_;
  std::unordered_map<std::uint32_t, bits> containing_;  // by string: the nodes whose text has it
};

}  // namespace

std::uint64_t detail::work_of_select(const selector& compiled, const document& tree) {
  query asked(*access::store(tree), access::program(compiled), document_store::root);
  (void)asked.select(document_store::root, SIZE_MAX);
  return asked.work();
}
const selector_program& access::program(const selector& compiled) noexcept {
  return *compiled.program_;
}

bool selector::matches(const node& element) const {
  access::check(element);
  if (!element.is_element()) return false;
  return query(*access::store(element), *program_, document_store::root).matches_only(access::index(element));
}

std::vector<node> selector::select(const node& scope, std::size_t limit) const {
  access::check(scope);
  std::vector<node> found;
  if (!scope) return found;
  const document_store& store = *access::store(scope);
  const std::vector<std::uint32_t> nodes =
      query(store, *program_, access::index(scope)).select(access::index(scope), limit);
  found.reserve(nodes.size());
  for (const std::uint32_t index : nodes) found.push_back(access::make(store, index));
  return found;
}

node selector::select_one(const node& scope) const {
  const std::vector<node> found = select(scope, 1);
  return found.empty() ? node() : found.front();
}

node selector::closest(const node& element) const {
  access::check(element);
  if (!element) return {};
  const document_store& store = *access::store(element);
  return access::make(store, query(store, *program_, document_store::root).closest(access::index(element)));
}

std::vector<std::string> selector::extract(const node& scope) const {
  std::vector<std::string> found;
  for (const node& element : select(scope)) {
    switch (program_->wants) {
      case output::elements: found.push_back(element.text()); break;
      case output::text:
        for (const node& child : element.children())
          if (child.is_text()) found.emplace_back(child.value());
        break;
      case output::attribute:
        if (const auto value = element.find_attribute(program_->wanted_attribute)) found.emplace_back(*value);
        break;
    }
  }
  return found;
}

namespace {

// The text of a call: a mistake in it is the program's.
selector compiled(std::string_view text) {
  return selector::compile(text).value();
}

}  // namespace

std::vector<node> node::select(std::string_view text) const {
  return compiled(text).select(*this);
}
std::vector<node> node::select(const selector& wanted) const {
  return wanted.select(*this);
}
node node::select_one(std::string_view text) const {
  return compiled(text).select_one(*this);
}
node node::select_one(const selector& wanted) const {
  return wanted.select_one(*this);
}
std::vector<std::string> node::extract(std::string_view text) const {
  return compiled(text).extract(*this);
}
bool node::matches(std::string_view text) const {
  return compiled(text).matches(*this);
}
node node::closest(std::string_view text) const {
  return compiled(text).closest(*this);
}

}  // namespace tidewire::html
