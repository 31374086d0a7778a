#include <tidewire/crypto/hash.hpp>
#include <tidewire/dkim/canonical.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/exact.hpp"

namespace tidewire::dkim {
namespace {

std::string canonical_body(std::string_view body, canonicalization how, std::size_t step = 0) {
  std::string out;
  body_canonicalizer in(how, [&](std::string_view piece) {
    EXPECT_FALSE(piece.empty());
    out += piece;
  });
  if (step == 0) step = body.size() + 1;
  for (std::size_t at = 0; at < body.size(); at += step) in.update(body.substr(at, step));
  in.finish();
  return out;
}

TEST(DkimCanonical, GivesWhatRfc6376Section345Shows) {
  EXPECT_EQ(canonicalize_field("A: X\r\n", canonicalization::relaxed), "a:X\r\n");
  EXPECT_EQ(canonicalize_field("B : Y\t\r\n\tZ  \r\n", canonicalization::relaxed), "b:Y Z\r\n");
  EXPECT_EQ(canonicalize_field("B : Y\t\r\n\tZ  \r\n", canonicalization::simple), "B : Y\t\r\n\tZ  \r\n");
  const std::string body = " C \r\nD \t E\r\n\r\n\r\n";
  EXPECT_EQ(canonical_body(body, canonicalization::relaxed), " C\r\nD E\r\n");
  EXPECT_EQ(canonical_body(body, canonicalization::simple), " C \r\nD \t E\r\n");
}

TEST(DkimCanonical, EndsAFieldWhoseLineBreakIsMissing) {
  EXPECT_EQ(canonicalize_field("A: X", canonicalization::simple), "A: X\r\n");
  EXPECT_EQ(canonicalize_field("A: X", canonicalization::relaxed), "a:X\r\n");
  EXPECT_EQ(canonicalize_field("A:", canonicalization::relaxed), "a:\r\n");
  EXPECT_EQ(canonicalize_field("A: \r\n", canonicalization::relaxed), "a:\r\n");
  EXPECT_EQ(canonicalize_field("A: x\n y\n", canonicalization::simple), "A: x\r\n y\r\n");
  EXPECT_EQ(canonicalize_field("A: x\n y\n", canonicalization::relaxed), "a:x y\r\n");
}

TEST(DkimCanonical, HashesTheEmptyBodyAsSections343And344Say) {
  for (const std::string_view body : {"", "\r\n", "\r\n\r\n\r\n", "\n\n"}) {
    EXPECT_EQ(crypto::sha256(canonical_body(body, canonicalization::simple)).finish().base64(),
              "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
    EXPECT_EQ(crypto::sha256(canonical_body(body, canonicalization::relaxed)).finish().base64(),
              "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  }
}

TEST(DkimCanonical, TakesALineFeedForALineBreakAndACarriageReturnForText) {
  EXPECT_EQ(canonical_body("a\nb\n\n", canonicalization::simple), "a\r\nb\r\n");
  EXPECT_EQ(canonical_body("a\rb\r", canonicalization::simple), "a\rb\r\r\n");
  EXPECT_EQ(canonical_body("a\r\r\n", canonicalization::simple), "a\r\r\n");
  EXPECT_EQ(canonical_body("a \r b", canonicalization::relaxed), "a \r b\r\n");
  EXPECT_EQ(canonical_body(" \t \r\nx", canonicalization::relaxed), "\r\nx\r\n");
  EXPECT_EQ(canonical_body("x\r\n \t", canonicalization::relaxed), "x\r\n");
}

TEST(DkimCanonical, DoesNotDependOnHowTheBodyIsCut) {
  const std::string body = "a \t\r\n\r\n \t b  c\r\r\n\n \r\n\r\nd\r \r\n\t\r\n\r\n";
  for (const auto how : {canonicalization::simple, canonicalization::relaxed}) {
    for (std::size_t end = 0; end <= body.size(); ++end) {
      const tidewire::testing::exact_block copy(std::string_view(body).substr(0, end));
      const std::string whole = canonical_body(copy.text(), how);
      EXPECT_EQ(canonical_body(copy.text(), how, 1), whole) << end;
      for (std::size_t cut = 0; cut <= end; ++cut) {
        std::string out;
        body_canonicalizer in(how, [&](std::string_view piece) { out += piece; });
        in.update(copy.text().substr(0, cut));
        in.update(copy.text().substr(cut));
        in.finish();
        EXPECT_EQ(out, whole) << end << ' ' << cut;
      }
    }
  }
}

TEST(DkimCanonical, IsReadyForTheNextBody) {
  std::string out;
  body_canonicalizer in(canonicalization::relaxed, [&](std::string_view piece) { out += piece; });
  in.update("a \r\n\r\n ");
  in.finish();
  in.update("b");
  in.finish();
  in.finish();
  EXPECT_EQ(out, "a\r\nb\r\n");
}

TEST(DkimCanonical, HoldsFourKilobytesOfABodyOfLineBreaks) {
  constexpr std::size_t lines = 1'000'000;
  std::size_t largest = 0;
  std::size_t total = 0;
  body_canonicalizer in(canonicalization::relaxed, [&](std::string_view piece) {
    largest = std::max(largest, piece.size());
    total += piece.size();
  });
  in.update("first");
  const std::string some(1000, '\n');
  for (std::size_t i = 0; i < lines / some.size(); ++i) in.update(some);
  EXPECT_EQ(total, 0U);
  in.update("last");
  in.finish();
  EXPECT_EQ(total, 5 + 2 * lines + 4 + 2);
  EXPECT_LE(largest, 4096U);
}

}  // namespace
}  // namespace tidewire::dkim
