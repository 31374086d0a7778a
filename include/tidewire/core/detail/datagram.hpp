/// @file
/// The operations that UDP and Unix datagram sockets share: not for users.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/detail/loop.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/socket_options.hpp>

#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

namespace tidewire::detail {

class datagram_io;
struct native_address;

/// What one try of an operation found.
enum class datagram_try : unsigned char {
  blocked,  ///< nothing could be done: wait
  done,     ///< done, or failed, and there may be more
  drained,  ///< done, and the next try would block
};

/// A wait for a datagram socket. One may be pending to receive; those that send stand in line.
class TIDEWIRE_CORE_API datagram_wait : public suspension {
 public:
  enum class way : unsigned char { in, out };

  datagram_wait& operator=(const datagram_wait&) = delete;

  bool start(promise_base& p);

 protected:
  datagram_wait(datagram_io* socket, way where) noexcept : socket_(socket), way_(where) {}
  /// Before it started.
  datagram_wait(const datagram_wait& other) noexcept
      : suspension(), socket_(other.socket_), way_(other.way_) {}
  ~datagram_wait();

  [[nodiscard]] datagram_io& socket() const noexcept { return *socket_; }
  [[nodiscard]] bool failed() const noexcept { return category_ != nullptr; }
  void fail(std::error_code why, const char* detail = "") noexcept {
    value_ = why.value();
    category_ = &why.category();
    why_ = detail;
  }
  /// Throws what went wrong in receiving, or in sending to `to` (null: to the connected peer).
  [[noreturn]] void raise(const native_address* to, std::size_t sent, std::size_t of) const;

 private:
  friend class datagram_io;

  /// Tries without waiting. Called by the socket until it does not answer `blocked`.
  virtual datagram_try attempt() noexcept = 0;
  void cancel() noexcept override;

  datagram_io* socket_;
  const std::error_category* category_ = nullptr;
  const char* why_ = "";
  int value_ = 0;
  way way_;
  bool pending_ = false;
  bool retains_ = false;  // the socket may be destroyed while this waits
  datagram_wait* next_ = nullptr;
};

/// Receives one datagram.
class TIDEWIRE_CORE_API datagram_receive : public datagram_wait {
 public:
  datagram_receive(datagram_io* from, byte_span into) noexcept : datagram_wait(from, way::in), into_(into) {}

  bool start(promise_base& p);

 protected:
  datagram_receive(const datagram_receive&) = default;
  ~datagram_receive() = default;

  void require_success() const {
    if (failed()) raise(nullptr, 0, 0);
  }

  std::size_t size_ = 0;       // in the buffer
  std::size_t full_size_ = 0;  // of the datagram; more than that, at least

 private:
  datagram_try attempt() noexcept final;
  datagram_try attempt_coalesced() noexcept;
  /// Told who sent what was received.
  virtual void came_from(const native_address& sender) noexcept = 0;

  byte_span into_;
};

/// Sends one datagram.
class TIDEWIRE_CORE_API datagram_send : public datagram_wait {
 public:
  datagram_send(datagram_io* by, byte_view bytes) noexcept : datagram_wait(by, way::out), bytes_(bytes) {}

 protected:
  datagram_send(const datagram_send&) = default;
  ~datagram_send() = default;

  void require_success() const {
    if (failed()) raise_sending();
  }

 private:
  datagram_try attempt() noexcept final;
  /// Fills in whom to send to; false: the connected peer.
  virtual bool destination(native_address& to) const noexcept = 0;
  [[noreturn]] void raise_sending() const;

  byte_view bytes_;
};

/// What owns a datagram socket.
class TIDEWIRE_CORE_API datagram_handle {
 public:
  /// Closes at once. Whoever waits gets `errc::closed`. Twice is once.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept;
  /// The system's socket, still owned here; all ones once closed.
  [[nodiscard]] native_socket native_handle() const noexcept;
  /// For messages.
  [[nodiscard]] std::string socket_name() const;

 protected:
  explicit datagram_handle(datagram_io* io) noexcept : io_(io) {}
  datagram_handle(datagram_handle&& other) noexcept : io_(std::exchange(other.io_, nullptr)) {}
  datagram_handle& operator=(datagram_handle&& other) noexcept {
    std::swap(io_, other.io_);
    return *this;
  }
  ~datagram_handle();

  datagram_io* io_;
};

}  // namespace tidewire::detail
