/// @file
/// Operations of a task that is canceled: before it starts them, or while they wait.
#pragma once

#include <tidewire/core/executor.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/timeout.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace tidewire::testing {

/// What `make()`, an operation, gives a task that was canceled before it starts it.
template <class Make>
[[nodiscard]] auto outcome_if_canceled_before(Make make)
    -> task<result<awaited_t<decltype(std::declval<Make&>()())>>> {
  std::optional<result<awaited_t<decltype(make())>>> outcome;
  const auto body = [&]() -> task<> { outcome = co_await as_result(make()); };
  // The time is over before the body starts.
  (void)co_await as_result(with_timeout(duration::zero(), body()));
  co_return std::move(*outcome);
}

/// What `make()`, an operation that waits, gives a task that is canceled while it does. Takes a
/// millisecond.
template <class Make>
[[nodiscard]] auto outcome_if_canceled_midway(Make make)
    -> task<result<awaited_t<decltype(std::declval<Make&>()())>>> {
  std::optional<result<awaited_t<decltype(make())>>> outcome;
  const auto body = [&]() -> task<> { outcome = co_await as_result(make()); };
  (void)co_await as_result(with_timeout(std::chrono::milliseconds(1), body()));
  co_return std::move(*outcome);
}

}  // namespace tidewire::testing
