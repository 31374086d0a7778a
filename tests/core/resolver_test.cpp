#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#ifdef __linux__
#include <unistd.h>
#endif

#include "support/cancellation.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;
using addresses = std::vector<ip_address>;

const ip_address v4 = ip_address::from_v4(0xc0000201);
const ip_address v4_too = ip_address::from_v4(0xc0000202);
const ip_address v6 = ip_address::parse("2001:db8::1").value();

const addresses only_v4{v4};  // as GCC 12 takes no braced list in a coroutine that awaits

// Name servers of a test: what they answer, what they are asked, and a way to keep them from answering. What
// a look-up needs is shared with it, as it may outlive the resolver.
class name_servers {
 public:
  void knows(const std::string& host, addresses at) { shared_->answers.emplace(host, std::move(at)); }
  void fails(const std::string& host, failure with) { shared_->answers.emplace(host, std::move(with)); }
  void hold() { shared_->hold(true); }
  void let_go() { shared_->hold(false); }
  [[nodiscard]] int asked() const { return shared_->asked; }
  [[nodiscard]] int answered() const { return shared_->answered; }
  [[nodiscard]] int most_at_once() const { return shared_->most_at_once; }

  [[nodiscard]] resolver::look_up_function look_up() const {
    return [shared = shared_](const std::string& host) -> result<addresses> {
      ++shared->asked;
      {
        std::unique_lock guard(shared->lock);
        shared->most_at_once = std::max(shared->most_at_once, ++shared->at_once);
        shared->let_go.wait(guard, [&] { return !shared->held; });
        --shared->at_once;
      }
      const auto found = shared->answers.find(host);
      const result<addresses> answer =
          found != shared->answers.end() ? found->second : result<addresses>(errc::host_not_found);
      ++shared->answered;
      return answer;
    };
  }

 private:
  struct state {
    std::map<std::string, result<addresses>> answers;
    void hold(bool on) {
      const std::lock_guard guard(lock);
      held = on;
      let_go.notify_all();
    }

    std::atomic<int> asked = 0;
    std::atomic<int> answered = 0;
    std::mutex lock;
    std::condition_variable let_go;
    bool held = false;
    int at_once = 0;
    int most_at_once = 0;
  };
  std::shared_ptr<state> shared_ = std::make_shared<state>();
};

// Lets the loop go round until the look-ups have come as far.
task<> until_asked(const name_servers& servers, int times) {
  while (servers.asked() < times) co_await yield();
}

TEST(Resolver, GivesTheAddressesOfAName) {
  name_servers servers;
  servers.knows("two.test", {v6, v4});
  const resolver names({}, servers.look_up());
  EXPECT_EQ(run(names.resolve("two.test")), (addresses{v6, v4}));
  EXPECT_EQ(servers.asked(), 1);
}

TEST(Resolver, PutsTheWantedFamilyFirstOrLeavesTheOtherOut) {
  name_servers servers;
  servers.knows("three.test", {v4, v6, v4_too});
  const resolver names({}, servers.look_up());
  const auto resolved = [&](address_preference prefer) {
    return run(names.resolve("three.test", {.prefer = prefer}));
  };
  EXPECT_EQ(resolved(address_preference::system), (addresses{v4, v6, v4_too}));
  EXPECT_EQ(resolved(address_preference::v4_first), (addresses{v4, v4_too, v6}));
  EXPECT_EQ(resolved(address_preference::v6_first), (addresses{v6, v4, v4_too}));
  EXPECT_EQ(resolved(address_preference::v4_only), (addresses{v4, v4_too}));
  EXPECT_EQ(resolved(address_preference::v6_only), (addresses{v6}));
  EXPECT_EQ(servers.asked(), 1);
}

TEST(Resolver, TellsWhenTheFamilyHasNoAddress) {
  name_servers servers;
  servers.knows("old.test", {v4});
  const resolver names({}, servers.look_up());
  const auto r = run(as_result(names.resolve("old.test", {.prefer = address_preference::v6_only})));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.code(), errc::host_not_found);
  EXPECT_EQ(r.error().message(), "resolve old.test: host not found: it has no IPv6 address");
}

TEST(Resolver, NamesTheHostThatDoesNotResolve) {
  name_servers servers;
  const resolver names({}, servers.look_up());
  const auto r = run(as_result(names.resolve("nowhere.test")));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.code(), errc::host_not_found);
  EXPECT_EQ(r.error().message(), "resolve nowhere.test: host not found");
}

TEST(Resolver, NumericHostsNeverLeaveTheThread) {
  name_servers servers;
  const resolver names({}, servers.look_up());
  EXPECT_EQ(run(names.resolve("192.0.2.1")), only_v4);
  EXPECT_EQ(run(names.resolve("2001:DB8::1")), addresses{v6});
  EXPECT_EQ(run(names.resolve("fe80::1%7")), addresses{ip_address::parse("fe80::1%7").value()});
  EXPECT_EQ(servers.asked(), 0);
}

