// Commands: whatever their arguments are, what is sent is one command whose tokens are those arguments.

#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/command.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_support.hpp"

namespace {

using namespace tidewire;
using namespace tidewire::imap;
using tidewire::fuzz::require;

// The next argument, up to a byte that nothing else has a use for.
std::string_view take(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\x1F'), rest.size());
  const std::string_view out = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input in(data, size);
  const std::size_t with = in.choose(16);
  wire_options wire;
  wire.literal_plus = (with & 1) != 0;
  wire.literal_minus = (with & 2) != 0;
  wire.utf8 = (with & 4) != 0;
  wire.names = (with & 8) != 0 ? name_form::utf8 : name_form::utf7;

  command what("XFUZZ");
  std::vector<std::string> expected;
  std::string_view rest = in.rest();
  while (!rest.empty() && expected.size() < 100) {
    std::string_view text = take(rest);
    const char kind = text.empty() ? 's' : text.front();
    if (!text.empty()) text.remove_prefix(1);
    // In a response, whose tokens these are read as, BODY[ begins a section, and goes on to its bracket.
    if (kind != 's' && kind != 'l' && ascii::ifind(text, "BODY[") != npos) return 0;
    if (kind != 's' && kind != 'l' && ascii::ifind(text, "BINARY[") != npos) return 0;
    expected.emplace_back(text);
    switch (kind) {
      case 'a': what.astring(text); break;
      case 'p': what.password(text); break;
      case 'l': what.literal(text, true); break;
      case 'f':
        what.set(flags().add(text));
        expected.back() = flags().add(text).to_string();
        break;
      case 'k':
        what.tokens(search::keyword(text).tokens());
        expected.back() = "KEYWORD";
        expected.emplace_back(text);
        break;
      case 'm': {
        what.mailbox(text);
        const auto name = encode_mailbox_name(text);
        expected.back() = is_inbox(text)                  ? "INBOX"
                          : wire.names == name_form::utf8 ? std::string(text)
                          : name                          ? *name
                                                          : "";
        break;
      }
      default: what.string(text); break;
    }
  }
  const auto encoded = what.encode("T1", wire);
  if (!encoded) {
    require(encoded.error() == condition::misuse);
    return 0;
  }
  std::string sent;
  for (const segment& one : encoded->segments()) {
    require(!one.source);
    require(!one.wait || (one.bytes.ends_with("}\r\n") && !wire.literal_plus));
    sent += one.bytes;
  }
  require(sent.ends_with("\r\n") && !encoded->segments().back().wait);
  sent.resize(sent.size() - 2);
  const auto tokens = parse_tokens(sent);
  require(tokens.has_value() && tokens->size() == expected.size() + 2);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const token& one = (*tokens)[i + 2];
    if (one.is_list() && !one.items().empty()) {
      require(one.items().size() == 1 && one.items()[0].text() == expected[i]);
    } else {
      require(one.text() == expected[i]);
    }
  }
  return 0;
}
