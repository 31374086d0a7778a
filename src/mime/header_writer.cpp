#include "header_writer.hpp"

#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/base/percent.hpp>
#include <tidewire/base/utf8.hpp>
#include <tidewire/mime/charset.hpp>

#include <algorithm>
#include <vector>

#include "lexer.hpp"

namespace tidewire::mime::detail {

namespace {

constexpr std::size_t preferred_line = 78;  // RFC 5322 section 2.1.1
constexpr std::size_t longest_line = 998;
constexpr std::size_t encoded_line = 76;  // RFC 2047 section 2: lines that have an encoded word
constexpr std::size_t encoded_word_size = 75;
constexpr std::string_view word_start = "=?utf-8?q?";
constexpr std::size_t word_overhead = word_start.size() + 2;
// What has no place to break and is longer than that is encoded, where that is allowed.
constexpr std::size_t longest_word = 900;
constexpr std::size_t longest_blank = 60;

constexpr char hex_digits[] = "0123456789ABCDEF";

// What an encoded word of a phrase may have as it is (RFC 2047 section 5).
constexpr bool is_plain_in_word(char c) noexcept {
  return ascii::is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

std::size_t q_size(std::string_view text) noexcept {
  std::size_t size = 0;
  for (const char c : text) size += is_plain_in_word(c) || c == ' ' ? 1 : 3;
  return size;
}

void append_q(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == ' ') {
      out += '_';
    } else if (is_plain_in_word(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '=';
      out += hex_digits[byte >> 4];
      out += hex_digits[byte & 15];
    }
  }
}

// The bytes of the character at the front of `text`, which is UTF-8.
std::size_t character_size(std::string_view text) noexcept {
  return std::max(1U, read_utf8(text.data(), text.data() + text.size()).length);
}

// Must that word of an unstructured text be encoded?
bool must_encode(std::string_view word, bool utf8) noexcept {
  if (word.size() > longest_word || word.find("=?") != std::string_view::npos) return true;
  return std::ranges::any_of(word,
                             [&](char c) { return ascii::is_control(c) || (!utf8 && !ascii::is_ascii(c)); });
}

struct piece {
  std::string_view space;
  std::string_view word;
  bool encode;
};

std::vector<piece> split(std::string_view text, bool utf8) {
  std::vector<piece> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t word = std::min(text.find_first_not_of(" \t", at), text.size());
    const std::size_t end = std::min(text.find_first_of(" \t", word), text.size());
    pieces.push_back({text.substr(at, word - at), text.substr(word, end - word), false});
    at = end;
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    piece& one = pieces[i];
    one.encode = must_encode(one.word, utf8);
    // White space at either end, or too much of it for a line, does not survive outside of a word.
    const bool at_end = i == 0 || one.word.empty();
    if ((at_end && !one.space.empty()) || one.space.size() > longest_blank) {
      one.encode = true;
      if (i > 0) pieces[i - 1].encode = true;
    }
  }
  return pieces;
}

}  // namespace

void require_line(std::string_view what, std::string_view text) {
  if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    throw error(errc::misuse, std::string(what) + ": a line break or NUL, which no header may have");
  if (!is_utf8(text)) throw error(errc::misuse, std::string(what) + ": not UTF-8");
}

void require_field_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= 64 &&
                    std::ranges::all_of(name, [](char c) { return ascii::is_visible(c) && c != ':'; });
  if (!good) throw error(errc::misuse, "header: not the name of a field");
}

void header_writer::begin(std::string_view name) {
  out_ += name;
  out_ += ':';
  column_ = name.size() + 1;
  line_is_new_ = true;
  has_encoded_ = false;
}

void header_writer::fold() {
  out_ += "\r\n";
  column_ = 0;
  line_is_new_ = true;
  has_encoded_ = false;
}

// White space and what follows it; the line may be broken before the white space.
void header_writer::add(std::string_view space, std::string_view token) {
  const std::size_t size = space.size() + token.size();
  // Nothing is folded right after the name of the field, if it need not be: some take that for an empty one.
  const std::size_t limit = line_is_new_ ? longest_line : has_encoded_ ? encoded_line : preferred_line;
  if (column_ + size > limit && column_ > 0 && !space.empty()) fold();
  out_ += space;
  out_ += token;
  column_ += size;
  line_is_new_ = false;
}

void header_writer::end() {
  out_ += "\r\n";
}

// `text` as encoded words, cut between characters.
void header_writer::encoded(std::string_view space, std::string_view text) {
  const bool base64_form = q_size(text) > base64::encoded_size(text.size());
  while (!text.empty()) {
    // A few characters at the end of a line are not worth a word of their own.
    if (column_ + space.size() + word_overhead + 16 > encoded_line && column_ > 0) fold();
    const std::size_t room =
        std::min(encoded_word_size, encoded_line - column_ - space.size()) - word_overhead;
    std::size_t size = 0;
    for (std::size_t used = 0; size < text.size();) {
      const std::size_t next = character_size(text.substr(size));
      used = base64_form ? base64::encoded_size(size + next) : used + q_size(text.substr(size, next));
      if (used > room && size > 0) break;
      size += next;
    }
    std::string word(word_start);
    if (base64_form) {
      word[word.size() - 2] = 'b';
      word += base64::encode(text.substr(0, size));
    } else {
      append_q(word, text.substr(0, size));
    }
    word += "?=";
    out_ += space;
    out_ += word;
    column_ += space.size() + word.size();
    line_is_new_ = false;
    has_encoded_ = true;
    text.remove_prefix(size);
    space = " ";
  }
}

