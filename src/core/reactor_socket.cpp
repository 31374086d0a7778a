#include "reactor_socket.hpp"

#include <asio/error.hpp>

#include <utility>

#include "asio_compat.hpp"
#include "loop_service.hpp"

namespace tidewire::detail {

reactor_socket::operation::operation(reactor_socket& of, int kind) noexcept
    : reactor_op({}, &operation::perform, &operation::complete), socket(of), direction(kind) {}

reactor_socket::operation::status reactor_socket::operation::perform(
    asio::detail::reactor_op* base) noexcept {
  auto& op = *static_cast<operation*>(base);
  // Asio tries what it is given to wait for; that it would block is known.
  if (std::exchange(op.just_tried, false)) return not_done;
  switch (op.direction == reactor::read_op ? op.socket.try_read() : op.socket.try_write()) {
    case progress::blocked: return not_done;
    case progress::done: return done;
    case progress::drained: return done_and_exhausted;
  }
  return done;
}

void reactor_socket::operation::complete(void* owner, asio::detail::operation* base, const std::error_code&,
                                         std::size_t) {
  auto& op = *static_cast<operation*>(base);
  op.pending = false;
  reactor_socket& socket = op.socket;
  if (owner != nullptr) {  // else the context is being destroyed, and nobody waits
    std::error_code failed = op.ec_ ? from_asio(op.ec_) : std::error_code();
    bool waits = false;
    if (std::exchange(op.untried, false) && !failed && socket.try_read() == progress::blocked) {
      failed = socket.wait(op);
      waits = !failed;
    }
    if (!waits) op.direction == reactor::read_op ? socket.read_done(failed) : socket.write_done(failed);
  }
  socket.release();
}

void reactor_socket::loop_ended() noexcept {
  unwatch(false);
  reactor_ = nullptr;
}

std::error_code reactor_socket::wait(operation& op) noexcept {
  if (native_ == platform::no_socket) return errc::closed;
  if (watched_ == nullptr) {
    if (reactor_ == nullptr) {
      reactor_ = &asio::use_service<reactor>(context_of(*home()));
      reactor_->init_task();
    }
    if (const int failed = reactor_->register_descriptor(native_, watched_); failed != 0) {
      watched_ = nullptr;
      return std::error_code(failed, std::system_category());
    }
  }
  op.ec_ = std::error_code();
  op.cancellation_key_ = &op;
  op.pending = true;
  op.just_tried = true;
  retain();
  reactor_->start_op(op.direction, native_, watched_, &op, false, true);
  op.just_tried = false;
  return {};
}

void reactor_socket::read_again() noexcept {
  read_.ec_ = std::error_code();
  read_.pending = read_.untried = true;
  retain();
  reactor_->post_immediate_completion(&read_, false);
}

void reactor_socket::cancel(operation& op) noexcept {
  if (!op.pending) return;
  if (op.untried) {
    op.ec_ = asio::error::operation_aborted;
  } else {
    reactor_->cancel_ops_by_key(native_, watched_, op.direction, &op);
  }
}

void reactor_socket::unwatch(bool closing) noexcept {
  if (watched_ == nullptr) return;
  reactor_->deregister_descriptor(native_, watched_, closing);
  if (closing) platform::close(native_);
  reactor_->cleanup_descriptor_data(watched_);
  watched_ = nullptr;
}

void reactor_socket::close() noexcept {
  if (native_ == platform::no_socket) return;
  if (watched_ != nullptr) {
    unwatch(true);
  } else {
    platform::close(native_);
  }
  native_ = platform::no_socket;
}

platform::native_socket reactor_socket::release_native() noexcept {
  unwatch(false);
  return std::exchange(native_, platform::no_socket);
}

}  // namespace tidewire::detail
