#include <tidewire/core/channel.hpp>
#include <tidewire/core/serve.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#ifndef _WIN32
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

namespace tidewire {
namespace {

using namespace std::chrono_literals;

const endpoint loopback(ip_address::loopback_v4(), 0);

task<> echo(tcp::stream peer) {
  std::array<std::byte, 1024> buffer;
  while (const std::size_t n = co_await peer.read_some(buffer)) {
    co_await peer.write(std::span(buffer).first(n));
  }
}

task<std::string> ask(endpoint server, std::string_view question) {
  auto peer = co_await tcp::connect(server);
  co_await peer.write(question);
  co_await peer.shutdown();
  co_return co_await peer.read_all();
}

/// Runs `client` beside a server, then stops the server and waits for its end.
template <class Server, class Client>
task<> beside(Server server, Client client) {
  co_await with_group([&](task_group& group) -> task<> {
    group.spawn(std::move(server));
    co_await client();
    group.cancel();
  });
}

struct note {
  std::string operation;
  std::string peer;
  std::string cause;
  std::error_code code;
};

/// What `on_error`, a plain function, was told. For tests of one loop.
std::vector<note>& noted() {
  static std::vector<note> all;
  return all;
}
void note_error(const connection_error& e) {
  noted().push_back({std::string(e.operation), std::string(e.peer), std::string(e.cause), e.code});
}

/// Counts what it is told, in any thread.
class tally final : public observer {
 public:
  std::size_t counter(std::string_view name) {
    const std::lock_guard guard(lock_);
    return static_cast<std::size_t>(counters_[std::string(name)]);
  }
  std::size_t events(std::string_view name) {
    const std::lock_guard guard(lock_);
    return events_[std::string(name)];
  }
  std::size_t open_spans() {
    const std::lock_guard guard(lock_);
    return open_;
  }

 private:
  std::uint64_t span_started(time_point, std::string_view, attributes, std::uint64_t) noexcept override {
    const std::lock_guard guard(lock_);
    ++open_;
    return ++last_;
  }
  void span_ended(time_point, std::uint64_t, std::string_view, const failure*) noexcept override {
    const std::lock_guard guard(lock_);
    --open_;
  }
  void counted(std::string_view name, std::int64_t by) noexcept override {
    const std::lock_guard guard(lock_);
    counters_[std::string(name)] += by;
  }
  void happened(time_point, severity, std::string_view event, attributes) noexcept override {
    const std::lock_guard guard(lock_);
    ++events_[std::string(event)];
  }

