#include <tidewire/core/event.hpp>

namespace tidewire::detail {

bool event_operation::start(promise_base& p) {
  if (!may_start(p, awaited_->waiting_)) return false;
  if (awaited_->set_) return done_at_once(p);
  return wait_in(awaited_->waiting_, p);
}

}  // namespace tidewire::detail
