// The tokenizer of WHATWG HTML 13.2.5, fused with what takes the tokens: no token is ever an object on the
// heap.
//
// Between tokens its whole state is a position and the kind of text it is in. A token that is not yet
// complete is read again from its start when there is more input; the caller sees to it that this is tried at
// sizes that double, so that the work stays linear.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "entities.hpp"
#include "scan.hpp"
#include "store.hpp"

namespace tidewire::html::detail {

enum class text_mode : std::uint8_t { data, rcdata, rawtext, script, plaintext, cdata };

// A start or end tag. Its attributes are the last of the store's.
struct tag_token {
  name_id name = 0;
  std::uint32_t first_attr = 0;
  std::uint32_t attr_count = 0;
  std::uint32_t source = 0;
  bool self_closing = false;
};

struct doctype_token {
  name_id name = 0;
  bool has_public_id = false;
  bool has_system_id = false;
  bool force_quirks = false;
  std::string public_id;
  std::string system_id;
  std::uint32_t source = 0;
};

namespace char_class {
enum : std::uint8_t {
  space = 1,       // ends a name
  tag_end = 2,     // '/' and '>': so do these
  upper = 4,       // to be folded
  null = 8,        // to be replaced
  equals = 16,     // ends an attribute's name
  suspicious = 32  // " ' < in an attribute's name: an error
};
struct table {
  std::uint8_t of[256] = {};
  constexpr void set(std::string_view characters, std::uint8_t kind) {
    for (char c : characters) of[static_cast<unsigned char>(c)] = kind;
  }
  constexpr table() {
    set(" \t\n\f\r", space);
    set("/>", tag_end);
    set("ABCDEFGHIJKLMNOPQRSTUVWXYZ", upper);
    set("=", equals);
    set("\"'<", suspicious);
    of[0] = null;
  }
};
inline constexpr table classes;
inline std::uint8_t of(char c) noexcept {
  return classes.of[static_cast<unsigned char>(c)];
}
}  // namespace char_class

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

// Sink: on_text(slice), on_literal(view, source), on_null(source), on_start_tag(tag), on_end_tag(tag),
// on_comment(slice, source), on_doctype(token), on_eof(source); bool cdata_allowed(), bool stopped().
template <class Sink>
class tokenizer {
 public:
  tokenizer(document_store& store, Sink& sink) : store_(&store), sink_(sink) {}
  void rebind(document_store& store) noexcept { store_ = &store; }

  text_mode mode = text_mode::data;
  name_id last_start_tag = 0;
  bool keep_errors = false;
  std::uint32_t max_attributes = UINT32_MAX;
  std::vector<raw_error> errors;

  void reset() {
    mode = text_mode::data;
    last_start_tag = 0;
    position_ = 0;
    errors.clear();
  }
  std::uint32_t position() const noexcept { return position_; }
  void error(parse_error_code code, std::uint32_t offset) {
    if (keep_errors) [[unlikely]]
      errors.push_back({offset, code});
  }

  // Reads the source from where the last call stopped, up to `size` bytes. If `final` there is no more, and
  // all of it is read, and the end is told to the sink.
  void run(std::uint32_t size, bool final) {
    base_ = store_->source;
    end_ = base_ + size;
    final_ = final;
    at_ = base_ + position_;
    while (!sink_.stopped()) {
      const bool more = mode == text_mode::data ? step_data() : step_text();
      if (!more) break;
    }
    position_ = offset(at_);
    if (final && !sink_.stopped()) sink_.on_eof(size);
  }

 private:
  std::uint32_t offset(const char* at) const noexcept { return static_cast<std::uint32_t>(at - base_); }
  std::size_t left(const char* at) const noexcept { return static_cast<std::size_t>(end_ - at); }
  std::string_view rest_from(const char* at) const noexcept { return {at, left(at)}; }
  void fail(parse_error_code code, const char* at) { error(code, offset(at)); }
  void text(const char* from, const char* to) {
    if (from != to) sink_.on_text({offset(from), static_cast<std::uint32_t>(to - from)});
  }
  // One run of text and the token after it. False: no more input, or not enough for the next token.
  bool step_data() {
    const char* const start = at_;
    const char* at = find_any<'<', '&', '\0'>(start, end_);
    text(start, at);
    at_ = at;
    if (at == end_) return false;
    if (*at == '<') return markup();
    if (*at == '&') return reference_in_text();
    fail(parse_error_code::unexpected_null_character, at);
    sink_.on_null(offset(at));
    ++at_;
    return true;
  }

