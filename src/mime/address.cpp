#include <tidewire/base/bytes.hpp>
#include <tidewire/mime/address.hpp>

#include <utility>

#include "encoded_word.hpp"
#include "lexer.hpp"

namespace tidewire::mime {

namespace {

using detail::lexer;

// A token of a mailbox: an atom, a quoted string, a domain literal, or a character that stands for itself.
struct word {
  enum class kind : unsigned char { atom, quoted, literal, special };
  kind what;
  bool space_before;
  std::string text;  // quoted: without its quotes
};

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

bool is_dot_atom(std::string_view text) noexcept {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!detail::is_atext(text[i]) && !(text[i] == '.' && text[i - 1] != '.')) return false;
  return true;
}

class address_parser {
 public:
  address_parser(std::string_view raw, std::size_t limit) : in_(raw), room_(limit) {}

  address_list run() {
    bool in_group = false;
    group members;
    for (;;) {
      in_.skip_cfws();
      if (in_.at_end()) break;
      if (in_.take(',')) continue;
      if (in_.take(';')) {
        if (!in_group) list_.well_formed = false;
        if (in_group) list_.entries.emplace_back(std::exchange(members, {}));
        in_group = false;
        continue;
      }
      if (room_ == 0) {
        list_.well_formed = false;
        break;
      }
      --room_;
      mailbox one;
      if (read(one)) {
        // A group in a group ends the one before.
        if (in_group) {
          list_.well_formed = false;
          list_.entries.emplace_back(std::exchange(members, {}));
        }
        in_group = true;
        members.name = std::move(one.name);
      } else if (one.name.empty() && one.address.empty()) {
        list_.well_formed = false;
      } else if (in_group) {
        members.members.push_back(std::move(one));
      } else {
        list_.entries.emplace_back(std::move(one));
      }
    }
    if (in_group) {
      list_.well_formed = false;
      list_.entries.emplace_back(std::move(members));
    }
    return std::move(list_);
  }

 private:
  // Reads up to the end of a mailbox, or past the colon after the name of a group: true then.
  bool read(mailbox& out) {
    words_.clear();
    std::string comment;
    bool angle = false;
    for (;;) {
      const bool space = in_.skip_cfws(&comment);
      if (in_.at_end()) break;
      const char c = in_.peek();
      if (c == ',' || c == ';') break;
      if (c == ':') {
        in_.skip();
        if (!angle && !has_at()) {
          if (words_.empty()) list_.well_formed = false;
          out.name = phrase(0, words_.size());
          return true;
        }
        list_.well_formed = false;
      } else if (c == '<') {
        in_.skip();
        // A second address without a comma between: the first one stays.
        if (angle) list_.well_formed = false;
        std::string address = angle_address();
        if (!angle) {
          out.name = phrase(0, words_.size());
          out.address = std::move(address);
        }
        angle = true;
        words_.clear();
      } else {
        read_word(space);
      }
    }
    if (angle) {
      // "<a@b> name": white space and comments are all that may follow.
      if (!words_.empty()) list_.well_formed = false;
      if (out.name.empty() && words_.empty()) out.name = detail::decode_encoded_words(comment);
      return false;
    }
    bare(out);
    if (out.name.empty()) out.name = detail::decode_encoded_words(comment);
    return false;
  }

  void read_word(bool space) {
    const char c = in_.peek();
    if (c == '"') {
      word one{word::kind::quoted, space, {}};
      if (!in_.quoted(one.text)) list_.well_formed = false;
      words_.push_back(std::move(one));
    } else if (c == '[') {
      words_.push_back({word::kind::literal, space, literal()});
    } else if (const std::string_view atom = in_.run(detail::is_atext); !atom.empty()) {
      words_.push_back({word::kind::atom, space, std::string(atom)});
    } else {
      if (c != '.' && c != '@') list_.well_formed = false;
      words_.push_back({word::kind::special, space, std::string(1, c)});
      in_.skip();
    }
  }

  std::string literal() {
    std::string text;
    while (!in_.at_end()) {
      const char c = in_.peek();
      in_.skip();
      if (!ascii::is_space(c)) text += c;
      if (c == ']') return text;
    }
    list_.well_formed = false;
    return text;
  }

  [[nodiscard]] bool has_at() const noexcept {
    for (const word& one : words_)
      if (one.what == word::kind::special && one.text == "@") return true;
    return false;
  }

  // Words as a display name: one space where there was white space; encoded words decoded, in quotes as well.
  [[nodiscard]] std::string phrase(std::size_t begin, std::size_t end) const {
    std::string text;
    for (std::size_t i = begin; i < end; ++i) {
      if (i > begin && words_[i].space_before) text += ' ';
      text += words_[i].text;
    }
    return detail::decode_encoded_words(text);
  }

  static void append_word(std::string& out, const word& one) {
    if (one.what == word::kind::quoted && !is_dot_atom(one.text)) {
      append_quoted(out, one.text);
    } else {
      out += one.text;
    }
  }

