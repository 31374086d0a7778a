// `name=value; name=value`, as signatures and key records are (RFC 6376 section 3.2).
#pragma once

#include <tidewire/base/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::dkim::detail {

struct tag {
  std::string_view name;
  std::string_view raw;  // all between the `=` and the semicolon

  // Without the white space around it.
  [[nodiscard]] std::string_view value() const noexcept;
};

class tag_list {
 public:
  // The tags view `text`.
  [[nodiscard]] static result<tag_list> parse(std::string_view text, std::size_t max_size);

  [[nodiscard]] const tag* find(std::string_view name) const noexcept;
  // The value of that tag; nothing if it is not there.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<tag>& tags() const noexcept { return tags_; }

 private:
  std::vector<tag> tags_;
};

// The items of a list with colons between them, without the white space around each.
[[nodiscard]] std::vector<std::string_view> split_colons(std::string_view value);
// `text` without any white space.
[[nodiscard]] std::string without_space(std::string_view text);
// The dkim-quoted-printable of section 2.11, decoded.
[[nodiscard]] std::string decode_quoted(std::string_view value);

}  // namespace tidewire::dkim::detail