  // at_ is at the '&'.
  bool reference_in_text() {
    const char* const name = at_ + 1;
    if (!final_) {
      const char* at = name;
      while (at != end_ && (ascii::is_alnum(*at) || *at == '#')) ++at;
      if (at == end_) return false;
    }
    const character_reference reference = read_character_reference(name, end_, false);
    report(reference, name);
    if (reference.consumed == 0) {
      text(at_, name);
      at_ = name;
    } else {
      sink_.on_literal({reference.text, reference.length}, offset(at_));
      at_ = name + reference.consumed;
    }
    return true;
  }
  void report(const character_reference& reference, const char* name) {
    if (reference.error != parse_error_code{}) fail(reference.error, name + reference.error_at);
    if (reference.second_error != parse_error_code{}) fail(reference.second_error, name + reference.error_at);
  }

  // at_ is at a '<' in the data state.
  bool markup() {
    errors_before_ = errors.size();
    const char* at = at_ + 1;
    if (at == end_) {
      if (!final_) return false;
      fail(parse_error_code::eof_before_tag_name, at);
      text(at_, at);
      at_ = at;
      return true;
    }
    if (ascii::is_alpha(*at)) return tag<false>(at);
    switch (*at) {
      case '/': return end_tag_open();
      case '!': return declaration();
      case '?':
        fail(parse_error_code::unexpected_question_mark_instead_of_tag_name, at);
        return bogus_comment(at);
      default:
        fail(parse_error_code::invalid_first_character_of_tag_name, at);
        text(at_, at);
        at_ = at;
        return true;
    }
  }

  bool end_tag_open() {
    const char* at = at_ + 2;
    if (at == end_) {
      if (!final_) return false;
      fail(parse_error_code::eof_before_tag_name, at);
      text(at_, at);
      at_ = at;
      return true;
    }
    if (ascii::is_alpha(*at)) return tag<true>(at);
    if (*at == '>') {
      fail(parse_error_code::missing_end_tag_name, at);
      at_ = at + 1;
      return true;
    }
    fail(parse_error_code::invalid_first_character_of_tag_name, at);
    return bogus_comment(at);
  }

  // The name that begins at `start`, in lower case, and of which `at` is the first character not yet looked
  // at; `at` is put behind it. 0 if the input ends first and there will be more.
  template <bool Attribute>
  name_id read_name(const char* start, const char*& at) {
    if (start == at && !(Attribute && keep_errors)) [[likely]] {
      const std::size_t length = Attribute ? plain_name_length<'='>(at, end_) : plain_name_length<>(at, end_);
      if (length != 0) [[likely]] {
        at += length;
        const name_id known = find_known_name(start, length);
        return known != 0 ? known : intern({start, length});
      }
    }
    constexpr unsigned ends =
        char_class::space | char_class::tag_end | (Attribute ? unsigned{char_class::equals} : 0U);
    unsigned seen = 0;
    for (; at != end_; ++at) {
      const unsigned kind = char_class::of(*at);
      if ((kind & ends) != 0) break;
      seen |= kind;
      if (Attribute && (kind & char_class::suspicious) != 0)
        fail(parse_error_code::unexpected_character_in_attribute_name, at);
    }
    if (at == end_ && !final_) return 0;
    return fold_name(start, at, seen);
  }
  // The lower-case name of [start, at); `seen` is the union of its characters' classes.
  name_id fold_name(const char* start, const char* at, unsigned seen) {
    if ((seen & (char_class::upper | char_class::null)) == 0)
      return intern({start, static_cast<std::size_t>(at - start)});
    scratch_.clear();
    for (; start != at; ++start) {
      if (*start == '\0') {
        fail(parse_error_code::unexpected_null_character, start);
        scratch_ += replacement_character;
      } else {
        scratch_ += ascii::to_lower(*start);
      }
    }
    return intern(scratch_);
  }
  name_id intern(std::string_view name) {
    const name_id id = store_->intern(name);
    if (id > max_name_id) throw std::length_error("names");
    return id;
  }

