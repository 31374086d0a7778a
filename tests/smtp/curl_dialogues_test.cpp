// The SMTP dialogues of curl's tests: what curl sent, our server's half understands; what it made of a
// message, we make of it, too.
#include <tidewire/base/base64.hpp>
#include <tidewire/base/percent.hpp>
#include <tidewire/smtp/command.hpp>
#include <tidewire/smtp/data.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/conformance.hpp"

namespace tidewire::smtp {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
}

// What stands between two marks becomes what `make` makes of it.
template <class Make>
void replace_between(std::string& text, std::string_view begin, std::string_view end, Make make) {
  for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
    const std::size_t inside = at + begin.size();
    const std::size_t close = text.find(end, inside);
    if (close == std::string::npos) return;
    const std::string made = make(text.substr(inside, close - inside));
    text.replace(at, close + end.size() - at, made);
    at += made.size();
  }
}

// The macros of FILEFORMAT.md that these files use.
std::string expanded(std::string text, std::string_view number) {
  replace_between(text, "%hex[", "]hex%", [](const std::string& inside) { return percent::decode(inside); });
  replace_between(text, "%b64[", "]b64%",
                  [](const std::string& inside) { return base64::encode(percent::decode(inside)); });
  replace_between(text, "%repeat[", "]%", [](const std::string& inside) {
    const std::size_t x = inside.find(" x ");
    std::string out;
    for (unsigned long i = std::stoul(inside); i > 0; --i) out += inside.substr(x + 3);
    return out;
  });
  replace_all(text, "%CR", "\r");
  replace_all(text, "%LT", "<");
  replace_all(text, "%GT", ">");
  replace_all(text, "%SP", " ");
  replace_all(text, "%TESTNUMBER", number);
  return text;
}

// The text of the first element whose tag begins so.
std::optional<std::string> section(const std::string& file, std::string_view tag, std::string_view number) {
  const std::size_t open = file.find("<" + std::string(tag));
  if (open == std::string::npos) return std::nullopt;
  const std::size_t begin = file.find(">\n", open);
  const std::size_t end = file.find("\n</" + std::string(tag.substr(0, tag.find(' '))) + ">", open);
  if (begin == std::string::npos || end == std::string::npos || end + 1 < begin + 2) return std::nullopt;
  const std::string_view attributes = std::string_view(file).substr(open, begin - open);
  std::string text = expanded(file.substr(begin + 2, end + 1 - (begin + 2)), number);
  if (attributes.find("crlf=") != std::string_view::npos && text.find('\r') == std::string::npos) {
    replace_all(text, "\n", "\r\n");
  }
  if (attributes.find("nonewline=") != std::string_view::npos) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  }
  return text;
}

bool is_response(std::string_view line) {
  return line == "*" || line.empty() || line == "=" || base64::decode(line).has_value();
}

TEST(SmtpCurlDialogues, AreUnderstoodAndReproduced) {
  TIDEWIRE_NEEDS_CONFORMANCE("curl-mail");
  std::size_t commands = 0;
  std::size_t messages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(testing::conformance_path("curl-mail"))) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("test")) continue;
    const std::string file = testing::read_file(entry.path());
    if (file.find("<server>\nsmtp\n") == std::string::npos) continue;
    const std::string number = name.substr(4);
    bool in_auth = false;
    std::string rest = section(file, "protocol", number).value_or("");
    for (std::size_t end; (end = rest.find("\r\n")) != std::string::npos; rest.erase(0, end + 2)) {
      const std::string line = rest.substr(0, end);
      if (in_auth && is_response(line)) continue;
      const auto parsed = parse_command(line);
      if (line.find(":<invalid") != std::string::npos) {
        EXPECT_FALSE(parsed) << "an address without a domain, which the server refuses there, too";
        continue;
      }
      ASSERT_TRUE(parsed) << name << ": " << line << ": " << parsed.error().message();
      EXPECT_NE(parsed->what, verb::unknown) << name << ": " << line;
      in_auth = parsed->what == verb::auth;
      ++commands;
    }
    auto message = section(file, "stdin", number);
    if (!message) message = section(file, "file name=\"%LOGDIR/mail", number);
    const auto upload = section(file, "upload", number);
    const bool is_message = file.find(" -T ") != std::string::npos && file.find(" -F ") == std::string::npos;
    if (!message || !upload || !is_message || file.find("-H ") != std::string::npos) continue;
    // curl sends a bare LF as it is; we never do.
    std::string lines = *message;
    replace_all(lines, "\r\n", "");
    if (lines.find('\n') != std::string::npos) continue;
    std::string wire;
    data_encoder encoder;
    ASSERT_TRUE(encoder.update(as_bytes(*message), wire));
    ASSERT_TRUE(encoder.finish(wire));
    EXPECT_EQ(wire, *upload) << name;
    ++messages;
  }
  EXPECT_GE(commands, 200u);
  EXPECT_GE(messages, 15u);
}

}  // namespace
}  // namespace tidewire::smtp
