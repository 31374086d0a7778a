#include <tidewire/core/run_on.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "loop_service.hpp"

namespace tidewire::detail {

remote_chain::~remote_chain() = default;

void remote_chain::release() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void remote_chain::begin() noexcept {
  {
    const std::lock_guard guard(lock_);
    if (!cancel_sent_) {
      adopt(*target_, root(), nullptr);
      target_->schedule(root());
      return;
    }
  }
  conclude(ending::canceled);
}

void remote_chain::abandon() noexcept {
  drop_child();
  conclude(ending::loop_ended);
}

// The frame is the operation's from here on, so that it is gone before the awaiting task goes on; if there is
// none any more, it goes here.
void remote_chain::conclude(ending how) noexcept {
  work_.reset();
  bool orphaned = false;
  {
    const std::lock_guard guard(lock_);
    ending_ = how;
    orphaned = operation_ == nullptr;
    if (!orphaned) {
      retain();
      origin_->post(end_);
    }
  }
  if (orphaned) drop_child();
  release();
}

void remote_chain::cancel_call::call() noexcept {
  if (owner.ending_ == ending::none) owner.chain::cancel();
  owner.release();
}

void remote_chain::end_call::call() noexcept {
  run_on_base* const operation = owner.operation_;
  owner.release();
  operation->ended();
}

void remote_chain::end_call::abandon() noexcept {
  owner.operation_->waiting_ = false;
  owner.release();
}

run_on_base::~run_on_base() {
  if (chain_ == nullptr) return;
  bool orphans = false;
  if (waiting_) {
    {
      const std::lock_guard guard(chain_->lock_);
      orphans = chain_->ending_ == remote_chain::ending::none;
      if (orphans) {
        chain_->operation_ = nullptr;
        if (!std::exchange(chain_->cancel_sent_, true)) {
          chain_->retain();
          target_->post(chain_->cancel_);
        }
      }
    }
    if (!orphans) waiter()->owner->home().abandon_calls();
  }
  if (!orphans) chain_->drop_child();
  chain_->release();
}

void run_on_base::begin(promise_base& waiter, remote_chain& chain) {
  loop& home = waiter.owner->home();
  auto work = asio::make_work_guard(context_of(*target_));
  chain.work_ = std::make_shared<decltype(work)>(std::move(work));
  chain.target_ = target_;
  chain.origin_ = &home;
  chain.operation_ = this;
  chain_ = &chain;
  waiting_ = true;
  home.external_started();
  enter(waiter);
  target_->post(chain.start_);
}

void run_on_base::ended() noexcept {
  waiting_ = false;
  waiter()->owner->home().external_finished();
  wake();
}

void run_on_base::cancel() noexcept {
  const std::lock_guard guard(chain_->lock_);
  if (chain_->ending_ != remote_chain::ending::none || std::exchange(chain_->cancel_sent_, true)) return;
  chain_->retain();
  target_->post(chain_->cancel_);
}

void run_on_base::require_end() const {
  if (chain_ == nullptr || chain_->ending_ == remote_chain::ending::canceled) {
    throw error(failure(errc::canceled).during("run on another loop"));
  }
  if (chain_->ending_ == remote_chain::ending::loop_ended) {
    throw error(failure(errc::closed).during("run on another loop").because("the other loop ended"));
  }
}

}  // namespace tidewire::detail
