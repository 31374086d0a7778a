#include <tidewire/base/charset.hpp>
#include <tidewire/base/utf8.hpp>

#include <algorithm>
#include <iterator>

#include "charset_system.hpp"

namespace tidewire {

namespace {

enum class kind : std::uint8_t { utf8, single, system, replacement, utf16be, utf16le, user_defined };

struct encoding {
  std::string_view name;
  kind how;
  std::uint8_t table;
};
constexpr encoding encodings[] = {
#define TIDEWIRE_CHARSETS(name, how, table) {name, kind::how, table},
#include "charset_tables.inc"
};

struct label {
  std::string_view text;
  std::uint8_t encoding;
};
constexpr label labels[] = {
#define TIDEWIRE_CHARSET_LABELS(text, encoding) {text, encoding},
#include "charset_tables.inc"
};

constexpr char16_t upper_halves[][128] = {
#define TIDEWIRE_CHARSET_UPPER_HALVES
#include "charset_tables.inc"
};

constexpr std::string_view replacement = "\xEF\xBF\xBD";

constexpr bool is_label_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

void append(char32_t point, std::string& out) {
  char bytes[4];
  out.append(bytes, write_utf8(point, bytes));
}

}  // namespace

std::optional<charset> charset::for_label(std::string_view text) noexcept {
  while (!text.empty() && is_label_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_label_space(text.back())) text.remove_suffix(1);
  char folded[32];
  if (text.size() > sizeof folded) return std::nullopt;
  std::transform(text.begin(), text.end(), folded,
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const std::string_view wanted(folded, text.size());
  const label* found =
      std::lower_bound(std::begin(labels), std::end(labels), wanted,
                       [](const label& left, std::string_view right) { return left.text < right; });
  if (found == std::end(labels) || found->text != wanted) return std::nullopt;
  return charset(found->encoding);
}

std::string_view charset::name() const noexcept {
  return encodings[index_].name;
}

bool charset::is_supported() const noexcept {
  if (encodings[index_].how != kind::system) return true;
  try {
    return detail::open_system_converter(name()) != nullptr;
  } catch (...) {
    return false;  // no memory for it
  }
}

charset charset::output() const noexcept {
  switch (encodings[index_].how) {
    case kind::utf16be:
    case kind::utf16le:
    case kind::replacement: return {};
    default: return *this;
  }
}

std::optional<std::pair<charset, std::size_t>> byte_order_mark(std::string_view bytes) noexcept {
  if (bytes.starts_with("\xEF\xBB\xBF")) return std::pair(charset(), std::size_t{3});
  if (bytes.starts_with("\xFE\xFF")) return std::pair(*charset::for_label("utf-16be"), std::size_t{2});
  if (bytes.starts_with("\xFF\xFE")) return std::pair(*charset::for_label("utf-16le"), std::size_t{2});
  return std::nullopt;
}

struct charset_decoder::state {
  explicit state(charset from) : how(encodings[from.index_].how), table(encodings[from.index_].table) {
    if (how == kind::system) {
      converter = detail::open_system_converter(from.name());
      // The escapes of ISO-2022-JP are ASCII that means something else.
      ascii_compatible = encodings[from.index_].name != "ISO-2022-JP";
    }
  }

  kind how;
  std::uint8_t table;
  bool ascii_compatible = true;
  bool errors = false;
  bool replaced = false;  // of "replacement": its one character was given
  std::unique_ptr<detail::system_converter> converter;
  std::string pending;

  void bad(std::string& out) {
    errors = true;
    out += replacement;
  }

  void utf8(std::string_view bytes, bool last, std::string& out) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
      const char* const good = at;
      utf8_step step;
      while (at != end) {
        step = read_utf8(at, end);
        if (step.length == 0) break;
        at += step.length;
      }
      out.append(good, at);
      if (at == end) break;
      if (step.incomplete && !last) {
        pending.assign(at, end);
        return;
      }
      bad(out);
      at += step.bad;
    }
  }

