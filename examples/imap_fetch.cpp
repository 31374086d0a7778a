// Searches a mailbox, shows what it finds, and saves the attachments: only these are downloaded.
//
//   imap_fetch --server HOST --user NAME [--mailbox NAME] [--from TEXT] [--subject TEXT] [--unread]
//              [--save FOLDER] [--starttls | --plaintext] [--port N] [--ca FILE]
//
// The password is taken from the environment, MAIL_PASSWORD. It prints:
//
//   7  2026-03-04  ada@example.org  Tides of the day
//      tides.csv (text/csv, 1204 bytes)
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <variant>

#include "imap_account.hpp"

struct order {
  account who;
  std::string mailbox = "INBOX";
  imap::search_key what;
  std::filesystem::path folder;  // empty: nothing is saved
};

// The name of a file is the sender's: a folder in it is none of ours.
std::filesystem::path place_for(const order& asked, std::uint32_t uid, const imap::body_part& part) {
  const std::filesystem::path name = std::filesystem::path(std::string(part.filename())).filename();
  return asked.folder / (std::to_string(uid) + '_' + (name.empty() ? "attachment" : name.string()));
}

std::string text_of(const tw::mime::address_entry& one) {
  const auto* const whom = std::get_if<tw::mime::mailbox>(&one);
  return whom != nullptr ? whom->str() : std::get<tw::mime::group>(one).name;
}

tw::task<> show(imap::client& mail, const order& asked, const imap::message_data& one) {
  const imap::envelope& head = *one.envelope;
  const std::string from = head.from.empty() ? "(nobody)" : text_of(head.from.front());
  const std::string day = one.internal_date ? tw::date::format_imap_date(*one.internal_date) : "";
  std::printf("%u  %s  %s  %s\n", *one.uid, day.c_str(), from.c_str(), head.subject.c_str());
  if (!one.structure) co_return;
  for (const imap::body_part* part : one.structure->leaves()) {
    if (!part->is_attachment()) continue;
    const std::string name(part->filename());
    std::printf("   %s (%s/%s, %llu bytes)\n", name.c_str(), part->type.type.c_str(),
                part->type.subtype.c_str(), static_cast<unsigned long long>(part->size));
    if (asked.folder.empty()) continue;
    co_await mail.download(*one.uid, *part, imap::to_file(place_for(asked, *one.uid, *part)));
  }
}

tw::task<> fetch(const order& asked) {
  imap::client mail = co_await asked.who.sign_in();
  imap::select_options how;
  how.read_only = true;
  co_await mail.select(asked.mailbox, how);
  const imap::found found = co_await mail.search(asked.what);
  imap::fetch_request wanted;
  wanted.envelope().internal_date().body_structure();
  const auto messages = co_await mail.fetch(found.uids, wanted);
  for (const imap::message_data& one : messages) co_await show(mail, asked, one);
  co_await mail.logout();
}

int main(int argc, char** argv) {
  try {
    order asked;
    for (arguments words(argc, argv); words.more();) {
      if (asked.who.take(words)) continue;
      const std::string word = words.next();
      if (word == "--mailbox") asked.mailbox = words.next();
      if (word == "--from") asked.what = asked.what && imap::search::from(words.next());
      if (word == "--subject") asked.what = asked.what && imap::search::subject(words.next());
      if (word == "--unread") asked.what = asked.what && imap::search::unseen();
      if (word == "--save") asked.folder = words.next();
    }
    if (!asked.who.complete()) {
      std::fprintf(stderr, "usage: imap_fetch --server HOST --user NAME [--from TEXT] [--save FOLDER] ...\n");
      return 2;
    }
    if (!asked.folder.empty()) std::filesystem::create_directories(asked.folder);
    tw::run(fetch(asked));
  } catch (const tw::error& e) {
    std::fprintf(stderr, "imap_fetch: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
