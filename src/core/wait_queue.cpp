#include <tidewire/base/error.hpp>
#include <tidewire/core/detail/wait_queue.hpp>

namespace tidewire::detail {

bool queued_wait::may_start(promise_base& p, const wait_queue& line) noexcept {
  if (p.owner->canceled()) {
    outcome_ = outcome::canceled;
    return false;
  }
  if (!line.empty() && &line.front()->waiter()->owner->home() != &p.owner->home()) {
    outcome_ = outcome::misuse;
    return false;
  }
  return true;
}

bool queued_wait::wait_in(wait_queue& line, promise_base& p) noexcept {
  enter(p);
  line_ = &line;
  previous_ = line.last_;
  (line.last_ != nullptr ? line.last_->next_ : line.first_) = this;
  line.last_ = this;
  return true;
}

void queued_wait::cancel() noexcept {
  if (line_ != nullptr) end(outcome::canceled);
}

void queued_wait::fail(std::string_view operation) const {
  switch (outcome_) {
    case outcome::done: break;
    case outcome::canceled: throw error(failure(errc::canceled).during(operation));
    case outcome::closed: throw error(failure(errc::closed).during(operation));
    case outcome::misuse: break;
  }
  throw error(failure(errc::misuse).during(operation).because("it is in use on another loop"));
}

}  // namespace tidewire::detail
