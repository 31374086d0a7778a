// A client that says lines, and shows what an imap_server says to them.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/clock.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/testing/imap_server.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::testing {

class imap_dialogue {
 public:
  explicit imap_dialogue(stream peer) : peer_(std::move(peer)) {}

  // Reads lines until there is one that begins like that; gives all of them. At the end of the stream, what
  // there was.
  task<std::string> until(std::string beginning) {
    std::string all;
    for (;;) {
      const std::string line = co_await next_line();
      all += line;
      if (line.empty() || line.starts_with(beginning)) break;
    }
    co_return all;
  }
  // Sends a command, its lines with their ends, and reads to its end.
  task<std::string> say(std::string command) {
    const std::string tag = command.substr(0, command.find(' ')) + ' ';
    command += "\r\n";
    (void)co_await as_result(peer_.write(command));
    co_return co_await until(tag);
  }
  // Sends a line, and reads nothing.
  task<> send(std::string line) {
    line += "\r\n";
    co_await peer_.write(line);
  }
  [[nodiscard]] stream& peer() noexcept { return peer_; }

 private:
  task<std::string> next_line() {
    for (;;) {
      const std::string_view buffered = as_text(peer_.buffered());
      const std::size_t end = buffered.find("\r\n");
      if (end != std::string_view::npos) {
        std::string line(buffered.substr(0, end + 2));
        peer_.consume(end + 2);
        co_return line;
      }
      const auto came = co_await as_result(peer_.fill());
      if (!came || *came == 0) break;
    }
    std::string rest(as_text(peer_.buffered()));
    peer_.consume(rest.size());
    co_return rest;
  }

  stream peer_;
};

// A server in plain text with the user "ada".
inline imap_server_options in_plain_text(std::string_view without = {}) {
  imap_server_options options;
  options.tls = tls_mode::none;
  options.without = without;
  return options;
}

// Signs in as ada, says the commands one after the other, and shows what was answered to each, in order.
inline std::vector<std::string> answers_to(imap_server& server, const std::vector<std::string>& commands) {
  std::vector<std::string> out;
  virtual_clock time;
  const auto body = [&]() -> task<> {
    imap_dialogue client(server.connect());
    (void)co_await client.until("* ");
    (void)co_await client.say("in LOGIN ada secret");
    for (const std::string& one : commands) {
      std::string answer = co_await client.say(one);
      out.push_back(std::move(answer));
    }
  };
  server.run(body, {.clock = &time});
  return out;
}

// The same, of the last command.
inline std::string answer_to(imap_server& server, const std::vector<std::string>& commands) {
  return answers_to(server, commands).back();
}

}  // namespace tidewire::testing
