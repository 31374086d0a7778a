#include "imap_faults.hpp"

#include <tidewire/base/bytes.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace tidewire::testing::detail {
namespace {

// Where the last line of an answer begins, which ends a command.
std::size_t begin_of_last_line(std::string_view answer) {
  if (answer.size() < 2) return 0;
  const std::size_t before = answer.rfind("\r\n", answer.size() - 3);
  return before == std::string_view::npos ? 0 : before + 2;
}

bool change_tag(std::string& answer, std::string_view tag) {
  const std::size_t begin = begin_of_last_line(answer);
  const std::size_t end = answer.find(' ', begin);
  if (end == std::string::npos || answer[begin] == '*' || answer[begin] == '+') return false;
  answer.replace(begin, end - begin, tag.empty() ? std::string_view("NOBODYS1") : tag);
  return true;
}

// Adds to the number of the first literal: `{12}` at the end of a line.
bool change_literal(std::string& answer, std::uint64_t by, bool more) {
  const std::size_t end = answer.find("}\r\n");
  const std::size_t begin = end == std::string::npos ? end : answer.rfind('{', end);
  if (begin == std::string::npos) return false;
  const auto size =
      ascii::parse_unsigned<std::uint64_t>(std::string_view(answer).substr(begin + 1, end - begin - 1));
  if (!size) return false;
  const std::uint64_t told = more ? saturating_add(*size, by) : saturating_subtract(*size, by);
  answer.replace(begin + 1, end - begin - 1, std::to_string(told));
  return true;
}

}  // namespace

std::string alter_answer(server_core& core, const connection& on, std::string_view answer,
                         const std::vector<planned_fault>& faults) {
  std::string out(answer);
  for (const planned_fault& one : faults) {
    bool done = false;
    switch (one.what) {
      case misdeed::wrong_tag: done = change_tag(out, one.text); break;
      case misdeed::longer_literal: done = change_literal(out, one.size, true); break;
      case misdeed::shorter_literal: done = change_literal(out, one.size, false); break;
      case misdeed::flood: {
        const std::string line = "* " + (one.text.empty() ? std::string("OK still here") : one.text) + "\r\n";
        std::string all;
        for (std::size_t i = 0; i < one.size; ++i) all += line;
        out.insert(0, all);
        done = true;
        break;
      }
      default: break;
    }
    if (done) core.fire(on, one);
  }
  return out;
}

}  // namespace tidewire::testing::detail
