// Finds one text in others in time that is linear in both, whatever they are (Knuth, Morris, Pratt), and also
// where the text is spread over pieces.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::html::detail {

class text_search {
 public:
  // With `fold`, ASCII letters are compared without case.
  text_search(std::string_view wanted, bool fold) : wanted_(wanted), fold_(fold) {
    if (fold)
      for (char& c : wanted_) c = ascii::to_lower(c);
    borders_.assign(wanted_.size() + 1, 0);
    std::uint32_t border = 0;
    for (std::size_t at = 1; at < wanted_.size(); ++at) {
      while (border != 0 && wanted_[at] != wanted_[border]) border = borders_[border];
      if (wanted_[at] == wanted_[border]) ++border;
      borders_[at + 1] = border;
    }
  }

  std::size_t size() const noexcept { return wanted_.size(); }

  static constexpr std::size_t npos = std::string_view::npos;
  // Where a search stands between two pieces, and what it has cost.
  struct progress {
    std::uint32_t matched = 0;
    std::uint64_t work = 0;
  };
  // The end of the first occurrence, of a text that is not empty, that ends in `piece` behind `from`; or
  // npos, and the search goes on at the start of the next piece.
  std::size_t find_end(std::string_view piece, std::size_t from, progress& now) const noexcept {
    std::uint32_t matched = now.matched;
    std::uint64_t steps = 0;
    std::size_t at = from;
    for (; at < piece.size(); ++at) {
      if (matched == 0 && !fold_) {
        const void* first = std::memchr(piece.data() + at, wanted_[0], piece.size() - at);
        if (first == nullptr) break;
        at = static_cast<std::size_t>(static_cast<const char*>(first) - piece.data());
      }
      const char c = fold_ ? ascii::to_lower(piece[at]) : piece[at];
      for (; matched != 0 && c != wanted_[matched]; ++steps) matched = borders_[matched];
      if (c == wanted_[matched]) ++matched;
      ++steps;
      if (matched != wanted_.size()) continue;
      now = {borders_[matched], now.work + steps};
      return at + 1;
    }
    now = {matched, now.work + steps};
    return npos;
  }
  // Does it occur in `text`?
  bool occurs_in(std::string_view text, std::uint64_t& work) const noexcept {
    if (wanted_.empty()) return true;
    progress now;
    const bool found = find_end(text, 0, now) != npos;
    work += now.work;
    return found;
  }

 private:
  std::string wanted_;
  bool fold_;
  // Of the first `i` bytes: how many of them are both at its start and at its end, not counting all.
  std::vector<std::uint32_t> borders_;
};

}  // namespace tidewire::html::detail
