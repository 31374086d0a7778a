// What gmime does in the same cases. Its headers stay in one file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::mime::benchmark_rival {

struct counts {
  std::size_t leaves = 0;
  std::size_t bytes = 0;  // decoded
  bool operator==(const counts&) const = default;
};

// A message in the form that gmime reads memory in, without a copy for each parse.
class gmime_source {
 public:
  explicit gmime_source(std::string_view text);
  gmime_source(gmime_source&&) noexcept;
  ~gmime_source();

  // Parses and frees the message; returns how many leaves it has.
  [[nodiscard]] std::size_t parse() const;
  // Parses, and decodes each leaf into memory that is used again.
  [[nodiscard]] counts decode() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

// Text, HTML and attachments that are in memory; returns the serialised size.
[[nodiscard]] std::size_t gmime_build(std::string_view text, std::string_view html,
                                      const std::vector<std::string>& attachments);

}  // namespace tidewire::mime::benchmark_rival
