#include <tidewire/imap/search.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace tidewire::imap {
namespace {

using std::chrono::hours;

std::string text(const search_key& key) {
  std::string out;
  for (const token& one : key.tokens()) out += (out.empty() ? "" : " ") + one.to_string();
  return out;
}

TEST(Search, JoinsKeys) {
  EXPECT_EQ(text({}), "ALL");
  EXPECT_EQ(text(search::seen() && search::draft()), "SEEN DRAFT");
  EXPECT_EQ(text(search::seen() || search::draft()), "OR SEEN DRAFT");
  EXPECT_EQ(text(!search::from("ada")), "NOT FROM \"ada\"");
  EXPECT_EQ(text(!(search::seen() && search::draft())), "NOT (SEEN DRAFT)");
  EXPECT_EQ(text((search::seen() && search::old()) || (search::recent() || search::draft())),
            "OR (SEEN OLD) OR RECENT DRAFT");
  EXPECT_EQ(text(search::all() || search::draft()), "OR (ALL) DRAFT");
  EXPECT_EQ(text(search::all() && search::draft()), "DRAFT");
  EXPECT_EQ(text(fuzzy(search::subject("tide"))), "FUZZY SUBJECT \"tide\"");
}

TEST(Search, HasTypedKeys) {
  const date_time day = *date::parse_iso8601("2024-02-01T23:30:00-05:00");
  EXPECT_EQ(text(search::since(day) && search::sent_before(day)), "SINCE 1-Feb-2024 SENTBEFORE 1-Feb-2024");
  EXPECT_EQ(text(search::older(hours(1)) && search::younger(std::chrono::seconds(0))),
            "OLDER 3600 YOUNGER 1");
  EXPECT_EQ(text(search::larger(1 << 20)), "LARGER 1048576");
  EXPECT_EQ(text(search::uids(sequence_set(1, 5)) && search::numbers(sequence_set::saved())), "UID 1:5 $");
  EXPECT_EQ(text(search::keyword("$Junk") && search::header("List-Id")),
            "KEYWORD $Junk HEADER \"List-Id\" \"\"");
  EXPECT_EQ(text(search::modseq(7) && search::gmail("has:attachment")),
            "MODSEQ 7 X-GM-RAW \"has:attachment\"");
}

TEST(Search, SaysWhetherItNeedsACharset) {
  EXPECT_FALSE(search::from("ada").needs_charset());
  EXPECT_TRUE((!(search::seen() && search::from("\xC3\xA9"))).needs_charset());
}

}  // namespace
}  // namespace tidewire::imap
