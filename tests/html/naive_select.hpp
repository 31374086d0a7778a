// A second opinion on selectors: a selector as a small tree, its text, and what it matches by the book,
// without any of the engine's shortcuts. Tree and selector are made from bytes, for the fuzzer and for a test
// with fixed seeds.
#pragma once

#include <tidewire/html.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::html::test {

class byte_source {
 public:
  byte_source(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  unsigned below(unsigned limit) {
    if (at_ == size_) return 0;
    return data_[at_++] % limit;
  }
  bool empty() const { return at_ == size_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

struct naive_compound;

struct naive_complex {
  std::vector<naive_compound> parts;
  std::vector<char> combinators;  // before each part: ' ', '>', '+', '~'; of the first that of :has, else 0
};
using naive_list = std::vector<naive_complex>;

struct naive_test {
  char kind = '*';  // t type, . class, # id, [ attribute, n :not, i :is, h :has, c :nth-child, l
                    // :nth-last-child, y :nth-of-type, e :empty, o :only-child, r :root, f :first-of-type,
                    // x :contains, s [class*=...]
  std::string name;
  naive_list list;
  int a = 0;
  int b = 0;
  bool of = false;
};

struct naive_compound {
  std::vector<naive_test> tests;
};

constexpr std::string_view naive_tags[] = {"div", "span", "b", "x-y"};
constexpr std::string_view naive_words[] = {"a", "b", "c"};
constexpr std::string_view naive_texts[] = {" ", "t", "tu", "ut", "tut", "tutu"};

inline naive_list make_list(byte_source& from, unsigned depth, bool relative);

inline naive_test make_test(byte_source& from, unsigned depth) {
  naive_test test;
  switch (from.below(depth == 0 ? 9 : 14)) {
    case 0:
    case 1:
      test.kind = '.';
      test.name = naive_words[from.below(3)];
      break;
    case 2:
      test.kind = '#';
      test.name = naive_words[from.below(3)];
      break;
    case 3:
      test.kind = '[';
      test.name = naive_words[from.below(3)];
      break;
    case 4:
      test.kind = from.below(2) == 0 ? 'e' : 'x';
      test.name = naive_texts[from.below(6)];
      break;
    case 5:
      test.kind = from.below(2) == 0 ? 'o' : 's';
      test.name = naive_words[from.below(3)];
      break;
    case 6: test.kind = from.below(2) == 0 ? 'r' : 'f'; break;
    case 7: test.kind = 'y'; break;
    case 8: test.kind = from.below(2) == 0 ? 'c' : 'l'; break;
    case 9:
      test.kind = 'n';
      test.list = make_list(from, depth - 1, false);
      break;
    case 10:
      test.kind = 'i';
      test.list = make_list(from, depth - 1, false);
      break;
    case 11:
    case 12:
      test.kind = 'h';
      test.list = make_list(from, depth - 1, true);
      break;
    default:
      test.kind = from.below(2) == 0 ? 'c' : 'l';
      test.of = true;
      test.list = make_list(from, depth - 1, false);
      break;
  }
  if (test.kind == 'c' || test.kind == 'l' || test.kind == 'y') {
    test.a = static_cast<int>(from.below(5)) - 2;
    test.b = static_cast<int>(from.below(7)) - 2;
  }
  return test;
}

inline naive_complex make_complex(byte_source& from, unsigned depth, bool relative) {
  constexpr char combinators[] = {' ', '>', '+', '~'};
  naive_complex complex;
  const unsigned parts = 1 + from.below(3);
  for (unsigned i = 0; i < parts; ++i) {
    complex.combinators.push_back(i == 0 && !relative ? '\0' : combinators[from.below(4)]);
    naive_compound compound;
    if (from.below(2) == 0) {
      naive_test type;
      type.kind = 't';
      type.name = naive_tags[from.below(4)];
      compound.tests.push_back(type);
    }
    const unsigned tests = (compound.tests.empty() ? 1 : 0) + from.below(2);
    for (unsigned n = 0; n < tests; ++n) compound.tests.push_back(make_test(from, depth));
    complex.parts.push_back(std::move(compound));
  }
  return complex;
}

inline naive_list make_list(byte_source& from, unsigned depth, bool relative) {
  naive_list list;
  const unsigned members = 1 + from.below(2);
  for (unsigned i = 0; i < members; ++i) list.push_back(make_complex(from, depth, relative));
  return list;
}

inline std::string print(const naive_list& list);

inline std::string print(const naive_test& test) {
  const std::string nth = std::to_string(test.a) + "n" + (test.b < 0 ? "" : "+") + std::to_string(test.b) +
                          (test.of ? " of " + print(test.list) : "");
  switch (test.kind) {
    case 't': return test.name;
    case '.': return "." + test.name;
    case '#': return "#" + test.name;
    case '[': return "[" + test.name + "]";
    case 'n': return ":not(" + print(test.list) + ")";
    case 'i': return ":is(" + print(test.list) + ")";
    case 'h': return ":has(" + print(test.list) + ")";
    case 'c': return ":nth-child(" + nth + ")";
    case 'l': return ":nth-last-child(" + nth + ")";
    case 'y': return ":nth-of-type(" + nth + ")";
    case 'e': return ":empty";
    case 'x': return ":contains('" + test.name + "')";
    case 's': return "[class*=" + test.name + "]";
    case 'o': return ":only-child";
    case 'r': return ":root";
    case 'f': return ":first-of-type";
    default: return "*";
  }
}

inline std::string print(const naive_list& list) {
  std::string out;
  for (const naive_complex& complex : list) {
    if (!out.empty()) out += ", ";
    for (std::size_t i = 0; i < complex.parts.size(); ++i) {
      if (complex.combinators[i] != '\0' && (i != 0 || complex.combinators[i] != ' ')) {
        out += ' ';
        out += complex.combinators[i];
        out += ' ';
      }
      for (const naive_test& test : complex.parts[i].tests) out += print(test);
    }
  }
  return out;
}

inline bool matches(const naive_list& list, const node& element);

inline bool nth(const naive_test& test, const node& element) {
  int index = 0;
  const bool backwards = test.kind == 'l';
  if (test.of && !matches(test.list, element)) return false;
  for (node at = element; at; at = backwards ? at.next_element_sibling() : at.previous_element_sibling()) {
    if (test.of && !matches(test.list, at)) continue;
    if (test.kind == 'y' && at.name() != element.name()) continue;
    ++index;
  }
  for (int n = 0; n < 1000; ++n)
    if (test.a * n + test.b == index) return true;
  return false;
}

inline bool matches_from(const naive_complex& complex, std::size_t part, const node& element,
                         const node& anchor);

inline bool matches(const naive_test& test, const node& element) {
  switch (test.kind) {
    case 't': return element.name() == test.name;
    case '.': return element.has_class(test.name);
    case '#': return element.attribute("id") == test.name && element.has_attribute("id");
    case '[': return element.has_attribute(test.name);
    case 'n': return !matches(test.list, element);
    case 'i': return matches(test.list, element);
    case 'h': {
      // Each element of the tree is tried as the last of what is asked for.
      for (const naive_complex& complex : test.list)
        for (node other : element.root().descendant_elements())
          if (matches_from(complex, complex.parts.size() - 1, other, element)) return true;
      return false;
    }
    case 'c':
    case 'l':
    case 'y': return nth(test, element);
    case 'e':
      for (node child : element.children())
        if (child.is_element() ||
            (child.is_text() && child.value().find_first_not_of(" \n\t\f\r") != std::string_view::npos))
          return false;
      return true;
    case 'x': return element.text().find(test.name) != std::string::npos;
    case 's': return element.attribute("class").find(test.name) != std::string_view::npos;
    case 'o': return !element.previous_element_sibling() && !element.next_element_sibling();
    case 'r': return element.parent().type() == node_type::document;
    case 'f':
      for (node at = element.previous_element_sibling(); at; at = at.previous_element_sibling())
        if (at.name() == element.name()) return false;
      return true;
    default: return true;
  }
}

inline bool matches_from(const naive_complex& complex, std::size_t part, const node& element,
                         const node& anchor) {
  for (const naive_test& test : complex.parts[part].tests)
    if (!matches(test, element)) return false;
  const char combinator = complex.combinators[part];
  const auto left = [&](const node& at) {
    if (part == 0) return at == anchor;
    return at.is_element() && matches_from(complex, part - 1, at, anchor);
  };
  switch (combinator) {
    case '\0': return true;
    case '>': return element.parent() && left(element.parent());
    case '+': return element.previous_element_sibling() && left(element.previous_element_sibling());
    case '~':
      for (node at = element.previous_element_sibling(); at; at = at.previous_element_sibling())
        if (left(at)) return true;
      return false;
    default:
      for (node at = element.parent(); at; at = at.parent())
        if (left(at)) return true;
      return false;
  }
}

inline bool matches(const naive_list& list, const node& element) {
  for (const naive_complex& complex : list)
    if (matches_from(complex, complex.parts.size() - 1, element, node())) return true;
  return false;
}

// A small tree of few names, so that selectors find something in it.
inline document make_tree(byte_source& from) {
  document tree = parse("<!DOCTYPE html>");
  node at = tree.body();
  const unsigned steps = 4 + from.below(28);
  for (unsigned i = 0; i < steps; ++i) {
    const unsigned what = from.below(8);
    if (what == 0 && at != tree.body()) {
      at = at.parent();
      continue;
    }
    if (what == 1) {
      at.append(tree.create_text(naive_texts[from.below(6)]));
      continue;
    }
    node made = at.append(tree.create_element(naive_tags[from.below(4)]));
    const unsigned traits = from.below(16);
    if ((traits & 1) != 0) made.set_attribute("class", naive_words[from.below(3)]);
    if ((traits & 2) != 0) made.add_class(naive_words[from.below(3)]);
    if ((traits & 4) != 0) made.set_attribute("id", naive_words[from.below(3)]);
    if ((traits & 8) != 0) made.set_attribute(naive_words[from.below(3)], "v");
    if (from.below(2) == 0) at = made;
  }
  return tree;
}

// The selector's text and whatever the two disagree about; "" if they agree.
inline std::string disagreement(const std::uint8_t* data, std::size_t size) {
  byte_source from(data, size);
  const document tree = make_tree(from);
  const naive_list list = make_list(from, 2, false);
  const std::string text = print(list);
  const auto compiled = selector::compile(text);
  if (!compiled) return "not compiled: " + text + ": " + std::string(compiled.error().detail());
  std::vector<node> wanted;
  for (node element : tree.root().descendant_elements())
    if (matches(list, element)) wanted.push_back(element);
  if (compiled->select(tree) != wanted) return "select: " + text + "\n" + dump(tree);
  for (node element : tree.root().descendant_elements()) {
    const bool listed = std::find(wanted.begin(), wanted.end(), element) != wanted.end();
    if (compiled->matches(element) != listed) return "matches: " + text + "\n" + dump(tree);
  }
  if (!wanted.empty() && compiled->select_one(tree) != wanted.front())
    return "select_one: " + text + "\n" + dump(tree);
  return {};
}

}  // namespace tidewire::html::test
