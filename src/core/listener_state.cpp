#include "listener_state.hpp"

#include <tidewire/base/error.hpp>

#include <utility>

namespace tidewire::detail {

bool listener_state::attempt(accept_wait& by) noexcept {
  accepted_ = platform::try_accept(native(), peer_);
  if (!accepted_.would_block) {
    by.code_ = accepted_.code;
    return true;
  }
  if (const std::error_code refused = wait_read()) {
    by.code_ = refused;
    return true;
  }
  waiting_ = &by;
  return false;
}

socket_io* listener_state::take() {
  return new socket_io(std::exchange(accepted_.socket, platform::no_socket), /*fresh=*/true);
}

listener_state::progress listener_state::try_read() noexcept {
  accepted_ = platform::try_accept(native(), peer_);
  return accepted_.would_block ? progress::blocked : progress::done;
}

void listener_state::read_done(std::error_code failed) noexcept {
  accept_wait& by = *std::exchange(waiting_, nullptr);
  by.pending_ = false;
  by.code_ = failed ? failed : accepted_.code;
  if (!is_open()) by.code_ = errc::closed;
  by.wake();
}

void listener_state::loop_ended() noexcept {
  waiting_ = nullptr;
  watched_socket::loop_ended();
}

accept_wait::~accept_wait() {
  if (retains_) from_->release();
}

bool accept_wait::start(promise_base& p) {
  const auto refuse = [this](errc code, const char* why) {
    code_ = code;
    why_ = why;
    return false;
  };
  if (p.owner->canceled()) return refuse(errc::canceled, "");
  if (from_ == nullptr || !from_->is_open())
    return refuse(errc::closed, "the listener was closed on this side");
  if (from_->attach(p.owner->home())) return refuse(errc::misuse, "the listener belongs to another loop");
  if (from_->waiting()) return refuse(errc::misuse, "another task is accepting on this listener");
  from_->retain();
  retains_ = true;
  if (from_->attempt(*this)) return done_at_once(p);
  pending_ = true;
  enter(p);
  return true;
}

void accept_wait::cancel() noexcept {
  if (pending_) from_->cancel_read();
}

listener_state& accept_wait::require_connection() const {
  if (!code_) return *from_;
  failure why(code_, why_);
  why.during("accept on");
  if (from_ != nullptr && from_->is_open()) why.with(from_->name());
  throw error(why);
}

}  // namespace tidewire::detail
