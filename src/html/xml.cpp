#include <tidewire/base/charset.hpp>
#include <tidewire/base/utf8.hpp>
#include <tidewire/html/xml.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "input.hpp"
#include "scan.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;

namespace {

constexpr std::string_view xml_uri = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view xmlns_uri = "http://www.w3.org/2000/xmlns/";

constexpr std::size_t most_bindings = 1024;

struct wrong {
  std::size_t at;
  std::string what;
  errc code = errc::malformed;
};

bool is_xml_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_name_start(char c) noexcept {
  return ascii::is_alpha(c) || c == '_' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_name(char c) noexcept {
  return is_name_start(c) || ascii::is_digit(c) || c == '-' || c == '.';
}

// Char (2.2).
bool is_char(std::uint32_t point) noexcept {
  return point == '\t' || point == '\n' || point == '\r' || (point >= 0x20 && point <= 0xD7FF) ||
         (point >= 0xE000 && point <= 0xFFFD) || (point >= 0x10000 && point <= 0x10FFFF);
}

class reader {
 public:
  reader(document_store& store, const xml_options& options)
      : store_(store), options_(options), text_(store.source, store.source_size) {}

  void read() {
    check_characters();
    if (text_.starts_with("<?xml") && text_.size() > 5 && is_xml_space(text_[5])) {
      const std::size_t end = text_.find("?>");
      if (end == std::string_view::npos) fail(0, "the XML declaration has no end");
      at_ = end + 2;
    }
    std::uint32_t root = 0;
    for (;;) {
      if (at_ == text_.size()) break;
      if (text_[at_] != '<') {
        text(open_.empty());
        continue;
      }
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("<!--")) {
        comment();
      } else if (rest.starts_with("<?")) {
        instruction();
      } else if (rest.starts_with("<![CDATA[")) {
        if (open_.empty()) fail(at_, "CDATA outside of the root element");
        cdata();
      } else if (rest.starts_with("<!DOCTYPE")) {
        if (root != 0 || doctype_) fail(at_, "a DOCTYPE must come once, before the root element");
        doctype();
      } else if (rest.starts_with("</")) {
        end_tag();
      } else {
        if (open_.empty() && root != 0) fail(at_, "a second root element");
        const std::uint32_t made = start_tag();
        if (root == 0) root = made;
      }
    }
    if (!open_.empty())
      fail(at_, "the input ends within <" +
                    std::string(store_.element_qualified_name(store_[open_.back().node])) + ">");
    if (root == 0) fail(at_, "no root element");
  }

 private:
  struct open_element {
    std::uint32_t node;
    std::string_view name;
    std::size_t bindings;
  };
  struct binding {
    std::string_view prefix;
    std::string_view uri;
  };
  struct raw_attribute {
    std::string_view name;
    slice value;
    std::size_t at;
  };
  struct entity {
    std::string_view value;
    bool external = false;
  };

  [[noreturn]] static void fail(std::size_t at, std::string what) {
    throw wrong{at, std::move(what), errc::malformed};
  }
  [[noreturn]] static void limit(std::size_t at, std::string what) {
    throw wrong{at, std::move(what), errc::limit_exceeded};
  }

  void check_characters() const {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text_[i]);
      if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') fail(i, "a control character");
      // U+FFFE and U+FFFF.
      if (byte == 0xEF && i + 2 < text_.size() && text_[i + 1] == '\xBF' &&
          static_cast<unsigned char>(text_[i + 2]) >= 0xBE)
        fail(i, "a noncharacter");
    }
  }

  std::uint32_t make(std::uint32_t meta, std::uint32_t a, std::uint32_t b, std::size_t at) {
    if (store_.nodes.size() >= options_.max_nodes) limit(at, "more nodes than allowed");
    return store_.make(meta, a, b, static_cast<std::uint32_t>(at));
  }
  std::uint32_t parent() const { return open_.empty() ? document_store::root : open_.back().node; }

  slice piece(std::size_t from, std::size_t to) const {
    return {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - from)};
  }
  void add_text(slice what, std::size_t at) {
    if (what.length == 0) return;
    const std::uint32_t last = store_.last_child(parent());
    if (last != 0 && store_[last].is_text()) {
      store_.append_slice(last, what);
      return;
    }
    store_.append(parent(), make(make_meta(node_type::text, space::none, 0), what.offset, what.length, at));
  }

  void skip_space() {
    while (at_ < text_.size() && is_xml_space(text_[at_])) ++at_;
  }
  std::string_view name(const char* what) {
    const std::size_t start = at_;
    if (at_ == text_.size() || !is_name_start(text_[at_])) fail(at_, std::string("expected ") + what);
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  void text(bool outside) {
    const std::size_t start = at_;
    if (outside) {
      skip_space();
      if (at_ < text_.size() && text_[at_] != '<') fail(at_, "text outside of the root element");
      return;
    }
    std::size_t from = start;
    while (at_ < text_.size() && text_[at_] != '<') {
      const char* found = find_any<'<', '&', ']'>(text_.data() + at_, text_.data() + text_.size());
      at_ = static_cast<std::size_t>(found - text_.data());
      if (at_ == text_.size() || text_[at_] == '<') break;
      if (text_[at_] == ']') {
        if (text_.substr(at_, 3) == "]]>") fail(at_, "']]>' in text");
        ++at_;
        continue;
      }
      add_text(piece(from, at_), from);
      const std::size_t where = at_;
      const std::string became = reference();
      add_text(store_.pool.add(became), where);
      from = at_;
    }
    add_text(piece(from, at_), from);
  }

  // What a reference becomes; at_ is at the '&', then after the ';'.
  std::string reference() {
    const std::size_t start = at_;
    std::string out;
    ++at_;
    if (at_ < text_.size() && text_[at_] == '#') {
      const std::size_t end = text_.find(';', at_);
      if (end == std::string_view::npos || !character(text_.substr(at_ + 1, end - at_ - 1), out))
        fail(start, "not a character reference");
      at_ = end + 1;
      return out;
    }
    const std::string_view named = name("the name of an entity after '&'");
    if (at_ == text_.size() || text_[at_] != ';') fail(start, "a reference without ';'");
    ++at_;
    expand(named, start, out);
    return out;
  }
  static bool character(std::string_view digits, std::string& out) {
    const bool hexadecimal = digits.starts_with('x');
    if (hexadecimal) digits.remove_prefix(1);
    if (digits.empty() || digits.size() > 8) return false;
    std::uint64_t point = 0;
    for (char c : digits) {
      const char folded = ascii::to_lower(c);
      if (ascii::is_digit(c))
        point = point * (hexadecimal ? 16 : 10) + static_cast<unsigned>(c - '0');
      else if (hexadecimal && folded >= 'a' && folded <= 'f')
        point = point * 16 + static_cast<unsigned>(folded - 'a' + 10);
      else
        return false;
    }
    if (point > 0x10FFFF || !is_char(static_cast<std::uint32_t>(point))) return false;
    char bytes[4];
    out.append(bytes, write_utf8(static_cast<char32_t>(point), bytes));
    return true;
  }
  static std::optional<char> predefined(std::string_view named) noexcept {
    if (named == "amp") return '&';
    if (named == "lt") return '<';
    if (named == "gt") return '>';
    if (named == "quot") return '"';
    if (named == "apos") return '\'';
    return std::nullopt;
  }

  // An entity's text, with the references in it replaced in turn, on a stack of our own.
  void expand(std::string_view named, std::size_t at, std::string& out) {
    struct level {
      std::string_view name;
      std::string_view rest;
    };
    std::vector<level> levels;
    const auto enter = [&](std::string_view which) {
      if (const auto known = predefined(which)) {
        out += *known;
        return;
      }
      const auto found = entities_.find(which);
      if (found == entities_.end()) fail(at, "no entity is named '" + std::string(which) + "'");
      if (found->second.external)
        fail(at, "the entity '" + std::string(which) + "' is outside of the document");
      for (const level& each : levels)
        if (each.name == which) fail(at, "the entity '" + std::string(which) + "' contains itself");
      if (levels.size() >= 64) limit(at, "entities nested too deep");
      levels.push_back({which, found->second.value});
    };
    enter(named);
    while (!levels.empty()) {
      std::string_view& rest = levels.back().rest;
      if (rest.empty()) {
        levels.pop_back();
        continue;
      }
      const std::size_t stop = rest.find_first_of("&<");
      const std::string_view plain = rest.substr(0, stop);
      // Entities that become nothing count, too: they take time.
      expanded_ += plain.size() + 1;
      if (expanded_ > options_.max_expansion) limit(at, "entities expand to more than allowed");
      out += plain;
      if (stop == std::string_view::npos) {
        levels.pop_back();
        continue;
      }
      if (rest[stop] == '<') fail(at, "an entity with markup in it is not supported");
      const std::size_t end = rest.find(';', stop);
      if (end == std::string_view::npos) fail(at, "a reference without ';' in an entity");
      const std::string_view inner = rest.substr(stop + 1, end - stop - 1);
      rest.remove_prefix(end + 1);
      if (inner.starts_with('#')) {
        if (!character(inner.substr(1), out)) fail(at, "not a character reference in an entity");
      } else {
        enter(inner);
      }
    }
  }

  void comment() {
    const std::size_t start = at_;
    const std::size_t end = text_.find("--", at_ + 4);
    if (end == std::string_view::npos) fail(start, "a comment without an end");
    if (text_.substr(end, 3) != "-->") fail(end, "'--' in a comment");
    const slice data = piece(start + 4, end);
    store_.append(parent(),
                  make(make_meta(node_type::comment, space::none, 0), data.offset, data.length, start));
    at_ = end + 3;
  }

  void instruction() {
    const std::size_t start = at_;
    at_ += 2;
    const std::string_view target = name("the target of a processing instruction");
    if (target.size() == 3 && ascii::to_lower(target[0]) == 'x' && ascii::to_lower(target[1]) == 'm' &&
        ascii::to_lower(target[2]) == 'l')
      fail(start, "an XML declaration may only begin the document");
    const std::size_t end = text_.find("?>", at_);
    if (end == std::string_view::npos) fail(start, "a processing instruction without an end");
    if (end != at_ && !is_xml_space(text_[at_])) fail(at_, "expected white space after the target");
    skip_space();
    const slice data = piece(std::min(at_, end), end);
    store_.append(parent(), make(make_meta(node_type::processing_instruction, space::none, intern(target)),
                                 data.offset, data.length, start));
    at_ = end + 2;
  }

  void cdata() {
    const std::size_t start = at_ + 9;
    const std::size_t end = text_.find("]]>", start);
    if (end == std::string_view::npos) fail(at_, "a CDATA section without an end");
    add_text(piece(start, end), start);
    at_ = end + 3;
  }

  name_id intern(std::string_view spelling) {
    const name_id id = store_.intern(spelling);
    if (id > max_name_id) limit(at_, "too many names");
    return id;
  }

  std::string_view quoted(const char* what) {
    if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\''))
      fail(at_, std::string("expected ") + what);
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) fail(at_, "a quote without its end");
    const std::string_view value = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return value;
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  void doctype() {
    const std::size_t start = at_;
    doctype_ = true;
    at_ += 9;
    skip_space();
    const name_id named = intern(name("the name of a DOCTYPE"));
    skip_space();
    const std::uint32_t first = store_.attrs.size();
    const auto keep = [&](name_id which, std::string_view value) {
      const slice kept = store_.pool.add(value);
      store_.attrs.push_back({which, kept.offset, kept.length});
    };
    if (word("PUBLIC")) {
      skip_space();
      keep(public_id_name, quoted("a public identifier"));
      skip_space();
      keep(system_id_name, quoted("a system identifier"));
    } else if (word("SYSTEM")) {
      skip_space();
      keep(system_id_name, quoted("a system identifier"));
    }
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') subset();
    skip_space();
    if (at_ == text_.size() || text_[at_] != '>') fail(at_, "expected '>' at the end of the DOCTYPE");
    ++at_;
    store_.append(document_store::root, make(make_meta(node_type::doctype, space::none, named), first,
                                             store_.attrs.size() - first, start));
  }

  // The internal subset: entities are kept, the rest is skipped.
  void subset() {
    const std::size_t start = at_++;
    for (;;) {
      skip_space();
      if (at_ == text_.size()) fail(start, "an internal subset without ']'");
      if (text_[at_] == ']') {
        ++at_;
        return;
      }
      if (text_[at_] == '%') {
        ++at_;
        name("the name of a parameter entity");
        if (!word(";")) fail(at_, "a reference without ';'");
        continue;
      }
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("<!--")) {
        const std::size_t end = text_.find("-->", at_ + 4);
        if (end == std::string_view::npos) fail(at_, "a comment without an end");
        at_ = end + 3;
      } else if (rest.starts_with("<?")) {
        const std::size_t end = text_.find("?>", at_);
        if (end == std::string_view::npos) fail(at_, "a processing instruction without an end");
        at_ = end + 2;
      } else if (word("<!ENTITY")) {
        declare();
      } else if (rest.starts_with("<!")) {
        while (at_ < text_.size() && text_[at_] != '>') {
          if (text_[at_] == '"' || text_[at_] == '\'')
            quoted("a literal");
          else
            ++at_;
        }
        if (!word(">")) fail(at_, "a declaration without '>'");
      } else {
        fail(at_, "expected a declaration");
      }
    }
  }
  void declare() {
    skip_space();
    const bool parameter = word("%");
    if (parameter) skip_space();
    const std::string_view named = name("the name of an entity");
    skip_space();
    entity made;
    if (word("SYSTEM") || word("PUBLIC")) {
      made.external = true;
      while (at_ < text_.size() && text_[at_] != '>') {
        if (text_[at_] == '"' || text_[at_] == '\'')
          quoted("an identifier");
        else
          ++at_;
      }
    } else {
      made.value = quoted("the value of an entity");
    }
    skip_space();
    if (!word(">")) fail(at_, "expected '>' after an entity");
    if (!parameter) entities_.emplace(named, made);  // the first declaration counts (4.2)
  }

  std::uint32_t start_tag() {
    const std::size_t start = at_++;
    const std::string_view whole = name("the name of an element");
    attributes_.clear();
    bool empty = false;
    for (;;) {
      const std::size_t before = at_;
      skip_space();
      if (at_ == text_.size()) fail(start, "a tag without '>'");
      if (word("/>")) {
        empty = true;
        break;
      }
      if (word(">")) break;
      if (before == at_) fail(at_, "expected white space before an attribute");
      if (attributes_.size() >= options_.max_attributes) limit(at_, "more attributes than allowed");
      raw_attribute attr;
      attr.at = at_;
      attr.name = name("an attribute, '>' or '/>'");
      skip_space();
      if (!word("=")) fail(at_, "an attribute needs a value");
      skip_space();
      attr.value = attribute_value();
      attributes_.push_back(attr);
    }
    check_duplicates();
    const std::size_t bindings = bindings_.size();
    for (const raw_attribute& attr : attributes_) {
      if (attr.name == "xmlns") {
        bindings_.push_back({{}, kept_uri(attr.value)});
      } else if (attr.name.starts_with("xmlns:")) {
        const std::string_view prefix = attr.name.substr(6);
        if (attr.value.length == 0) fail(attr.at, "a prefix cannot be undeclared");
        if (prefix == "xmlns" || (prefix == "xml") != (store_.view(attr.value) == xml_uri))
          fail(attr.at, "the prefixes xml and xmlns are reserved");
        bindings_.push_back({prefix, kept_uri(attr.value)});
      }
    }
    // Each name is looked for among all that are in scope.
    if (bindings_.size() > most_bindings) limit(start, "more namespace declarations in scope than allowed");
    const auto [prefix, local] = split(whole, start + 1);
    const std::string_view uri = prefix.empty() ? default_space() : space_of(prefix, start + 1);
    const std::uint32_t first = store_.attrs.size();
    add_attributes();
    const std::uint32_t made =
        make(element_meta(prefix, local, whole, uri), first, store_.attrs.size() - first, start);
    store_.append(parent(), made);
    if (empty) {
      bindings_.resize(bindings);
    } else {
      if (open_.size() >= options_.max_depth) limit(start, "elements nested deeper than allowed");
      open_.push_back({made, whole, bindings});
    }
    return made;
  }

  void end_tag() {
    const std::size_t start = at_;
    at_ += 2;
    const std::string_view whole = name("the name of an element");
    skip_space();
    if (!word(">")) fail(at_, "expected '>' in an end tag");
    if (open_.empty() || open_.back().name != whole)
      fail(start, open_.empty() ? "an end tag without its start tag"
                                : "</" + std::string(whole) + "> where </" + std::string(open_.back().name) +
                                      "> was expected");
    bindings_.resize(open_.back().bindings);
    open_.pop_back();
  }

  // 3.3.3: white space becomes spaces, references become what they stand for.
  slice attribute_value() {
    if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\''))
      fail(at_, "expected a quoted value");
    const char quote = text_[at_];
    const std::size_t start = ++at_;
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail(start - 1, "a quote without its end");
    const std::string_view raw = text_.substr(start, end - start);
    const std::size_t odd = raw.find_first_of("&<\t\n");
    if (odd == std::string_view::npos) {
      at_ = end + 1;
      return piece(start, end);
    }
    std::string value;
    while (at_ < end) {
      const char c = text_[at_];
      if (c == '<') fail(at_, "'<' in an attribute");
      if (c == '&') {
        const std::string became = reference();
        if (at_ > end) fail(start, "a reference that goes beyond its attribute");
        value += became;
        continue;
      }
      value += c == '\t' || c == '\n' ? ' ' : c;
      ++at_;
    }
    at_ = end + 1;
    return store_.pool.add(value);
  }

  void check_duplicates() {
    if (attributes_.size() < 2) return;
    std::vector<std::string_view> seen;
    for (const raw_attribute& attr : attributes_) seen.push_back(attr.name);
    std::sort(seen.begin(), seen.end());
    const auto twice = std::adjacent_find(seen.begin(), seen.end());
    if (twice != seen.end())
      fail(attributes_[0].at, "the attribute '" + std::string(*twice) + "' is there twice");
  }
  static bool is_declaration(std::string_view name) noexcept {
    return name == "xmlns" || name.starts_with("xmlns:");
  }

  void add_attributes() {
    std::vector<std::pair<std::string_view, std::string_view>> expanded;
    for (const raw_attribute& attr : attributes_) {
      const auto [prefix, local] = split(attr.name, attr.at);
      std::uint32_t named;
      if (prefix.empty() && !is_declaration(attr.name)) {
        named = attribute_name(space::html, intern(local));
      } else {
        const std::string_view uri = is_declaration(attr.name) ? xmlns_uri : space_of(prefix, attr.at);
        if (!is_declaration(attr.name)) expanded.emplace_back(uri, local);
        const name_id id = intern(local);
        if (uri == xml_uri && (id == names::lang_ || id == names::space_))
          named = attribute_name(space::xml, id);
        else if (attr.name == "xmlns")
          named = attribute_name(space::xmlns, names::xmlns_);
        else
          named = attribute_name(space::other, qualified(prefix, local, attr.name, uri));
      }
      store_.attrs.push_back({named, attr.value.offset, attr.value.length});
    }
    std::sort(expanded.begin(), expanded.end());
    if (std::adjacent_find(expanded.begin(), expanded.end()) != expanded.end())
      fail(attributes_[0].at, "two attributes with the same name and namespace");
  }

  std::pair<std::string_view, std::string_view> split(std::string_view whole, std::size_t at) const {
    const std::size_t colon = whole.find(':');
    if (colon == std::string_view::npos) return {{}, whole};
    if (colon == 0 || colon + 1 == whole.size() || whole.find(':', colon + 1) != std::string_view::npos ||
        !is_name_start(whole[colon + 1]))
      fail(at, std::string(whole) + " is no name with a prefix");
    return {whole.substr(0, colon), whole.substr(colon + 1)};
  }
  std::string_view kept_uri(slice value) const { return store_.view(value); }
  std::string_view default_space() const { return find_binding({}).value_or(std::string_view()); }
  std::optional<std::string_view> find_binding(std::string_view prefix) const {
    for (std::size_t i = bindings_.size(); i-- > 0;)
      if (bindings_[i].prefix == prefix) return bindings_[i].uri;
    return std::nullopt;
  }
  std::string_view space_of(std::string_view prefix, std::size_t at) const {
    if (prefix == "xml") return xml_uri;
    const auto found = find_binding(prefix);
    if (!found) fail(at, "the prefix '" + std::string(prefix) + "' is not declared");
    return *found;
  }

  std::uint32_t element_meta(std::string_view prefix, std::string_view local, std::string_view whole,
                             std::string_view uri) {
    if (prefix.empty()) {
      for (const space known : {space::html, space::svg, space::mathml, space::none})
        if (uri == (known == space::none ? std::string_view() : namespace_uri_of(known)))
          return make_meta(node_type::element, known, intern(local));
    }
    return make_meta(node_type::element, space::other, qualified(prefix, local, whole, uri));
  }

  // The number of a name with prefix and namespace.
  std::uint32_t qualified(std::string_view prefix, std::string_view local, std::string_view whole,
                          std::string_view uri) {
    std::string key(whole);
    key += ' ';
    key += uri;
    const auto [found, fresh] =
        known_names_.try_emplace(std::move(key), static_cast<std::uint32_t>(store_.qualified.size()));
    if (!fresh) return found->second;
    if (store_.qualified.size() >= max_name_id) limit(at_, "too many names");
    qualified_name made;
    made.local = intern(local);
    made.prefix = store_.view(store_.pool.add(prefix));
    made.whole = store_.view(store_.pool.add(whole));
    made.uri = store_.view(store_.pool.add(uri));
    store_.qualified.push_back(made);
    return found->second;
  }

  document_store& store_;
  const xml_options& options_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t expanded_ = 0;
  bool doctype_ = false;
  std::vector<open_element> open_;
  std::vector<binding> bindings_;
  std::vector<raw_attribute> attributes_;
  std::map<std::string_view, entity> entities_;
  std::unordered_map<std::string, std::uint32_t> known_names_;
};