  std::mutex lock_;
  std::map<std::string, std::int64_t> counters_;
  std::map<std::string, std::size_t> events_;
  std::uint64_t last_ = 0;
  std::size_t open_ = 0;
};

TEST(Serve, HandlesConnectionsSideBySide) {
  tally told;
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  const auto client = [&]() -> task<> {
    auto first = co_await tcp::connect(at);
    co_await first.write("one\n");
    EXPECT_EQ(co_await first.read_line(), "one");
    EXPECT_EQ(co_await ask(at, "two"), "two");  // while the first is still there
    co_await first.write("more\n");
    EXPECT_EQ(co_await first.read_line(), "more");
  };
  run(beside(serve(std::move(listener), echo, {.told = &told}), client));
  EXPECT_EQ(told.counter("server.accepted"), 2u);
  EXPECT_EQ(told.events("server.listening"), 1u);
  EXPECT_EQ(told.open_spans(), 0u);
}

TEST(Serve, IsAwaitedAndCanceledLikeAnyOperation) {
  const auto check = []() -> task<> {
    const auto r = co_await as_result(with_timeout(10ms, serve(tcp::listen(loopback), echo)));
    EXPECT_EQ(r.error(), condition::timeout);
    EXPECT_EQ(r.error().operation(), "serve");
  };
  run(check());
}

TEST(Serve, StartsNothingInATaskThatIsCanceled) {
  tally told;
  const auto check = [&]() -> task<> {
    const auto r = co_await as_result(with_timeout(0s, serve(tcp::listen(loopback), echo, {.told = &told})));
    EXPECT_FALSE(r);
  };
  run(check());
  EXPECT_EQ(told.events("server.listening"), 0u);
}

TEST(Serve, AHandlerThatThrowsEndsItsConnectionAndNothingElse) {
  noted().clear();
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  const auto moody = [](tcp::stream peer) -> task<> {
    const std::string line = co_await peer.read_line({.limit = 100});
    if (line == "throw") throw std::runtime_error("a mood");
    if (line == "throw a number") throw 5;
    co_await peer.write(line, "\n");
    (void)co_await peer.read_line();
  };
  endpoint third;
  const auto client = [&]() -> task<> {
    EXPECT_EQ(co_await ask(at, "throw\n"), "");
    EXPECT_EQ(co_await ask(at, "throw a number\n"), "");
    auto peer = co_await tcp::connect(at);
    third = peer.local_endpoint();
    co_await peer.write("fine\n");
    EXPECT_EQ(co_await peer.read_line(), "fine");
    co_await peer.shutdown();
    EXPECT_EQ(co_await peer.read_all(), "");
    EXPECT_EQ(co_await ask(at, std::string(200, 'x')), "");
  };
  run(beside(serve(std::move(listener), moody, {.on_error = note_error}), client));
  ASSERT_EQ(noted().size(), 4u);
  EXPECT_EQ(noted()[0].operation, "handle");
  EXPECT_EQ(noted()[0].cause, "a mood");
  EXPECT_FALSE(noted()[0].code);
  EXPECT_EQ(noted()[1].cause, "what was thrown is no std::exception");
  EXPECT_EQ(noted()[2].operation, "read a line from");
  EXPECT_EQ(noted()[2].peer, third.to_string());
  EXPECT_EQ(noted()[2].code, condition::eof);
  EXPECT_EQ(noted()[3].code, condition::limit_exceeded);
}

TEST(Serve, AHandlerThatThrowsEndsItsConnectionAndNothingElseInThreads) {
  tally told;
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  const auto moody = [](tcp::stream peer) -> task<> {
    const std::string line = co_await peer.read_line();
    if (line == "throw") throw std::runtime_error("a mood");
    co_await peer.write(line);
  };
  const auto client = [&]() -> task<> {
    for (int i = 0; i < 30; ++i) {
      EXPECT_EQ(co_await ask(at, "throw\n"), "");
      EXPECT_EQ(co_await ask(at, "fine\n"), "fine");
    }
  };
  run(beside(serve(std::move(listener), moody, {.mode = serve_mode::threads, .workers = 3, .told = &told}),
             client));
  EXPECT_EQ(told.counter("server.failed"), 30u);
  EXPECT_EQ(told.counter("server.accepted"), 60u);
}

TEST(Serve, AHandlerThatThrowsBeforeItGivesATaskIsOneThatThrows) {
  noted().clear();
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  const auto refuses = [](tcp::stream) -> task<> { throw std::runtime_error("no task"); };
  const auto client = [&]() -> task<> { EXPECT_EQ(co_await ask(at, ""), ""); };
  run(beside(
      serve(std::move(listener), std::function<task<>(tcp::stream)>(refuses), {.on_error = note_error}),
      client));
  ASSERT_EQ(noted().size(), 1u);
  EXPECT_EQ(noted()[0].cause, "no task");
}

TEST(Serve, KeepsToItsLimitAndServesTheOthersLater) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  std::size_t now = 0;
  std::size_t most = 0;
  const auto counted = [&](tcp::stream peer) -> task<> {
    most = std::max(most, ++now);
    co_await sleep_for(1ms);
    const std::string all = co_await peer.read_all();
    co_await peer.write(all);
    --now;
  };
  const auto client = [&]() -> task<> {
    std::vector<task<std::string>> all;
    for (int i = 0; i < 40; ++i) all.push_back(ask(at, "x"));
    for (const std::string& each : co_await when_all(std::move(all))) EXPECT_EQ(each, "x");
  };
  run(beside(serve(std::move(listener), counted, {.max_connections = 3}), client));
  EXPECT_EQ(most, 3u);
  EXPECT_EQ(now, 0u);
}

TEST(Serve, RefusesTooManyConnectionsOfOneAddress) {
  tally told;
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  const auto client = [&]() -> task<> {
    auto first = co_await tcp::connect(at);
    auto second = co_await tcp::connect(at);
    co_await first.write("1\n");
    co_await second.write("2\n");
    EXPECT_EQ(co_await first.read_line(), "1");
    EXPECT_EQ(co_await second.read_line(), "2");
    auto third = co_await tcp::connect(at);
    std::array<char, 1> byte;
    const auto got = co_await as_result(third.read_some(byte));
    EXPECT_TRUE(!got || *got == 0);
    first.close();
    for (bool served = false; !served;) {  // as soon as the server has seen that end
      auto again = co_await tcp::connect(at);
      (void)co_await as_result(again.write("3\n"));
      served = (co_await as_result(again.read_line())).has_value();
    }
    EXPECT_EQ(co_await ask(endpoint(ip_address::loopback_v4(), at.port()), ""), "");
  };
  run(beside(serve(std::move(listener), echo, {.max_per_address = 2, .told = &told}), client));
  EXPECT_GE(told.counter("server.refused"), 1u);
}

TEST(Serve, EndsConnectionsThatAreIdleOrTakeTooLong) {
  noted().clear();
  tcp::listener listener = tcp::listen(loopback);
  tcp::listener other = tcp::listen(loopback);
  const endpoint idle_at = listener.local_endpoint();
  const endpoint slow_at = other.local_endpoint();
  const auto never_ends = [](tcp::stream) -> task<> { co_await sleep_for(1h); };
  const auto client = [&]() -> task<> {
    auto idle = co_await tcp::connect(idle_at);
    EXPECT_EQ(co_await idle.read_all(), "");
    auto slow = co_await tcp::connect(slow_at);
    EXPECT_EQ(co_await slow.read_all(), "");
  };
  const auto both = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      group.spawn(serve(std::move(listener), echo, {.idle_timeout = 20ms, .on_error = note_error}));
      group.spawn(serve(std::move(other), never_ends, {.connection_timeout = 20ms, .on_error = note_error}));
      co_await client();
      group.cancel();
    });
  };
  run(both());
  ASSERT_EQ(noted().size(), 2u);
  EXPECT_EQ(noted()[0].operation, "read from");
  EXPECT_EQ(noted()[0].code, condition::timeout);
  EXPECT_EQ(noted()[1].operation, "sleep");
  EXPECT_EQ(noted()[1].code, condition::timeout);
}