  // The number of the tag's attribute `name`, told whether it had that one before.
  bool seen_before(name_id name) {
    if (name >= stamps_.size()) stamps_.resize(std::max<std::uint32_t>(name + 1, stamps_.size() * 2), 0);
    if (stamps_[name] == stamp_) return true;
    stamps_[name] = stamp_;
    return false;
  }

  // `at` is at the first letter of the name. On false nothing has happened.
  template <bool Closing>
  bool tag(const char* at) {
    const std::uint32_t first_attr = store_->attrs.size();
    errors_before_ = errors.size();
    const auto incomplete = [&] {
      store_->attrs.truncate(first_attr);
      if (!final_) {
        errors.resize(errors_before_);
        return false;
      }
      fail(parse_error_code::eof_in_tag, end_);
      at_ = end_;
      return true;
    };
    tag_token token;
    token.source = offset(at_);
    token.first_attr = first_attr;
    token.name = read_name<false>(at, at);
    if (at == end_) return incomplete();
    if (*at != '>') {
      if (++stamp_ == 0) {
        stamps_.clear();
        stamp_ = 1;
      }
      bool need_space = false;
      for (;;) {
        // 13.2.5.32, before attribute name
        bool spaced = false;
        while (at != end_ && is_space(*at)) ++at, spaced = true;
        if (at == end_) return incomplete();
        if (*at == '>') break;
        if (*at == '/') {
          if (++at == end_) return incomplete();
          if (*at == '>') {
            token.self_closing = true;
            break;
          }
          fail(parse_error_code::unexpected_solidus_in_tag, at);
          need_space = false;
          continue;
        }
        if (need_space && !spaced) fail(parse_error_code::missing_whitespace_between_attributes, at);
        need_space = false;
        const char* start = at;
        if (*at == '=') {
          fail(parse_error_code::unexpected_equals_sign_before_attribute_name, at);
          ++at;
        }
        const name_id name = read_name<true>(start, at);
        if (at == end_ && !final_) return incomplete();
        const bool duplicate = seen_before(name);
        if (duplicate) fail(parse_error_code::duplicate_attribute, at);
        slice value;
        while (at != end_ && is_space(*at)) ++at;
        if (at == end_) return incomplete();
        if (*at == '=') {
          ++at;
          while (at != end_ && is_space(*at)) ++at;
          if (at == end_) return incomplete();
          if (*at == '"' || *at == '\'') {
            const char quote = *at++;
            start = at;
            at = quote == '"' ? find_any<'"', '&', '\0'>(at, end_) : find_any<'\'', '&', '\0'>(at, end_);
            bool plain = true;
            if (at != end_ && *at != quote) {
              plain = false;
              at = static_cast<const char*>(std::memchr(at, quote, left(at)));
              if (at == nullptr) at = end_;
            }
            if (at == end_) {
              if (final_ && !plain) decode(start, at);  // for its errors
              return incomplete();
            }
            if (plain)
              value = {offset(start), static_cast<std::uint32_t>(at - start)};
            else
              value = decode(start, at);
            ++at;
            need_space = true;
          } else if (*at == '>') {
            fail(parse_error_code::missing_attribute_value, at);
          } else {
            start = at;
            bool plain = true;
            for (; at != end_ && !is_space(*at) && *at != '>'; ++at) {
              switch (*at) {
                case '&':
                case '\0': plain = false; break;
                case '"':
                case '\'':
                case '<':
                case '=':
                case '`': fail(parse_error_code::unexpected_character_in_unquoted_attribute_value, at); break;
                default: break;
              }
            }
            if (at == end_) {
              if (final_ && !plain) decode(start, at);
              return incomplete();
            }
            if (plain)
              value = {offset(start), static_cast<std::uint32_t>(at - start)};
            else
              value = decode(start, at);
          }
        } else {
          // 13.2.5.34, after attribute name: anything else begins a new attribute, without an error.
        }
        if (!duplicate) {
          if (token.attr_count < max_attributes) {
            store_->attrs.push_back({name, value.offset, value.length});
            ++token.attr_count;
          } else {
            store_->limit = limit_kind::attributes;
          }
        }
      }
    }
    at_ = at + 1;
    if constexpr (Closing) {
      if (token.attr_count != 0) fail(parse_error_code::end_tag_with_attributes, at);
      if (token.self_closing) fail(parse_error_code::end_tag_with_trailing_solidus, at);
      store_->attrs.truncate(first_attr);
      token.attr_count = 0;
      sink_.on_end_tag(token);
    } else {
      last_start_tag = token.name;
      sink_.on_start_tag(token);
    }
    return true;
  }

