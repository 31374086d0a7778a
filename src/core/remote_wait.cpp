#include <tidewire/base/error.hpp>
#include <tidewire/core/detail/remote_wait.hpp>

namespace tidewire::detail {

bool remote_wait::wait_in(remote_line& line, std::mutex& lock, promise_base& p) noexcept {
  enter(p);
  waiting_ = true;
  lock_ = &lock;
  line_ = &line;
  previous_ = line.last;
  (line.last != nullptr ? line.last->next_ : line.first) = this;
  line.last = this;
  return true;
}

void remote_wait::unlink() noexcept {
  (previous_ != nullptr ? previous_->next_ : line_->first) = next_;
  (next_ != nullptr ? next_->previous_ : line_->last) = previous_;
  line_ = nullptr;
  previous_ = next_ = nullptr;
}

void remote_wait::end(outcome how) noexcept {
  unlink();
  outcome_ = how;
  waiter()->owner->home().post(*this);
}

void remote_wait::call() noexcept {
  waiting_ = false;
  wake();
}

void remote_wait::cancel() noexcept {
  if (!waiting_) return;
  {
    const std::lock_guard guard(*lock_);
    if (line_ == nullptr) return;  // its end is on its way
    unlink();
  }
  outcome_ = outcome::canceled;
  waiting_ = false;
  wake();
}

void remote_wait::leave() noexcept {
  if (!waiting_) return;
  {
    const std::lock_guard guard(*lock_);
    if (line_ != nullptr) {
      unlink();
      waiting_ = false;
    }
  }
  if (waiting_) waiter()->owner->home().abandon_calls();
}

void remote_wait::fail(std::string_view operation) const {
  switch (outcome_) {
    case outcome::done: break;
    case outcome::canceled: throw error(failure(errc::canceled).during(operation));
    case outcome::closed: throw error(failure(errc::closed).during(operation));
    case outcome::misuse: break;
  }
  throw error(failure(errc::misuse).during(operation).because("another task does so already"));
}

}  // namespace tidewire::detail