#ifdef __linux__
TEST(Resolver, TakesTheNameOfAnInterfaceAsAZone) {
  const addresses found = run(resolve("fe80::1%lo"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].scope_id(), 1u);
}
#endif

TEST(Resolver, LocalhostNeedsNoLookUp) {
  name_servers servers;
  const resolver names({}, servers.look_up());
  const addresses here{ip_address::loopback_v6(), ip_address::loopback_v4()};
  for (const char* host : {"localhost", "LocalHost", "localhost.", "db.localhost", "a.b.localhost."}) {
    EXPECT_EQ(run(names.resolve(host)), here) << host;
  }
  EXPECT_EQ(servers.asked(), 0);
}

TEST(Resolver, AsksNobodyForDomainsThatNobodyKnows) {
  name_servers servers;
  const resolver names({}, servers.look_up());
  for (const char* host : {"invalid", "host.invalid", "HOST.INVALID.", "abc.onion"}) {
    EXPECT_EQ(run(as_result(names.resolve(host))).code(), errc::host_not_found) << host;
  }
  EXPECT_EQ(servers.asked(), 0);
}

TEST(Resolver, ADomainIsMoreThanTheEndOfAName) {
  name_servers servers;
  servers.knows("notlocalhost", {v4});
  servers.knows("localhost.test", {v4});
  const resolver names({}, servers.look_up());
  EXPECT_EQ(run(names.resolve("notlocalhost")), only_v4);
  EXPECT_EQ(run(names.resolve("localhost.test")), only_v4);
}

TEST(Resolver, RefusesWhatNoHostIsCalled) {
  name_servers servers;
  const resolver names({}, servers.look_up());
  const std::string_view refused[] = {"",
                                      "a b",
                                      "a\r\nb",
                                      std::string_view("a\0b", 3),
                                      "a/b",
                                      "127.1",
                                      "0x7f.0x1",
                                      "1.2.3.4.5",
                                      "256.1.1.1",
                                      "1:2",
                                      "::1::",
                                      "[::1]",
                                      "b\xc3\xbc"
                                      "cher.test",
                                      "fe80::1%no such zone"};
  for (const std::string_view host : refused) {
    EXPECT_EQ(run(as_result(names.resolve(host))).code(), errc::malformed) << host;
  }
  std::string longest(253, 'a');
  longest[63] = longest[127] = longest[191] = '.';
  EXPECT_EQ(run(as_result(names.resolve(longest))).code(), errc::host_not_found);
  EXPECT_EQ(run(as_result(names.resolve(longest + '.'))).code(), errc::host_not_found);
  EXPECT_EQ(run(as_result(names.resolve(longest + 'd'))).code(), errc::malformed);
  EXPECT_EQ(servers.asked(), 2);
}

TEST(Resolver, KeepsAddressesForATime) {
  name_servers servers;
  servers.knows("kept.test", {v4});
  resolver names({.positive_ttl = 60s}, servers.look_up());
  virtual_clock clock(false);
  const auto check = [&]() -> task<> {
    (void)co_await names.resolve("kept.test");
    clock.advance(60s - 1ns);
    EXPECT_EQ(co_await names.resolve("KEPT.test"), only_v4);
    EXPECT_EQ(servers.asked(), 1);
    clock.advance(1ns);
    (void)co_await names.resolve("kept.test");
    EXPECT_EQ(servers.asked(), 2);
    names.clear();
    (void)co_await names.resolve("kept.test");
    EXPECT_EQ(servers.asked(), 3);
  };
  run(check(), {.clock = &clock});
  EXPECT_EQ(names.statistics().look_ups, 3u);
  EXPECT_EQ(names.statistics().cached, 1u);
}

TEST(Resolver, KeepsThatAHostDoesNotExistForAShorterTime) {
  name_servers servers;
  const resolver names({.negative_ttl = 5s}, servers.look_up());
  virtual_clock clock(false);
  const auto check = [&]() -> task<> {
    for (int i = 0; i < 3; ++i) {
      const auto r = co_await as_result(names.resolve("nowhere.test"));
      EXPECT_EQ(r.code(), errc::host_not_found);
    }
    EXPECT_EQ(servers.asked(), 1);
    clock.advance(5s);
    (void)co_await as_result(names.resolve("nowhere.test"));
    EXPECT_EQ(servers.asked(), 2);
  };
  run(check(), {.clock = &clock});
}

