#include <tidewire/core/when.hpp>

namespace tidewire::detail {

void branch_base::finished() noexcept {
  parent_->ended(*this);
}

bool fan_out::begin(promise_base& waiter) noexcept {
  if (waiter.owner->canceled()) return false;
  enter(waiter);
  return true;
}

void fan_out::start(branch_base& branch, promise_base& root) noexcept {
  branch.parent_ = this;
  (last_ != nullptr ? last_->next_branch_ : first_) = &branch;
  last_ = &branch;
  ++unfinished_;
  loop& home = waiter_->owner->home();
  branch.adopt(home, root, waiter_);
  home.schedule(root);
}

void fan_out::require_begun() const {
  if (first_ == nullptr) throw error(failure(errc::canceled));
}

void fan_out::cancel() noexcept {
  for (branch_base* each = first_; each != nullptr; each = each->next_branch_) each->chain::cancel();
}

void fan_out::ended(branch_base& branch) noexcept {
  if (decider_ == nullptr && (rule_ == decided_by::end || branch.thrown())) {
    decider_ = &branch;
    cancel();
  }
  if (--unfinished_ == 0) wake_next();
}

void when_any_of_nothing() {
  throw error(failure(errc::misuse).during("when_any").because("there is nothing to wait for"));
}

}  // namespace tidewire::detail
