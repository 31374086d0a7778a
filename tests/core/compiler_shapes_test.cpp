// The shapes of a co_await expression that every compiler we support gets right, with operations of the
// library: run under AddressSanitizer. GCC 12.2 gets others wrong; they are named below, and the interface is
// made so that nobody needs them: option structs hold nothing that owns memory, what owns memory is a class
// with a constructor.
//
// Do not write, inside of the full expression of a co_await:
//   - a temporary aggregate with a member that owns memory, even as a defaulted argument (freed twice):
//       struct options { std::string name; };   co_await f(options{"a"});   co_await f({.name = "a"});
//   - a temporary lambda that captures by value what owns memory (freed twice):
//       co_await offload([copy = text] { return copy.size(); });
//   - an initializer_list (does not compile):
//       co_await f({"a", "b"});                 co_await f({.headers = {{"a", "b"}}});
//   - a co_await inside of ?: or of a comma expression (frees what is not there):
//       const auto x = yes ? co_await a() : co_await b();
// Name the options, the lambda or the list before, and co_await what uses the name.
#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

// Long enough to be on the heap, so that a double free is one.
const std::string heap_text(100, 'x');

task<std::string> text(std::string value) {
  co_await yield();
  co_return value;
}
task<std::size_t> length(std::string value) {
  co_await yield();
  co_return value.size();
}
task<int> number(int n) {
  co_await yield();
  co_return n;
}

