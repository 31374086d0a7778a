#include <tidewire/core/mutex.hpp>

namespace tidewire {
namespace detail {

bool lock_operation::start(promise_base& p) {
  if (!may_start(p, wanted_->waiting_)) return false;
  if (wanted_->locked_) return wait_in(wanted_->waiting_, p);
  wanted_->locked_ = true;
  return done_at_once(p);
}

mutex_guard lock_operation::await_resume() const {
  require_done("lock a mutex");
  return mutex_guard(*wanted_);
}

}  // namespace detail

void mutex_guard::unlock() noexcept {
  if (mutex* const held = std::exchange(locked_, nullptr)) held->unlock();
}

std::optional<mutex_guard> mutex::try_lock() noexcept {
  if (locked_) return std::nullopt;
  locked_ = true;
  return mutex_guard(*this);
}

// Handed over locked: nobody who comes in between gets it first.
void mutex::unlock() noexcept {
  if (waiting_.empty()) {
    locked_ = false;
  } else {
    waiting_.front()->end(detail::queued_wait::outcome::done);
  }
}

}  // namespace tidewire