  // The value of an attribute with references decoded and NULs replaced, in the pool.
  slice decode(const char* at, const char* end) {
    scratch_.clear();
    while (at != end) {
      const char* stop = find_any<'&', '\0'>(at, end);
      scratch_.append(at, stop);
      at = stop;
      if (at == end) break;
      if (*at == '\0') {
        fail(parse_error_code::unexpected_null_character, at);
        scratch_ += replacement_character;
        ++at;
        continue;
      }
      ++at;
      const character_reference reference = read_character_reference(at, end, true);
      report(reference, at);
      if (reference.consumed == 0)
        scratch_ += '&';
      else
        scratch_.append(reference.text, reference.length);
      at += reference.consumed;
    }
    return store_->pool.add(scratch_);
  }

  // A text in which NUL becomes U+FFFD.
  slice without_nulls(const char* at, const char* end) {
    const auto length = static_cast<std::size_t>(end - at);
    if (length == 0) return {};
    if (std::memchr(at, 0, length) == nullptr) return {offset(at), static_cast<std::uint32_t>(length)};
    scratch_.clear();
    for (; at != end; ++at) {
      if (*at == '\0') {
        fail(parse_error_code::unexpected_null_character, at);
        scratch_ += replacement_character;
      } else {
        scratch_ += *at;
      }
    }
    return store_->pool.add(scratch_);
  }

  bool bogus_comment(const char* start) {
    const auto* close = static_cast<const char*>(std::memchr(start, '>', left(start)));
    if (close == nullptr && !final_) {
      errors.resize(errors_before_);
      return false;
    }
    const char* const stop = close == nullptr ? end_ : close;
    const std::uint32_t source = offset(at_);
    at_ = close == nullptr ? end_ : close + 1;
    sink_.on_comment(without_nulls(start, stop), source);
    return true;
  }
  // at_ is at "<!".
  bool declaration() {
    const char* const at = at_ + 2;
    constexpr std::size_t longest = 7;  // DOCTYPE, [CDATA[
    if (!final_ && left(at) < longest) return false;
    const std::string_view rest(at, std::min(left(at), longest));
    if (rest.starts_with("--")) return comment(at + 2);
    if (ascii::istarts_with(rest_from(at), "doctype")) return doctype(at + longest);
    if (rest == "[CDATA[") {
      if (sink_.cdata_allowed()) {
        mode = text_mode::cdata;
        at_ = at + longest;
        return true;
      }
      fail(parse_error_code::cdata_in_html_content, at + longest - 1);
      return bogus_comment(at);
    }
    fail(parse_error_code::incorrectly_opened_comment, at);
    return bogus_comment(at);
  }

