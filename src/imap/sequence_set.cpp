#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/sequence_set.hpp>

#include <algorithm>
#include <limits>

namespace tidewire::imap {
namespace {

constexpr std::uint32_t star = sequence_set::star;

// A number of a set; nothing if it is none. 0 is none, and stands for `*` here.
std::optional<std::uint32_t> parse_number(std::string_view text) noexcept {
  if (text == "*") return star;
  const auto value = ascii::parse_unsigned<std::uint32_t>(text);
  return value && *value != 0 ? value : std::nullopt;
}

void append_number(std::string& out, std::uint32_t number) {
  if (number == star) {
    out += '*';
  } else {
    out += std::to_string(number);
  }
}

}  // namespace

sequence_set sequence_set::saved() {
  sequence_set out;
  out.saved_ = true;
  return out;
}

sequence_set& sequence_set::add(std::uint32_t first, std::uint32_t last) {
  if (first == star || (last != star && last < first)) std::swap(first, last);
  if (!ranges_.empty()) {
    range& before = ranges_.back();
    const bool follows = before.last != star && first != star && before.last + 1 == first;
    if (follows && before.last != std::numeric_limits<std::uint32_t>::max()) {
      before.last = last;
      return *this;
    }
  }
  ranges_.push_back({first, last});
  return *this;
}

bool sequence_set::has_star() const noexcept {
  return std::ranges::any_of(ranges_, [](const range& one) { return one.last == star; });
}

bool sequence_set::contains(std::uint32_t number, std::uint32_t largest) const noexcept {
  if (number == 0) return false;
  return std::ranges::any_of(ranges_, [&](const range& one) {
    if (one.last != star) return one.first <= number && number <= one.last;
    if (largest == star) return one.first == number;
    // `7:*` is `*:7` where fewer than seven messages are.
    const std::uint32_t first = one.first == star ? largest : one.first;
    return std::min(first, largest) <= number && number <= std::max(first, largest);
  });
}

std::uint64_t sequence_set::count() const noexcept {
  std::uint64_t sum = 0;
  for (const range& one : ranges_) {
    if (one.last != star) sum += std::uint64_t{one.last} - one.first + 1;
  }
  return sum;
}

std::vector<std::uint32_t> sequence_set::numbers(std::size_t limit) const {
  std::vector<std::uint32_t> out;
  out.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(count(), limit)));
  for (const range& one : ranges_) {
    if (one.last == star) continue;
    for (std::uint64_t number = one.first; number <= one.last && out.size() < limit; ++number) {
      out.push_back(static_cast<std::uint32_t>(number));
    }
  }
  return out;
}

sequence_set sequence_set::sorted() const {
  std::vector<range> all = ranges_;
  // `*` is behind every number.
  const auto key = [](std::uint32_t number) { return number - 1; };
  std::ranges::sort(all, [&](const range& a, const range& b) { return key(a.first) < key(b.first); });
  sequence_set out;
  out.saved_ = saved_;
  for (const range& one : all) {
    if (!out.ranges_.empty()) {
      range& before = out.ranges_.back();
      const bool touches = before.last == star || before.first == one.first ||
                           (one.first != star && std::uint64_t{one.first} <= std::uint64_t{before.last} + 1);
      if (touches) {
        if (key(one.last) > key(before.last)) before.last = one.last;
        continue;
      }
    }
    out.ranges_.push_back(one);
  }
  return out;
}

std::string sequence_set::to_string() const {
  if (saved_) return "$";
  std::string out;
  for (const range& one : ranges_) {
    if (!out.empty()) out += ',';
    append_number(out, one.first);
    if (one.first == one.last) continue;
    out += ':';
    append_number(out, one.last);
  }
  return out;
}

std::optional<sequence_set> sequence_set::parse(std::string_view text, std::size_t limit) {
  if (text == "$") return saved();
  sequence_set out;
  do {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view one = text.substr(0, comma);
    const std::size_t colon = one.find(':');
    const auto first = parse_number(one.substr(0, colon));
    const auto last = colon == npos ? first : parse_number(one.substr(colon + 1));
    if (!first || !last || out.ranges_.size() == limit) return std::nullopt;
    out.add(*first, *last);
    const bool more = comma < text.size();
    text.remove_prefix(more ? comma + 1 : comma);
    if (more && text.empty()) return std::nullopt;
  } while (!text.empty());
  return out;
}

}  // namespace tidewire::imap
