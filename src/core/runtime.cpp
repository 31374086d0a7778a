#include <tidewire/core/runtime.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <optional>
#include <thread>

#include "asio_compat.hpp"
#include "loop_service.hpp"
#include "platform.hpp"

namespace tidewire {
namespace detail {

class runtime_loop final : private posted_call {
 public:
  runtime_loop() : home_(loop::of(&*context_)) {
    thread_ =
        platform::start_quiet_thread([](void* self) { static_cast<runtime_loop*>(self)->work(); }, this);
  }
  runtime_loop(const runtime_loop&) = delete;
  runtime_loop& operator=(const runtime_loop&) = delete;
  ~runtime_loop() { thread_.join(); }

  [[nodiscard]] loop& home() const noexcept { return home_; }
  /// From the thread that made it: the loop ends when its tasks have.
  void end() noexcept { home_.post(*this); }

 private:
  void work() noexcept {
    context_->run();
    context_.reset();  // here, where what it holds was used
  }
  // A task that is joined is canceled, or shielded, by the one that joins it.
  void call() noexcept override {
    {
      const loop::held hold(home_);
      for (chain* each = home_.first_chain(); each != nullptr; each = loop::next_chain(*each)) {
        if (each->joiner() == nullptr) each->cancel();
      }
    }
    busy_.reset();
  }

  std::optional<asio::io_context> context_{one_thread_hint};
  asio::executor_work_guard<asio::io_context::executor_type> busy_ = asio::make_work_guard(*context_);
  loop& home_;
  std::thread thread_;
};

}  // namespace detail

std::size_t usable_cores() noexcept {
  return std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

runtime::runtime(runtime_options options) {
  const std::size_t count = options.loops != 0 ? options.loops : usable_cores();
  loops_.reserve(count);
  try {
    while (loops_.size() < count) loops_.push_back(std::make_unique<detail::runtime_loop>());
  } catch (...) {
    for (const auto& each : loops_) each->end();
    throw;
  }
}

runtime::~runtime() {
  for (const auto& each : loops_) each->end();
}

executor runtime::operator[](std::size_t index) const noexcept {
  return executor(loops_[index]->home());
}

}  // namespace tidewire