TEST(Resolver, ForgetsFailuresThatMayPass) {
  name_servers servers;
  servers.fails("sick.test", failure(errc::resolver_failed, "no answer"));
  const resolver names({}, servers.look_up());
  for (int i = 1; i <= 2; ++i) {
    const auto r = run(as_result(names.resolve("sick.test")));
    EXPECT_EQ(r.error(), condition::transient);
    EXPECT_EQ(r.error().message(), "resolve sick.test: the name could not be looked up: no answer");
    EXPECT_EQ(servers.asked(), i);
  }
}

TEST(Resolver, KeepsNoMoreNamesThanAllowed) {
  name_servers servers;
  for (const char* host : {"a.test", "b.test", "c.test"}) servers.knows(host, {v4});
  const resolver names({.cache_limit = 2}, servers.look_up());
  virtual_clock clock(false);
  const auto check = [&]() -> task<> {
    for (const char* host : {"a.test", "b.test", "c.test"}) {
      (void)co_await names.resolve(host);
      clock.advance(1s);
    }
    EXPECT_EQ(servers.asked(), 3);
    (void)co_await names.resolve("b.test");
    (void)co_await names.resolve("c.test");
    EXPECT_EQ(servers.asked(), 3);
    (void)co_await names.resolve("a.test");  // the oldest made room
    EXPECT_EQ(servers.asked(), 4);
  };
  run(check(), {.clock = &clock});
}

TEST(Resolver, UsesNoMoreAddressesThanAllowed) {
  name_servers servers;
  servers.knows("many.test", addresses(100, v4));
  const resolver names({.address_limit = 3}, servers.look_up());
  EXPECT_EQ(run(names.resolve("many.test")).size(), 3u);
}

TEST(Resolver, LooksANameUpOnceHoweverManyAsk) {
  name_servers servers;
  servers.knows("busy.test", {v4});
  servers.hold();
  const resolver names({.positive_ttl = 0s}, servers.look_up());
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      for (int i = 0; i < 10; ++i) {
        group.spawn([](const resolver& by) -> task<> {
          EXPECT_EQ(co_await by.resolve("busy.test"), only_v4);
        }(names));
      }
      co_await until_asked(servers, 1);
      co_await yield();
      servers.let_go();
    });
  };
  run(check());
  EXPECT_EQ(servers.asked(), 1);
  EXPECT_EQ(names.statistics().joined, 9u);
}

TEST(Resolver, LooksUpNoMoreNamesAtOnceThanAllowed) {
  name_servers servers;
  for (int i = 0; i < 20; ++i) servers.knows("n" + std::to_string(i) + ".test", {v4});
  servers.hold();
  const resolver names({.concurrent = 3}, servers.look_up());
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      for (int i = 0; i < 20; ++i) {
        group.spawn([](const resolver& by, int number) -> task<> {
          const std::string host = "n" + std::to_string(number) + ".test";
          EXPECT_EQ(co_await by.resolve(host), only_v4);
        }(names, i));
      }
      co_await until_asked(servers, 3);
      servers.let_go();
    });
  };
  run(check());
  EXPECT_EQ(servers.asked(), 20);
  EXPECT_EQ(servers.most_at_once(), 3);
}

TEST(Resolver, RefusesMoreNamesThanMayWait) {
  name_servers servers;
  servers.hold();
  const resolver names({.concurrent = 1, .queue_limit = 1}, servers.look_up());
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      const auto asks = [](const resolver& by, const char* host, errc expected) -> task<> {
        const auto r = co_await as_result(by.resolve(host));
        EXPECT_EQ(r.code(), expected) << host;
      };
      group.spawn(asks(names, "first.test", errc::host_not_found));
      co_await until_asked(servers, 1);
      group.spawn(asks(names, "second.test", errc::host_not_found));
      co_await yield();
      co_await asks(names, "third.test", errc::limit_exceeded);
      servers.let_go();
    });
    // One who gave up makes room.
    servers.hold();
    co_await with_group([&](task_group& group) -> task<> {
      const auto gives_up = [](const resolver& by) -> task<> {
        const auto r = co_await as_result(by.resolve("fifth.test", {.timeout = 1ms}));
        EXPECT_EQ(r.code(), errc::timed_out);
      };
      const auto waits = [](const resolver& by, const char* host) -> task<> {
        const auto r = co_await as_result(by.resolve(host));
        EXPECT_EQ(r.code(), errc::host_not_found);
      };
      group.spawn(waits(names, "fourth.test"));
      co_await until_asked(servers, 3);
      co_await gives_up(names);
      group.spawn(waits(names, "sixth.test"));
      co_await yield();
      servers.let_go();
    });
    EXPECT_EQ(servers.asked(), 4);  // the fifth was not looked up
  };
  run(check());
}

