// The tokenizer cases of html5lib-tests, run on the tokenizer alone.
#include "html/tokenizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "conformance.hpp"
#include "html/input.hpp"
#include "html/store.hpp"

namespace tidewire::html::detail {
namespace {

using test::json;

// What a case expects and what we produce, as one line a token.
struct recorder {
  document_store store;
  std::vector<std::string> tokens;
  std::string text;
  bool ended = false;

  void flush() {
    if (!text.empty()) tokens.push_back("Character " + text);
    text.clear();
  }
  void on_text(slice piece) { text += store.view(piece); }
  void on_literal(std::string_view piece, std::uint32_t) { text += piece; }
  void on_null(std::uint32_t) { text += '\0'; }
  void on_start_tag(const tag_token& tag) {
    flush();
    std::vector<std::string> attrs;
    for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
      const attr_record attr = store.attrs[tag.first_attr + i];
      attrs.push_back(std::string(store.spelling(attr.id())) + "=" + std::string(store.value(attr)));
    }
    std::sort(attrs.begin(), attrs.end());
    std::string line = "StartTag " + std::string(store.spelling(tag.name));
    for (const std::string& attr : attrs) line += "\n " + attr;
    tokens.push_back(line + (tag.self_closing ? "\n/" : ""));
  }
  void on_end_tag(const tag_token& tag) {
    flush();
    tokens.push_back("EndTag " + std::string(store.spelling(tag.name)));
  }
  void on_comment(slice data, std::uint32_t) {
    flush();
    tokens.push_back("Comment " + std::string(store.view(data)));
  }
  void on_doctype(const doctype_token& token) {
    flush();
    tokens.push_back("DOCTYPE " + (token.name == 0 ? "null" : "'" + std::string(store.spelling(token.name))) +
                     " " + (token.has_public_id ? "'" + token.public_id : "null") + " " +
                     (token.has_system_id ? "'" + token.system_id : "null") + " " +
                     (token.force_quirks ? "false" : "true"));
  }
  void on_eof(std::uint32_t) {
    flush();
    ended = true;
  }
  bool cdata_allowed() const { return false; }
  bool stopped() const { return false; }
};

std::string unescape_twice(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\u") == 0 && text.size() - i >= 6) {
      test::append_wtf8(out, static_cast<std::uint32_t>(std::stoul(text.substr(i + 2, 4), nullptr, 16)));
      i += 5;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> expected_tokens(const json& output, bool escaped) {
  const auto plain = [&](const json& value) {
    return escaped ? unescape_twice(value.string()) : value.string();
  };
  const auto maybe = [&](const json& value) { return value.is_null() ? "null" : "'" + plain(value); };
  std::vector<std::string> tokens;
  for (const json& token : output.items()) {
    const json::array& parts = token.items();
    const std::string& kind = parts[0].string();
    if (kind == "Character" && !tokens.empty() && tokens.back().starts_with("Character ")) {
      tokens.back() += plain(parts[1]);
    } else if (kind == "DOCTYPE") {
      tokens.push_back("DOCTYPE " + maybe(parts[1]) + " " + maybe(parts[2]) + " " + maybe(parts[3]) + " " +
                       (parts[4].boolean() ? "true" : "false"));
    } else if (kind == "StartTag") {
      std::vector<std::string> attrs;
      for (const auto& [name, value] : parts[2].members())
        attrs.push_back((escaped ? unescape_twice(name) : name) + "=" + plain(value));
      std::sort(attrs.begin(), attrs.end());
      std::string line = "StartTag " + plain(parts[1]);
      for (const std::string& attr : attrs) line += "\n " + attr;
      tokens.push_back(line + (parts.size() > 3 && parts[3].boolean() ? "\n/" : ""));
    } else {
      tokens.push_back(kind + " " + plain(parts[1]));
    }
  }
  return tokens;
}

struct outcome {
  std::vector<std::string> tokens;
  std::vector<parse_error> errors;
};

// step 0: whole; else the source is made known in pieces of `step` bytes.
outcome tokenize(const std::string& source, text_mode mode, const std::string& last, std::uint32_t step) {
  recorder sink;
  // Exactly as long as the input, so that a read beyond it is seen by AddressSanitizer.
  const auto copy = std::make_unique_for_overwrite<char[]>(source.size());
  std::memcpy(copy.get(), source.data(), source.size());
  sink.store.source = copy.get();
  sink.store.source_size = static_cast<std::uint32_t>(source.size());
  tokenizer<recorder> tokens(sink.store, sink);
  tokens.mode = mode;
  tokens.last_start_tag = sink.store.intern(last);
  tokens.keep_errors = true;
  if (step != 0)
    for (std::uint32_t size = step; size < source.size(); size += step) tokens.run(size, false);
  tokens.run(static_cast<std::uint32_t>(source.size()), true);
  EXPECT_TRUE(sink.ended);
  find_input_errors(source, tokens.errors);
  sink.store.set_errors(tokens.errors, SIZE_MAX);
  return {sink.tokens, sink.store.errors};
}

text_mode mode_named(const std::string& name) {
  if (name == "Data state") return text_mode::data;
  if (name == "PLAINTEXT state") return text_mode::plaintext;
  if (name == "RCDATA state") return text_mode::rcdata;
  if (name == "RAWTEXT state") return text_mode::rawtext;
  if (name == "Script data state") return text_mode::script;
  if (name == "CDATA section state") return text_mode::cdata;
  throw std::runtime_error("unknown state " + name);
}

std::string normalized(const std::string& input) {
  std::string out;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (input[i] != '\r')
      out += input[i];
    else if (i + 1 == input.size() || input[i + 1] != '\n')
      out += '\n';
  }
  return out;
}

using error_list = std::vector<std::tuple<std::uint32_t, std::uint32_t, std::string>>;

std::string print(const error_list& errors) {
  std::string out;
  for (const auto& [line, column, code] : errors)
    out += std::to_string(line) + ":" + std::to_string(column) + " " + code + "; ";
  return out;
}

TEST(Html5libTokenizer, AllCasesGiveTheirTokensAndErrorsHoweverTheyAreCut) {
  TIDEWIRE_NEEDS_CONFORMANCE("html5lib-tests/tokenizer");
  const auto folder = testing::conformance_path("html5lib-tests/tokenizer");
  int cases = 0;
  int passed = 0;
  int with_errors = 0;
  for (const auto& path : test::files_with_extension(folder, ".test")) {
    const json suite = test::read_json(path);
    for (const json& each : suite["tests"].items()) {
      const bool escaped = each.find("doubleEscaped") != nullptr && each["doubleEscaped"].boolean();
      const std::string input =
          normalized(escaped ? unescape_twice(each["input"].string()) : each["input"].string());
      const std::string last = each.find("lastStartTag") != nullptr ? each["lastStartTag"].string() : "";
      const std::vector<std::string> expected = expected_tokens(each["output"], escaped);
      std::vector<std::string> states = {"Data state"};
      if (const json* named = each.find("initialStates")) {
        states.clear();
        for (const json& state : named->items()) states.push_back(state.string());
      }
      for (const std::string& state : states) {
        SCOPED_TRACE(path.filename().string() + ": " + each["description"].string() + " [" + state + "] " +
                     input);
        ++cases;
        const outcome whole = tokenize(input, mode_named(state), last, 0);
        EXPECT_EQ(whole.tokens, expected);
        error_list wanted;
        if (const json* errors = each.find("errors"))
          for (const json& error : errors->items())
            wanted.emplace_back(static_cast<std::uint32_t>(error["line"].number()),
                                static_cast<std::uint32_t>(error["col"].number()), error["code"].string());
        error_list found;
        for (const parse_error& error : whole.errors)
          found.emplace_back(error.line, error.column, std::string(to_string(error.code)));
        std::sort(wanted.begin(), wanted.end());
        std::sort(found.begin(), found.end());
        with_errors += wanted.empty() ? 0 : 1;
        EXPECT_EQ(print(found), print(wanted));
        bool right = whole.tokens == expected && found == wanted;
        for (std::uint32_t step : {1U, 2U, 3U, 7U}) {
          const outcome cut = tokenize(input, mode_named(state), last, step);
          EXPECT_EQ(cut.tokens, expected) << "in steps of " << step;
          EXPECT_EQ(cut.errors, whole.errors) << "in steps of " << step;
          right = right && cut.tokens == expected && cut.errors == whole.errors;
        }
        passed += right ? 1 : 0;
      }
    }
  }
  EXPECT_GT(cases, 5500);
  test::report_conformance("html5lib-tests, tokenizer", cases, passed,
                           "tokens and errors with their places (" + std::to_string(with_errors) +
                               " cases have some); each whole and byte by byte");
}

}  // namespace
}  // namespace tidewire::html::detail