  // The address between `<` and `>`, without the route that RFC 5322 section 4.4 allows before it.
  std::string angle_address() {
    std::string address;
    bool spaced = false;
    for (;;) {
      if (in_.skip_cfws() && !address.empty()) spaced = true;
      if (in_.at_end()) {
        list_.well_formed = false;
        return address;
      }
      const char c = in_.peek();
      if (c == '>') {
        in_.skip();
        return address;
      }
      if (c == '"') {
        word one{word::kind::quoted, false, {}};
        if (!in_.quoted(one.text)) list_.well_formed = false;
        append_word(address, one);
      } else if (c == '[') {
        address += literal();
      } else if (c == ':' && address.starts_with('@')) {
        in_.skip();
        address.clear();
      } else if (c == ',' && (address.empty() || address.starts_with('@'))) {
        in_.skip();
        address += ',';
      } else if (c == '<' || (c == ',' && address.find('@') != std::string::npos)) {
        // "<a@b, c@d": the `>` was forgotten.
        list_.well_formed = false;
        return address;
      } else {
        const bool plain = detail::is_atext(c);
        const bool joins =
            c == '@' || c == '.' || address.empty() || address.back() == '@' || address.back() == '.';
        if (!plain && c != '@' && c != '.') list_.well_formed = false;
        if (plain && spaced && !joins) list_.well_formed = false;
        if (plain) {
          address += in_.run(detail::is_atext);
        } else {
          address += c;
          in_.skip();
        }
      }
      spaced = false;
    }
  }

  // A mailbox without angle brackets: an addr-spec, maybe with a name in front of it that should have had
  // some.
  void bare(mailbox& out) {
    std::size_t at = words_.size();
    for (std::size_t i = 0; i < words_.size(); ++i)
      if (words_[i].what == word::kind::special && words_[i].text == "@") at = i;
    if (at == words_.size()) {
      list_.well_formed = false;
      out.name = phrase(0, words_.size());
      return;
    }
    const auto is_dot = [&](std::size_t i) {
      return words_[i].what == word::kind::special && words_[i].text == ".";
    };
    // The local part: what is joined by dots, or by no space at all, to the `@`.
    std::size_t begin = at;
    while (begin > 0 && (begin == at || is_dot(begin) || is_dot(begin - 1) || !words_[begin].space_before))
      --begin;
    std::size_t end = at + 1;
    while (end < words_.size() &&
           (end == at + 1 || is_dot(end) || is_dot(end - 1) || !words_[end].space_before))
      ++end;
    for (std::size_t i = begin; i < end; ++i) append_word(out.address, words_[i]);
    if (begin > 0 || end < words_.size()) list_.well_formed = false;
    out.name = phrase(0, begin);
    if (begin == 0 && end < words_.size()) out.name = phrase(end, words_.size());
    // "ada@": a name after all.
    if (begin == at || end == at + 1) list_.well_formed = false;
  }

  lexer in_;
  std::size_t room_;
  std::vector<word> words_;
  address_list list_;
};

// The grammar of an addr-spec (RFC 5322 section 3.4.1), for those who want to know.
class addr_spec_parser {
 public:
  explicit addr_spec_parser(std::string_view text) : text_(text) {}

  result<std::string> run() {
    if (text_.size() > 4096) return fail("longer than any address");
    cfws();
    if (!local_part()) return fail(why_);
    const std::size_t local = out_.size();
    if (!take('@')) return fail(at_ == text_.size() ? "no domain" : "no @ after the local part");
    out_ += '@';
    cfws();
    if (!domain()) return fail(why_);
    cfws();
    if (why_ != nullptr) return fail(why_);
    if (at_ != text_.size()) return fail("something follows the domain");
    if (local > 64) return fail("a local part of more than 64 bytes");
    if (out_.size() > 254) return fail("more than 254 bytes");
    return std::move(out_);
  }