TEST(Resolver, GivesUpAtTheDeadlineAndKeepsWhatComesLater) {
  name_servers servers;
  servers.knows("slow.test", {v4});
  servers.hold();
  resolver names({}, servers.look_up());
  virtual_clock clock(false);
  const auto check = [&]() -> task<> {
    const auto waits = [&]() -> task<> {
      const auto r = co_await as_result(names.resolve("slow.test", {.timeout = 3s}));
      EXPECT_EQ(r.code(), errc::timed_out);
      if (!r) {
        EXPECT_EQ(r.error().message(), "resolve slow.test: timed out: no result within 3 s");
      }
    };
    const auto passes = [&]() -> task<> {
      co_await until_asked(servers, 1);
      clock.advance(3s);
    };
    co_await when_all(waits(), passes());
    EXPECT_EQ(servers.answered(), 0);
    servers.let_go();
    EXPECT_EQ(co_await names.resolve("slow.test"), only_v4);
    EXPECT_EQ(servers.asked(), 1);
  };
  run(check(), {.clock = &clock});
}

TEST(Resolver, IsAbandonedAtOnceOnCancellation) {
  name_servers servers;
  servers.hold();
  const resolver names({}, servers.look_up());
  const auto check = [&]() -> task<> {
    const auto before = co_await testing::outcome_if_canceled_before([&] { return names.resolve("a.test"); });
    EXPECT_EQ(before.code(), errc::canceled);
    EXPECT_EQ(servers.asked(), 0);
    const auto midway = co_await testing::outcome_if_canceled_midway([&] { return names.resolve("a.test"); });
    EXPECT_EQ(midway.code(), errc::canceled);
    EXPECT_EQ(midway.error().peer(), "a.test");
  };
  run(check());
  EXPECT_EQ(servers.answered(), 0);
  servers.let_go();
}

TEST(Resolver, NeitherItsEndNorThatOfTheLoopWaitsForALookUp) {
  name_servers servers;
  servers.hold();
  {
    const resolver names({}, servers.look_up());
    const auto leaves = [&]() -> task<> {
      co_await when_any(as_task(as_result(names.resolve("hangs.test"))), until_asked(servers, 1));
    };
    run(leaves());
  }
  EXPECT_EQ(servers.answered(), 0);
  servers.let_go();
}

#ifdef __linux__
TEST(Resolver, AProgramCanEndDuringALookUp) {
  const auto ends = [] {
    const auto for_ever = [](const std::string&) -> result<addresses> {
      for (;;) std::this_thread::sleep_for(1h);
    };
    const resolver names({}, for_ever);
    const auto r = run(as_result(names.resolve("hangs.test", {.timeout = 5ms})));
    std::exit(r.code() == errc::timed_out ? 0 : 1);
  };
  EXPECT_EXIT(ends(), ::testing::ExitedWithCode(0), "");
}
#endif

TEST(Resolver, TellsThoseWhoWaitWhenItEnds) {
  name_servers servers;
  servers.hold();
  auto names = std::make_unique<resolver>(resolver_options(), servers.look_up());
  const auto check = [&]() -> task<> {
    const auto waits = [&]() -> task<> {
      const auto r = co_await as_result(names->resolve("hangs.test"));
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto ends = [&]() -> task<> {
      co_await until_asked(servers, 1);
      names.reset();
    };
    co_await when_all(waits(), ends());
  };
  run(check());
  servers.let_go();
}

TEST(Resolver, OneServesSeveralLoops) {
  name_servers servers;
  servers.knows("shared.test", {v6, v4});
  const resolver names({.positive_ttl = 0s}, servers.look_up());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto asks = [&]() -> task<> {
        for (int k = 0; k < 100; ++k) {
          const addresses found = co_await names.resolve("shared.test");
          if (found.size() != 2) throw std::logic_error("a part is missing");
        }
      };
      run(asks());
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(names.statistics().look_ups + names.statistics().joined, 400u);
}

TEST(Resolver, TellsWhatTheLookUpThrew) {
  const resolver names({}, [](const std::string&) -> result<addresses> {
    throw std::runtime_error("the hosts file is on fire");
  });
  const auto r = run(as_result(names.resolve("a.test")));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().message(),
            "resolve a.test: the name could not be looked up: the hosts file is on fire");
}

#ifdef __linux__
TEST(Resolver, AsksTheSystem) {
  // The hosts file of this host names itself, or no look-up of the system gives anything here.
  std::array<char, 256> own{};
  ASSERT_EQ(::gethostname(own.data(), own.size() - 1), 0);
  const auto r = run(as_result(resolve(own.data())));
  if (!r) GTEST_SKIP() << r.error().message();
  EXPECT_FALSE(r->empty());
}
#endif

}  // namespace
}  // namespace tidewire