// 4.3.3 and appendix F.
result<std::string> to_utf8(std::string_view bytes, std::string_view& encoding) {
  if (const auto mark = byte_order_mark(bytes)) {
    encoding = mark->first.name();
    bytes.remove_prefix(mark->second);
    return mark->first == charset() ? std::string(bytes) : decode(mark->first, bytes);
  }
  const std::string_view declaration =
      bytes.starts_with("<?xml") ? bytes.substr(0, bytes.find("?>")) : std::string_view();
  const std::size_t word = declaration.find("encoding");
  if (word != std::string_view::npos) {
    const std::size_t quote = declaration.find_first_of("\"'", word);
    const std::size_t end =
        quote == std::string_view::npos ? quote : declaration.find(declaration[quote], quote + 1);
    if (end == std::string_view::npos)
      return failure(errc::malformed, "XML, line 1: the declared encoding is no string");
    const std::string_view label = declaration.substr(quote + 1, end - quote - 1);
    const auto named = charset::for_label(label);
    if (!named || !named->is_supported())
      return failure(errc::unsupported,
                     "XML, line 1: the encoding '" + std::string(label) + "' is not known");
    encoding = named->name();
    // A declaration that can be read is not in UTF-16.
    if (*named != charset() && !encoding.starts_with("UTF-16")) return decode(*named, bytes);
    encoding = "UTF-8";
  }
  return std::string(bytes);
}

}  // namespace

