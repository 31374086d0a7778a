// tcp::connect, to addresses and by the names of hosts.
#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#ifdef __linux__
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

#include "support/cancellation.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;

const endpoint loopback(ip_address::loopback_v4(), 0);

// A port at which nobody listens.
std::uint16_t closed_port() {
  return tcp::listen(loopback).local_endpoint().port();
}

// A resolver that knows one host.
resolver knowing(std::vector<ip_address> addresses) {
  return resolver({},
                  [addresses](const std::string&) -> result<std::vector<ip_address>> { return addresses; });
}

TEST(Connect, ConnectsByName) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    tcp::connect_report report;
    auto client = co_await tcp::connect("localhost", listener.local_endpoint().port(), {.report = &report});
    auto server = co_await listener.accept();
    EXPECT_EQ(client.remote_endpoint(), listener.local_endpoint());
    EXPECT_TRUE(client.get<option::no_delay>());
    co_await client.write("hello");
    co_await client.shutdown();
    EXPECT_EQ(co_await server.read_all(), "hello");
    // ::1, where nobody listens, comes first.
    EXPECT_EQ(report.attempts.size(), 2u);
    EXPECT_EQ(report.attempts.front().to.address(), ip_address::loopback_v6());
    EXPECT_TRUE(report.attempts.front().code);
    EXPECT_EQ(report.attempts.back().to, listener.local_endpoint());
    EXPECT_EQ(report.attempts.back().from, client.local_endpoint());
    EXPECT_FALSE(report.attempts.back().code);
  };
  run(check());
}

TEST(Connect, TakesAnAddressForAName) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    auto client = co_await tcp::connect("127.0.0.1", listener.local_endpoint().port());
    EXPECT_EQ(client.remote_endpoint(), listener.local_endpoint());
  };
  run(check());
}

TEST(Connect, TriesThePreferredFamilyFirst) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    tcp::connect_report report;
    const tcp::connect_options options{.prefer = address_preference::v4_first, .report = &report};
    auto client = co_await tcp::connect("localhost", listener.local_endpoint().port(), options);
    EXPECT_EQ(report.attempts.size(), 1u);
    EXPECT_EQ(client.remote_endpoint(), listener.local_endpoint());
  };
  run(check());
}

TEST(Connect, TellsOfEveryAddressThatRefused) {
  const std::uint16_t port = closed_port();
  const std::string text = std::to_string(port);
  virtual_clock clock;
  tcp::connect_report report;
  const auto check = [&]() -> task<> {
    const tcp::connect_options options{.prefer = address_preference::v4_only, .report = &report};
    const auto r = co_await as_result(tcp::connect("localhost", port, options));
    EXPECT_EQ(r.code(), errc::connection_refused_by_all);
    EXPECT_EQ(r.error(), condition::transient);
    EXPECT_EQ(r.error().message(), "connect to localhost:" + text +
                                       ": no address could be connected to: 127.0.0.1:" + text +
                                       ": Connection refused after 0 ms");
  };
  run(check(), {.clock = &clock});
  ASSERT_EQ(report.attempts.size(), 1u);
  EXPECT_EQ(report.attempts[0].code, std::errc::connection_refused);
  EXPECT_EQ(clock.elapsed(), 0s);
}

TEST(Connect, TakesTheFamiliesInTurn) {
  const auto v4 = [](std::uint32_t last) { return ip_address::from_v4(0x7f000000 + last); };
  const auto v6 = [](std::uint8_t last) {
    std::array<std::byte, 16> bytes{};
    bytes[15] = std::byte{last};
    return ip_address::from_v6(bytes);
  };
  const resolver names = knowing({v4(1), v4(2), v4(3), v6(1)});
  const std::uint16_t port = closed_port();
  tcp::connect_report report;
  const tcp::connect_options options{.timeout = 5s, .resolver = &names, .report = &report};
  const auto r = run(as_result(tcp::connect("many.test", port, options)));
  EXPECT_EQ(r.code(), errc::connection_refused_by_all);
  std::vector<ip_address> order;
  for (const tcp::connect_attempt& each : report.attempts) order.push_back(each.to.address());
  EXPECT_EQ(order, (std::vector{v4(1), v6(1), v4(2), v4(3)}));
}