  // 13.2.5.43 to 13.2.5.52. The comment begins after "<!--", at `start`.
  bool comment(const char* start) {
    const char* stop = nullptr;
    const char* after = nullptr;
    parse_error_code closing{};
    if (left(start) >= 1 && *start == '>') {
      stop = start;
      after = start + 1;
      closing = parse_error_code::abrupt_closing_of_empty_comment;
    } else if (left(start) >= 2 && start[0] == '-' && start[1] == '>') {
      stop = start;
      after = start + 2;
      closing = parse_error_code::abrupt_closing_of_empty_comment;
    } else {
      for (const char* at = start;; ++at) {
        at = static_cast<const char*>(std::memchr(at, '>', left(at)));
        if (at == nullptr) break;
        const auto length = at - start;
        if (length >= 2 && at[-1] == '-' && at[-2] == '-') {
          stop = at - 2;
          after = at + 1;
          break;
        }
        if (length >= 3 && at[-1] == '!' && at[-2] == '-' && at[-3] == '-') {
          stop = at - 3;
          after = at + 1;
          closing = parse_error_code::incorrectly_closed_comment;
          break;
        }
      }
      if (stop == nullptr) {
        if (!final_) return false;
        const std::string_view rest(start, left(start));
        after = end_;
        stop = end_ - (rest.ends_with("--!") ? 3 : rest.ends_with("--") ? 2 : rest.ends_with("-") ? 1 : 0);
        closing = parse_error_code::eof_in_comment;
      }
    }
    if (keep_errors) {
      // 13.2.5.47: "<!--" within, unless that is where it ends.
      for (const char* at = start; at + 4 <= after; ++at) {
        at = static_cast<const char*>(std::memchr(at, '<', static_cast<std::size_t>(after - at)));
        if (at == nullptr || at + 4 > after) break;
        if (at[1] == '!' && at[2] == '-' && at[3] == '-' && at + 4 != end_ && at[4] != '>')
          fail(parse_error_code::nested_comment, at + 4);
      }
      if (closing != parse_error_code{})
        fail(closing, closing == parse_error_code::eof_in_comment ? end_ : after - 1);
    }
    const std::uint32_t source = offset(at_);
    at_ = after;
    sink_.on_comment(without_nulls(start, stop), source);
    return true;
  }

  // 13.2.5.53 and following; `at` is after "DOCTYPE".
  bool doctype(const char* at) {
    if (!final_ && std::memchr(at, '>', left(at)) == nullptr) return false;
    doctype_.name = 0;
    doctype_.has_public_id = doctype_.has_system_id = doctype_.force_quirks = false;
    doctype_.public_id.clear();
    doctype_.system_id.clear();
    doctype_.source = offset(at_);
    const auto eof = [&] {
      fail(parse_error_code::eof_in_doctype, end_);
      doctype_.force_quirks = true;
      at_ = end_;
      sink_.on_doctype(doctype_);
      return true;
    };
    const auto emit = [&] {
      at_ = at + 1;
      sink_.on_doctype(doctype_);
      return true;
    };
    const auto bogus = [&] {
      for (; at != end_ && *at != '>'; ++at)
        if (*at == '\0') fail(parse_error_code::unexpected_null_character, at);
      if (at == end_) {
        at_ = end_;
        sink_.on_doctype(doctype_);
        return true;
      }
      return emit();
    };
    if (at == end_) return eof();
    if (!is_space(*at) && *at != '>') fail(parse_error_code::missing_whitespace_before_doctype_name, at);
    at = skip_space(at, end_);
    if (at == end_) return eof();
    if (*at == '>') {
      fail(parse_error_code::missing_doctype_name, at);
      doctype_.force_quirks = true;
      return emit();
    }
    const char* start = at;
    unsigned seen = 0;
    while (at != end_ && !is_space(*at) && *at != '>') seen |= char_class::of(*at++);
    doctype_.name = fold_name(start, at, seen);
    at = skip_space(at, end_);
    if (at == end_) return eof();
    if (*at == '>') return emit();
    bool is_public = false;
    if (ascii::istarts_with(rest_from(at), "public")) {
      is_public = true;
    } else if (!ascii::istarts_with(rest_from(at), "system")) {
      fail(parse_error_code::invalid_character_sequence_after_doctype_name, at);
      doctype_.force_quirks = true;
      return bogus();
    }
    at += 6;
    // One quoted identifier; false where the doctype ended in it.
    bool finished = false;
    const auto identifier = [&](std::string& into, parse_error_code abrupt) {
      const char quote = *at++;
      for (; at != end_ && *at != quote; ++at) {
        if (*at == '\0') {
          fail(parse_error_code::unexpected_null_character, at);
          into += replacement_character;
        } else if (*at == '>') {
          fail(abrupt, at);
          doctype_.force_quirks = true;
          finished = emit();
          return;
        } else {
          into += *at;
        }
      }
      if (at == end_)
        finished = eof();
      else
        ++at;
    };
    using code = parse_error_code;
    if (at == end_) return eof();
    if (!is_space(*at)) {
      if (*at == '"' || *at == '\'') {
        fail(is_public ? code::missing_whitespace_after_doctype_public_keyword
                       : code::missing_whitespace_after_doctype_system_keyword,
             at);
      }
    }
    at = skip_space(at, end_);
    if (at == end_) return eof();
    if (*at == '>') {
      fail(is_public ? code::missing_doctype_public_identifier : code::missing_doctype_system_identifier, at);
      doctype_.force_quirks = true;
      return emit();
    }
    if (*at != '"' && *at != '\'') {
      fail(is_public ? code::missing_quote_before_doctype_public_identifier
                     : code::missing_quote_before_doctype_system_identifier,
           at);
      doctype_.force_quirks = true;
      return bogus();
    }
    if (is_public) {
      doctype_.has_public_id = true;
      identifier(doctype_.public_id, code::abrupt_doctype_public_identifier);
      if (finished) return true;
      if (at == end_) return eof();
      const bool spaced = is_space(*at);
      at = skip_space(at, end_);
      if (at == end_) return eof();
      if (*at == '>') return emit();
      if (*at != '"' && *at != '\'') {
        fail(code::missing_quote_before_doctype_system_identifier, at);
        doctype_.force_quirks = true;
        return bogus();
      }
      if (!spaced) fail(code::missing_whitespace_between_doctype_public_and_system_identifiers, at);
    }
    doctype_.has_system_id = true;
    identifier(doctype_.system_id, code::abrupt_doctype_system_identifier);
    if (finished) return true;
    at = skip_space(at, end_);
    if (at == end_) return eof();
    if (*at == '>') return emit();
    fail(code::unexpected_character_after_doctype_system_identifier, at);
    return bogus();
  }

