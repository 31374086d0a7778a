#include <tidewire/crypto/random.hpp>
#include <tidewire/tls/trust.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "support.hpp"

namespace tidewire::tls {
namespace {

using namespace testing;

class TlsTrustStore : public ::testing::Test {
 protected:
  TlsTrustStore() {
    path = std::filesystem::temp_directory_path() / ("tidewire_trust_" + crypto::token_hex(8));
  }
  ~TlsTrustStore() override {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  void write(std::string_view text) const { std::ofstream(path) << text; }
  static bool trusts(const trust_store& roots, const crypto::authority& whom) {
    client_context client;
    client.trust(roots);
    const server_context server(whom.issue({"localhost"}));
    return run(shake_hands(client, server)).client.has_value();
  }

  std::filesystem::path path;
};

TEST_F(TlsTrustStore, TrustsNobodyToBeginWith) {
  EXPECT_FALSE(trusts(trust_store(), authority()));
}

TEST_F(TlsTrustStore, ReadsAllCertificatesOfAFile) {
  const crypto::authority other;
  write("# two of them\n" + authority().pem() + "\n" + other.pem());
  const trust_store roots = trust_store::from_file(path);
  EXPECT_TRUE(trusts(roots, authority()));
  EXPECT_TRUE(trusts(roots, other));
}

TEST_F(TlsTrustStore, NamesTheFileThatCannotBeRead) {
  try {
    (void)trust_store::from_file(path);
    ADD_FAILURE() << "there is no such file";
  } catch (const error& why) {
    EXPECT_EQ(why.code(), std::errc::no_such_file_or_directory);
    EXPECT_EQ(why.peer(), path.string());
  }
  std::filesystem::create_directory(path);
  EXPECT_THROW((void)trust_store::from_file(path), error);
  std::filesystem::remove(path);
  write("no certificate");
  try {
    (void)trust_store::from_file(path);
    ADD_FAILURE() << "there is no certificate";
  } catch (const error& why) {
    EXPECT_EQ(why.code(), errc::bad_trust);
    EXPECT_EQ(why.peer(), path.string());
  }
}

TEST_F(TlsTrustStore, ACopyThatIsAddedToLeavesTheOtherAsItWas) {
  const crypto::authority other;
  trust_store one;
  one.add(authority().own_certificate());
  trust_store both = one;
  both.add_pem(other.pem());
  EXPECT_TRUE(trusts(both, authority()));
  EXPECT_TRUE(trusts(both, other));
  EXPECT_FALSE(trusts(one, other));
}

TEST_F(TlsTrustStore, OfTheSystemCanBeAddedToAndStaysAsItWasForOthers) {
  trust_store roots = trust_store::system();
  roots.add(authority().own_certificate());
  EXPECT_TRUE(trusts(roots, authority()));
  EXPECT_FALSE(trusts(trust_store::system(), authority()));
  EXPECT_EQ(&trust_store::system().state(), &trust_store::system().state()) << "it is read once";
}

}  // namespace
}  // namespace tidewire::tls
