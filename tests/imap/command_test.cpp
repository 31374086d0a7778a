#include <tidewire/imap/command.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {
namespace {

using std::string_literals::operator""s;

// The segments, each behind what comes before it: "|" waits, "<7>" is sent by the caller.
std::string sent(const command& what, const wire_options& wire = {}) {
  const auto encoded = what.encode("A1", wire);
  if (!encoded) return encoded.error().message();
  std::string out;
  for (const segment& one : encoded->segments()) {
    out += one.bytes;
    if (one.wait) out += '|';
    if (one.source) out += '<' + std::to_string(*one.source) + '>';
  }
  EXPECT_TRUE(out.ends_with("\r\n"));
  return out.substr(0, out.size() - 2);
}

std::string refused(const command& what) {
  const auto encoded = what.encode("A1");
  EXPECT_EQ(encoded.code(), condition::misuse);
  return encoded ? std::string() : std::string(encoded.error().detail());
}

constexpr wire_options plus{.literal_plus = true};
constexpr wire_options minus{.literal_minus = true};
constexpr wire_options utf8{.utf8 = true, .names = name_form::utf8};

TEST(Command, WithoutArgumentsIsALine) {
  EXPECT_EQ(sent(commands::noop()), "A1 NOOP");
  EXPECT_EQ(sent(commands::idle()), "A1 IDLE");
  EXPECT_EQ(sent(commands::name_space()), "A1 NAMESPACE");
  EXPECT_EQ(sent(commands::compress()), "A1 COMPRESS DEFLATE");
}

TEST(Command, ChoosesTheFormOfAText) {
  const auto text = [](std::string_view what, const wire_options& wire = {}) {
    return sent(command("X").string(what).astring(what), wire);
  };
  EXPECT_EQ(text("abc"), "A1 X \"abc\" abc");
  EXPECT_EQ(text(""), "A1 X \"\" \"\"");
  EXPECT_EQ(text("NIL"), "A1 X \"NIL\" \"NIL\"");
  EXPECT_EQ(text("a \"b\" \\"), R"(A1 X "a \"b\" \\" "a \"b\" \\")");
  EXPECT_EQ(text("\xC3\xA9"), "A1 X {2}\r\n|\xC3\xA9 {2}\r\n|\xC3\xA9");
  EXPECT_EQ(text("\xC3\xA9", plus), "A1 X {2+}\r\n\xC3\xA9 {2+}\r\n\xC3\xA9");
  EXPECT_EQ(text("\xC3\xA9", utf8), "A1 X \"\xC3\xA9\" \"\xC3\xA9\"");
  EXPECT_EQ(text("\xFF", utf8), "A1 X {1}\r\n|\xFF {1}\r\n|\xFF") << "no UTF-8";
  EXPECT_EQ(sent(command("X").string("a\r\nb")), "A1 X {4}\r\n|a\r\nb");
  EXPECT_EQ(sent(command("X").string(std::string(1001, 'a')), plus),
            "A1 X {1001+}\r\n" + std::string(1001, 'a'));
}

TEST(Command, WaitsForLiteralsAsTheServerWants) {
  const auto mark = [](std::size_t size, const wire_options& wire) {
    const std::string out = sent(command("X").literal(std::string(size, 'a')), wire);
    return out.substr(5, out.find('a') - 5);
  };
  EXPECT_EQ(mark(4096, minus), "{4096+}\r\n");
  EXPECT_EQ(mark(4097, minus), "{4097}\r\n|");
  EXPECT_EQ(mark(4097, plus), "{4097+}\r\n");
  EXPECT_EQ(mark(1, {}), "{1}\r\n|");
  EXPECT_EQ(sent(command("X").literal("a\0"s, true), plus), "A1 X ~{2+}\r\na\0"s);
}

TEST(Command, CannotBeMadeToSayMore) {
  EXPECT_NE(refused(command("X").atom("a\r\nA2 LOGOUT")), "");
  EXPECT_NE(refused(command("X").atom("")), "");
  EXPECT_NE(refused(command("X").astring("a\nb")), "");
  EXPECT_NE(refused(command("X").string("a\0b"s)), "");
  EXPECT_NE(refused(command("X").literal("a\0b"s)), "");
  EXPECT_NE(refused(commands::login("ada\r\n", "x")), "");
  EXPECT_NE(refused(commands::login("ada", "x\r\nA2 NOOP")), "");
  EXPECT_NE(refused(commands::select("a\nb")), "");
  EXPECT_NE(refused(commands::select("\xFF")), "");
  EXPECT_NE(refused(command("NOOP\r\nA2 LOGOUT")), "");
  EXPECT_NE(refused(commands::enable(std::vector<std::string>{"CONDSTORE\r\n"})), "");
  EXPECT_NE(refused(commands::search(search::keyword("x ALL"))), "");
  EXPECT_NE(refused(commands::search(search::email_id("a)"))), "");
  EXPECT_NE(refused(commands::fetch(1, fetch_request().body(section::header_fields({"a\r\nb"})))), "");
  EXPECT_NE(refused(commands::store(1, store_action::add, flags().add("a b"))), "");
  EXPECT_NE(refused(commands::store(1, store_action::add, flags(flag::recent))), "");
  EXPECT_EQ(refused(commands::fetch({}, fetch_request().flags())), "UID FETCH: an empty set of messages");
  EXPECT_NE(refused(commands::fetch(1, {})), "");
  for (const std::string_view tag : {"", "*", "a b", "a+", "a\r\n", "(", "NIL"}) {
    EXPECT_EQ(commands::noop().encode(tag).code(), condition::misuse) << tag;
  }
}

TEST(Command, ShowsNoSecret) {
  const auto encoded = commands::login("ada", "pass\"word").encode("A1");
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->segments().at(0).bytes, "A1 LOGIN ada \"pass\\\"word\"\r\n");
  EXPECT_EQ(encoded->shown(), "A1 LOGIN ada ***");
  const auto long_one = commands::login("ada", std::string(2000, 'p')).encode("A1");
  ASSERT_TRUE(long_one);
  EXPECT_EQ(long_one->shown(), "A1 LOGIN ada {2000}");
  EXPECT_EQ(long_one->segments().size(), 2U);
  const auto token = commands::authenticate("PLAIN", "AGFkYQB4").encode("A1");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->shown(), "A1 AUTHENTICATE PLAIN ***");
}

