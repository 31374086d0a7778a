// A JSON reader for the conformance suites.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "support/conformance.hpp"

namespace tidewire::testing {

// A JSON value. Strings are kept as WTF-8: a lone surrogate is three bytes.
struct json {
  using array = std::vector<json>;
  using object = std::map<std::string, json, std::less<>>;
  std::variant<std::nullptr_t, bool, double, std::string, array, object> value;

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value); }
  bool boolean() const { return std::get<bool>(value); }
  double number() const { return std::get<double>(value); }
  const std::string& string() const { return std::get<std::string>(value); }
  const array& items() const { return std::get<array>(value); }
  const object& members() const { return std::get<object>(value); }
  const json* find(std::string_view name) const {
    const auto at = members().find(name);
    return at == members().end() ? nullptr : &at->second;
  }
  const json& operator[](std::string_view name) const {
    const json* found = find(name);
    if (found == nullptr) throw std::runtime_error("no member " + std::string(name));
    return *found;
  }
};

inline void append_wtf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point >= 0xDC00 && point <= 0xDFFF && out.size() >= 3 && out[out.size() - 3] == '\xED' &&
      static_cast<unsigned char>(out[out.size() - 2]) >= 0xA0 &&
      static_cast<unsigned char>(out[out.size() - 2]) < 0xB0) {
    const std::uint32_t high = 0xD000U | (static_cast<unsigned char>(out[out.size() - 2]) & 0x3FU) << 6 |
                               (static_cast<unsigned char>(out.back()) & 0x3FU);
    out.resize(out.size() - 3);
    point = 0x10000 + ((high - 0xD800) << 10) + (point - 0xDC00);
  }
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

class json_reader {
 public:
  explicit json_reader(std::string_view text) : text_(text) {}
  json read() {
    json value = any();
    space();
    if (at_ != text_.size()) fail();
    return value;
  }

 private:
  [[noreturn]] void fail() const { throw std::runtime_error("JSON: byte " + std::to_string(at_)); }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  char peek() {
    space();
    if (at_ == text_.size()) fail();
    return text_[at_];
  }
  void expect(char c) {
    if (peek() != c) fail();
    ++at_;
  }
  bool word(std::string_view name) {
    if (text_.substr(at_, name.size()) != name) return false;
    at_ += name.size();
    return true;
  }
  json any() {
    switch (peek()) {
      case '{': {
        json::object members;
        ++at_;
        if (peek() == '}') {
          ++at_;
          return {members};
        }
        for (;;) {
          if (peek() != '"') fail();
          std::string name = string();
          expect(':');
          members.insert_or_assign(std::move(name), any());
          if (peek() == '}') break;
          expect(',');
        }
        ++at_;
        return {std::move(members)};
      }
      case '[': {
        json::array items;
        ++at_;
        if (peek() == ']') {
          ++at_;
          return {items};
        }
        for (;;) {
          items.push_back(any());
          if (peek() == ']') break;
          expect(',');
        }
        ++at_;
        return {std::move(items)};
      }
      case '"': return {string()};
      default:
        if (word("true")) return {true};
        if (word("false")) return {false};
        if (word("null")) return {nullptr};
        const std::size_t start = at_;
        while (at_ < text_.size() &&
               std::string_view("+-.0123456789eE").find(text_[at_]) != std::string_view::npos)
          ++at_;
        if (start == at_) fail();
        return {std::stod(std::string(text_.substr(start, at_ - start)))};
    }
  }
  std::string string() {
    std::string out;
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        out += text_[at_++];
        continue;
      }
      if (++at_ == text_.size()) fail();
      const char escape = text_[at_++];
      switch (escape) {
        case 'b': out += '\b'; break;
        case 'f': out += '\f'; break;
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 't': out += '\t'; break;
        case 'u': {
          if (text_.size() - at_ < 4) fail();
          append_wtf8(out,
                      static_cast<std::uint32_t>(std::stoul(std::string(text_.substr(at_, 4)), nullptr, 16)));
          at_ += 4;
          break;
        }
        default: out += escape; break;
      }
    }
    if (at_ == text_.size()) fail();
    ++at_;
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

inline json read_json(const std::filesystem::path& path) {
  return json_reader(read_file(path)).read();
}

}  // namespace tidewire::testing