  // Text that only its own end tag, "]]>" or the end of the input can end.
  bool step_text() {
    if (at_ == end_ && mode != text_mode::cdata) return false;
    switch (mode) {
      case text_mode::rcdata: return step_rcdata();
      case text_mode::rawtext: return step_raw(find_raw_end());
      case text_mode::script: return step_raw(find_script_end());
      case text_mode::cdata: return step_cdata();
      default:
        emit_replacing(at_, end_);
        at_ = end_;
        return false;
    }
  }
  // The text of RCDATA, RAWTEXT, script data and PLAINTEXT: NUL becomes U+FFFD.
  void emit_replacing(const char* at, const char* to) {
    while (at != to) {
      const auto* null = static_cast<const char*>(std::memchr(at, 0, static_cast<std::size_t>(to - at)));
      if (null == nullptr) return text(at, to);
      text(at, null);
      fail(parse_error_code::unexpected_null_character, null);
      sink_.on_literal(replacement_character, offset(null));
      at = null + 1;
    }
  }

  // Is `at`, at "</", the appropriate end tag? -1: it cannot be told yet.
  int appropriate_end(const char* at) const {
    if (last_start_tag == 0) return 0;
    const std::string_view name = store_->spelling(last_start_tag);
    at += 2;
    const std::size_t have = std::min(left(at), name.size());
    for (std::size_t i = 0; i < have; ++i)
      if (ascii::to_lower(at[i]) != name[i]) return 0;
    if (left(at) <= name.size()) return final_ ? 0 : -1;
    const char after = at[name.size()];
    return is_space(after) || after == '/' || after == '>' ? 1 : 0;
  }

  bool step_rcdata() {
    const char* at = find_any<'<', '&', '\0'>(at_, end_);
    text(at_, at);
    at_ = at;
    if (at == end_) return false;
    if (*at == '&') return reference_in_text();
    if (*at == '\0') {
      emit_replacing(at, at + 1);
      at_ = at + 1;
      return true;
    }
    if (left(at) >= 2 && at[1] == '/') {
      const int end = appropriate_end(at);
      if (end < 0) return false;
      if (end > 0) return end_of_text(at);
    } else if (left(at) < 2 && !final_) {
      return false;
    }
    text(at, at + 1);
    at_ = at + 1;
    return true;
  }
  bool end_of_text(const char* at) {
    const text_mode before = mode;
    mode = text_mode::data;
    at_ = at;
    if (tag<true>(at + 2)) return true;
    mode = before;
    return false;
  }

