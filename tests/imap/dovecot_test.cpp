// A real server: Dovecot, as tests/interop/dovecot.sh describes it.
#include <tidewire/core.hpp>
#include <tidewire/crypto/hash.hpp>
#include <tidewire/imap.hpp>
#include <tidewire/tls.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/with_dovecot.hpp"

namespace tidewire::imap {
namespace {

using namespace std::chrono_literals;

class ImapDovecot : public tidewire::testing::with_dovecot {
 protected:
  static client_options options(const tls::client_context& context, security how = security::implicit) {
    client_options out;
    out.security = how;
    out.tls = &context;
    out.port = port(how == security::implicit ? "IMAPS_PORT" : "IMAP_PORT");
    return out;
  }
  // Runs `body(client)` for the second user, whose mail nobody else touches.
  static void with_client(const std::function<task<>(client&)>& body) {
    const tls::client_context context = trusting();
    const auto all = [&]() -> task<> {
      client imap = co_await connect("localhost", options(context));
      co_await imap.login(setting("USER2"), setting("PASSWORD2"));
      co_await body(imap);
      co_await imap.logout();
    };
    run(with_timeout(60s, all()));
  }
  static std::string message(std::string_view subject, std::string_view body = "hello\r\n") {
    return "From: ada@example.test\r\nSubject: " + std::string(subject) + "\r\n\r\n" + std::string(body);
  }
  // An empty mailbox of that name.
  static task<> fresh(client& imap, std::string_view mailbox) {
    (void)co_await as_result(imap.remove(mailbox));
    co_await imap.create(mailbox);
  }
};

TEST_F(ImapDovecot, LetsInByEachMechanism) {
  const tls::client_context context = trusting();
  const auto log_in = [&](security how) -> task<> {
    memory_transcript log;
    client_options how_to = options(context, how);
    how_to.transcript = &log;
    client imap = co_await connect("localhost", how_to);
    EXPECT_TRUE(imap.is_secure());
    co_await imap.login(setting("USER1"), setting("PASSWORD1"));
    EXPECT_TRUE(imap.is_authenticated());
    EXPECT_NE(log.text().find("AUTHENTICATE SCRAM-SHA-256"), std::string::npos) << log.text();
    EXPECT_EQ(log.text().find(setting("PASSWORD1")), std::string::npos);
    co_await imap.logout();
  };
  run(with_timeout(30s, log_in(security::implicit)));
  run(with_timeout(30s, log_in(security::starttls)));
  const auto refused = [&]() -> task<> {
    client imap = co_await connect("localhost", options(context));
    const auto wrong = co_await as_result(imap.login(setting("USER1"), "wrong"));
    EXPECT_EQ(wrong.code(), condition::auth);
    EXPECT_EQ(wrong.error().operation(), "sign in by IMAP at");
    EXPECT_TRUE(imap.is_open());
    co_await imap.login(setting("USER1"), setting("PASSWORD1"));
    co_await imap.logout();
  };
  run(with_timeout(30s, refused()));
  const auto by_token = [&]() -> task<> {
    client imap = co_await connect("localhost", options(context));
    std::vector<bool> asked;
    const token_provider provide = [&asked](bool again) -> task<secret> {
      asked.push_back(again);
      co_return secret(setting(again ? "USER1_TOKEN" : "USER1_EXPIRED_TOKEN"));
    };
    co_await imap.login(setting("USER1"), provide);
    const std::vector<bool> twice{false, true};
    EXPECT_EQ(asked, twice);
    co_await imap.logout();
  };
  run(with_timeout(30s, by_token()));
}

TEST_F(ImapDovecot, KeepsAMessageByteForByte) {
  with_client([](client& imap) -> task<> {
    co_await fresh(imap, "Bytes");
    std::string content = message("Bytes", "caf\xc3\xa9 \xff\xfe\r\na9 OK done\r\n* BYE\r\n");
    upload mail(content);
    mail.flags({flag::seen, flag::flagged});
    mail.received(date::parse_imap("04-Mar-2026 12:34:56 +0100").value());
    const append_result put = co_await imap.append("Bytes", std::move(mail));
    EXPECT_NE(put.uid_validity, 0u);
    const mailbox_info box = co_await imap.select("Bytes", {.read_only = true});
    EXPECT_EQ(box.exists, 1u);
    EXPECT_EQ(box.uid_validity, put.uid_validity);
    const std::uint32_t uid = put.uids.numbers().at(0);
    EXPECT_EQ(co_await imap.download(uid), content);
    const auto all = co_await imap.fetch(uid, fetch_request().flags().internal_date().size().envelope());
    EXPECT_EQ(all.at(0).size, content.size());
    EXPECT_TRUE(all.at(0).flags->seen() && all.at(0).flags->flagged());
    const date_time when = date::parse_imap("04-Mar-2026 12:34:56 +0100").value();
    EXPECT_TRUE(all.at(0).internal_date->time == when.time) << "servers may tell it in a zone of theirs";
    EXPECT_EQ(all.at(0).envelope->subject, "Bytes");
    const auto later = co_await as_result(imap.append("No such box", upload(content)));
    EXPECT_EQ(later.code(), make_error_code(errc::mailbox_missing));
  });
}

// Sanitizers keep freed memory for a while.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t flat = 30'000'000;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr std::size_t flat = 30'000'000;
#else
constexpr std::size_t flat = 1'000'000;
#endif
#else
constexpr std::size_t flat = 1'000'000;
#endif

// Bytes of this process that are in memory.
std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t pages = 0;
  file >> all >> pages;
  return pages * 4096;
}

TEST_F(ImapDovecot, AppendsAndFetchesFiftyMegabytesInFlatMemory) {
  with_client([](client& imap) -> task<> {
    co_await fresh(imap, "Large");
    constexpr std::uint64_t size = 50'000'000;
    std::string piece(64 * 1024 - 2, 'x');
    piece += "\r\n";
    std::uint64_t left = size;
    crypto::hasher sent(crypto::hash_algorithm::sha256);
    std::string last;
    const body_source source = [&]() -> task<byte_view> {
      const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
      left -= now;
      const byte_view bytes = as_bytes(piece).first(now);
      sent.update(bytes);
      co_return bytes;
    };
    const std::size_t before = resident();
    const append_result put = co_await imap.append("Large", upload(size, source));
    const std::size_t after_append = resident();
    (void)co_await imap.select("Large");
    crypto::hasher got(crypto::hash_algorithm::sha256);
    const body_sink sink = [&](byte_view bytes) -> task<> {
      got.update(bytes);
      co_return;
    };
    const std::uint64_t came = co_await imap.download(put.uids.numbers().at(0), section::whole(), sink);
    const std::size_t after_download = resident();
    EXPECT_EQ(came, size);
    EXPECT_EQ(sent.finish().hex(), got.finish().hex());
    EXPECT_LT(after_append, before + flat);
    EXPECT_LT(after_download, before + flat);
    co_await imap.remove("Large");
  });
}

TEST_F(ImapDovecot, SearchesSortsThreadsStoresCopiesAndMoves) {
  with_client([](client& imap) -> task<> {
    co_await fresh(imap, "Work");
    co_await fresh(imap, "Done");
    for (const char* subject : {"beta", "alpha", "Re: beta"}) {
      (void)co_await imap.append("Work", upload(message(subject)));
    }
    (void)co_await imap.select("Work");
    const found betas = co_await imap.search(search::subject("beta"));
    EXPECT_EQ(betas.count(), 2u);
    const found none = co_await imap.search(search::subject("gr\xc3\xbc\xc3\x9f"));
    EXPECT_TRUE(none.empty());
    std::vector<sort_key> order{{sort_field::subject, false}};
    const auto sorted = co_await imap.sort(order);
    EXPECT_EQ(sorted.size(), 3u);
    EXPECT_EQ(sorted.at(0), 2u) << "alpha";
    const thread_forest threads = co_await imap.thread("ORDEREDSUBJECT");
    EXPECT_EQ(threads.nodes.size(), 3u);

    const store_result stored = co_await imap.store(betas.uids, store_action::add, flag::flagged);
    EXPECT_EQ(stored.messages.size(), 2u);
    const std::uint64_t modseq = stored.messages.at(0).modseq.value_or(0);
    EXPECT_GT(modseq, 0u) << "CONDSTORE is on";
    (void)co_await imap.store(1, store_action::add, flag::answered);
    store_options unchanged;
    unchanged.unchanged_since = modseq;
    const store_result late =
        co_await imap.store(sequence_set::all(), store_action::add, flag::seen, unchanged);
    EXPECT_EQ(late.modified.to_string(), "1");

    const copy_result copied = co_await imap.copy(sequence_set(1, 2), "Done");
    EXPECT_EQ(copied.destination.count(), 2u);
    const copy_result moved = co_await imap.move(3, "Done");
    EXPECT_EQ(moved.destination.count(), 1u);
    EXPECT_EQ(imap.selected()->exists, 2u);
    (void)co_await imap.store(1, store_action::add, flag::deleted);
    (void)co_await imap.store(2, store_action::add, flag::deleted);
    co_await imap.expunge(1);
    EXPECT_EQ(imap.selected()->exists, 1u);
    const mailbox_status done = co_await imap.status("Done");
    EXPECT_EQ(done.messages, 3u);
    EXPECT_TRUE(done.highest_modseq);
  });
}

TEST_F(ImapDovecot, TellsOfMailboxesQuotasNameSpacesAndItself) {
  with_client([](client& imap) -> task<> {
    co_await fresh(imap, "Entw\xc3\xbcrfe/\xe5\xa4\x8f");
    list_request what("*");
    what.return_special_use().return_status(status_item::messages);
    const auto all = co_await imap.list(what);
    const auto ours = std::ranges::find(all, "Entw\xc3\xbcrfe/\xe5\xa4\x8f", &listed_mailbox::name);
    EXPECT_TRUE(ours != all.end() && ours->status && ours->status->messages == 0u);
    EXPECT_EQ(co_await imap.find_special(mailbox_attribute::sent), "Sent");
    const name_spaces spaces = co_await imap.name_spaces();
    EXPECT_FALSE(spaces.personal.empty());
    const identity server = co_await imap.id();
    EXPECT_EQ(server.get("name"), "Dovecot");
    command check("CHECK");
    (void)co_await imap.select("INBOX");
    const command_result checked = co_await imap.run(check);
    EXPECT_TRUE(checked.status.is_ok());
    if (!imap.capabilities().quota) co_return;
    const auto quotas = co_await imap.quotas("INBOX");
    EXPECT_FALSE(quotas.empty());
  });
}

TEST_F(ImapDovecot, DownloadsAnAttachmentDecoded) {
  with_client([](client& imap) -> task<> {
    co_await fresh(imap, "Files");
    std::string data;
    for (int i = 0; i < 300'000; ++i) data += static_cast<char>(i * 7);
    mime::message mail;
    mail.from("ada@example.test").to("bob@example.test").subject("A file").text("See there.");
    mail.attach("tides.bin", data);
    (void)co_await imap.append("Files", mail);
    (void)co_await imap.select("Files");
    fetch_request what;
    what.body_structure();
    const auto all = co_await imap.fetch(sequence_set::all(), what);
    std::size_t files = 0;
    for (const body_part* part : all.at(0).structure->leaves()) {
      if (!part->is_attachment()) continue;
      ++files;
      EXPECT_EQ(part->filename(), "tides.bin");
      const std::string got = co_await imap.download(*all.at(0).uid, *part);
      EXPECT_TRUE(got == data);
    }
    EXPECT_EQ(files, 1u);
  });
}

TEST_F(ImapDovecot, SpeaksCompressed) {
  with_client([](client& imap) -> task<> {
    if (!can_compress()) co_return;
    EXPECT_TRUE(imap.capabilities().compress_deflate);
    EXPECT_TRUE(co_await imap.compress());
    co_await fresh(imap, "Small");
    const std::string content = message("Compressed", std::string(500'000, 'x') + "\r\n");
    const append_result put = co_await imap.append("Small", upload(content));
    (void)co_await imap.select("Small");
    const std::string got = co_await imap.download(put.uids.numbers().at(0));
    EXPECT_TRUE(got == content);
  });
}

TEST_F(ImapDovecot, SynchronisesByQresync) {
  with_client([](client& imap) -> task<> {
    co_await fresh(imap, "Sync");
    for (int i = 0; i < 5; ++i) (void)co_await imap.append("Sync", upload(message("x")));
    const mailbox_changes first = co_await imap.sync("Sync");
    EXPECT_EQ(first.arrived.count(), 5u);
    EXPECT_EQ(first.flags.size(), 5u);
    const mailbox_changes none = co_await imap.sync("Sync", first.state);
    EXPECT_TRUE(none.empty());
    (void)co_await imap.store(2, store_action::add, flag::seen);
    (void)co_await imap.store(4, store_action::add, flag::deleted);
    co_await imap.expunge();
    (void)co_await imap.append("Sync", upload(message("new")));
    const mailbox_changes some =
        co_await imap.sync("Sync", mailbox_state::parse(first.state.to_string()).value());
    EXPECT_EQ(some.vanished.to_string(), "4");
    EXPECT_EQ(some.arrived.to_string(), "6");
    EXPECT_TRUE(some.flags_complete);
    EXPECT_EQ(some.flags.size(), 2u);
    EXPECT_EQ(some.state.uids.to_string(), "1:3,5:6");
  });
}

TEST_F(ImapDovecot, SeesInIdleWhatComesGoesAndChanges) {
  with_client([](client& imap) -> task<> {
    const tls::client_context context = trusting();
    co_await fresh(imap, "Watched");
    (void)co_await imap.append("Watched", upload(message("old")));
    client other = co_await connect("localhost", options(context));
    co_await other.login(setting("USER2"), setting("PASSWORD2"));
    (void)co_await other.select("Watched");
    mailbox_watch changes = imap.watch("Watched");
    std::vector<change> seen;
    const auto follow = [&]() -> task<> {
      while (seen.size() < 3) {
        seen.push_back(*co_await changes.next());
        if (seen.size() > 1) continue;
        const std::string content = co_await imap.download(seen.front().uid);
        EXPECT_NE(content.find("Subject: new"), std::string::npos);
      }
    };
    const auto disturb = [&]() -> task<> {
      while (imap.selected() == nullptr || imap.selected()->name != "Watched") co_await sleep_for(20ms);
      (void)co_await other.append("Watched", upload(message("new")));
      while (seen.empty()) co_await sleep_for(20ms);
      (void)co_await other.store(1, store_action::add, flag::flagged);
      while (seen.size() < 2) co_await sleep_for(20ms);
      (void)co_await other.store(1, store_action::add, flag::deleted);
      co_await other.expunge(1);
    };
    co_await when_all(follow(), disturb());
    EXPECT_EQ(seen.at(0).kind, change_kind::arrived);
    EXPECT_EQ(seen.at(0).uid, 2u);
    EXPECT_EQ(seen.at(1).kind, change_kind::flagged);
    EXPECT_EQ(seen.at(1).uid, 1u);
    EXPECT_TRUE(seen.at(1).flags.flagged());
    co_await other.logout();
  });
}

}  // namespace
}  // namespace tidewire::imap