TEST(Serve, DrainsWhenItIsStopped) {
  tally told;
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  std::optional<tcp::stream> busy;
  event stopped;
  const auto handler = [&](tcp::stream peer, serving& server) -> task<> {
    co_await peer.write("hello\n");
    co_await server.drain();
    EXPECT_TRUE(server.draining());
    EXPECT_EQ(server.connections(), 1u);
    stopped.set();
    co_await peer.write(co_await peer.read_line(), "\n");
  };
  const auto server = [&](tcp::listener from) -> task<> {
    const auto r = co_await as_result(serve(std::move(from), handler, {.told = &told}));
    EXPECT_EQ(r.error(), condition::canceled);
  };
  const auto all = [&]() -> task<> {
    co_await with_group([&](task_group& outer) -> task<> {
      co_await with_group([&](task_group& group) -> task<> {
        group.spawn(server(std::move(listener)));
        busy.emplace(co_await tcp::connect(at));
        EXPECT_EQ(co_await busy->read_line(), "hello");
        outer.spawn([](tcp::stream& peer, event& go, endpoint where) -> task<> {
          co_await go.wait();
          const auto late = co_await as_result(tcp::connect(where));
          EXPECT_EQ(late.code(), std::errc::connection_refused);
          co_await peer.write("last words\n");
          EXPECT_EQ(co_await peer.read_line(), "last words");
        }(*busy, stopped, at));
        group.cancel();
      });
    });
  };
  run(all());
  EXPECT_EQ(told.events("server.draining"), 1u);
  EXPECT_EQ(told.events("server.cut"), 0u);
}

