#include <tidewire/tls/session_store.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support.hpp"

namespace tidewire::tls {
namespace {

using namespace testing;

std::string taken(session_cache& cache, std::string_view server) {
  const auto session = cache.take(server);
  return session ? std::string(session->reveal()) : "none";
}

TEST(TlsSessionCache, GivesTheLatestFirstAndEachOnce) {
  session_cache cache;
  cache.put("a", "1");
  cache.put("a", "2");
  cache.put("b", "3");
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(taken(cache, "a"), "2");
  EXPECT_EQ(taken(cache, "a"), "1");
  EXPECT_EQ(taken(cache, "a"), "none");
  EXPECT_EQ(taken(cache, "b"), "3");
  EXPECT_EQ(taken(cache, "c"), "none");
  EXPECT_EQ(cache.size(), 0u);
}

TEST(TlsSessionCache, KeepsOnlySoManyOfEachServer) {
  session_cache cache({.sessions_of_each = 2});
  for (const char* each : {"1", "2", "3"}) cache.put("a", each);
  EXPECT_EQ(taken(cache, "a"), "3");
  EXPECT_EQ(taken(cache, "a"), "2");
  EXPECT_EQ(taken(cache, "a"), "none");
}

TEST(TlsSessionCache, ForgetsTheServerThatWasUsedLongestAgo) {
  session_cache cache({.servers = 2});
  cache.put("a", "1");
  cache.put("b", "2");
  cache.put("a", "3");
  cache.put("c", "4");
  EXPECT_EQ(taken(cache, "b"), "none");
  EXPECT_EQ(taken(cache, "a"), "3");
  EXPECT_EQ(taken(cache, "c"), "4");
}

TEST(TlsSessionCache, OfNoSizeKeepsNothing) {
  session_cache none({.servers = 0});
  none.put("a", "1");
  session_cache nothing({.sessions_of_each = 0});
  nothing.put("a", "1");
  EXPECT_EQ(none.size() + nothing.size(), 0u);
}

TEST(TlsSessionCache, CanBeCleared) {
  session_cache cache;
  cache.put("a", "1");
  cache.clear();
  EXPECT_EQ(taken(cache, "a"), "none");
}

/// A store of one's own, of bytes that may be anything.
class one_session final : public session_store {
 public:
  void put(std::string_view server, secret session) override {
    key = server;
    kept = std::move(session);
  }
  std::optional<secret> take(std::string_view server) override {
    if (server != key) return std::nullopt;
    return std::exchange(kept, std::nullopt);
  }
  std::string key;
  std::optional<secret> kept;
};

task<bool> resumes(const client_context& client, const server_context& server) {
  handshake ended = co_await shake_hands(client, server);
  auto [near, far] = std::move(ended).both();
  co_await far.write("ticket\n");
  EXPECT_EQ(co_await near.read_line(), "ticket");
  co_return near.resumed();
}

TEST(TlsSessionStore, ServesSeveralContexts) {
  const auto store = std::make_shared<one_session>();
  client_context one = trusting_client();
  one.sessions(store);
  client_context other = trusting_client();
  other.sessions(store);
  const server_context server(localhost());
  EXPECT_FALSE(run(resumes(one, server)));
  EXPECT_EQ(store->key, "localhost ");
  EXPECT_TRUE(run(resumes(other, server)));
}

TEST(TlsSessionStore, DoesNotLetWhatWasNotVerifiedPassForVerified) {
  const auto store = std::make_shared<session_cache>();
  client_context anybody;
  anybody.sessions(store).accept_any_certificate_dangerous();
  client_context verifying = trusting_client();
  verifying.sessions(store);
  const server_context server(localhost());
  EXPECT_FALSE(run(resumes(anybody, server)));
  EXPECT_FALSE(run(resumes(verifying, server)));
  EXPECT_TRUE(run(resumes(anybody, server)));
  EXPECT_TRUE(run(resumes(verifying, server)));
}

TEST(TlsSessionStore, ThatGivesRubbishCostsAFullHandshakeAndNoMore) {
  const auto store = std::make_shared<one_session>();
  client_context client = trusting_client();
  client.sessions(store);
  const server_context server(localhost());
  EXPECT_FALSE(run(resumes(client, server)));
  const std::string good(store->kept->reveal());
  for (std::size_t size = 0; size < good.size(); size += 13) {
    store->kept = secret(std::string_view(good).substr(0, size));
    EXPECT_FALSE(run(resumes(client, server))) << size;
  }
  store->kept = secret("no session at all");
  EXPECT_FALSE(run(resumes(client, server)));
}

}  // namespace
}  // namespace tidewire::tls