result<document> parse_xml(std::string_view bytes, const xml_options& options) {
  if (bytes.size() > std::min<std::uint64_t>(options.max_bytes, std::uint64_t{512} << 20))
    return failure(errc::limit_exceeded, "XML longer than allowed");
  std::string_view encoding = "UTF-8";
  result<std::string> text = to_utf8(bytes, encoding);
  if (!text) return text.error();
  auto store = std::make_unique<document_store>();
  store->xml = true;
  store->encoding = encoding;
  const auto place = [&](std::size_t at) {
    std::size_t line = 1;
    std::size_t column = 1;
    const std::string_view before = std::string_view(store->owned_source).substr(0, at);
    for (char c : before) {
      if (c == '\n') {
        ++line;
        column = 1;
      } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
        ++column;
      }
    }
    return "XML, line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
  };
  for (const char *at = text->data(), *const end = at + text->size(); at != end;) {
    const utf8_step step = read_utf8(at, end);
    if (step.length == 0) {
      store->owned_source = *text;
      return failure(errc::malformed, place(static_cast<std::size_t>(at - text->data())) + "not UTF-8");
    }
    at += step.length;
  }
  if (is_plain_input(*text)) {
    store->owned_source = std::move(*text);
  } else {
    input_decoder decoder;
    decoder.decode(*text, true, store->owned_source, store->shifts);
  }
  store->source = store->owned_source.data();
  store->source_size = static_cast<std::uint32_t>(store->owned_source.size());
  try {
    reader(*store, options).read();
  } catch (const wrong& error) {
    return failure(error.code, place(error.at) + error.what);
  } catch (const std::length_error&) {
    return failure(errc::limit_exceeded, "XML with texts of more than 2 GiB");
  }
  return access::wrap(std::move(store));
}

}  // namespace tidewire::html