  void utf16(std::string_view bytes, bool last, std::string& out) {
    const auto unit = [&](std::size_t i) {
      const auto first = static_cast<unsigned char>(bytes[i]);
      const auto second = static_cast<unsigned char>(bytes[i + 1]);
      return static_cast<char32_t>(how == kind::utf16be ? first << 8 | second : second << 8 | first);
    };
    std::size_t at = 0;
    while (bytes.size() - at >= 2) {
      const char32_t first = unit(at);
      if (first < 0xD800 || first > 0xDFFF) {
        append(first, out);
        at += 2;
        continue;
      }
      if (first <= 0xDBFF) {
        if (bytes.size() - at < 4) break;
        const char32_t second = unit(at + 2);
        if (second >= 0xDC00 && second <= 0xDFFF) {
          append(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), out);
          at += 4;
          continue;
        }
      }
      bad(out);
      at += 2;
    }
    if (at == bytes.size()) return;
    if (last)
      bad(out);
    else
      pending = bytes.substr(at);
  }

  void single(std::string_view bytes, std::string& out) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
      const char* const plain = at;
      while (at != end && static_cast<unsigned char>(*at) < 0x80) ++at;
      out.append(plain, at);
      for (; at != end && static_cast<unsigned char>(*at) >= 0x80; ++at) {
        const unsigned place = static_cast<unsigned char>(*at) - 0x80U;
        const char32_t point = how == kind::user_defined ? 0xF780 + place : upper_halves[table][place];
        if (point == 0xFFFD)
          bad(out);
        else
          append(point, out);
      }
    }
  }

  void by_system(std::string_view bytes, bool last, std::string& out) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
      if (ascii_compatible && static_cast<unsigned char>(*at) < 0x80) {
        const char* const plain = at;
        while (at != end && static_cast<unsigned char>(*at) < 0x80) ++at;
        out.append(plain, at);
        continue;
      }
      if (converter == nullptr) {
        bad(out);
        ++at;
        continue;
      }
      // The run up to the next ASCII after at least one character: most of a text is one or the other.
      using step = detail::system_converter::outcome;
      const step outcome = converter->convert(at, end, out);
      if (outcome == step::done) continue;
      // How much of a broken character to drop depends on the byte after its first.
      const bool unclear = outcome == step::incomplete || (ascii_compatible && end - at < 2);
      if (unclear && !last) {
        pending.assign(at, end);
        return;
      }
      bad(out);
      // A byte that could be a character of its own is none of the broken one: the decoders of 10 to 13 give
      // ASCII back.
      const bool both = ascii_compatible && end - at >= 2 && static_cast<unsigned char>(at[0]) >= 0x80 &&
                        static_cast<unsigned char>(at[1]) >= 0x80;
      at += both ? 2 : 1;
    }
  }
};

charset_decoder::charset_decoder(charset from) : state_(std::make_unique<state>(from)) {}
charset_decoder::charset_decoder(charset_decoder&&) noexcept = default;
charset_decoder& charset_decoder::operator=(charset_decoder&&) noexcept = default;
charset_decoder::~charset_decoder() = default;

void charset_decoder::decode(std::string_view bytes, bool last, std::string& out) {
  state& self = *state_;
  std::string joined;
  if (!self.pending.empty()) {
    joined = std::move(self.pending);
    self.pending.clear();
    joined += bytes;
    bytes = joined;
  }
  switch (self.how) {
    case kind::utf8: self.utf8(bytes, last, out); break;
    case kind::utf16be:
    case kind::utf16le: self.utf16(bytes, last, out); break;
    case kind::single:
    case kind::user_defined: self.single(bytes, out); break;
    case kind::system: self.by_system(bytes, last, out); break;
    case kind::replacement:
      if (!bytes.empty() && !self.replaced) {
        self.bad(out);
        self.replaced = true;
      }
      break;
  }
  if (!last) return;
  self.pending.clear();
  self.replaced = false;
  if (self.converter != nullptr) self.converter->reset();
}

bool charset_decoder::had_errors() const noexcept {
  return state_->errors;
}

std::string decode(charset from, std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  charset_decoder(from).decode(bytes, true, out);
  return out;
}

}  // namespace tidewire
