#include "windows_socket.hpp"

#include <tidewire/base/error.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/error.hpp>

#include <new>
#include <utility>

#include "asio_compat.hpp"
#include "loop_service.hpp"
#include "sockaddr.hpp"

namespace tidewire::detail {
namespace {

// Keeps a socket alive while Asio waits for it.
class kept {
 public:
  explicit kept(windows_socket& socket) noexcept : socket_(&socket) { socket_->retain(); }
  kept(const kept& other) noexcept : kept(*other.socket_) {}
  kept(kept&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
  kept& operator=(const kept&) = delete;
  ~kept() {
    if (socket_ != nullptr) socket_->release();
  }

 private:
  windows_socket* socket_;
};

// A receive of no bytes tells when there is something to read, but neither of listeners nor of datagrams.
bool takes_empty_receives(platform::native_socket s) noexcept {
  int type = 0;
  int listens = 0;
  return !platform::get_option(s, SOL_SOCKET, SO_TYPE, type) && type == SOCK_STREAM &&
         !platform::get_option(s, SOL_SOCKET, SO_ACCEPTCONN, listens) && listens == 0;
}

}  // namespace

windows_socket::operation::operation(windows_socket& of) noexcept
    : reactor_op({}, &operation::perform, &operation::complete), socket(of) {}

void windows_socket::operation::complete(void* owner, asio::detail::operation* base, const std::error_code&,
                                         std::size_t) {
  auto& op = *static_cast<operation*>(base);
  windows_socket& socket = op.socket;
  if (owner != nullptr) {  // else the context is being destroyed, and nobody waits
    socket.ready(op, op.ec_);
  }
  socket.release();
}

void windows_socket::prepare(asio::io_context& context) {
  const stream_socket one(context);
}

std::error_code windows_socket::wait_read() noexcept {
  if (native_ == platform::no_socket) return errc::closed;
  return stream_ || takes_empty_receives(native_) ? receive_nothing() : select(read_, reactor::read_op);
}

std::error_code windows_socket::select(operation& op, int kind) noexcept {
  if (native_ == platform::no_socket) return errc::closed;
  try {
    if (reactor_ == nullptr) reactor_ = &asio::use_service<reactor>(context_of(*home()));
    op.ec_ = std::error_code();
    op.cancellation_key_ = &op;
    op.kind = kind;
    op.pending = true;
    retain();
    reactor_->start_op(kind, native_, watched_, &op, false, false);
    return {};
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  } catch (const std::system_error& e) {
    return e.code();
  }
}

std::error_code windows_socket::receive_nothing() noexcept {
  try {
    if (!stream_) {
      auto made = std::make_unique<stream_socket>(context_of(*home()));
      std::error_code failed;
      made->assign(asio::generic::stream_protocol(AF_INET, 0), native_, failed);
      if (failed) return failed;
      stream_ = std::move(made);
    }
    read_.pending = true;
    stream_->async_wait(
        asio::socket_base::wait_read,
        asio::bind_cancellation_slot(stream_canceler_.slot(),
                                     [this, alive = kept(*this)](const std::error_code& failed) {
                                       // What else made the receive fail, the attempt will say.
                                       const bool canceled = failed == asio::error::operation_aborted;
                                       ready(read_, canceled ? failed : std::error_code());
                                     }));
    return {};
  } catch (const std::bad_alloc&) {
    read_.pending = false;
    return std::make_error_code(std::errc::not_enough_memory);
  }
}

void windows_socket::ready(operation& op, std::error_code failed) noexcept {
  if (!op.pending) return;
  op.pending = false;
  const bool reads = &op == &read_;
  if (native_ == platform::no_socket) failed = errc::canceled;
  if (!failed && (reads ? try_read() : try_write()) == progress::blocked) {
    failed = reads ? wait_read() : select(op, op.kind);
    if (!failed) return;
  }
  if (failed) failed = from_asio(failed);
  reads ? read_done(failed) : write_done(failed);
}

void windows_socket::cancel_read() noexcept {
  if (!read_.pending) return;
  if (stream_) {
    stream_canceler_.emit(asio::cancellation_type::terminal);
  } else {
    cancel(read_);
  }
}

void windows_socket::cancel(operation& op) noexcept {
  if (op.pending) reactor_->cancel_ops_by_key(native_, watched_, op.kind, &op);
}

void windows_socket::unwatch() noexcept {
  if (reactor_ == nullptr) return;
  reactor_->deregister_descriptor(native_, watched_, true);
  reactor_->cleanup_descriptor_data(watched_);
  reactor_ = nullptr;
}

void windows_socket::loop_ended() noexcept {
  read_.pending = write_.pending = false;
  native_ = release_native();
}

void windows_socket::close() noexcept {
  if (native_ == platform::no_socket) return;
  unwatch();
  const platform::native_socket native = std::exchange(native_, platform::no_socket);
  if (stream_) {
    std::error_code ignored;
    stream_->close(ignored);
  } else {
    platform::close(native);
  }
}

platform::native_socket windows_socket::release_native() noexcept {
  unwatch();
  if (stream_) {
    std::error_code failed;
    (void)stream_->release(failed);
    if (failed) close();
    stream_.reset();
  }
  return std::exchange(native_, platform::no_socket);
}

}  // namespace tidewire::detail
