#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/mailbox_state.hpp>

#include <algorithm>
#include <charconv>

namespace tidewire::imap {
namespace {

// Of the line, so that a later form can be told apart.
constexpr std::string_view form = "1";

std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

template <class Number>
bool read(std::string_view word, Number& into) {
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), into);
  return failed == std::errc() && end == word.data() + word.size();
}

}  // namespace

std::string mailbox_state::to_string() const {
  std::string out(form);
  out += ' ' + std::to_string(uid_validity) + ' ' + std::to_string(modseq);
  if (!uids.empty()) out += ' ' + uids.to_string();
  return out;
}

result<mailbox_state> mailbox_state::parse(std::string_view line) {
  mailbox_state out;
  const bool known = take_word(line) == form;
  const bool numbers = known && read(take_word(line), out.uid_validity) && read(take_word(line), out.modseq);
  if (!numbers) return failure(tidewire::errc::malformed, "no state of a mailbox");
  if (line.empty()) return out;
  const auto uids = sequence_set::parse(line);
  if (!uids || uids->has_star()) return failure(tidewire::errc::malformed, "no state of a mailbox: its UIDs");
  out.uids = uids->sorted();
  return out;
}

}  // namespace tidewire::imap
