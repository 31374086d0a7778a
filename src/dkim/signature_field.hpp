// Fields of tags, folded (RFC 6376 section 3.5): lines of 78 characters where there is a place to break them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tidewire::dkim::detail {

class signature_field {
 public:
  // The field so far, without a line break at its end.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  // `name=value;`
  void tag(std::string_view name, std::string_view value) {
    begin(name, value.size() + 1);
    put(value);
    put(";");
  }
  // `name=a:b:c;`, to be broken after each colon.
  void list(std::string_view name, std::span<const std::string> values) {
    begin(name, values.empty() ? 1 : values.front().size() + 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0 && column_ + values[i].size() + 1 > preferred_line) fold();
      put(values[i]);
      put(i + 1 < values.size() ? ":" : ";");
    }
  }
  // `name=`, for a value that comes.
  void last(std::string_view name) { begin(name, 8); }
  // Its value, to be broken anywhere.
  void add_base64(std::string_view value) {
    while (!value.empty()) {
      if (column_ >= preferred_line) fold();
      const std::string_view some = value.substr(0, preferred_line - column_);
      put(some);
      value.remove_prefix(some.size());
    }
  }

 private:
  static constexpr std::size_t preferred_line = 78;  // RFC 5322 section 2.1.1

  void begin(std::string_view name, std::size_t size) {
    if (column_ + 1 + name.size() + 1 + size > preferred_line) {
      fold();
    } else {
      put(" ");
    }
    put(name);
    put("=");
  }
  void fold() {
    text_ += "\r\n ";
    column_ = 1;
  }
  void put(std::string_view text) {
    text_ += text;
    column_ += text.size();
  }

  std::string text_ = "DKIM-Signature:";
  std::size_t column_ = text_.size();
};

}  // namespace tidewire::dkim::detail
