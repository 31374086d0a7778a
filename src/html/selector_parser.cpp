#include <tidewire/base/utf8.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>

#include "scan.hpp"
#include "selector_program.hpp"

namespace tidewire::html {

using namespace detail;

namespace {

constexpr std::size_t most_text = 64 * 1024;
constexpr unsigned most_nesting = 32;
constexpr std::size_t most_tests = 4096;

struct syntax_error {
  std::size_t at;
  std::string what;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ascii::to_lower);
  return out;
}

bool is_name_character(char c) noexcept {
  return ascii::is_alnum(c) || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

struct plain_pseudo {
  std::string_view name;
  test_kind kind;
};

constexpr plain_pseudo plain_pseudos[] = {
    {"root", test_kind::root},
    {"empty", test_kind::empty},
    {"scope", test_kind::scope},
    {"only-child", test_kind::only_child},
    {"only-of-type", test_kind::only_of_type},
    {"link", test_kind::link},
    {"any-link", test_kind::link},
    {"checked", test_kind::checked},
    {"default", test_kind::default_},
    {"disabled", test_kind::disabled},
    {"enabled", test_kind::enabled},
    {"indeterminate", test_kind::indeterminate},
    {"in-range", test_kind::in_range},
    {"out-of-range", test_kind::out_of_range},
    {"optional", test_kind::optional},
    {"required", test_kind::required},
    {"placeholder-shown", test_kind::placeholder_shown},
    {"read-only", test_kind::read_only},
    {"read-write", test_kind::read_write},
    {"muted", test_kind::muted},
    {"open", test_kind::open},
    {"defined", test_kind::defined},
    // Only somebody who looks at a page can say these.
    {"active", test_kind::nothing},
    {"autofill", test_kind::nothing},
    {"current", test_kind::nothing},
    {"focus", test_kind::nothing},
    {"focus-visible", test_kind::nothing},
    {"focus-within", test_kind::nothing},
    {"fullscreen", test_kind::nothing},
    {"future", test_kind::nothing},
    {"host", test_kind::nothing},
    {"hover", test_kind::nothing},
    {"local-link", test_kind::nothing},
    {"modal", test_kind::nothing},
    {"past", test_kind::nothing},
    {"paused", test_kind::nothing},
    {"playing", test_kind::nothing},
    {"target", test_kind::nothing},
    {"target-within", test_kind::nothing},
    {"user-invalid", test_kind::nothing},
    {"user-valid", test_kind::nothing},
    {"visited", test_kind::nothing},
};

class reader {
 public:
  reader(selector_program& program, const selector_options& options)
      : program_(program), options_(options), text_(program.text) {}

  void read() {
    program_.top = list(0, false, false);
    if (at_ != text_.size()) fail("unexpected " + shown());
  }

 private:
  [[noreturn]] void fail(std::string what) const { fail_at(at_, std::move(what)); }
  [[noreturn]] static void fail_at(std::size_t at, std::string what) {
    throw syntax_error{at, std::move(what)};
  }
  std::string shown() const {
    return at_ == text_.size() ? "end of the selector" : std::string{'\'', text_[at_], '\''};
  }
  bool more() const { return at_ < text_.size(); }
  bool looking_at(char c) const { return more() && text_[at_] == c; }
  bool take(char c) {
    if (!looking_at(c)) return false;
    ++at_;
    return true;
  }
  // White space and comments; true if there was white space.
  bool space() {
    bool found = false;
    for (;;) {
      if (more() && is_space(text_[at_])) {
        ++at_;
        found = true;
      } else if (text_.substr(at_, 2) == "/*") {
        const std::size_t end = text_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
        found = true;
      } else {
        return found;
      }
    }
  }

  std::uint32_t keep(std::string text) {
    program_.strings.push_back(std::move(text));
    return static_cast<std::uint32_t>(program_.strings.size() - 1);
  }

  // An escape; at_ is after the backslash (CSS Syntax 4.3.7).
  void escape(std::string& out) {
    if (!more()) {
      out += "\xEF\xBF\xBD";
      return;
    }
    std::uint32_t point = 0;
    unsigned digits = 0;
    while (more() && digits < 6) {
      const char c = ascii::to_lower(text_[at_]);
      if (ascii::is_digit(c))
        point = point * 16 + static_cast<std::uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f')
        point = point * 16 + static_cast<std::uint32_t>(c - 'a' + 10);
      else
        break;
      ++at_;
      ++digits;
    }
    if (digits == 0) {
      // The character itself, with all its bytes.
      out += text_[at_++];
      while (more() && (static_cast<unsigned char>(text_[at_]) & 0xC0) == 0x80) out += text_[at_++];
      return;
    }
    if (text_.substr(at_, 2) == "\r\n")
      at_ += 2;
    else if (more() && is_space(text_[at_]))
      ++at_;
    if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) point = 0xFFFD;
    char bytes[4];
    out.append(bytes, write_utf8(point, bytes));
  }

  bool at_name_start() const {
    if (!more()) return false;
    const char c = text_[at_];
    if (c == '\\') return at_ + 1 == text_.size() || (text_[at_ + 1] != '\n' && text_[at_ + 1] != '\f');
    if (c == '-') {
      if (at_ + 1 == text_.size()) return false;
      const char next = text_[at_ + 1];
      return next == '-' || next == '\\' || (is_name_character(next) && !ascii::is_digit(next));
    }
    return is_name_character(c) && !ascii::is_digit(c);
  }
  // What a name is made of, from here on.
  std::string name_rest() {
    std::string out;
    while (more()) {
      const char c = text_[at_];
      if (c == '\\') {
        if (at_ + 1 < text_.size() && (text_[at_ + 1] == '\n' || text_[at_ + 1] == '\f')) break;
        ++at_;
        escape(out);
      } else if (c == '\0') {
        out += "\xEF\xBF\xBD";
        ++at_;
      } else if (is_name_character(c)) {
        out += c;
        ++at_;
      } else {
        break;
      }
    }
    return out;
  }
  std::string name(std::string_view what) {
    if (!at_name_start()) fail("expected " + std::string(what) + ", found " + shown());
    return name_rest();
  }

  std::string quoted() {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    std::string out;
    while (more() && text_[at_] != quote) {
      const char c = text_[at_];
      if (c == '\n' || c == '\f' || c == '\r') fail_at(start, "a string must end on its line");
      if (c == '\\') {
        ++at_;
        if (!more()) break;
        if (text_.substr(at_, 2) == "\r\n") {
          at_ += 2;
        } else if (text_[at_] == '\n' || text_[at_] == '\f' || text_[at_] == '\r') {
          ++at_;
        } else {
          escape(out);
        }
      } else if (c == '\0') {
        out += "\xEF\xBF\xBD";
        ++at_;
      } else {
        out += c;
        ++at_;
      }
    }
    if (!take(quote)) fail_at(start, "a string without its closing quote");
    return out;
  }

  std::uint16_t space_named(std::string_view prefix) {
    for (const auto& [known, uri] : options_.namespaces)
      if (known == prefix) return static_cast<std::uint16_t>(keep(std::string(uri)));
    return unknown_space;
  }
  std::uint16_t default_space() {
    for (const auto& [known, uri] : options_.namespaces)
      if (known.empty()) return static_cast<std::uint16_t>(keep(std::string(uri)));
    return any_space;
  }

  void add(simple_test test) {
    if (pending_.size() + program_.tests.size() >= most_tests) fail("more than 4096 parts");
    pending_.push_back(test);
  }

  // A list up to its closing parenthesis, or to the end. A forgiving list may have empty members; a relative
  // one is that of :has.
  std::uint32_t list(unsigned depth, bool forgiving, bool relative) {
    if (depth > most_nesting) fail("more than 32 levels of parentheses");
    selector_list made;
    for (;;) {
      space();
      if (forgiving && (looking_at(',') || looking_at(')') || !more())) {
        // An empty member matches nothing.
      } else {
        made.members.push_back(complex(depth, relative));
      }
      space();
      if (!take(',')) break;
    }
    program_.lists.push_back(std::move(made));
    return static_cast<std::uint32_t>(program_.lists.size() - 1);
  }

  std::optional<combinator> explicit_combinator() {
    if (take('>')) return combinator::child;
    if (take('+')) return combinator::next;
    if (take('~')) return combinator::subsequent;
    return std::nullopt;
  }

  std::uint32_t complex(unsigned depth, bool relative) {
    std::vector<compound_selector> parts;
    combinator left = combinator::none;
    if (relative) {
      left = combinator::descendant;
      if (const auto found = explicit_combinator()) {
        left = *found;
        space();
      }
    } else if (looking_at('>') || looking_at('+') || looking_at('~')) {
      fail("a combinator needs something before it");
    }
    for (;;) {
      compound_selector part = compound(depth);
      part.left = left;
      part.memo = program_.memos++;
      parts.push_back(part);
      const std::size_t before = at_;
      const bool spaced = space();
      if (!more() || looking_at(',') || looking_at(')')) {
        at_ = before;
        break;
      }
      if (program_.wants != selector::output::elements) fail("nothing may follow a pseudo-element");
      if (const auto found = explicit_combinator()) {
        left = *found;
        space();
        if (!more() || looking_at(',') || looking_at(')')) fail("a combinator needs something after it");
        if (looking_at('>') || looking_at('+') || looking_at('~')) fail("two combinators in a row");
      } else if (spaced) {
        left = combinator::descendant;
      } else {
        fail("unexpected " + shown());
      }
    }
    complex_selector made;
    made.first = static_cast<std::uint32_t>(program_.compounds.size());
    made.count = static_cast<std::uint32_t>(parts.size());
    program_.compounds.insert(program_.compounds.end(), parts.begin(), parts.end());
    program_.complexes.push_back(made);
    return static_cast<std::uint32_t>(program_.complexes.size() - 1);
  }

  compound_selector compound(unsigned depth) {
    std::vector<simple_test> outer;
    outer.swap(pending_);
    const std::size_t start = at_;
    bool any = false;
    if (at_name_start() || looking_at('*') || looking_at('|')) {
      type();
      any = true;
    }
    for (;; any = true) {
      if (take('#')) {
        if (!more() || !(is_name_character(text_[at_]) || text_[at_] == '\\'))
          fail("expected an id after '#'");
        simple_test test;
        test.kind = test_kind::id;
        test.value = keep(name_rest());
        add(test);
      } else if (take('.')) {
        simple_test test;
        test.kind = test_kind::class_;
        test.value = keep(name("a class name after '.'"));
        add(test);
      } else if (looking_at('[')) {
        attribute();
      } else if (looking_at('&')) {
        ++at_;
        simple_test test;
        test.kind = test_kind::scope;
        add(test);
      } else if (looking_at(':')) {
        if (text_.substr(at_, 2) == "::") {
          pseudo_element(depth, any);
          any = true;
          break;
        }
        pseudo_class(depth);
      } else {
        break;
      }
    }
    if (!any)
      fail_at(start, at_ == text_.size() ? "expected a selector, found the end"
                                         : "expected a selector, found " + shown());
    compound_selector made;
    made.first = static_cast<std::uint32_t>(program_.tests.size());
    made.count = static_cast<std::uint32_t>(pending_.size());
    // What is cheap to ask goes first.
    const auto cheap = [](const simple_test& test) { return test.kind <= test_kind::attribute; };
    std::copy_if(pending_.begin(), pending_.end(), std::back_inserter(program_.tests), cheap);
    std::remove_copy_if(pending_.begin(), pending_.end(), std::back_inserter(program_.tests), cheap);
    pending_.swap(outer);
    return made;
  }

  // name, *, prefix|name, *|*, |name
  void type() {
    std::optional<std::string> first;
    bool star = false;
    if (!looking_at('|')) {
      star = take('*');
      if (!star) first = name("a name");
    }
    std::uint16_t where = default_space();
    if (looking_at('|') && (text_.substr(at_, 2) != "|=" || !(star || first))) {
      ++at_;
      if (star)
        where = any_space;
      else
        where = first ? space_named(*first) : static_cast<std::uint16_t>(0);
      star = take('*');
      if (!star) first = name("a name after '|'");
    }
    if (star && where == any_space) return;
    simple_test test;
    test.kind = star ? test_kind::space_only : test_kind::type;
    test.space = where;
    if (!star) {
      test.lower_name = keep(lower(*first));
      test.name = keep(*first);
    }
    add(test);
  }

  void attribute() {
    const std::size_t start = at_;
    ++at_;
    space();
    simple_test test;
    test.kind = test_kind::attribute;
    test.space = 0;
    std::string written;
    if (take('*')) {
      if (!take('|')) fail("expected '|' after '*'");
      test.space = any_space;
      written = name("an attribute name");
    } else if (take('|')) {
      written = name("an attribute name");
    } else {
      written = name("an attribute name");
      if (looking_at('|') && text_.substr(at_, 2) != "|=") {
        ++at_;
        test.space = space_named(written);
        written = name("an attribute name after '|'");
      }
    }
    test.lower_name = keep(lower(written));
    test.name = keep(written);
    space();
    bool negated = false;
    if (!take(']')) {
      if (!more()) fail_at(start, "'[' without ']'");
      switch (text_[at_]) {
        case '=': test.compare = attribute_operator::equal; break;
        case '~': test.compare = attribute_operator::word; break;
        case '|': test.compare = attribute_operator::dash; break;
        case '^': test.compare = attribute_operator::prefix; break;
        case '$': test.compare = attribute_operator::suffix; break;
        case '*': test.compare = attribute_operator::substring; break;
        case '!':
          test.compare = attribute_operator::equal;
          negated = true;
          break;
        default: fail("expected an operator or ']', found " + shown());
      }
      if (text_[at_] != '=') ++at_;
      if (!take('=')) fail("expected '=', found " + shown());
      space();
      if (looking_at('"') || looking_at('\''))
        test.value = keep(quoted());
      else
        test.value = keep(name("a value (quote it if it is no name)"));
      space();
      if (more() && text_[at_] != ']') {
        const char flag = ascii::to_lower(text_[at_]);
        if (flag != 'i' && flag != 's') fail("expected ']', 'i' or 's', found " + shown());
        test.folding = flag == 'i' ? value_case::ignored : value_case::exact;
        ++at_;
        space();
      }
      if (!take(']')) fail_at(more() ? at_ : start, "'[' without ']'");
    }
    if (!negated) {
      add(test);
      return;
    }
    // [a!=b] is :not([a=b]).
    compound_selector part;
    part.first = static_cast<std::uint32_t>(program_.tests.size());
    part.count = 1;
    part.memo = program_.memos++;
    program_.tests.push_back(test);
    program_.compounds.push_back(part);
    program_.complexes.push_back({static_cast<std::uint32_t>(program_.compounds.size() - 1), 1});
    program_.lists.push_back({{static_cast<std::uint32_t>(program_.complexes.size() - 1)}});
    simple_test inverse;
    inverse.kind = test_kind::not_;
    inverse.list = static_cast<std::uint32_t>(program_.lists.size() - 1);
    add(inverse);
  }

  void close(std::size_t start) {
    space();
    if (!take(')'))
      fail_at(more() ? at_ : start, more() ? "expected ')', found " + shown() : "'(' without ')'");
  }

  // Comma-separated names and strings; both escape.
  void strings(simple_test& test, std::size_t start) {
    std::vector<std::string> found;
    do {
      space();
      if (looking_at('"') || looking_at('\'')) {
        found.push_back(quoted());
      } else {
        found.push_back(name_rest());
        if (found.back().empty()) fail("expected a name or a string, found " + shown());
      }
      space();
    } while (take(','));
    close(start);
    test.first_text = static_cast<std::uint32_t>(program_.strings.size());
    test.text_count = static_cast<std::uint32_t>(found.size());
    for (std::string& text : found) keep(std::move(text));
  }

  void nth(simple_test& test, unsigned depth, std::size_t start, bool of_type) {
    // An+B ends at ")" or at the word "of".
    const std::size_t begin = at_;
    std::size_t end = at_;
    bool of = false;
    while (more() && text_[at_] != ')') {
      if (text_.substr(at_, 2) == "/*") {
        space();
        end = at_;
        continue;
      }
      if (is_space(text_[at_]) && starts_of(at_ + 1)) {
        end = at_;
        ++at_;
        while (is_space(text_[at_])) ++at_;
        at_ += 2;
        of = true;
        break;
      }
      end = ++at_;
    }
    if (!read_an_plus_b(text_.substr(begin, end - begin), test.a, test.b))
      fail_at(begin, "expected An+B, 'odd' or 'even'");
    if (of) {
      if (of_type) fail_at(end, "'of' is for :nth-child and :nth-last-child");
      test.list = list(depth + 1, false, false);
      test.memo = program_.memos++;
    }
    close(start);
  }
  bool starts_of(std::size_t at) const {
    while (at < text_.size() && is_space(text_[at])) ++at;
    return text_.size() - std::min(at, text_.size()) >= 3 && ascii::to_lower(text_[at]) == 'o' &&
           ascii::to_lower(text_[at + 1]) == 'f' && !is_name_character(text_[at + 2]);
  }

  void pseudo_class(unsigned depth) {
    const std::size_t start = at_;
    ++at_;
    const std::string word = lower(name("a pseudo-class name after ':'"));
    simple_test test;
    test.memo = program_.memos++;
    if (!take('(')) {
      if (word == "first-child" || word == "last-child" || word == "first-of-type" ||
          word == "last-of-type") {
        test.kind = word == "first-child"     ? test_kind::nth_child
                    : word == "last-child"    ? test_kind::nth_last_child
                    : word == "first-of-type" ? test_kind::nth_of_type
                                              : test_kind::nth_last_of_type;
        test.b = 1;
        add(test);
        return;
      }
      for (const plain_pseudo& known : plain_pseudos) {
        if (known.name != word) continue;
        test.kind = known.kind;
        add(test);
        return;
      }
      fail_at(start, "unknown pseudo-class ':" + word + "'");
    }
    const std::size_t open = at_ - 1;
    if (word == "is" || word == "where" || word == "matches" || word == "-webkit-any" || word == "any") {
      test.kind = test_kind::is;
      test.list = list(depth + 1, true, false);
      close(open);
    } else if (word == "not") {
      test.kind = test_kind::not_;
      test.list = list(depth + 1, false, false);
      close(open);
    } else if (word == "has") {
      test.kind = test_kind::has;
      test.list = list(depth + 1, false, true);
      close(open);
    } else if (word == "current" || word == "host" || word == "host-context") {
      // Read for its mistakes; nothing is current, and nothing is a host.
      test.kind = test_kind::nothing;
      list(depth + 1, true, false);
      close(open);
    } else if (word == "nth-child" || word == "nth-last-child") {
      test.kind = word == "nth-child" ? test_kind::nth_child : test_kind::nth_last_child;
      nth(test, depth, open, false);
    } else if (word == "nth-of-type" || word == "nth-last-of-type") {
      test.kind = word == "nth-of-type" ? test_kind::nth_of_type : test_kind::nth_last_of_type;
      nth(test, depth, open, true);
    } else if (word == "lang") {
      test.kind = test_kind::lang;
      strings(test, open);
    } else if (word == "contains" || word == "-soup-contains") {
      test.kind = test_kind::contains;
      strings(test, open);
    } else if (word == "-soup-contains-own" || word == "contains-own") {
      test.kind = test_kind::contains_own;
      strings(test, open);
    } else if (word == "dir") {
      test.kind = test_kind::dir;
      space();
      const std::string direction = lower(name("'ltr' or 'rtl'"));
      if (direction != "ltr" && direction != "rtl") test.kind = test_kind::nothing;
      test.right_to_left = direction == "rtl";
      close(open);
    } else {
      fail_at(start, "unknown pseudo-class ':" + word + "()'");
    }
    add(test);
  }

  void pseudo_element(unsigned depth, bool) {
    const std::size_t start = at_;
    at_ += 2;
    const std::string word = lower(name("a pseudo-element name after '::'"));
    if (depth != 0) fail_at(start, "a pseudo-element may only end the whole selector");
    if (word == "text") {
      program_.wants = selector::output::text;
    } else if (word == "attr") {
      if (!take('(')) fail("expected '(', found " + shown());
      space();
      program_.wants = selector::output::attribute;
      program_.wanted_attribute = name("an attribute name");
      close(start + 6);
    } else {
      fail_at(start, "unknown pseudo-element '::" + word + "'");
    }
    space();
    if (looking_at(',')) fail("a selector with a pseudo-element cannot be one of a list");
  }

  selector_program& program_;
  const selector_options& options_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<simple_test> pending_;
};

}  // namespace