TEST(Command, EncodesNamesAsTheSessionHasThem) {
  EXPECT_EQ(sent(commands::select("Caf\xC3\xA9")), "A1 SELECT Caf&AOk-");
  EXPECT_EQ(sent(commands::select("Caf\xC3\xA9"), utf8), "A1 SELECT \"Caf\xC3\xA9\"");
  EXPECT_EQ(sent(commands::select("R&D")), "A1 SELECT R&-D");
  EXPECT_EQ(sent(commands::select("R&D"), wire_options{.names = name_form::as_is}), "A1 SELECT R&D");
  EXPECT_EQ(sent(commands::select("inbox")), "A1 SELECT INBOX");
  EXPECT_EQ(sent(commands::select("[Gmail]/All Mail")), "A1 SELECT \"[Gmail]/All Mail\"");
}

TEST(Commands, OfMailboxes) {
  EXPECT_EQ(sent(commands::select("x", true)), "A1 EXAMINE x");
  EXPECT_EQ(sent(commands::select("x", false, true)), "A1 SELECT x (CONDSTORE)");
  EXPECT_EQ(
      sent(commands::select("x", false, qresync_state(67890007, 90060115194045000, sequence_set(41, 211)))),
      "A1 SELECT x (QRESYNC (67890007 90060115194045000 41:211))");
  EXPECT_EQ(sent(commands::create("MySpecial", mailbox_attribute::drafts)),
            "A1 CREATE MySpecial (USE (\\Drafts))");
  EXPECT_EQ(sent(commands::rename("a", "b c")), "A1 RENAME a \"b c\"");
  EXPECT_EQ(sent(commands::remove("a")), "A1 DELETE a");
  EXPECT_EQ(sent(commands::status(
                "x", status_item::messages | status_item::uid_next | status_item::highest_modseq)),
            "A1 STATUS x (MESSAGES UIDNEXT HIGHESTMODSEQ)");
  EXPECT_EQ(sent(commands::list()), "A1 LIST \"\" \"*\"");
  EXPECT_EQ(sent(commands::list(list_request("%").reference("Mail/"))), "A1 LIST Mail/ \"%\"");
  EXPECT_EQ(sent(commands::list(list_request("*").pattern("x/%").subscribed().return_children().return_status(
                status_item::unseen))),
            "A1 LIST (SUBSCRIBED) \"\" (\"*\" \"x/%\") RETURN (CHILDREN STATUS (UNSEEN))");
  EXPECT_EQ(sent(commands::lsub("", "*")), "A1 LSUB \"\" \"*\"");
}

