#include <tidewire/core/semaphore.hpp>

#include <string>

namespace tidewire {
namespace detail {

bool acquire_operation::start(promise_base& p) {
  if (!may_start(p, from_->waiting_)) return false;
  too_many_ = count_ > from_->total_;
  if (too_many_) return false;
  if (from_->take(count_)) return done_at_once(p);
  return wait_in(from_->waiting_, p);
}

// Those behind one that wanted many may be content with what there is.
void acquire_operation::cancel() noexcept {
  if (!in_line()) return;
  end(outcome::canceled);
  from_->serve();
}

semaphore_permit acquire_operation::await_resume() const {
  if (too_many_) {
    throw error(failure(errc::misuse)
                    .during("acquire a semaphore")
                    .because(std::to_string(count_) + " permits are wanted, and there are " +
                             std::to_string(from_->total_) + " in all"));
  }
  require_done("acquire a semaphore");
  return semaphore_permit(*from_, count_);
}

}  // namespace detail

void semaphore_permit::release() noexcept {
  if (semaphore* const from = std::exchange(from_, nullptr)) from->put_back(count_);
}

bool semaphore::take(std::size_t count) noexcept {
  if (!waiting_.empty() || count > available_) return false;
  available_ -= count;
  return true;
}

void semaphore::put_back(std::size_t count) noexcept {
  available_ += count;
  serve();
}

void semaphore::serve() noexcept {
  while (!waiting_.empty()) {
    auto& first = static_cast<detail::acquire_operation&>(*waiting_.front());
    if (first.count_ > available_) return;
    available_ -= first.count_;
    first.end(detail::queued_wait::outcome::done);
  }
}

std::optional<semaphore_permit> semaphore::try_acquire(std::size_t count) noexcept {
  if (!take(count)) return std::nullopt;
  return semaphore_permit(*this, count);
}

}  // namespace tidewire