 private:
  failure fail(const char* why) const {
    return failure(errc::malformed, "address: " + std::string(why) + " at offset " + std::to_string(at_));
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char wanted) {
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool bad(const char* why) {
    if (why_ == nullptr) why_ = why;
    return false;
  }

  // White space, with folds: a CR LF must be followed by a space or a tab (obs-FWS may have several).
  bool fws() {
    const std::size_t begin = at_;
    for (;;) {
      while (ascii::is_blank(peek())) ++at_;
      if (!text_.substr(at_).starts_with("\r\n")) break;
      if (at_ + 2 >= text_.size() || !ascii::is_blank(text_[at_ + 2]))
        return bad("a line break that is no fold");
      at_ += 2;
    }
    return at_ != begin;
  }
  bool cfws() {
    bool any = false;
    while (why_ == nullptr) {
      if (fws()) any = true;
      if (peek() != '(') break;
      any = true;
      comment();
    }
    return any;
  }
  void comment() {
    std::size_t depth = 0;
    while (why_ == nullptr) {
      if (fws()) continue;
      if (at_ == text_.size()) {
        bad("a comment without its end");
        return;
      }
      const char c = text_[at_++];
      if (c == '(') {
        ++depth;
      } else if (c == ')') {
        if (--depth == 0) return;
      } else if (c == '\\') {
        if (at_ == text_.size()) {
          bad("a backslash before nothing");
          return;
        }
        ++at_;
      } else if (c == '\r' || c == '\n' || c == '\0') {
        bad("a CR, LF or NUL");
      }
    }
  }
  bool local_part() {
    for (bool first = true;; first = false) {
      cfws();
      if (why_ != nullptr) return false;
      if (peek() == '"') {
        if (!quoted_string()) return false;
      } else if (!atom()) {
        return bad(first ? "no local part" : "a dot that nothing follows");
      }
      const bool after_quoted = text_[at_ - 1] == '"';
      cfws();
      if (why_ != nullptr) return false;
      if (peek() == '.') {
        out_ += '.';
        ++at_;
      } else if (after_quoted && peek() != '@' && at_ != text_.size()) {
        return bad("characters after a quoted string");
      } else {
        return true;
      }
    }
  }
  bool atom() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && detail::is_atext(text_[at_])) ++at_;
    out_ += text_.substr(begin, at_ - begin);
    return at_ != begin;
  }
  bool quoted_string() {
    out_ += text_[at_++];
    for (;;) {
      if (at_ == text_.size()) return bad("a quoted string without its end");
      if (text_[at_] == '\r') {
        if (!fws()) return bad("a CR that is no fold");
        continue;
      }
      const char c = text_[at_++];
      if (c == '\0' || c == '\n') return bad("an LF or NUL in a quoted string");
      out_ += c;
      if (c == '"') return true;
      if (c == '\\') {
        if (at_ == text_.size()) return bad("a backslash before nothing");
        out_ += text_[at_++];
      }
    }
  }
  bool domain() {
    if (peek() == '[') return domain_literal();
    const std::size_t start = out_.size();
    for (;;) {
      cfws();
      const std::size_t label = out_.size();
      if (!atom()) return bad(label == start ? "no domain" : "a dot that nothing follows");
      const std::string_view text = std::string_view(out_).substr(label);
      if (text.size() > 63) return bad("a label of more than 63 bytes");
      if (text.front() == '-' || text.back() == '-') return bad("a label that begins or ends with a hyphen");
      for (const char c : text)
        if (ascii::is_ascii(c) && !ascii::is_alnum(c) && c != '-')
          return bad("a character that no domain has");
      cfws();
      if (why_ != nullptr) return false;
      if (!take('.')) break;
      out_ += '.';
    }
    return out_.size() - start <= 255 || bad("a domain of more than 255 bytes");
  }
  bool domain_literal() {
    out_ += text_[at_++];
    for (;;) {
      fws();
      if (why_ != nullptr) return false;
      if (at_ == text_.size()) return bad("a domain literal without its end");
      const char c = text_[at_++];
      if (c == '[' || c == '\\' || c == '\r' || c == '\n' || c == '\0')
        return bad("a character that no domain literal has");
      out_ += c;
      if (c == ']') return true;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  const char* why_ = nullptr;
};

}  // namespace

std::string_view mailbox::local_part() const noexcept {
  const std::string_view all = address;
  return all.substr(0, all.rfind('@'));
}

std::string_view mailbox::domain() const noexcept {
  const std::size_t at = address.rfind('@');
  return at == std::string::npos ? std::string_view() : std::string_view(address).substr(at + 1);
}

std::string mailbox::str() const {
  if (name.empty()) return address;
  std::string out;
  bool plain = true;
  for (const char c : name) plain = plain && (detail::is_atext(c) || c == ' ');
  if (plain) {
    out = name;
  } else {
    append_quoted(out, name);
  }
  return out + " <" + address + '>';
}

std::vector<mailbox> address_list::mailboxes() const {
  std::vector<mailbox> all;
  for (const address_entry& entry : entries) {
    if (const auto* one = std::get_if<mailbox>(&entry)) {
      all.push_back(*one);
    } else {
      const auto& members = std::get<group>(entry).members;
      all.insert(all.end(), members.begin(), members.end());
    }
  }
  return all;
}

address_list parse_addresses(std::string_view raw, std::size_t limit) {
  return address_parser(raw, limit).run();
}

result<std::string> parse_addr_spec(std::string_view text) {
  return addr_spec_parser(text).run();
}

result<void> check_address(std::string_view address) {
  for (const char c : address)
    if (ascii::is_control(c)) return failure(errc::malformed, "address: a control character");
  const result<std::string> plain = parse_addr_spec(address);
  if (!plain) return plain.error();
  // Nothing was left out, so nothing was there that an envelope may not have. A local part of dots and quoted
  // strings is obsolete.
  if (*plain != address) return failure(errc::malformed, "address: a comment or white space");
  const std::string_view local = address.substr(0, address.rfind('@'));
  if (!local.starts_with('"') && !is_dot_atom(local))
    return failure(errc::malformed, "address: a local part of an obsolete form");
  if (local.starts_with('"') && local.find('"', 1) != local.size() - 1 &&
      local.find('\\') == std::string_view::npos)
    return failure(errc::malformed, "address: a local part of an obsolete form");
  return {};
}

}  // namespace tidewire::mime
