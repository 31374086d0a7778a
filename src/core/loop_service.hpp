// The loop as a service of Asio's io_context: the seam between tidewire's scheduler and Asio's.
#pragma once

#include <tidewire/core/detail/loop.hpp>

#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace tidewire::detail {

class loop_service final : public asio::execution_context::service, public loop {
 public:
  using key_type = loop_service;
  static asio::execution_context::id id;

  explicit loop_service(asio::execution_context& context);

  [[nodiscard]] asio::io_context& context() noexcept { return context_; }

 private:
  void shutdown() noexcept override;
  void post_drain() noexcept override;
  void post_calls() noexcept override;
  void arm_system_timer(steady_time when) noexcept override;
  void rest(bool timer_is_set) noexcept override;

  asio::io_context& context_;
  asio::steady_timer timer_;
};

/// The `io_context` of a loop.
[[nodiscard]] inline asio::io_context& context_of(loop& home) noexcept {
  return *static_cast<asio::io_context*>(home.native());
}

}  // namespace tidewire::detail