TEST(Commands, OfMessages) {
  const sequence_set set = sequence_set(1, 3).add(7);
  EXPECT_EQ(sent(commands::fetch(set, fetch_request().flags().body(section("1.2"), 0, 100))),
            "A1 UID FETCH 1:3,7 (FLAGS BODY.PEEK[1.2]<0.100>)");
  EXPECT_EQ(sent(commands::fetch(sequence_set::all(), fetch_request().uid().changed_since(5, true),
                                 numbered_by::sequence)),
            "A1 FETCH 1:* (UID) (CHANGEDSINCE 5 VANISHED)");
  EXPECT_EQ(sent(commands::store(set, store_action::add, flags{flag::seen, flag::flagged})),
            "A1 UID STORE 1:3,7 +FLAGS (\\Seen \\Flagged)");
  EXPECT_EQ(sent(commands::store(4, store_action::replace, {}, {.silent = true, .unchanged_since = 12})),
            "A1 UID STORE 4 (UNCHANGEDSINCE 12) FLAGS.SILENT ()");
  const std::array<std::string, 3> labels{"\\Inbox", "Caf\xC3\xA9", "a b"};
  EXPECT_EQ(sent(commands::store_gmail_labels(4, store_action::remove, labels)),
            "A1 UID STORE 4 -X-GM-LABELS (\\Inbox Caf&AOk- \"a b\")");
  EXPECT_EQ(sent(commands::copy(set, "Trash")), "A1 UID COPY 1:3,7 Trash");
  EXPECT_EQ(sent(commands::move(sequence_set::saved(), "Trash", numbered_by::sequence)), "A1 MOVE $ Trash");
  EXPECT_EQ(sent(commands::uid_expunge(set)), "A1 UID EXPUNGE 1:3,7");
}

TEST(Commands, AppendInMemoryOrStreamed) {
  append_message message("Subject: x\r\n\r\n");
  message.flags({flag::seen}).internal_date(*date::parse_imap("17-Jul-1996 02:44:25 -0700"));
  EXPECT_EQ(sent(commands::append("Sent", message)),
            "A1 APPEND Sent (\\Seen) \"17-Jul-1996 02:44:25 -0700\" {14}\r\n|Subject: x\r\n\r\n");
  const auto encoded = commands::append("x", append_message::streamed(50'000'000)).encode("A1", plus);
  ASSERT_TRUE(encoded);
  ASSERT_EQ(encoded->segments().size(), 2U);
  EXPECT_EQ(encoded->segments()[0], (segment{"A1 APPEND x {50000000+}\r\n", false, 50'000'000}));
  EXPECT_EQ(encoded->segments()[1], (segment{"\r\n", false, {}}));
  const std::array<append_message, 2> two{append_message("a"), append_message::streamed(3).binary()};
  EXPECT_EQ(sent(commands::append("x", two)), "A1 APPEND x {1}\r\n|a ~{3}\r\n|<3>");
  EXPECT_EQ(
      sent(commands::append("x", append_message::catenated().url("/INBOX;UID=20").text("ab").text_source(9))),
      "A1 APPEND x CATENATE (URL /INBOX;UID=20 TEXT {2}\r\n|ab TEXT {9}\r\n|<9>)");
  EXPECT_EQ(sent(commands::replace(7, "x", append_message("a"))), "A1 UID REPLACE 7 x {1}\r\n|a");
  EXPECT_NE(refused(commands::append("x", std::span<const append_message>())), "");
}

