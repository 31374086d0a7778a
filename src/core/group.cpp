#include <tidewire/core/group.hpp>

namespace tidewire {
namespace detail {

/// A child and its place in the group's list. Deletes itself when it ends.
class group_child final : public chain {
 public:
  group_child(task_group& group, task<> child) noexcept : group_(group), child_(std::move(child)) {}
  ~group_child() { unlink(); }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { deallocate_frame(memory, size); }

  void start(promise_base& parent) noexcept {
    next_child_ = group_.first_;
    if (next_child_ != nullptr) next_child_->previous_child_ = this;
    group_.first_ = this;
    ++group_.size_;
    loop& home = parent.owner->home();
    promise_base& root = child_.handle().promise();
    adopt(home, root, &parent);
    home.schedule(root);
  }
  [[nodiscard]] group_child* next() const noexcept { return next_child_; }

 private:
  void finished() noexcept override {
    task_group& group = group_;
    const std::exception_ptr thrown = child_.handle().promise().thrown();
    delete this;
    group.child_ended(thrown);
  }
  void unlink() noexcept {
    (previous_child_ != nullptr ? previous_child_->next_child_ : group_.first_) = next_child_;
    if (next_child_ != nullptr) next_child_->previous_child_ = previous_child_;
    --group_.size_;
  }

  task_group& group_;
  group_child* previous_child_ = nullptr;
  group_child* next_child_ = nullptr;
  task<> child_;
};

bool wait_below_operation::start(promise_base& p) {
  if (!may_start(p, group_->waiting_for_room_)) return false;
  if (group_->size_ < limit_) return done_at_once(p);
  return wait_in(group_->waiting_for_room_, p);
}

bool group_scope::begin(promise_base& waiter) noexcept {
  if (waiter.owner->canceled()) return false;
  enter(waiter);
  begun_ = body_running_ = true;
  return true;
}

void group_scope::start_body(promise_base& body) noexcept {
  loop& home = waiter()->owner->home();
  body_.adopt(home, body, waiter());
  home.transfer_to(body.self);
}

void group_scope::body_failed_to_start(const std::exception_ptr& thrown) noexcept {
  body_running_ = false;
  failed(thrown, false);
  end_if_over();
}

void group_scope::failed(const std::exception_ptr& thrown, bool expected) noexcept {
  if (thrown_) return;
  if (expected && satisfies(thrown, condition::canceled)) return;
  thrown_ = thrown;
  body_.chain::cancel();
  group_.cancel_children();
}

void group_scope::cancel() noexcept {
  canceled_from_outside_ = true;
  body_.chain::cancel();
  group_.cancel_children();
}

void group_scope::body_ended() noexcept {
  body_running_ = false;
  if (const std::exception_ptr thrown = body_thrown()) failed(thrown, false);
  end_if_over();
}

void group_scope::end_if_over() noexcept {
  if (!body_running_ && group_.size() == 0) wake_next();
}

void group_scope::require_success() const {
  if (thrown_) std::rethrow_exception(thrown_);
  if (!begun_) throw error(failure(errc::canceled));
}

}  // namespace detail

void task_group::spawn(task<> child) {
  if (stopped_) return;
  auto* const started = new detail::group_child(*this, std::move(child));
  started->start(*scope_.waiter());
}

void task_group::cancel() noexcept {
  cancel_children();
}

void task_group::cancel_children() noexcept {
  stopped_ = true;
  for (detail::group_child* each = first_; each != nullptr; each = each->next()) each->chain::cancel();
}

void task_group::drop_children() noexcept {
  stopped_ = true;
  while (first_ != nullptr) delete first_;
}

void task_group::child_ended(const std::exception_ptr& thrown) noexcept {
  if (thrown) scope_.failed(thrown, stopped_ && !scope_.canceled_from_outside());
  for (detail::queued_wait* each = waiting_for_room_.front(); each != nullptr;) {
    auto* const waiting = static_cast<detail::wait_below_operation*>(each);
    each = each->next();
    if (size_ < waiting->limit()) waiting->end(detail::queued_wait::outcome::done);
  }
  scope_.child_ended();
}

}  // namespace tidewire
