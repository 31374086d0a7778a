// Prints what happens in a mailbox, as it happens, until it is interrupted: across lost connections, and with
// what was missed meanwhile.
//
//   inbox_watch --server HOST --user NAME [--mailbox NAME] [--state FILE] [--count N]
//               [--starttls | --plaintext] [--port N] [--ca FILE]
//
// The password is taken from the environment, MAIL_PASSWORD. With --state, what is known of the mailbox is
// kept in a file, and the next run begins with what happened since. With --count it ends after so many
// changes. It prints:
//
//   12 arrived: Tides of the day
//   12 is now \Seen
//   4 is gone
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "imap_account.hpp"

struct order {
  account who;
  std::string mailbox = "INBOX";
  std::string state_file;
  long count = -1;
};

tw::task<> print(imap::client& mail, const imap::change& one) {
  switch (one.kind) {
    case imap::change_kind::arrived: {
      imap::fetch_request wanted;
      wanted.envelope();
      const auto messages = co_await mail.fetch(one.uid, wanted);
      const bool there = !messages.empty() && messages.front().envelope;
      std::printf("%u arrived: %s\n", one.uid,
                  there ? messages.front().envelope->subject.c_str() : "(gone again)");
      break;
    }
    case imap::change_kind::flagged:
      std::printf("%u is now %s\n", one.uid, one.flags.to_string().c_str());
      break;
    case imap::change_kind::vanished: std::printf("%u is gone\n", one.uid); break;
  }
  std::fflush(stdout);
}

tw::task<> watch(const order& asked) {
  imap::client mail = co_await asked.who.sign_in();
  imap::mailbox_state known;
  imap::watch_options options;
  if (std::string line; std::getline(std::ifstream(asked.state_file), line)) {
    known = imap::mailbox_state::parse(line).value();
    options.since = &known;
  }
  imap::mailbox_watch changes = mail.watch(asked.mailbox, options);
  for (long left = asked.count; left != 0; --left) {
    const std::optional<imap::change> one = co_await changes.next();
    if (!one) break;
    co_await print(mail, *one);
    if (!asked.state_file.empty()) std::ofstream(asked.state_file) << changes.state().to_string() << '\n';
  }
  co_await mail.logout();
}

int main(int argc, char** argv) {
  try {
    order asked;
    for (arguments words(argc, argv); words.more();) {
      if (asked.who.take(words)) continue;
      const std::string word = words.next();
      if (word == "--mailbox") asked.mailbox = words.next();
      if (word == "--state") asked.state_file = words.next();
      if (word == "--count") asked.count = std::atol(words.next().c_str());
    }
    if (!asked.who.complete()) {
      std::fprintf(stderr, "usage: inbox_watch --server HOST --user NAME [--mailbox NAME] [--state FILE]\n");
      return 2;
    }
    tw::run(watch(asked));
  } catch (const tw::error& e) {
    if (e.code() == tw::condition::canceled) return EXIT_SUCCESS;  // interrupted
    std::fprintf(stderr, "inbox_watch: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