void header_writer::unstructured(std::string_view name, std::string_view text) {
  begin(name);
  const std::vector<piece> pieces = split(text, utf8_);
  for (std::size_t i = 0; i < pieces.size();) {
    // The white space before a run of words is of the text; before the first it is what follows the colon.
    if (!pieces[i].encode) {
      add(i == 0 ? " " : pieces[i].space, pieces[i].word);
      ++i;
      continue;
    }
    std::size_t last = i;
    while (last + 1 < pieces.size() && pieces[last + 1].encode) ++last;
    const char* const begin_of_run = i == 0 ? pieces[i].space.data() : pieces[i].word.data();
    const char* const end_of_run = pieces[last].word.data() + pieces[last].word.size();
    encoded(i == 0 ? " " : pieces[i].space,
            {begin_of_run, static_cast<std::size_t>(end_of_run - begin_of_run)});
    i = last + 1;
  }
  end();
}

void header_writer::phrase(std::string_view space, std::string_view text) {
  const bool ascii_only = ascii::is_ascii(text);
  const bool must = text.find("=?") != std::string_view::npos || (!utf8_ && !ascii_only) ||
                    std::ranges::any_of(text, [](char c) { return ascii::is_control(c); });
  bool atoms = !text.starts_with(' ') && !text.ends_with(' ') && text.find("  ") == std::string_view::npos;
  std::size_t longest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    longest = std::max(longest, end - at);
    for (const char c : text.substr(at, end - at)) atoms = atoms && is_atext(c);
    at = end + 1;
  }
  if (must || longest > longest_word / 2) return encoded(space, text);
  if (atoms) return quoted_words(space, text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  quoted += '"';
  quoted_words(space, quoted);
}

// A text that may be broken at each of its spaces, and unfolds to itself.
void header_writer::quoted_words(std::string_view space, std::string_view quoted) {
  std::size_t at = 0;
  while (at < quoted.size()) {
    std::size_t end = quoted.find_first_not_of(' ', at);
    end = end == std::string_view::npos ? quoted.size() : std::min(quoted.find(' ', end), quoted.size());
    const std::string_view word = quoted.substr(at, end - at);
    if (at == 0) {
      add(space, word);
    } else {
      const std::size_t blanks = std::min(word.find_first_not_of(' '), word.size());
      add(word.substr(0, blanks), word.substr(blanks));
    }
    at = end;
  }
}

void header_writer::one_mailbox(const mailbox& one, std::string_view after) {
  std::string address(one.local_part());
  if (!utf8_ && !ascii::is_ascii(address))
    throw error(errc::misuse, "address " + one.address + " needs a server with SMTPUTF8");
  address += '@';
  if (utf8_) {
    address += one.domain();
  } else {
    const auto domain = domain_to_ascii(one.domain());
    if (!domain)
      throw error(errc::misuse, "address " + one.address + ": " + std::string(domain.error().detail()));
    // The case of a domain that is ASCII already is the user's.
    address += ascii::is_ascii(one.domain()) ? one.domain() : std::string_view(*domain);
  }
  if (one.name.empty()) return add(" ", address + std::string(after));
  phrase(" ", one.name);
  add(" ", '<' + address + '>' + std::string(after));
}

void header_writer::addresses(std::string_view name, std::span<const address_entry> entries) {
  begin(name);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string_view comma = i + 1 < entries.size() ? "," : "";
    if (const auto* one = std::get_if<mailbox>(&entries[i])) {
      one_mailbox(*one, comma);
      continue;
    }
    const group& named = std::get<group>(entries[i]);
    phrase(" ", named.name);
    out_ += ':';
    ++column_;
    for (std::size_t k = 0; k < named.members.size(); ++k)
      one_mailbox(named.members[k], k + 1 < named.members.size() ? "," : "");
    out_ += ';';
    out_ += comma;
    column_ += 1 + comma.size();
  }
  end();
}

void header_writer::words(std::string_view name, std::span<const std::string> values) {
  begin(name);
  for (const std::string& value : values) add(" ", value);
  end();
}

void header_writer::parameters(std::string_view name, std::string_view value, const parameter_list& list) {
  begin(name);
  add(" ", list.empty() ? std::string(value) : std::string(value) + ';');
  std::size_t left = list.size();
  for (const parameter& one : list) one_parameter(one, --left == 0);
  end();
}

void header_writer::one_parameter(const parameter& one, bool last) {
  const std::string_view after = last ? "" : ";";
  const bool plain = std::ranges::all_of(one.value, [](char c) { return !ascii::is_control(c); }) &&
                     (utf8_ || ascii::is_ascii(one.value)) && one.value.find("=?") == std::string::npos;
  if (plain && one.name.size() + one.value.size() < preferred_line - 10) {
    std::string text = one.name + '=';
    if (!one.value.empty() && std::ranges::all_of(one.value, is_token)) {
      text += one.value;
    } else {
      text += '"';
      for (const char c : one.value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      text += '"';
    }
    return add(" ", text + std::string(after));
  }
  // RFC 2231: percent-encoded, in segments that each fit a line; no character is cut in two.
  std::vector<std::string> segments(1);
  const std::size_t room = preferred_line - 2 - std::min<std::size_t>(one.name.size(), 40) - 16;
  for (std::string_view rest = one.value; !rest.empty();) {
    const std::size_t size = character_size(rest);
    // A subset of attribute-char in section 7.
    const std::string encoded = percent::encode(rest.substr(0, size), percent::rfc3986_component);
    if (segments.back().size() + encoded.size() > room) segments.emplace_back();
    segments.back() += encoded;
    rest.remove_prefix(size);
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    std::string text = one.name + '*';
    if (segments.size() > 1) text += std::to_string(i) + '*';
    text += '=';
    if (i == 0) text += "utf-8''";
    text += segments[i];
    add(" ", text + std::string(i + 1 < segments.size() ? ";" : after));
  }
}

}  // namespace tidewire::mime::detail
