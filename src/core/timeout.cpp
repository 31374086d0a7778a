#include <tidewire/core/timeout.hpp>

#include <string>
#include <utility>

#include "duration_text.hpp"

namespace tidewire::detail {

bool joined_chain::start_child(promise_base& waiter, promise_base& root, bool even_if_canceled) noexcept {
  if (waiter.owner->canceled() && !even_if_canceled) return false;
  loop& home = waiter.owner->home();
  adopt(home, root, &waiter);
  enter(waiter);
  home.transfer_to(root.self);
  return true;
}

void joined_chain::finished() noexcept {
  wake_next();
}

bool timeout_base::begin(promise_base& waiter, promise_base& root) {
  loop& home = waiter.owner->home();
  if (!start_child(waiter, root, false)) return false;
  ran_ = true;
  const steady_time current = home.now();
  if (relative_) {
    // A limit so large that the sum would overflow is no limit.
    until_ = limit_ < steady_time::max() - current ? current + limit_ : steady_time::max();
  } else {
    limit_ = until_ - current;
  }
  if (until_ <= current) {
    fired();
  } else {
    home.arm(*this, until_);
  }
  return true;
}

void timeout_base::cancel() noexcept {
  canceled_from_outside_ = true;
  chain::cancel();
}

void timeout_base::fired() noexcept {
  timed_out_ = true;
  chain::cancel();
}

void timeout_base::finished() noexcept {
  home().disarm(*this);
  joined_chain::finished();
}

void timeout_base::fail(const std::exception_ptr& thrown) const {
  if (!thrown) throw error(failure(errc::canceled));
  if (timed_out_ && !canceled_from_outside_ && satisfies(thrown, condition::canceled)) {
    const failure inner = to_failure(thrown);
    failure why(errc::timed_out, "no result within " + duration_text(limit_));
    if (!inner.operation().empty()) why.during(inner.operation());
    if (!inner.peer().empty()) why.with(inner.peer());
    throw error(why);
  }
  std::rethrow_exception(thrown);
}

}  // namespace tidewire::detail

namespace tidewire {

watchdog::watchdog(executor where, duration limit, std::function<void()> call)
    : home_(where.loop()), limit_(limit), deadline_(home_.now() + limit), call_(std::move(call)) {
  home_.arm(*this, deadline_);
}

watchdog::~watchdog() {
  stop();
}

void watchdog::fired() noexcept {
  if (home_.now() < deadline_) {
    home_.arm(*this, deadline_);
    return;
  }
  const auto call = std::move(call_);  // which may destroy this
  call();
}

}  // namespace tidewire
