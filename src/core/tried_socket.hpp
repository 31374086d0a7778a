// What `watched_socket`, `reactor_socket` and `windows_socket` have in common: a socket that is tried first,
// and waited for only while it would block.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/core/detail/loop.hpp>

#include <system_error>

#include "counted.hpp"
#include "platform.hpp"

namespace tidewire::detail {

/// Owns a non-blocking use of a socket. Those who derive from it say how it is waited for; those who derive
/// from them, what is tried when it is ready, and who waits.
class tried_socket : public counted, public loop_attachment {
 public:
  [[nodiscard]] platform::native_socket native() const noexcept { return native_; }
  /// Tells which loop it will wait on. Another one is refused while that lasts.
  std::error_code attach(loop& asking) noexcept {
    if (home() == nullptr) attach_to(asking);
    return home() == &asking ? std::error_code() : make_error_code(errc::misuse);
  }

 protected:
  /// What an attempt found.
  enum class progress : unsigned char {
    blocked,  ///< nothing could be done: wait on
    done,     ///< done, and there may be more
    drained,  ///< done, and the next attempt would block
  };

  explicit tried_socket(platform::native_socket native) noexcept : native_(native) {}

  /// One attempt, made when the socket is ready: it must not touch other sockets, wake anybody, or throw.
  virtual progress try_read() noexcept { return progress::done; }
  virtual progress try_write() noexcept { return progress::done; }
  /// The wait is over: an attempt was made, or `failed` says why not. Wakes who waits.
  virtual void read_done(std::error_code failed) noexcept { static_cast<void>(failed); }
  virtual void write_done(std::error_code failed) noexcept { static_cast<void>(failed); }
  /// Something came while nobody waited to read: the next read must be tried. Not told on every system.
  virtual void became_readable() noexcept {}

  platform::native_socket native_;
};

}  // namespace tidewire::detail
