// Lists the mailboxes of an account: how many messages each has, how many of them nobody read, and what it is
// used for.
//
//   imap_ls --server HOST --user NAME [--starttls | --plaintext] [--port N] [--ca FILE] [PATTERN]
//
// The connection is protected by TLS from the beginning (port 993), or by STARTTLS (port 143). The password
// is taken from the environment, MAIL_PASSWORD. --plaintext is for a server on this very host; --ca trusts
// the certificates of a file instead of the system's. It prints:
//
//   INBOX                               231 messages,    3 unread
//   Sent                                112 messages,    0 unread  \Sent
#include <cstdio>
#include <cstdlib>
#include <string>

#include "imap_account.hpp"

tw::task<> list(const account& who, std::string pattern) {
  imap::client mail = co_await who.sign_in();
  imap::list_request what(pattern);
  what.return_special_use().return_status(imap::status_item::messages | imap::status_item::unseen);
  const auto mailboxes = co_await mail.list(what);
  for (const imap::listed_mailbox& one : mailboxes) {
    std::printf("%-32s", one.name.c_str());
    if (one.status) {
      std::printf(" %6u messages, %4u unread", one.status->messages.value_or(0),
                  one.status->unseen.value_or(0));
    }
    using enum imap::mailbox_attribute;
    for (const auto use : {all, archive, drafts, flagged, important, junk, sent, trash}) {
      if (one.has(use)) std::printf("  %s", std::string(imap::name_of(use)).c_str());
    }
    std::printf("\n");
  }
  co_await mail.logout();
}

int main(int argc, char** argv) {
  try {
    account who;
    std::string pattern = "*";
    for (arguments words(argc, argv); words.more();) {
      if (!who.take(words)) pattern = words.next();
    }
    if (!who.complete()) {
      std::fprintf(stderr, "usage: imap_ls --server HOST --user NAME [PATTERN]\n");
      return 2;
    }
    tw::run(list(who, pattern));
  } catch (const tw::error& e) {
    std::fprintf(stderr, "imap_ls: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