TEST(Serve, CutsThoseWhoDoNotEndInTime) {
  noted().clear();
  tally told;
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  std::optional<tcp::stream> stays;
  const auto client = [&]() -> task<> {
    stays.emplace(co_await tcp::connect(at));
    co_await stays->write("x\n");
    EXPECT_EQ(co_await stays->read_line(), "x");
  };
  run(beside(serve(std::move(listener), echo, {.drain_timeout = 20ms, .on_error = note_error, .told = &told}),
             client));
  EXPECT_EQ(told.events("server.cut"), 1u);
  EXPECT_TRUE(noted().empty()) << "that the server ended is no error of the handler";
  // Where a socket cannot be untied from its loop (Windows before 8.1, Wine), it was closed with that.
  if (stays->native_handle() == static_cast<native_socket>(-1))
    GTEST_SKIP() << "the client ended with its loop";
  EXPECT_EQ(run(stays->read_all()), "");
}

/// Connections that wait in the backlog, more than are accepted in one turn of the loop.
std::vector<tcp::stream> connect_many(endpoint at) {
  std::vector<tcp::stream> waiting;
  const auto all = [&]() -> task<> {
    for (int i = 0; i < 300; ++i) {
      waiting.push_back(co_await tcp::connect(at));
      co_await waiting.back().write("served\n");
      co_await waiting.back().shutdown();
    }
  };
  run(all());
  return waiting;
}

/// Stops a server when it handles its first connection, with many in the backlog: all are served.
template <class Listener>
void serves_the_backlog(Listener listener, serve_options options) {
  tally told;
  options.told = &told;
  std::vector<tcp::stream> waiting = connect_many(listener.local_endpoint());
  std::atomic<bool> came = false;
  const auto handler = [&](tcp::stream peer) -> task<> {
    came = true;
    co_await echo(std::move(peer));
  };
  const auto until_one_came = [&]() -> task<> {
    while (!came) co_await yield();
  };
  run(beside(serve(std::move(listener), handler, options), until_one_came));
  EXPECT_EQ(told.counter("server.accepted"), 300u);
  for (tcp::stream& each : waiting) EXPECT_EQ(run(each.read_all()), "served\n");
}

TEST(Serve, ServesThoseWhoConnectedBeforeItWasStopped) {
  serves_the_backlog(tcp::listen(loopback), {});
}

TEST(Serve, AListenerThatFailsEndsTheServer) {
  noted().clear();
  tcp::listener listener = tcp::listen(loopback);
  listener.close();
  const auto check = [&]() -> task<> {
    const auto r = co_await as_result(serve(std::move(listener), echo, {.on_error = note_error}));
    EXPECT_EQ(r.code(), errc::closed);
    EXPECT_EQ(r.error().operation(), "accept on");
  };
  run(check());
  EXPECT_EQ(noted().size(), 1u);
}

TEST(Serve, ProcessesWantToBeGivenToRun) {
  const auto check = []() -> task<> {
    const auto r = co_await as_result(serve(tcp::listen(loopback), echo, {.mode = serve_mode::processes}));
    EXPECT_EQ(r.error(), condition::misuse);
  };
  run(check());
}

TEST(Serve, AWriterWaitsForAPeerThatReadsSlowly) {
  tcp::listener listener = tcp::listen(loopback, {.options = {option::send_buffer(16 * 1024)}});
  const endpoint at = listener.local_endpoint();
  std::size_t written = 0;
  constexpr std::size_t pieces = 400;
  const std::string piece(16 * 1024, 'x');
  const auto pours = [&](tcp::stream peer) -> task<> {
    for (std::size_t i = 0; i < pieces; ++i) {
      co_await peer.write(piece);
      ++written;
    }
  };
  const auto client = [&]() -> task<> {
    auto peer = co_await tcp::connect(at);
    co_await sleep_for(50ms);
    EXPECT_LT(written, pieces) << "6 MB were taken that nobody read";
    EXPECT_EQ((co_await peer.read_all()).size(), pieces * piece.size());
  };
  run(beside(serve(std::move(listener), pours), client));
  EXPECT_EQ(written, pieces);
}

