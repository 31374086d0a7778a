#include <tidewire/core/observer.hpp>
#include <tidewire/core/run.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidewire {
namespace {

using namespace std::chrono_literals;

std::string text(attributes all) {
  std::string written;
  for (const attribute& each : all) {
    written += " " + std::string(each.name()) + "=";
    if (const auto* number = std::get_if<std::int64_t>(&each.value())) written += std::to_string(*number);
    if (const auto* truth = std::get_if<bool>(&each.value())) written += *truth ? "true" : "false";
    if (const auto* words = std::get_if<std::string_view>(&each.value())) written += *words;
    if (const auto* real = std::get_if<double>(&each.value())) written += std::to_string(*real).substr(0, 3);
  }
  return written;
}

class notes final : public observer {
 public:
  std::vector<std::string> lines;

  std::uint64_t span_started(time_point at, std::string_view name, attributes what,
                             std::uint64_t parent) noexcept override {
    started_ = at;
    lines.push_back("started " + std::string(name) + text(what) + " in " + std::to_string(parent));
    return ++last_;
  }
  void span_ended(time_point at, std::uint64_t span, std::string_view name,
                  const failure* why) noexcept override {
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(at - started_).count();
    lines.push_back("ended " + std::to_string(span) + " " + std::string(name) + " after " +
                    std::to_string(took) + (why != nullptr ? " failed: " + why->message() : ""));
  }
  void counted(std::string_view counter, std::int64_t by) noexcept override {
    lines.push_back("counted " + std::string(counter) + " " + std::to_string(by));
  }
  void happened(time_point, severity how, std::string_view event, attributes what) noexcept override {
    lines.push_back("happened " + std::to_string(static_cast<int>(how)) + " " + std::string(event) +
                    text(what));
  }

 private:
  time_point started_;
  std::uint64_t last_ = 0;
};

TEST(Observer, SeesSpansWithTheirPartsByTheClockOfTheLoop) {
  virtual_clock clock;
  notes told;
  const auto check = [&]() -> task<> {
    const executor here = co_await this_executor();
    trace_span outer(&told, here, "outer", {{"peer", "10.0.0.1:80"}, {"attempt", 3u}});
    co_await sleep_for(5s);
    {
      trace_span inner(&told, here, "inner", {}, outer.number());
      co_await sleep_for(2s);
      inner.failed(failure(errc::closed).during("read"));
    }
  };
  run(check(), {.clock = &clock});
  EXPECT_EQ(told.lines, (std::vector<std::string>{
                            "started outer peer=10.0.0.1:80 attempt=3 in 0",
                            "started inner in 1",
                            "ended 2 inner after 2 failed: " + failure(errc::closed).during("read").message(),
                            "ended 1 outer after 2",
                        }));
}

TEST(Observer, NobodyIsToldNothing) {
  const auto check = []() -> task<> {
    const executor here = co_await this_executor();
    trace_span unobserved(nullptr, here, "unobserved", {{"peer", "x"}});
    EXPECT_EQ(unobserved.number(), 0u);
    unobserved.failed(failure(errc::closed));
  };
  run(check());
}

TEST(Observer, BelongsToALoop) {
  notes told;
  const auto check = [&]() -> task<> {
    const executor here = co_await this_executor();
    EXPECT_EQ(observer_of(here), nullptr);
    set_observer(here, &told);
    EXPECT_EQ(observer_of(here), &told);
    observer_of(here)->counted("bytes", -5);
    const std::array all = {attribute("text", "a"), attribute("truth", true), attribute("real", 1.5)};
    observer_of(here)->happened(here.now(), severity::warning, "went wrong", all);
    set_observer(here, nullptr);
    EXPECT_EQ(observer_of(here), nullptr);
  };
  run(check());
  EXPECT_EQ(told.lines, (std::vector<std::string>{"counted bytes -5",
                                                  "happened 2 went wrong text=a truth=true real=1.5"}));
}

TEST(Observer, OneThatOverridesNothingIsToldInVain) {
  observer silent;
  const auto check = [&]() -> task<> {
    const executor here = co_await this_executor();
    const trace_span watched(&silent, here, "watched");
    silent.counted("x", 1);
    silent.happened(here.now(), severity::error, "x", {});
    EXPECT_EQ(watched.number(), 0u);
  };
  run(check());
}

}  // namespace
}  // namespace tidewire
