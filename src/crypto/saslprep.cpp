#include <tidewire/base/utf8.hpp>
#include <tidewire/crypto/sasl.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <vector>

namespace tidewire::crypto {
namespace {

struct code_range {
  char32_t first;
  char32_t last;
};
struct combining_range {
  char32_t first;
  char32_t last;
  std::uint8_t value;
};
struct decomposition {
  char32_t point;
  std::uint16_t at;
  std::uint8_t size;
};
struct composition {
  char32_t first;
  char32_t second;
  char32_t whole;
};

#include "saslprep.inc"

// The ranges are in order.
template <class Range, std::size_t N>
const Range* find(const Range (&ranges)[N], char32_t point) noexcept {
  const auto* const at = std::ranges::lower_bound(ranges, point, {}, &Range::last);
  return at != std::end(ranges) && at->first <= point ? at : nullptr;
}

// Code points of a password, wiped when they are freed.
class code_points {
 public:
  // No reallocation may leave a copy behind: room for the longest decomposition of each.
  explicit code_points(std::size_t room) { points_.reserve(room); }
  code_points(const code_points&) = delete;
  code_points& operator=(const code_points&) = delete;
  ~code_points() { wipe(std::as_writable_bytes(std::span(points_))); }

  std::vector<char32_t>& operator*() noexcept { return points_; }
  std::vector<char32_t>* operator->() noexcept { return &points_; }

 private:
  std::vector<char32_t> points_;
};

constexpr std::size_t longest_decomposition = 18;

unsigned combining_class(char32_t point) noexcept {
  const combining_range* const found = find(combining_classes, point);
  return found != nullptr ? found->value : 0;
}

// Korean syllables are put together by arithmetic (Unicode, section 3.12).
constexpr char32_t syllables = 0xAC00, leads = 0x1100, vowels = 0x1161, trails = 0x11A7;
constexpr char32_t lead_count = 19, vowel_count = 21, trail_count = 28;
constexpr char32_t syllable_count = lead_count * vowel_count * trail_count;

void append_decomposed(std::vector<char32_t>& out, char32_t point) {
  if (point - syllables < syllable_count) {
    const char32_t index = point - syllables;
    out.push_back(leads + index / (vowel_count * trail_count));
    out.push_back(vowels + index / trail_count % vowel_count);
    if (index % trail_count != 0) out.push_back(trails + index % trail_count);
    return;
  }
  const auto* const found = std::ranges::lower_bound(decompositions, point, {}, &decomposition::point);
  if (found == std::end(decompositions) || found->point != point) return out.push_back(point);
  out.insert(out.end(), decomposition_pool + found->at, decomposition_pool + found->at + found->size);
}

// What the two are as one; 0 if nothing.
char32_t composed(char32_t first, char32_t second) noexcept {
  if (first - leads < lead_count && second - vowels < vowel_count) {
    return syllables + ((first - leads) * vowel_count + (second - vowels)) * trail_count;
  }
  if (first - syllables < syllable_count && (first - syllables) % trail_count == 0 && second > trails &&
      second < trails + trail_count) {
    return first + (second - trails);
  }
  const auto before = [](const composition& each, const composition& wanted) {
    return each.first != wanted.first ? each.first < wanted.first : each.second < wanted.second;
  };
  const auto* const found = std::lower_bound(std::begin(compositions), std::end(compositions),
                                             composition{first, second, 0}, before);
  return found != std::end(compositions) && found->first == first && found->second == second ? found->whole
                                                                                             : 0;
}

// Marks on one letter come in the order of their classes.
void reorder(std::vector<char32_t>& points) {
  for (auto at = points.begin(); at != points.end();) {
    if (combining_class(*at) == 0) {
      ++at;
      continue;
    }
    const auto end =
        std::find_if(at, points.end(), [](char32_t point) { return combining_class(point) == 0; });
    // An insertion sort, which is stable and leaves no copy.
    for (auto i = at; i != end; ++i) {
      for (auto j = i; j != at && combining_class(*(j - 1)) > combining_class(*j); --j)
        std::iter_swap(j - 1, j);
    }
    at = end;
  }
}

// Each mark that can be is made one with its letter, unless another of its class stands between.
void compose(std::vector<char32_t>& points) {
  std::size_t starter = npos;
  std::size_t size = 0;
  unsigned last = 0;
  for (const char32_t point : points) {
    const unsigned value = combining_class(point);
    const bool blocked = starter == npos || (size > starter + 1 && (last == 0 || last >= value));
    if (!blocked) {
      if (const char32_t whole = composed(points[starter], point); whole != 0) {
        points[starter] = whole;
        continue;
      }
    }
    if (value == 0) starter = size;
    last = value;
    points[size++] = point;
  }
  wipe(std::as_writable_bytes(std::span(points).subspan(size)));
  points.resize(size);
}

// RFC 3454 section 6: text from right to left is so from its first character to its last.
bool directions_fit(const std::vector<char32_t>& points) noexcept {
  const auto is_right_to_left = [](char32_t point) { return find(right_to_left, point) != nullptr; };
  if (std::ranges::none_of(points, is_right_to_left)) return true;
  return is_right_to_left(points.front()) && is_right_to_left(points.back()) &&
         std::ranges::none_of(points, [](char32_t point) { return find(left_to_right, point) != nullptr; });
}

failure prohibited(std::string_view why) {
  return failure(errc::prohibited_character, std::string(why));
}

}  // namespace

result<secret> saslprep(std::string_view text) {
  if (text.size() > max_sasl_message) {
    return failure(tidewire::errc::limit_exceeded,
                   "a name or password of " + std::to_string(text.size()) + " bytes");
  }
  if (std::ranges::all_of(text, [](char c) { return ascii::is_ascii(c) && !ascii::is_control(c); })) {
    return secret(text);
  }
  code_points points(text.size() * longest_decomposition);
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const utf8_step step = read_utf8(at, end);
    if (step.length == 0) return prohibited("not UTF-8");
    const char32_t point = utf8_code_point(at, step.length);
    at += step.length;
    if (find(mapped_to_nothing, point) != nullptr) continue;
    append_decomposed(*points, find(other_spaces, point) != nullptr ? U' ' : point);
  }
  reorder(*points);
  compose(*points);
  secret prepared;
  for (const char32_t point : *points) {
    if (find(prohibited_characters, point) != nullptr) {
      return prohibited("a control character, or another one that SASLprep forbids");
    }
    std::array<char, 4> utf8{};
    prepared.append({utf8.data(), write_utf8(point, utf8.data())});
    wipe(as_writable_bytes(utf8));
  }
  if (!directions_fit(*points))
    return prohibited("text from right to left, mixed with text from left to right");
  return prepared;
}

}  // namespace tidewire::crypto
