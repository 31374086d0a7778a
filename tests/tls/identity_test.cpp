#include <tidewire/crypto/random.hpp>
#include <tidewire/tls/identity.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "support.hpp"

namespace tidewire::tls {
namespace {

using namespace testing;

class TlsLoadIdentity : public ::testing::Test {
 protected:
  TlsLoadIdentity() {
    folder = std::filesystem::temp_directory_path() / ("tidewire_identity_" + crypto::token_hex(8));
    std::filesystem::create_directory(folder);
  }
  ~TlsLoadIdentity() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  std::filesystem::path write(std::string_view name, std::string_view text) const {
    std::ofstream(folder / name) << text;
    return folder / name;
  }
  static error refusal(const std::filesystem::path& chain, const std::filesystem::path& key,
                       const secret& password = {}) {
    try {
      (void)load_identity(chain, key, password);
    } catch (const error& why) {
      return why;
    }
    return {tidewire::errc::misuse, "it was read"};
  }

  std::filesystem::path folder;
  crypto::identity who = authority().intermediate().issue({"localhost"});
};

TEST_F(TlsLoadIdentity, ReadsTheChainAndTheKey) {
  const auto chain = write("chain.pem", who.chain_pem());
  const auto key = write("key.pem", who.key.to_pem().reveal());
  const server_context server(load_identity(chain, key));
  EXPECT_TRUE(run(shake_hands(trusting_client(), server)).client.has_value());
}

TEST_F(TlsLoadIdentity, ReadsBothOfOneFile) {
  const auto both = write("both.pem", std::string(who.key.to_pem().reveal()) + who.chain_pem());
  EXPECT_EQ(load_identity(both, both).chain, who.chain);
}

TEST_F(TlsLoadIdentity, NeedsThePasswordOfTheKey) {
  const auto chain = write("chain.pem", who.chain_pem());
  const auto key = write("key.pem", who.key.to_encrypted_pem("swordfish"));
  EXPECT_EQ(load_identity(chain, key, "swordfish").chain, who.chain);
  for (const std::string_view password : {"", "guess"}) {
    const error why = refusal(chain, key, password);
    EXPECT_EQ(why.code(), crypto::errc::wrong_password);
    EXPECT_EQ(why.peer(), key.string());
    EXPECT_EQ(std::string_view(why.what()).find("guess"), std::string_view::npos);
  }
}

TEST_F(TlsLoadIdentity, NamesTheFileThatIsWrong) {
  const auto chain = write("chain.pem", who.chain_pem());
  const auto key = write("key.pem", who.key.to_pem().reveal());
  const auto empty = write("empty.pem", "");
  EXPECT_EQ(refusal(empty, key).peer(), empty.string());
  EXPECT_EQ(refusal(chain, empty).peer(), empty.string());
  EXPECT_EQ(refusal(folder / "none.pem", key).code(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(refusal(chain, folder).code(), std::errc::is_a_directory);
}

}  // namespace
}  // namespace tidewire::tls