TEST(Connect, NamesTheHostThatDoesNotResolve) {
  tcp::connect_report report;
  const auto r = run(as_result(tcp::connect("nowhere.invalid", 80, {.report = &report})));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.code(), errc::host_not_found);
  EXPECT_EQ(r.error().message().substr(0, 39), "resolve nowhere.invalid: host not found");
  EXPECT_TRUE(report.attempts.empty());
}

TEST(Connect, TheDeadlineCoversTheLookUp) {
  // Shared with the look-up, which outlives us.
  const auto held = std::make_shared<std::mutex>();
  std::unique_lock holds(*held);
  const resolver names({}, [held](const std::string&) -> result<std::vector<ip_address>> {
    const std::lock_guard waits(*held);
    return errc::host_not_found;
  });
  const tcp::connect_options options{.timeout = 5ms, .resolver = &names};
  const auto r = run(as_result(tcp::connect("slow.test", 80, options)));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.code(), errc::timed_out);
  EXPECT_EQ(r.error().message(), "resolve slow.test: timed out: no result within 5 ms");
}

TEST(Connect, IsNotStartedByATaskThatIsCanceled) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    const std::uint16_t port = listener.local_endpoint().port();
    const auto by_name =
        co_await testing::outcome_if_canceled_before([&] { return tcp::connect("127.0.0.1", port); });
    EXPECT_EQ(by_name.code(), errc::canceled);
    const auto by_address =
        co_await testing::outcome_if_canceled_before([&] { return tcp::connect(listener.local_endpoint()); });
    EXPECT_EQ(by_address.code(), errc::canceled);
  };
  run(check());
}

TEST(Connect, LeavesFromTheLocalEndThatIsAskedFor) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(0);  // both families
    const std::uint16_t port = listener.local_endpoint().port();
    const std::uint16_t own = closed_port();
    const tcp::connect_options options{.local = endpoint(ip_address::loopback_v4(), own)};
    auto client = co_await tcp::connect("localhost", port, options);
    EXPECT_EQ(client.local_endpoint(), endpoint(ip_address::loopback_v4(), own));
    EXPECT_EQ(client.remote_endpoint(), endpoint(ip_address::loopback_v4(), port));
  };
  run(check());
}

TEST(Connect, NamesTheLocalEndThatCannotBeHad) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    const endpoint taken = listener.local_endpoint();
    const auto r = co_await as_result(tcp::connect("localhost", closed_port(), {.local = taken}));
    EXPECT_EQ(r.code(), std::errc::address_in_use);
    EXPECT_EQ(r.error().operation(), "bind to");
    EXPECT_EQ(r.error().peer(), taken.to_string());
  };
  run(check());
}

TEST(Connect, SetsTheOptionsThatAreAskedFor) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    tcp::connect_options options;
    options.options = {option::keep_alive(), option::no_delay(false)};
    auto client = co_await tcp::connect(listener.local_endpoint(), options);
    EXPECT_TRUE(client.get<option::keep_alive>().on);
    EXPECT_FALSE(client.get<option::no_delay>());
  };
  run(check());
}

TEST(Connect, AnOptionThatCannotBeSetIsTheEnd) {
  const std::uint16_t port = closed_port();
  tcp::connect_report report;
  tcp::connect_options options{.report = &report};
  options.options = {option::hop_limit(100'000)};
  const auto r = run(as_result(tcp::connect("localhost", port, options)));
  ASSERT_FALSE(r);
  EXPECT_NE(r.code(), errc::connection_refused_by_all);
  EXPECT_EQ(report.attempts.size(), 1u);
}

TEST(Connect, APortInUseIsNamed) {
  tcp::listener first = tcp::listen(loopback);
  const endpoint at = first.local_endpoint();
  try {
    static_cast<void>(tcp::listen(at));
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), std::errc::address_in_use);
    EXPECT_EQ(e.operation(), "listen on");
    EXPECT_EQ(e.peer(), at.to_string());
  }
}

TEST(Connect, AResetInTheMiddleIsToldToBothDirections) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    auto client = co_await tcp::connect(listener.local_endpoint());
    auto server = co_await listener.accept();
    co_await client.write("begun");
    EXPECT_EQ((co_await server.read_exactly(5)).size(), 5u);
    server.set(option::linger(0s));
    server.close();
    const auto read = co_await as_result(client.read_all());
    EXPECT_EQ(read.code(), std::errc::connection_reset);
    EXPECT_EQ(read.error(), condition::transient);
    EXPECT_EQ(read.error().operation(), "read from");
    EXPECT_EQ(read.error().peer(), client.peer_name());
    const auto write = co_await as_result(client.write("more"));
    EXPECT_EQ(write.error(), condition::transient);
    EXPECT_EQ(write.error().operation(), "write to");
  };
  run(check());
}

