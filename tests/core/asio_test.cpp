#include <tidewire/asio.hpp>
#include <tidewire/core.hpp>

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/deferred.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <gtest/gtest.h>

#include <string>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

task<std::string> greeting() {
  co_await sleep_for(1ms);
  co_return "hello";
}
task<> breaks() {
  co_await sleep_for(1ms);
  throw error(errc::malformed, "broken");
}

TEST(Spawn, GivesTheValueToACallback) {
  asio::io_context context;
  std::string got;
  spawn(context, greeting(), [&](std::exception_ptr failed, std::string value) {
    EXPECT_FALSE(failed);
    got = value;
  });
  context.run();
  EXPECT_EQ(got, "hello");
}

TEST(Spawn, GivesTheExceptionToACallback) {
  asio::io_context context;
  bool threw = false;
  spawn(context, breaks(), [&](std::exception_ptr failed) { threw = static_cast<bool>(failed); });
  context.run();
  EXPECT_TRUE(threw);
}

TEST(Spawn, FulfilsAFuture) {
  asio::io_context context;
  auto value = spawn(context, greeting(), asio::use_future);
  context.run();
  EXPECT_EQ(value.get(), "hello");
}

TEST(Spawn, EndsWhenItsCancellationSlotIsEmitted) {
  asio::io_context context;
  asio::cancellation_signal stop;
  std::exception_ptr failed;
  const auto forever = []() -> task<> { co_await sleep_for(24h); };
  spawn(context, forever(),
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr e) { failed = e; }));
  context.poll();
  stop.emit(asio::cancellation_type::terminal);
  context.run();
  ASSERT_TRUE(failed);
  EXPECT_TRUE(detail::satisfies(failed, condition::canceled));
}

TEST(Spawn, UnfinishedTasksDieWithTheirContext) {
  auto witness = std::make_shared<int>(1);
  const auto forever = [](std::shared_ptr<int>) -> task<> { co_await sleep_for(24h); };
  {
    asio::io_context context;
    spawn(context, forever(witness), asio::detached);
    spawn(context, forever(witness), asio::detached);
    context.poll();
    spawn(context, forever(witness), asio::detached);  // never started
    EXPECT_GT(witness.use_count(), 1);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Spawn, AStreamAndAListenerSurviveAContextThatDiesWhileTasksWaitForThem) {
  tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
  const auto connect = [&]() -> task<tcp::stream> {
    auto client = co_await tcp::connect(listener.local_endpoint());
    co_await client.write("x");
    co_return client;
  };
  const auto accept = [&]() -> task<tcp::stream> { co_return co_await listener.accept(); };
  tcp::stream client = run(connect());
  tcp::stream server = run(accept());
  std::array<std::byte, 10> buffer;
  {
    asio::io_context context;
    const auto read = [&]() -> task<> { (void)co_await client.read_some(buffer); };
    const auto accept_more = [&]() -> task<> { (void)co_await listener.accept(); };
    spawn(context, read(), asio::detached);
    spawn(context, accept_more(), asio::detached);
    context.poll();
  }
  if (client.native_handle() == static_cast<native_socket>(-1)) {
    GTEST_SKIP() << "this system cannot untie a socket from a loop (Windows before 8.1, Wine)";
  }
  run(server.write("y"));
  EXPECT_EQ(run(client.read_some(buffer)), 1u);
  EXPECT_EQ(run(server.read_some(buffer)), 1u);
  tcp::stream again = run(connect());
  EXPECT_EQ(run(accept()).remote_endpoint(), again.local_endpoint());
}

TEST(Spawn, LeavesNoTimerBehindThatKeepsTheContextBusy) {
  asio::io_context context;
  const auto quick = []() -> task<> { (void)co_await as_result(with_timeout(1h, sleep_for(1ms))); };
  spawn(context, quick(), asio::detached);
  context.run();
  SUCCEED();
}

TEST(AsioAwaitable, AwaitsATask) {
  asio::io_context context;
  std::string got;
  asio::co_spawn(
      context, [&]() -> asio::awaitable<void> { got = co_await to_awaitable(greeting()); }, asio::detached);
  context.run();
  EXPECT_EQ(got, "hello");
}

TEST(AsioAwaitable, SeesTheExceptionOfATask) {
  asio::io_context context;
  bool caught = false;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        try {
          co_await to_awaitable(breaks());
        } catch (const error& e) {
          caught = e.detail() == "broken";
        }
      },
      asio::detached);
  context.run();
  EXPECT_TRUE(caught);
}

TEST(UseTask, AwaitsAnAsioOperationInATask) {
  const auto check = []() -> task<> {
    const executor here = co_await this_executor();
    asio::steady_timer timer(context_of(here), 1ms);
    co_await timer.async_wait(use_task);
  };
  run(check());
}

TEST(UseTask, ADeferredOperationNeedsNoToken) {
  const auto check = []() -> task<> {
    const executor here = co_await this_executor();
    asio::steady_timer timer(context_of(here), 1ms);
    auto operation = timer.async_wait(asio::experimental::deferred);
    co_await std::move(operation);
  };
  run(check());
}

TEST(UseTask, ThrowsTheErrorOfTheOperation) {
  const auto check = []() -> task<> {
    const executor here = co_await this_executor();
    asio::steady_timer timer(context_of(here), 1h);
    const auto wait = [&]() -> task<> { co_await timer.async_wait(use_task); };
    const auto r = co_await as_result(with_timeout(1ms, wait()));
    EXPECT_EQ(r.error(), condition::timeout);
  };
  run(check());
}

}  // namespace
}  // namespace tidewire
