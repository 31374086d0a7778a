#include <tidewire/core/run.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <csignal>
#include <string>

#include "asio_compat.hpp"
#include "loop_service.hpp"

namespace tidewire::detail {
namespace {

const char* signal_name(int number) noexcept {
  switch (number) {
    case SIGINT: return "SIGINT";
    case SIGTERM: return "SIGTERM";
#if defined(SIGBREAK)
    case SIGBREAK: return "SIGBREAK";
#endif
    default: return "a signal";
  }
}

}  // namespace

void main_chain::run(promise_base& root, const run_options& options) {
  asio::io_context context(one_thread_hint);
  loop& home = loop::of(&context);
  home.use_clock(options.clock);
  adopt(home, root, nullptr);
  home.schedule(root);

  asio::signal_set signals(context);
  if (options.handle_signals) {
    signals.add(SIGINT);
    signals.add(SIGTERM);
#if defined(SIGBREAK)
    signals.add(SIGBREAK);
#endif
    signals.async_wait([&](const std::error_code& failed, int number) {
      if (failed) return;
      signal_ = number;
      signals.clear();  // a second signal has the system's effect: it ends a program that hangs
      cancel();
    });
  }

  // The context is kept busy by this until the task has ended, which may wait for what only another thread
  // will bring; `finished` stops it then.
  const auto busy = asio::make_work_guard(context);
  context_ = &context;
  while (!done_) {
    if (context.stopped()) context.restart();
    if (options.clock == nullptr) {
      context.run();
    } else if (context.poll() == 0 && !done_) {
      if (home.external() == 0 && home.has_timers() && options.clock->leap_to(home.next_timer())) continue;
      context.run_one();
    }
  }
  context_ = nullptr;
}

void main_chain::finished() noexcept {
  done_ = true;
  static_cast<asio::io_context*>(context_)->stop();
}

void main_chain::rethrow(const std::exception_ptr& thrown) const {
  if (signal_ != 0 && satisfies(thrown, condition::canceled)) {
    failure why = to_failure(thrown);
    why.because(std::string("stopped by ") + signal_name(signal_));
    throw error(why);
  }
  std::rethrow_exception(thrown);
}

TIDEWIRE_CORE_API std::exception_ptr asio_failure(const std::error_code& code) {
  return std::make_exception_ptr(error(failure(from_asio(code))));
}

}  // namespace tidewire::detail