TEST(Connect, APeerThatHalfClosesCanStillBeToldThings) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    auto client = co_await tcp::connect(listener.local_endpoint());
    auto server = co_await listener.accept();
    co_await client.write("question");
    co_await client.shutdown();
    EXPECT_EQ(co_await server.read_all(), "question");
    std::array<std::byte, 1> buffer;
    EXPECT_EQ(co_await server.read_some(buffer), 0u);  // the end stays the end
    const std::string answer(1 << 20, 'a');
    const auto answers = [&]() -> task<> {
      co_await server.write(answer);
      co_await server.shutdown();
    };
    std::string got;
    const auto listens = [&]() -> task<> { got = co_await client.read_all(); };
    co_await when_all(answers(), listens());
    EXPECT_EQ(got, answer);
    const auto late = co_await as_result(client.write("late"));
    EXPECT_EQ(late.error().detail(), "the stream was shut down for writing");
  };
  run(check());
}

#ifdef __linux__  // where every address of 127/8 is this host, and a full backlog is silent

// A listener that answers no further connection: its backlog is full.
class silent_listener {
 public:
  explicit silent_listener(const endpoint& at) : listener_(tcp::listen(at, {.backlog = 0})) {
    const auto fills = [this]() -> task<> {
      for (;;) {
        auto more = co_await as_result(tcp::connect(listener_.local_endpoint(), {.timeout = 20ms}));
        if (!more) break;
        waiting_.push_back(std::move(*more));
      }
    };
    run(fills());
  }
  [[nodiscard]] endpoint at() const { return listener_.local_endpoint(); }

 private:
  tcp::listener listener_;
  std::vector<tcp::stream> waiting_;
};

TEST(Connect, TheNextAddressIsTriedWhenTheFirstIsSilentForAWhile) {
  const silent_listener silent(loopback);
  const endpoint second(ip_address::from_v4(0x7f000002), silent.at().port());
  tcp::listener listener = tcp::listen(second);
  const resolver names = knowing({silent.at().address(), second.address()});
  virtual_clock clock;
  tcp::connect_report report;
  const auto check = [&]() -> task<> {
    const tcp::connect_options options{.resolver = &names, .report = &report};
    auto client = co_await tcp::connect("two.test", second.port(), options);
    EXPECT_EQ(client.remote_endpoint(), second);
  };
  run(check(), {.clock = &clock});
  EXPECT_EQ(clock.elapsed(), 250ms);
  ASSERT_EQ(report.attempts.size(), 2u);
  EXPECT_EQ(report.attempts[0].to, silent.at());
  EXPECT_EQ(report.attempts[0].from.address(), ip_address::loopback_v4());
  EXPECT_EQ(report.attempts[0].code, errc::canceled);
  EXPECT_EQ(report.attempts[0].took, 250ms);
  EXPECT_EQ(report.attempts[1].began, 250ms);
  EXPECT_FALSE(report.attempts[1].code);
  EXPECT_EQ(report.took, 250ms);
  EXPECT_EQ(report.to_string(), silent.at().to_string() + ": canceled after 250 ms; " + second.to_string() +
                                    ": connected after 0 ms");
}

TEST(Connect, ARefusalLetsTheNextAddressGoAtOnce) {
  const silent_listener silent(loopback);
  const std::uint16_t port = silent.at().port();
  const endpoint third(ip_address::from_v4(0x7f000003), port);
  tcp::listener listener = tcp::listen(third);
  // The second refuses.
  const resolver names = knowing({silent.at().address(), ip_address::from_v4(0x7f000002), third.address()});
  virtual_clock clock;
  tcp::connect_report report;
  const auto check = [&]() -> task<> {
    const tcp::connect_options options{.attempt_delay = 100ms, .resolver = &names, .report = &report};
    auto client = co_await tcp::connect("three.test", port, options);
    EXPECT_EQ(client.remote_endpoint(), third);
  };
  run(check(), {.clock = &clock});
  EXPECT_EQ(clock.elapsed(), 100ms);
  ASSERT_EQ(report.attempts.size(), 3u);
  EXPECT_EQ(report.attempts[1].code, std::errc::connection_refused);
}

