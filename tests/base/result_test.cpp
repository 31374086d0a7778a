#include <tidewire/base/result.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tidewire {
namespace {

TEST(Result, HoldsAValue) {
  result<std::string> r = "abc";
  ASSERT_TRUE(r);
  EXPECT_EQ(*r, "abc");
  EXPECT_EQ(r->size(), 3u);
  EXPECT_FALSE(r.code());
}

TEST(Result, HoldsAFailure) {
  result<int> r = failure(errc::malformed, "no digit");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error(), condition::protocol);
  EXPECT_EQ(r.value_or(7), 7);
  EXPECT_THROW((void)r.value(), error);
}

TEST(Result, MovesWhatCannotBeCopied) {
  result<std::unique_ptr<int>> r = std::make_unique<int>(4);
  std::unique_ptr<int> taken = std::move(r).value();
  EXPECT_EQ(*taken, 4);
}

TEST(Result, ChainsUntilTheFirstFailure) {
  const auto half = [](int n) -> result<int> {
    if (n % 2 != 0) return failure(errc::misuse, "odd");
    return n / 2;
  };
  EXPECT_EQ(*result<int>(8).and_then(half).and_then(half), 2);
  EXPECT_EQ(result<int>(6).and_then(half).and_then(half).error().detail(), "odd");
  EXPECT_EQ(*result<int>(8).transform([](int n) { return std::to_string(n); }), "8");
}

TEST(Result, OfVoidThrowsOnlyOnFailure) {
  EXPECT_NO_THROW(result<void>().value());
  result<void> failed = errc::closed;
  EXPECT_THROW(failed.value(), error);
}

}  // namespace
}  // namespace tidewire
