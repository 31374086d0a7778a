#include <tidewire/base/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tidewire {
namespace {

TEST(Error, ComparesWithEveryConditionItSatisfies) {
  const std::error_code late = errc::timed_out;
  EXPECT_EQ(late, condition::timeout);
  EXPECT_EQ(late, condition::transient);
  EXPECT_NE(late, condition::canceled);
}

TEST(Error, SystemCodesMapToConditions) {
  EXPECT_EQ(std::make_error_code(std::errc::connection_refused), condition::transient);
  EXPECT_EQ(std::make_error_code(std::errc::operation_canceled), condition::canceled);
  EXPECT_EQ(std::make_error_code(std::errc::timed_out), condition::timeout);
  EXPECT_EQ(std::make_error_code(std::errc::address_in_use), condition::permanent);
  EXPECT_NE(std::make_error_code(std::errc::address_in_use), condition::transient);
}

TEST(Error, MessageNamesTheOperationThePeerAndTheCause) {
  failure why(errc::timed_out, "no answer within 5 s");
  why.during("connect to").with("example.org:443");
  EXPECT_EQ(why.message(), "connect to example.org:443: timed out: no answer within 5 s");
  EXPECT_STREQ(error(why).what(), why.message().c_str());
}

TEST(Error, TheInnermostLayerNamesTheOperation) {
  failure why(errc::canceled);
  why.during("read").with("a:1");
  why.during("fetch").with("b:2");
  EXPECT_EQ(why.operation(), "read");
  EXPECT_EQ(why.peer(), "a:1");
}

TEST(Error, PeerTextIsKeptApartAndEscaped) {
  failure why(errc::malformed, "reply without a code");
  why.peer_said("\x1b[31mhi\r\n\"there\"");
  EXPECT_EQ(why.peer_text(), "\x1b[31mhi\r\n\"there\"");
  EXPECT_EQ(why.message(),
            "malformed input: reply without a code; the peer said \"\\x1b[31mhi\\x0d\\x0a\\\"there\\\"\"");
}

TEST(Error, LongPeerTextIsCutInTheMessage) {
  failure why(errc::malformed);
  why.peer_said(std::string(1000, 'x'));
  EXPECT_LT(why.message().size(), 300u);
  EXPECT_EQ(why.peer_text().size(), 1000u);
}

TEST(Error, CopiesDoNotShareLaterChanges) {
  failure first(errc::canceled, "a");
  failure second = first;
  second.because("b");
  EXPECT_EQ(first.detail(), "a");
  EXPECT_EQ(second.detail(), "b");
}

}  // namespace
}  // namespace tidewire