  const char* find_raw_end() {
    for (const char* at = at_; at != end_; ++at) {
      at = static_cast<const char*>(std::memchr(at, '<', left(at)));
      if (at == nullptr) return nullptr;
      if (left(at) >= 2 && at[1] == '/' && appropriate_end(at) > 0) return at;
    }
    return nullptr;
  }

  // 13.2.5.15 to 13.2.5.31: "<!--" hides the end tag only after a further "<script".
  const char* find_script_end() {
    enum { plain, escaped, doubly } state = plain;
    const char* dashes = nullptr;  // "-->" may begin here or later
    const char* at = at_;
    const auto word_after = [&](const char* from) {
      return ascii::istarts_with(rest_from(from), "script") && left(from) > 6 &&
             (is_space(from[6]) || from[6] == '/' || from[6] == '>');
    };
    while (at != end_) {
      if (state == plain) {
        at = static_cast<const char*>(std::memchr(at, '<', left(at)));
        if (at == nullptr) return nullptr;
        if (left(at) >= 4 && at[1] == '!' && at[2] == '-' && at[3] == '-') {
          state = escaped;
          dashes = at + 2;
          at += 4;
          continue;
        }
        if (left(at) >= 2 && at[1] == '/' && appropriate_end(at) > 0) return at;
        ++at;
        continue;
      }
      at = find_any<'<', '>'>(at, end_);
      if (at == end_) break;
      if (*at == '>') {
        if (at - dashes >= 2 && at[-1] == '-' && at[-2] == '-') state = plain;
      } else if (state == escaped) {
        if (left(at) >= 2 && at[1] == '/') {
          if (appropriate_end(at) > 0) return at;
        } else if (word_after(at + 1)) {
          state = doubly;
        }
      } else if (left(at) >= 2 && at[1] == '/' && word_after(at + 2)) {
        state = escaped;
      }
      ++at;
    }
    if (state != plain && final_) fail(parse_error_code::eof_in_script_html_comment_like_text, end_);
    return nullptr;
  }

  bool step_raw(const char* stop) {
    if (stop == nullptr) {
      if (!final_) return false;
      emit_replacing(at_, end_);
      at_ = end_;
      return false;
    }
    if (!final_ && std::memchr(stop, '>', left(stop)) == nullptr) return false;
    emit_replacing(at_, stop);
    return end_of_text(stop);
  }

  bool step_cdata() {
    const char* at = at_;
    const char* stop = nullptr;
    for (; at != end_; ++at) {
      at = static_cast<const char*>(std::memchr(at, '>', left(at)));
      if (at == nullptr) break;
      if (at - at_ >= 2 && at[-1] == ']' && at[-2] == ']') {
        stop = at - 2;
        break;
      }
    }
    if (stop == nullptr) {
      if (!final_) return false;
      stop = end_;
    }
    for (const char* from = at_; from != stop;) {
      const auto* null =
          static_cast<const char*>(std::memchr(from, 0, static_cast<std::size_t>(stop - from)));
      text(from, null == nullptr ? stop : null);
      if (null == nullptr) break;
      sink_.on_null(offset(null));
      from = null + 1;
    }
    mode = text_mode::data;
    if (stop == end_) {
      fail(parse_error_code::eof_in_cdata, end_);
      at_ = end_;
    } else {
      at_ = stop + 3;
    }
    return at_ != end_;
  }

  document_store* store_;
  Sink& sink_;
  const char* base_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  bool final_ = false;
  std::uint32_t position_ = 0;
  std::size_t errors_before_ = 0;  // the token at hand, which may have to be read again
  std::uint32_t stamp_ = 0;
  plain_vector<std::uint32_t> stamps_;
  std::string scratch_;
  doctype_token doctype_;
};

}  // namespace tidewire::html::detail