namespace detail {

bool read_an_plus_b(std::string_view text, std::int32_t& a, std::int32_t& b) noexcept {
  // Comments count as nothing between tokens.
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "/*") {
      const std::size_t end = text.find("*/", i + 2);
      if (end == std::string_view::npos) break;
      i = end + 1;
      continue;
    }
    plain += ascii::to_lower(text[i]);
  }
  std::string_view rest = plain;
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  while (!rest.empty() && is_space(rest.back())) rest.remove_suffix(1);
  if (rest == "odd" || rest == "even") {
    a = 2;
    b = rest == "odd" ? 1 : 0;
    return true;
  }
  const auto skip = [&] {
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  };
  // Digits, clamped: no index is as large.
  const auto digits = [&](std::int64_t& value) {
    bool any = false;
    value = 0;
    for (; !rest.empty() && ascii::is_digit(rest.front()); rest.remove_prefix(1)) {
      value =
          std::min<std::int64_t>(value * 10 + (rest.front() - '0'), std::numeric_limits<std::int32_t>::max());
      any = true;
    }
    return any;
  };
  int sign = 1;
  if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
    sign = rest.front() == '-' ? -1 : 1;
    rest.remove_prefix(1);
  }
  std::int64_t value = 0;
  const bool any = digits(value);
  if (rest.empty()) {
    a = 0;
    b = static_cast<std::int32_t>(sign * value);
    return any;
  }
  if (rest.front() != 'n') return false;
  rest.remove_prefix(1);
  a = static_cast<std::int32_t>(sign * (any ? value : 1));
  b = 0;
  if (rest.empty()) return true;
  if (!is_space(rest.front()) && rest.front() != '+' && rest.front() != '-') return false;
  skip();
  if (rest.empty()) return true;
  if (rest.front() != '+' && rest.front() != '-') return false;
  sign = rest.front() == '-' ? -1 : 1;
  rest.remove_prefix(1);
  skip();
  if (!digits(value) || !rest.empty()) return false;
  b = static_cast<std::int32_t>(sign * value);
  return true;
}

}  // namespace detail

selector::selector() {
  auto program = std::make_shared<selector_program>();
  program->lists.emplace_back();
  program_ = std::move(program);
}

selector::selector(std::shared_ptr<const selector_program> program) noexcept : program_(std::move(program)) {}

result<selector> selector::compile(std::string_view text, const selector_options& options,
                                   std::size_t* error_position) {
  if (text.size() > most_text) {
    if (error_position != nullptr) *error_position = most_text;
    return failure(errc::misuse, "a selector may have 65536 bytes at most");
  }
  auto program = std::make_shared<selector_program>();
  program->text = text;
  try {
    reader(*program, options).read();
  } catch (const syntax_error& error) {
    if (error_position != nullptr) *error_position = error.at;
    return failure(errc::misuse, "selector, at byte " + std::to_string(error.at) + ": " + error.what +
                                     " in `" + program->text + "`");
  }
  return selector(std::move(program));
}

std::string_view selector::text() const noexcept {
  return program_->text;
}
selector::output selector::wants() const noexcept {
  return program_->wants;
}

}  // namespace tidewire::html
