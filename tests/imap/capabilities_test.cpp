#include <tidewire/imap/capabilities.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidewire::imap {
namespace {

capabilities of(const std::vector<std::string>& words) {
  return capabilities::from(words);
}

TEST(Capabilities, AreTypedAndKept) {
  const capabilities server = of({"IMAP4rev1", "sasl-ir", "AUTH=PLAIN", "Auth=scram-sha-256", "THREAD=REFS",
                                  "APPENDLIMIT=35651584", "MESSAGELIMIT=1000", "X-GM-EXT-1", "XFOO"});
  EXPECT_TRUE(server.imap4rev1);
  EXPECT_TRUE(server.sasl_ir);
  EXPECT_TRUE(server.gmail);
  EXPECT_FALSE(server.idle);
  EXPECT_EQ(server.auth, (std::vector<std::string>{"PLAIN", "SCRAM-SHA-256"}));
  EXPECT_TRUE(server.offers_auth("scram-SHA-256"));
  EXPECT_FALSE(server.offers_auth("LOGIN"));
  EXPECT_TRUE(server.offers_thread("refs"));
  EXPECT_EQ(server.append_limit, 35651584U);
  EXPECT_EQ(server.message_limit, 1000U);
  EXPECT_TRUE(server.contains("xfoo"));
  EXPECT_EQ(server.all.size(), 9U);
}

TEST(Capabilities, ImplyWhatTheyStandOn) {
  EXPECT_TRUE(of({"QRESYNC"}).condstore);
  EXPECT_TRUE(of({"METADATA"}).metadata_server);
  EXPECT_FALSE(of({"METADATA-SERVER"}).metadata);
  EXPECT_TRUE(of({"UTF8=ONLY"}).utf8_accept);
}

TEST(Capabilities, OfRev2AreSetWhereNothingElseIsSpoken) {
  const capabilities alone = of({"IMAP4rev2"});
  EXPECT_TRUE(alone.idle && alone.move && alone.uidplus && alone.esearch && alone.literal_minus);
  EXPECT_FALSE(alone.condstore || alone.literal_plus);
  capabilities both = of({"IMAP4rev1", "IMAP4rev2"});
  EXPECT_FALSE(both.move) << "before ENABLE the server speaks IMAP4rev1";
  both.enable_rev2();
  EXPECT_TRUE(both.move && both.status_size);
}

TEST(Capabilities, OfNobodyKnowNothing) {
  EXPECT_EQ(of({}), capabilities());
  EXPECT_FALSE(of({"APPENDLIMIT=", "APPENDLIMIT"}).append_limit);
}

}  // namespace
}  // namespace tidewire::imap
