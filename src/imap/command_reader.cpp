#include <tidewire/base/words.hpp>
#include <tidewire/imap/command_reader.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace tidewire::imap {
namespace {

constexpr std::size_t longest_tag = 128;

// What is announced at the end of a line.
struct literal_mark {
  std::size_t begin = 0;
  std::optional<std::uint64_t> size;  // nothing: more than 64 bits hold
  bool waits = true;
};

// Where a quoted string that is not closed begins; npos if there is none.
std::size_t open_quote(std::string_view line) {
  std::size_t open = npos;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      open = open == npos ? i : npos;
    } else if (line[i] == '\\' && open != npos) {
      ++i;
    }
  }
  return open;
}

std::optional<literal_mark> literal_at_end(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  const std::size_t begin = line.rfind('{');
  if (begin == std::string_view::npos || open_quote(line) != npos) return std::nullopt;
  std::string_view inside = line.substr(begin + 1, line.size() - begin - 2);
  literal_mark mark;
  mark.begin = begin;
  if (inside.ends_with('+')) {
    mark.waits = false;
    inside.remove_suffix(1);
  }
  if (inside.empty() || !std::ranges::all_of(inside, ascii::is_digit)) return std::nullopt;
  mark.size = ascii::parse_unsigned<std::uint64_t>(inside);
  return mark;
}

// RFC 9051 section 9, `tag`: ASTRING-CHAR but "+".
bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= longest_tag && std::ranges::all_of(text, [](char c) {
    return ascii::is_visible(c) && std::string_view("(){%*\"\\+").find(c) == std::string_view::npos;
  });
}

// A literal that stands within a word is part of that as it is read, and whoever writes the word down again
// would write its line ends.
bool has_broken_word(const std::vector<token>& tokens) {
  return std::ranges::any_of(tokens, [](const token& one) {
    if (one.is_list()) return has_broken_word(one.items());
    return one.kind() == token::kind_type::atom && std::ranges::any_of(one.text(), ascii::is_control);
  });
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find(' '));
}

}  // namespace

command_reader::command_reader(const command_limits& limits)
    : limits_(limits), lines_({.limit = limits.line, .strict = true}) {}

void command_reader::begin_command() {
  begun_ = true;
  dropping_ = false;
  text_.clear();
  shown_.clear();
  problem_.clear();
  command_ = {};
  size_ = 0;
  literals_ = 0;
}

command_event command_reader::next(byte_view shown) {
  taken_ = 0;
  for (;;) {
    const byte_view rest = shown.subspan(taken_);
    if (state_ == state::broken) return command_event::broken;
    if (state_ == state::literal) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
      if (!dropping_) text_ += as_text(rest.first(count));
      left_ -= count;
      taken_ += count;
      if (left_ > 0) return command_event::more;
      state_ = state::line;
      continue;
    }
    if (rest.empty()) return command_event::more;
    const auto found = lines_.next(rest);
    if (!found) {
      taken_ = shown.size();
      state_ = state::broken;
      problem_ = found.error().detail();
      return command_event::broken;
    }
    if (!found->complete()) return command_event::more;
    const std::string_view line = as_text(found->payload(rest));
    taken_ += found->size;
    const command_event event = take_line(line);
    if (event != command_event::more) return event;
  }
}

command_event command_reader::take_line(std::string_view line) {
  if (std::exchange(line_expected_, false)) {
    line_ = line;
    return command_event::line;
  }
  if (!begun_) begin_command();
  size_ = saturating_add(size_, std::uint64_t{line.size()});
  if (!dropping_) {
    text_ += line;
    shown_ += line;
  }
  if (literal_at_end(line)) return begin_literal(line);
  return end_of_command();
}

command_event command_reader::begin_literal(std::string_view line) {
  const literal_mark mark = *literal_at_end(line);
  const bool brings_message = ascii::istarts_with(
      std::string_view(text_).substr(std::min(text_.size(), first_word(text_).size() + 1)), "APPEND ");
  const std::uint64_t limit = brings_message ? limits_.message : limits_.literal;
  const bool too_large =
      !mark.size || *mark.size > limit || saturating_add(size_, *mark.size) > limits_.command;
  if (too_large || dropping_ || ++literals_ > limits_.literals) {
    if (problem_.empty()) problem_ = "a literal that is larger than the limit, or one too many";
    // A client that waits will send nothing of it, and the command is over.
    if (mark.waits) return give_up(command_event::too_large, problem_);
    // Of one that does not wait, all that is announced is read and dropped, as far as that has an end.
    if (!mark.size || *mark.size > 2 * std::max(limits_.message, limits_.literal)) {
      state_ = state::broken;
      return give_up(command_event::broken, problem_);
    }
    dropping_ = true;
  }
  size_ = saturating_add(size_, *mark.size);
  left_ = *mark.size;
  state_ = state::literal;
  if (dropping_) return command_event::more;
  // The tokens are read from what a client that waits would have sent.
  if (!mark.waits) {
    const std::size_t plus = text_.size() - 2;
    text_.erase(plus, 1);
  }
  text_ += "\r\n";
  return mark.waits ? command_event::literal : command_event::more;
}

command_event command_reader::give_up(command_event how, std::string_view why) {
  begun_ = false;
  problem_ = why;
  const std::string_view tag = first_word(text_);
  command_ = {};
  if (is_tag(tag)) command_.tag = tag;
  text_.clear();
  return how;
}

command_event command_reader::end_of_command() {
  if (dropping_) return give_up(command_event::too_large, std::string(problem_));
  const std::string_view tag = first_word(text_);
  if (!is_tag(tag)) return give_up(command_event::malformed, "a command begins with a tag");
  const std::string_view rest = std::string_view(text_).substr(std::min(tag.size() + 1, text_.size()));
  if (rest.empty() || rest.front() == ' ')
    return give_up(command_event::malformed, "no command behind the tag");
  if (rest.find('\0') != std::string_view::npos && literals_ == 0) {
    return give_up(command_event::malformed, "a NUL outside of a literal");
  }
  auto tokens = parse_tokens(rest);
  if (!tokens) return give_up(command_event::malformed, tokens.error().detail());
  if (has_broken_word(*tokens)) return give_up(command_event::malformed, "a literal within a word");
  if (tokens->empty() || tokens->front().kind() != token::kind_type::atom) {
    return give_up(command_event::malformed, "no command behind the tag");
  }
  command_.tag = tag;
  command_.name = ascii::upper(tokens->front().text());
  tokens->erase(tokens->begin());
  if (command_.name == "UID" && !tokens->empty() && tokens->front().kind() == token::kind_type::atom) {
    command_.name += ' ' + ascii::upper(tokens->front().text());
    tokens->erase(tokens->begin());
  }
  command_.arguments = std::move(*tokens);
  begun_ = false;
  text_.clear();
  return command_event::command;
}

}  // namespace tidewire::imap