class owner {
 public:
  explicit owner(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};
task<std::size_t> by_value(owner who) {
  co_await yield();
  co_return who.name().size();
}
task<std::size_t> by_optional(std::optional<std::string> value) {
  co_await yield();
  co_return value ? value->size() : 0;
}
task<std::size_t> by_pair(std::pair<std::string, std::string> value) {
  co_await yield();
  co_return value.first.size() + value.second.size();
}
task<std::size_t> by_vector(std::vector<std::string> value) {
  co_await yield();
  co_return value.size();
}
task<std::size_t> by_pointer(std::unique_ptr<std::string> value) {
  co_await yield();
  co_return value->size();
}

struct trivial_options {
  duration timeout = 1s;
  std::string_view name = "none";
  int times = 1;
};
task<std::string> with_options_coroutine(std::string name, int times) {
  co_await yield();
  std::string all;
  for (int i = 0; i < times; ++i) all += name;
  co_return all;
}
// As the library's operations are: a plain function that copies what it was shown.
task<std::string> with_options(trivial_options options = {}) {
  return with_options_coroutine(std::string(options.name), options.times);
}

TEST(CompilerShapes, TemporariesThatOwnMemory) {
  const auto check = []() -> task<> {
    EXPECT_EQ(co_await length(std::string(100, 'a')), 100u);
    EXPECT_EQ(co_await length(heap_text + heap_text), 200u);
    EXPECT_EQ(co_await by_value(owner(heap_text)), 100u);
    EXPECT_EQ(co_await by_optional(heap_text), 100u);
    EXPECT_EQ(co_await by_optional(std::optional<std::string>(heap_text)), 100u);
    EXPECT_EQ(co_await by_optional(std::nullopt), 0u);
    EXPECT_EQ(co_await by_pair(std::pair(heap_text, heap_text)), 200u);
    EXPECT_EQ(co_await by_vector(std::vector<std::string>(3, heap_text)), 3u);
    EXPECT_EQ(co_await by_pointer(std::make_unique<std::string>(heap_text)), 100u);
    EXPECT_EQ(co_await with_timeout(1h, length(std::string(heap_text))), 100u);
  };
  run(check());
}

TEST(CompilerShapes, OptionsOfTrivialMembers) {
  const auto check = []() -> task<> {
    EXPECT_EQ(co_await with_options(), "none");
    EXPECT_EQ(co_await with_options({}), "none");
    EXPECT_EQ(co_await with_options({.name = heap_text, .times = 2}), heap_text + heap_text);
    EXPECT_EQ(co_await with_options({.timeout = 5s, .name = "x"}), "x");
    const trivial_options named{.times = 3};
    EXPECT_EQ(co_await with_options(named), "nonenonenone");
  };
  run(check());
}

TEST(CompilerShapes, TasksWithinTasks) {
  const auto check = []() -> task<> {
    EXPECT_EQ(co_await length(co_await text(heap_text)), 100u);
    EXPECT_EQ(co_await length(co_await text(co_await text(heap_text))), 100u);
    EXPECT_EQ((co_await text(heap_text)).size(), 100u);
    EXPECT_EQ(co_await number(1) + co_await number(2), 3);
    EXPECT_EQ(co_await with_timeout(1h, with_timeout(2h, text(heap_text))), heap_text);
    EXPECT_EQ((co_await as_result(text(heap_text))).value(), heap_text);
    EXPECT_EQ(*co_await as_result(with_timeout(1h, text(heap_text))), heap_text);
    int sum = 0;
    sum += co_await number(4);
    sum -= co_await number(co_await number(3));
    EXPECT_EQ(sum, 1);
  };
  run(check());
}

TEST(CompilerShapes, SeveralAtOnce) {
  const auto check = []() -> task<> {
    const auto [a, b] = co_await when_all(text(heap_text), text(heap_text + "b"));
    EXPECT_EQ(a + "b", b);
    const auto first = co_await when_any(text(heap_text), when_all(text(heap_text), sleep_for(1h)));
    EXPECT_EQ(std::get<0>(first), heap_text);
    std::vector<task<std::string>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(text(heap_text));
    for (const std::string& each : co_await when_all(std::move(tasks))) EXPECT_EQ(each, heap_text);
    co_await when_all(when_all(sleep_for(0s), sleep_for(0s)), with_timeout(1h, yield()));
  };
  run(check());
}

TEST(CompilerShapes, ConditionsAndLoops) {
  const auto check = []() -> task<> {
    channel<std::string> c(4);
    for (int i = 0; i < 4; ++i) co_await c.send(heap_text + std::to_string(i));
    c.close();
    int received = 0;
    while (const auto value = co_await c.receive()) EXPECT_EQ(*value, heap_text + std::to_string(received++));
    EXPECT_EQ(received, 4);
    if (const auto r = co_await as_result(c.send(heap_text)); !r) {
      EXPECT_EQ(r.code(), errc::closed);
    } else {
      ADD_FAILURE();
    }
    if (!co_await is_canceled() && co_await number(1) == 1 && (co_await text(heap_text)).size() == 100)
      ++received;
    switch (co_await number(7)) {
      case 7: ++received; break;
      default: break;
    }
    for (int i = co_await number(0); i < co_await number(3); ++i) ++received;
    EXPECT_EQ(received, 9);
  };
  run(check());
}

TEST(CompilerShapes, LambdasThatCaptureByReferenceOrTrivially) {
  const auto check = []() -> task<> {
    int calls = 0;
    std::string name = heap_text;
    EXPECT_EQ(co_await offload([&] { return name.size(); }), 100u);
    EXPECT_EQ(co_await offload([&name] { return name + name; }, {.start_within = 1h}), heap_text + heap_text);
    EXPECT_EQ(co_await retry({.attempts = 2}, [&] { return text(name); }), heap_text);
    EXPECT_EQ(co_await retry(
                  {}, [&, seven = 7] { return number(seven + calls++); }, [&](const retry_notice&) {}),
              7);
    EXPECT_EQ(co_await with_group([&](task_group& group) -> task<std::string> {
                group.spawn([](int& to) -> task<> {
                  co_await yield();
                  ++to;
                }(calls));
                co_return co_await text(name);
              }),
              heap_text);
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(co_await [&]() -> task<std::string> { co_return co_await text(name); }(), heap_text);
  };
  run(check());
}

TEST(CompilerShapes, NamedLambdasThatOwnWhatTheyCapture) {
  const auto check = []() -> task<> {
    const auto copies = [name = heap_text] { return name.size(); };
    EXPECT_EQ(co_await offload(copies), 100u);
    auto moves = [held = std::make_unique<std::string>(heap_text)] { return held->size(); };
    EXPECT_EQ(co_await offload(std::move(moves)), 100u);
    const auto makes = [name = heap_text] { return text(name); };
    EXPECT_EQ(co_await retry({}, makes), heap_text);
    const auto body = [name = heap_text](task_group&) -> task<std::string> { co_return co_await text(name); };
    EXPECT_EQ(co_await with_group(body), heap_text);
  };
  run(check());
}

TEST(CompilerShapes, OperationsThatAreNamedFirst) {
  const auto check = []() -> task<> {
    auto one = text(heap_text);
    EXPECT_EQ(co_await std::move(one), heap_text);
    auto all = when_all(text(heap_text), number(2));
    const auto [name, two] = co_await std::move(all);
    EXPECT_EQ(name, heap_text);
    auto bounded = with_timeout(1h, text(heap_text));
    EXPECT_EQ(co_await std::move(bounded), heap_text);
    channel<std::string> c(1);
    auto sends = c.send(heap_text);
    co_await std::move(sends);
    auto receives = c.receive();
    EXPECT_EQ(co_await std::move(receives), heap_text);
    auto off = offload([] { return 1; });
    EXPECT_EQ(co_await std::move(off), 1);
  };
  run(check());
}

TEST(CompilerShapes, OperationsThatAreDroppedUnawaited) {
  const auto check = []() -> task<> {
    channel<std::string> c(1);
    mailbox<std::string> box(1);
    {
      auto sends = c.send(heap_text);
      auto posts = box.sender().post(heap_text);
      auto all = when_all(text(heap_text), number(2));
      auto any = when_any(text(heap_text), number(2));
      const auto holds = [name = heap_text] { return name.size(); };
      auto off = offload(holds);
      auto bounded = with_timeout(1h, text(heap_text));
    }
    EXPECT_EQ(c.size(), 0u);
    EXPECT_EQ(box.size(), 0u);
    co_return;
  };
  run(check());
}

TEST(CompilerShapes, ExceptionsOutOfTheMiddleOfAnExpression) {
  const auto throws = [](std::string why) -> task<std::string> {
    co_await yield();
    throw std::runtime_error(why);
  };
  const auto check = [&]() -> task<> {
    try {
      (void)co_await length(heap_text + co_await throws(heap_text));
      ADD_FAILURE();
    } catch (const std::runtime_error& e) {
      EXPECT_EQ(e.what(), heap_text);
    }
    try {
      (void)co_await when_all(text(heap_text), throws(heap_text));
      ADD_FAILURE();
    } catch (const std::runtime_error& e) {
      EXPECT_EQ(e.what(), heap_text);
    }
    std::string caught;
    try {
      caught = co_await with_timeout(1h, throws(heap_text));
    } catch (const std::runtime_error& e) {
      caught = e.what();
    }
    EXPECT_EQ(caught, heap_text);
  };
  run(check());
}

TEST(CompilerShapes, GuardsThatLiveAcrossWaits) {
  const auto check = []() -> task<> {
    semaphore s(1);
    mutex m;
    {
      const auto permit = co_await s.acquire();
      const auto guard = co_await m.lock();
      EXPECT_EQ(co_await length(heap_text), 100u);
      EXPECT_TRUE(m.locked());
    }
    EXPECT_FALSE(m.locked());
    (void)co_await s.acquire();
    EXPECT_EQ(s.available(), 1u);
    if (auto guard = co_await m.lock(); guard.owns_lock()) {
      EXPECT_EQ(co_await number(1), 1);
    }
    EXPECT_FALSE(m.locked());
  };
  run(check());
}

}  // namespace
}  // namespace tidewire