TEST(Connect, AConnectThatHangsEndsAtTheDeadline) {
  const silent_listener silent(loopback);
  const std::string at = silent.at().to_string();
  virtual_clock clock;
  const auto check = [&]() -> task<> {
    const auto by_address = co_await as_result(tcp::connect(silent.at()));
    EXPECT_EQ(by_address.code(), errc::timed_out);
    EXPECT_EQ(by_address.error().message(),
              "connect to " + at + ": timed out: no connection within 30 s: " + at + ": canceled after 30 s");
    EXPECT_EQ(clock.elapsed(), 30s);
    const std::uint16_t port = silent.at().port();
    const auto by_name = co_await as_result(tcp::connect("127.0.0.1", port, {.timeout = 2s}));
    EXPECT_EQ(by_name.error(), condition::timeout);
    EXPECT_EQ(by_name.error().detail(), "no connection within 2 s: " + at + ": canceled after 2 s");
    EXPECT_EQ(clock.elapsed(), 32s);
  };
  run(check(), {.clock = &clock});
}

TEST(Connect, IsGivenUpAtOnceOnCancellation) {
  const silent_listener silent(loopback);
  const auto check = [&]() -> task<> {
    const auto by_address =
        co_await testing::outcome_if_canceled_midway([&] { return tcp::connect(silent.at()); });
    EXPECT_EQ(by_address.code(), errc::canceled);
    const std::uint16_t port = silent.at().port();
    tcp::connect_report report;
    const auto by_name = co_await testing::outcome_if_canceled_midway(
        [&] { return tcp::connect("127.0.0.1", port, {.report = &report}); });
    EXPECT_EQ(by_name.code(), errc::canceled);
    EXPECT_EQ(by_name.error().peer(), silent.at().to_string());
    EXPECT_EQ(report.attempts.size(), 1u);
  };
  run(check());
}

TEST(Connect, UsesTheInterfaceThatIsAskedFor) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    tcp::connect_options options;
    options.options = {option::bind_to_device("lo")};
    const auto client = co_await as_result(tcp::connect(listener.local_endpoint(), options));
    if (client) {
      EXPECT_EQ(client->get<option::bind_to_device>(), "lo");
    } else {
      EXPECT_EQ(client.code(), std::errc::operation_not_permitted);  // old systems want a privilege
    }
    options.options = {option::bind_to_device("nowhere")};
    const auto none =
        co_await as_result(tcp::connect("localhost", listener.local_endpoint().port(), options));
    EXPECT_FALSE(none);
    EXPECT_NE(none.code(), errc::connection_refused_by_all);
  };
  run(check());
}

// Takes every descriptor that this process may have.
class no_descriptors {
 public:
  no_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 64;
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int one = 0; (one = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(one);
  }
  ~no_descriptors() {
    for (const int one : taken_) ::close(one);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST(Connect, SaysThatNoDescriptorIsLeft) {
  const auto check = []() -> task<> {
    tcp::listener listener = tcp::listen(loopback);
    const std::uint16_t port = listener.local_endpoint().port();
    // UndefinedBehaviorSanitizer needs a descriptor to look at each kind of object for the first time.
    const std::uint16_t nobody = closed_port();
    (void)co_await as_result(tcp::connect(endpoint(loopback.address(), nobody)));
    (void)co_await as_result(tcp::connect("localhost", nobody));
    const failure expected = std::make_error_code(std::errc::too_many_files_open);
    EXPECT_EQ(expected, condition::limit_exceeded);
    EXPECT_EQ(failure(std::error_code(EMFILE, std::system_category())), condition::limit_exceeded);
    {
      const no_descriptors taken;
      const auto by_address = co_await as_result(tcp::connect(listener.local_endpoint()));
      EXPECT_EQ(by_address.error(), condition::limit_exceeded);
      tcp::connect_report report;
      const auto by_name = co_await as_result(tcp::connect("localhost", port, {.report = &report}));
      EXPECT_EQ(by_name.error(), condition::limit_exceeded);
      EXPECT_EQ(by_name.error().message(),
                "connect to [::1]:" + std::to_string(port) + ": Too many open files");
      EXPECT_EQ(report.attempts.size(), 1u);  // another address needs one as well
    }
    auto client = co_await tcp::connect("localhost", port);
    EXPECT_TRUE(client.is_open());
  };
  run(check());
}

#endif

}  // namespace
}  // namespace tidewire
