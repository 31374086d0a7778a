#include <tidewire/imap/error.hpp>

#include <gtest/gtest.h>

namespace tidewire::imap {
namespace {

TEST(Errors, MeanSomethingToEverybody) {
  const auto is = [](errc what, condition asked) {
    return make_error_code(what) == make_error_condition(asked);
  };
  EXPECT_TRUE(is(errc::malformed_response, condition::protocol));
  EXPECT_TRUE(is(errc::refused_for_now, condition::transient));
  EXPECT_TRUE(is(errc::auth_refused, condition::auth));
  EXPECT_TRUE(is(errc::auth_refused, condition::permanent));
  EXPECT_TRUE(is(errc::message_too_large, condition::limit_exceeded));
  EXPECT_TRUE(is(errc::injected_plaintext, condition::tls));
  EXPECT_FALSE(is(errc::refused, condition::transient));
  EXPECT_FALSE(is(errc::outcome_unknown, condition::permanent));
}

TEST(Errors, HaveAMessageEach) {
  for (int value = 1; value <= static_cast<int>(errc::outcome_unknown); ++value) {
    EXPECT_NE(imap_category().message(value), "unknown error") << value;
  }
  EXPECT_EQ(imap_category().message(0), "unknown error");
  EXPECT_STREQ(imap_category().name(), "tidewire.imap");
}

}  // namespace
}  // namespace tidewire::imap