/// A listener whose first attempts fail as they do when the process has no descriptors left.
class starved_listener {
 public:
  starved_listener(tcp::listener below, int attempts) : below_(std::move(below)), attempts_(attempts) {}
  [[nodiscard]] task<tcp::stream> accept() {
    if (attempts_-- > 0) {
      throw error(failure(std::make_error_code(std::errc::too_many_files_open)).during("accept on"));
    }
    co_return co_await below_.accept();
  }
  void close() noexcept { below_.close(); }
  [[nodiscard]] std::string socket_name() const { return below_.socket_name(); }

 private:
  tcp::listener below_;
  int attempts_;
};

TEST(Serve, PausesLongerAndLongerWhileItCannotAccept) {
  noted().clear();
  virtual_clock clock;
  duration until_served{};
  tcp::listener listener = tcp::listen(loopback);
  tcp::stream waits = run(tcp::connect(listener.local_endpoint()));
  const auto until_handled = [&]() -> task<> {
    event handled;
    const auto handler = [&](tcp::stream) -> task<> {
      until_served = clock.elapsed();
      handled.set();
      co_return;
    };
    co_await with_group([&](task_group& group) -> task<> {
      group.spawn(serve(starved_listener(std::move(listener), 10), handler, {.on_error = note_error}));
      co_await handled.wait();
      group.cancel();
    });
  };
  run(until_handled(), {.clock = &clock});
  EXPECT_EQ(noted().size(), 10u);
  EXPECT_EQ(until_served, 10ms + 20ms + 40ms + 80ms + 160ms + 320ms + 640ms + 3 * 1s);
}

#ifndef _WIN32