TEST(Commands, Search) {
  EXPECT_EQ(sent(commands::search({})), "A1 UID SEARCH ALL");
  EXPECT_EQ(sent(commands::search(search::unseen() && search::from("ada"))),
            "A1 UID SEARCH UNSEEN FROM \"ada\"");
  EXPECT_EQ(sent(commands::search(search::subject("\xC3\xA9"), {.min = true, .count = true})),
            "A1 UID SEARCH RETURN (MIN COUNT) CHARSET UTF-8 SUBJECT {2}\r\n|\xC3\xA9");
  EXPECT_EQ(sent(commands::search(search::subject("\xC3\xA9")), utf8), "A1 UID SEARCH SUBJECT \"\xC3\xA9\"");
  EXPECT_EQ(sent(commands::search({}, {.save = true, .partial_first = -1, .partial_last = -100})),
            "A1 UID SEARCH RETURN (SAVE PARTIAL -1:-100) ALL");
  const std::array<sort_key, 2> order{sort_key{sort_field::date, true}, sort_key{sort_field::display_from}};
  EXPECT_EQ(sent(commands::sort(order, search::text("x"))),
            "A1 UID SORT (REVERSE DATE DISPLAYFROM) US-ASCII TEXT \"x\"");
  EXPECT_EQ(sent(commands::thread("REFERENCES", search::body("\xC3\xA9"), numbered_by::sequence), plus),
            "A1 THREAD REFERENCES UTF-8 BODY {2+}\r\n\xC3\xA9");
}

TEST(Commands, OfExtensions) {
  EXPECT_EQ(sent(commands::id()), "A1 ID NIL");
  EXPECT_EQ(sent(commands::id({{{"name", "tidewire"}, {"vendor", std::nullopt}}})),
            "A1 ID (\"name\" \"tidewire\" \"vendor\" NIL)");
  EXPECT_NE(refused(commands::id({{{std::string(31, 'x'), "y"}}})), "");
  EXPECT_EQ(sent(commands::get_quota_root("INBOX")), "A1 GETQUOTAROOT INBOX");
  EXPECT_EQ(sent(commands::set_quota({"", {{"STORAGE", 0, 512}}})), "A1 SETQUOTA \"\" (STORAGE 512)");
  EXPECT_EQ(sent(commands::set_acl("x", "ada", "+lr")), "A1 SETACL x ada +lr");
  const std::array<std::string, 1> entries{"/shared/comment"};
  EXPECT_EQ(sent(commands::get_metadata("", entries, 2, 1024)),
            "A1 GETMETADATA (MAXSIZE 1024 DEPTH infinity) \"\" (/shared/comment)");
  const std::array<metadata_entry, 2> values{metadata_entry{"/private/a", "x\r\ny"},
                                             metadata_entry{"/private/b", {}}};
  EXPECT_EQ(sent(commands::set_metadata("INBOX", values)),
            "A1 SETMETADATA INBOX (/private/a {4}\r\n|x\r\ny /private/b NIL)");
  const std::array<notify_group, 2> groups{
      notify_group("SELECTED").messages(fetch_request().uid()).flag_changes(),
      notify_group::of({"INBOX", "a b"}, true).mailbox_names()};
  EXPECT_EQ(
      sent(commands::notify(groups, true)),
      "A1 NOTIFY SET STATUS (SELECTED (MessageNew (UID) MessageExpunge FlagChange)) (SUBTREE (INBOX \"a b\") "
      "(MailboxName))");
  EXPECT_EQ(sent(commands::notify({})), "A1 NOTIFY NONE");
}

TEST(Command, TakesAnyTokens) {
  EXPECT_EQ(sent(command("XFOO")
                     .tokens(token::list({token(), token::string("a b"), token::number(7)}))
                     .open()
                     .close()),
            "A1 XFOO (NIL \"a b\" 7) ()");
}

}  // namespace
}  // namespace tidewire::imap
