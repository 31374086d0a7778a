#include <tidewire/base/utf8.hpp>
#include <tidewire/imap/mailbox_name.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support/conformance.hpp"
#include "support/json.hpp"

namespace tidewire::imap {
namespace {

using tidewire::testing::conformance_path;
using tidewire::testing::json;
using tidewire::testing::json_reader;
using tidewire::testing::read_file;

std::string encoded(std::string_view name) {
  const auto out = encode_mailbox_name(name);
  return out ? *out : "(" + out.error().message() + ")";
}

TEST(MailboxName, IsWhatTheRfcShows) {
  // RFC 3501 section 5.1.3.
  EXPECT_EQ(encoded("~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"),
            "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
  EXPECT_EQ(decode_mailbox_name("~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            "~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E");
  EXPECT_EQ(encoded("&"), "&-");
  EXPECT_EQ(encoded("a\xC3\xBC"
                    "b"),
            "a&APw-b");
  EXPECT_EQ(encoded(""), "");
}

TEST(MailboxName, AgreesWithOtherClients) {
  TIDEWIRE_NEEDS_CONFORMANCE("imap-mutf7/mutf7.json");
  const json cases = json_reader(read_file(conformance_path("imap-mutf7/mutf7.json"))).read();
  EXPECT_EQ(cases.items().size(), 10U);
  for (const json& one : cases.items()) {
    EXPECT_EQ(encoded(one["decoded"].string()), one["encoded"].string());
    EXPECT_EQ(decode_mailbox_name(one["encoded"].string()), one["decoded"].string());
  }
}

TEST(MailboxName, TakesCharactersBeyondTheFirstPlaneAsPairs) {
  EXPECT_EQ(encoded("\xF0\x9F\x93\xAC"), "&2D3c7A-");
  EXPECT_EQ(decode_mailbox_name("&2D3c7A-"), "\xF0\x9F\x93\xAC");
}

TEST(MailboxName, RefusesWhatIsNoUtf8) {
  for (const std::string_view bad : {"\xFF", "a\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_EQ(encode_mailbox_name(bad).code(), condition::misuse);
  }
}

TEST(MailboxName, LeavesWhatIsNoEncodingAsItCame) {
  // No end, a character that is none, half a pair, a second half alone, bits left over, UTF-8.
  for (const std::string_view odd : {"&AOk", "&A*k-", "&2D0-", "&3Kw-", "&AOl-", "&A-", "Caf\xC3\xA9",
                                     "\xFF\xFE", "a & b", "R&D", "&2D0AYQ-"}) {
    EXPECT_EQ(decode_mailbox_name(odd), odd);
  }
  EXPECT_EQ(decode_mailbox_name("R&D &AOk-"), "R&D \xC3\xA9");
  EXPECT_EQ(decode_mailbox_name("&&AOk-"), "&\xC3\xA9");
}

TEST(MailboxName, KnowsTheInboxInAnyCase) {
  EXPECT_EQ(decode_mailbox_name("inbox"), "INBOX");
  EXPECT_EQ(decode_mailbox_name("Inbox/Work"), "INBOX/Work");
  EXPECT_EQ(decode_mailbox_name("Inbox.Work", '.'), "INBOX.Work");
  EXPECT_EQ(decode_mailbox_name("Inbox/Work", '.'), "Inbox/Work");
  EXPECT_EQ(decode_mailbox_name("Inboxes"), "Inboxes");
  EXPECT_EQ(decode_mailbox_name("Work/Inbox"), "Work/Inbox");
  EXPECT_TRUE(is_inbox("iNbOx"));
  EXPECT_FALSE(is_inbox("INBOX/"));
}

TEST(MailboxName, SaysWhetherANameCanBeGivenBackAsUtf8) {
  EXPECT_TRUE(is_canonical_mailbox_name("Caf&AOk-"));
  EXPECT_TRUE(is_canonical_mailbox_name("R&-D"));
  EXPECT_TRUE(is_canonical_mailbox_name("inbox"));
  EXPECT_FALSE(is_canonical_mailbox_name("R&D"));
  EXPECT_FALSE(is_canonical_mailbox_name("Caf\xC3\xA9"));
  EXPECT_FALSE(is_canonical_mailbox_name("&AGE-"));  // an "a" that need not be encoded
}

TEST(MailboxName, ComesBackAsItWas) {
  std::string every;
  for (char32_t point = 1; point < 0x11000; point += 7) {
    if (point >= 0xD800 && point < 0xE000) continue;
    char bytes[4];
    every.append(bytes, write_utf8(point, bytes));
  }
  EXPECT_EQ(decode_mailbox_name(encoded(every)), every);
  EXPECT_TRUE(is_canonical_mailbox_name(encoded(every)));
}

}  // namespace
}  // namespace tidewire::imap