/// So many more descriptors than are open are allowed while it lives.
class few_descriptors {
 public:
  explicit few_descriptors(rlim_t more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlim_t end = 0;
    for (; more > 0; ++end) more -= ::fcntl(static_cast<int>(end), F_GETFD) < 0 ? 1 : 0;
    const rlimit few{end, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// UndefinedBehaviorSanitizer needs a descriptor to look at a class that it has not seen: shows it those of
/// an error and of a pause, while there are some. Those of a server have to be shown as well.
void show_an_error_and_a_pause() {
  EXPECT_NE(run(as_result(tcp::connect(loopback))).error(), condition::canceled);
  event never;
  EXPECT_EQ(run(as_result(with_timeout(1ms, never.wait()))).error(), condition::timeout);
}

TEST(Serve, WithoutDescriptorsItPausesAndLosesNobody) {
  std::size_t served = 0;
  const auto handler = [&](tcp::stream peer) -> task<> {
    co_await sleep_for(2ms);
    const std::string all = co_await peer.read_all();
    co_await peer.write(all);
    ++served;
  };
  endpoint at;
  const auto serve_40_with = [&](rlim_t descriptors_left) {
    noted().clear();
    served = 0;
    tcp::listener listener = tcp::listen(loopback);
    at = listener.local_endpoint();
    std::vector<tcp::stream> clients;
    const auto connect_many = [&]() -> task<> {
      for (int i = 0; i < 40; ++i) clients.push_back(co_await tcp::connect(at));
      for (tcp::stream& each : clients) {
        co_await each.write("hello");
        co_await each.shutdown();
      }
    };
    run(connect_many());
    const auto client = [&]() -> task<> {
      const few_descriptors limit(descriptors_left);
      for (tcp::stream& each : clients) EXPECT_EQ(co_await each.read_all(), "hello");
    };
    run(beside(serve(std::move(listener), handler, {.on_error = note_error}), client));
    EXPECT_EQ(served, 40u);
  };
  serve_40_with(200);
  EXPECT_TRUE(noted().empty());
  show_an_error_and_a_pause();
  serve_40_with(6);
  ASSERT_FALSE(noted().empty());
  EXPECT_EQ(noted()[0].operation, "accept on");
  EXPECT_EQ(noted()[0].peer, at.to_string());
  EXPECT_EQ(noted()[0].code, std::errc::too_many_files_open);
}

TEST(Serve, WithoutDescriptorsItPausesAndLosesNobodyInThreads) {
  tally told;
  std::atomic<std::size_t> served = 0;
  const auto handler = [&](tcp::stream peer) -> task<> {
    co_await sleep_for(2ms);
    const std::string all = co_await peer.read_all();
    co_await peer.write(all);
    ++served;
  };
  const auto serve_40_with = [&](rlim_t descriptors_left) {
    tcp::listener listener = tcp::listen(loopback);
    const endpoint at = listener.local_endpoint();
    // A client waits until the server's threads have their loops, which take descriptors themselves.
    const auto client = [&]() -> task<> {
      EXPECT_EQ(co_await ask(at, "first"), "first");
      std::vector<tcp::stream> clients;
      for (int i = 0; i < 40; ++i) clients.push_back(co_await tcp::connect(at));
      const few_descriptors limit(descriptors_left);
      for (tcp::stream& each : clients) {
        co_await each.write("hello");
        co_await each.shutdown();
      }
      for (tcp::stream& each : clients) EXPECT_EQ(co_await each.read_all(), "hello");
    };
    run(beside(
        serve(std::move(listener), handler, {.mode = serve_mode::threads, .workers = 3, .told = &told}),
        client));
  };
  serve_40_with(200);
  EXPECT_EQ(served, 41u);
  show_an_error_and_a_pause();
  served = 0;
  serve_40_with(3);
  EXPECT_EQ(served, 41u);
}

/// A thousand clients in the middle of an exchange when SIGTERM comes.
void stop_by_signal_amid_a_thousand(serve_options options) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  std::atomic<std::size_t> began = 0;
  std::atomic<std::size_t> ended = 0;
  constexpr std::size_t clients = 1000;
  const auto handler = [&](tcp::stream peer, serving& server) -> task<> {
    EXPECT_EQ(co_await peer.read_line(), "begin");
    if (++began == clients) ::kill(::getpid(), SIGTERM);
    co_await server.drain();  // all of them are at this point when the signal comes
    co_await peer.write("end\n");
    ++ended;
  };
  std::size_t answered = 0;
  std::thread others([&] {
    const auto one = [&]() -> task<> {
      auto peer = co_await tcp::connect(at);
      co_await peer.write("begin\n");
      if (co_await peer.read_line() == "end") ++answered;
    };
    const auto all = [&]() -> task<> {
      co_await with_group([&](task_group& group) -> task<> {
        for (std::size_t i = 0; i < clients; ++i) group.spawn(one());
        co_return;
      });
    };
    run(all(), {.handle_signals = false});
  });
  EXPECT_EQ(run(serve(std::move(listener), handler, options)), 0);
  others.join();
  EXPECT_EQ(began, clients);
  EXPECT_EQ(ended, clients);
  EXPECT_EQ(answered, clients);
}

TEST(Serve, ASignalAmidAThousandConnectionsDrainsThem) {
  stop_by_signal_amid_a_thousand({});
}

TEST(Serve, ASignalAmidAThousandConnectionsDrainsThemInEveryThread) {
  stop_by_signal_amid_a_thousand({.mode = serve_mode::threads, .workers = 3});
}

#endif

/// How many threads handled `connections` connections that are open at the same time.
template <class Listener>
std::size_t threads_that_serve(Listener listener, std::size_t connections) {
  const endpoint at = listener.local_endpoint();
  std::mutex lock;
  std::set<std::thread::id> threads;
  const auto handler = [&](tcp::stream peer) -> task<> {
    {
      const std::lock_guard guard(lock);
      threads.insert(std::this_thread::get_id());
    }
    const auto here = std::this_thread::get_id();
    std::array<std::byte, 64> buffer;
    while (const std::size_t n = co_await peer.read_some(buffer)) {
      EXPECT_EQ(std::this_thread::get_id(), here);
      co_await peer.write(std::span(buffer).first(n));
    }
  };
  const auto client = [&]() -> task<> {
    std::vector<tcp::stream> peers;
    for (std::size_t i = 0; i < connections; ++i) peers.push_back(co_await tcp::connect(at));
    for (int round = 0; round < 3; ++round) {
      for (tcp::stream& each : peers) co_await each.write("hello\n");
      for (tcp::stream& each : peers) EXPECT_EQ(co_await each.read_line(), "hello");
    }
  };
  run(beside(serve(std::move(listener), handler, {.mode = serve_mode::threads, .workers = 3}), client));
  return threads.size();
}

TEST(Serve, ThreadsShareConnectionsOutByTheSystem) {
  EXPECT_EQ(threads_that_serve(tcp::listen(loopback), 96), 3u);
}

/// A listener that the system does not share out.
class lone_listener {
 public:
  explicit lone_listener(tcp::listener below) : below_(std::move(below)) {}
  [[nodiscard]] auto accept() noexcept { return below_.accept(); }
  void close() noexcept { below_.close(); }
  [[nodiscard]] std::string socket_name() const { return below_.socket_name(); }
  [[nodiscard]] endpoint local_endpoint() const { return below_.local_endpoint(); }

 private:
  tcp::listener below_;
};

TEST(Serve, ThreadsAreHandedConnectionsWhereTheSystemDoesNotShareThemOut) {
  EXPECT_EQ(threads_that_serve(lone_listener(tcp::listen(loopback)), 30), 3u);
}

TEST(Serve, HandedOnConnectionsAreServedWhenTheServerStops) {
  serves_the_backlog(lone_listener(tcp::listen(loopback)), {.mode = serve_mode::threads, .workers = 4});
}

TEST(Serve, TheLimitHoldsForAllThreadsTogether) {
  for (const bool lone : {false, true}) {
    tcp::listener listener = tcp::listen(loopback);
    const endpoint at = listener.local_endpoint();
    std::atomic<std::size_t> now = 0;
    std::atomic<std::size_t> most = 0;
    const auto counted = [&](tcp::stream peer) -> task<> {
      const std::size_t reached = ++now;
      for (std::size_t seen = most; seen < reached && !most.compare_exchange_weak(seen, reached);) continue;
      co_await sleep_for(1ms);
      const std::string all = co_await peer.read_all();
      --now;
      co_await peer.write(all);
    };
    const auto client = [&]() -> task<> {
      std::vector<task<std::string>> all;
      for (int i = 0; i < 60; ++i) all.push_back(ask(at, "x"));
      for (const std::string& each : co_await when_all(std::move(all))) EXPECT_EQ(each, "x");
    };
    const serve_options options{.mode = serve_mode::threads, .workers = 3, .max_connections = 4};
    if (lone) {
      run(beside(serve(lone_listener(std::move(listener)), counted, options), client));
    } else {
      run(beside(serve(std::move(listener), counted, options), client));
    }
    EXPECT_LE(most, 4u);
    EXPECT_GE(most, 2u);
  }
}

TEST(Serve, ASecondServerOnThePortIsRefused) {
  tcp::listener listener = tcp::listen(loopback);
  const endpoint at = listener.local_endpoint();
  const auto client = [&]() -> task<> {
    EXPECT_EQ(co_await ask(at, "x"), "x");
    try {
      (void)tcp::listen(at);
      ADD_FAILURE() << "the port was given twice";
    } catch (const error& e) {
      EXPECT_EQ(e.code(), std::errc::address_in_use);
    }
  };
  run(beside(serve(std::move(listener), echo, {.mode = serve_mode::threads, .workers = 2}), client));
}

}  // namespace
}  // namespace tidewire
