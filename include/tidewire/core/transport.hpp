/// @file
/// What is under a stream: the interface that TCP, Unix sockets, memory, TLS and your own streams implement.
/// Users of streams do not need it.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/detail/loop.hpp>
#include <tidewire/core/export.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>

namespace tidewire {

/// One read, write or shutdown on its way through a transport. It belongs to whoever waits for it, stays
/// where it is, and is completed once: by `start_...` answering true, or by `complete` later, on the loop's
/// thread.
class io_request {
 public:
  io_request(const io_request&) = delete;
  io_request& operator=(const io_request&) = delete;

  /// Bytes read or written, those of a request that failed midway too.
  std::size_t transferred = 0;

  [[nodiscard]] bool failed() const noexcept { return category_ != nullptr; }
  /// How it ended: success, the system's code, or one of tidewire.
  [[nodiscard]] std::error_code code() const noexcept {
    return failed() ? std::error_code(value_, *category_) : std::error_code();
  }
  /// Says that it failed; success leaves it as it is.
  void fail(std::error_code why) noexcept {
    if (!why) return;
    value_ = why.value();
    category_ = &why.category();
  }

  /// Makes it as new, to be used again.
  void restart() noexcept {
    transferred = 0;
    category_ = nullptr;
  }

  /// Ends a request that `start_...` left pending. The request may be gone when this returns.
  void complete() noexcept { completed(); }
  /// The same, with an outcome.
  void complete(std::error_code outcome, std::size_t bytes) noexcept {
    fail(outcome);
    transferred = bytes;
    completed();
  }

 protected:
  io_request() = default;
  ~io_request() = default;

 private:
  virtual void completed() noexcept = 0;

  const std::error_category* category_ = nullptr;
  int value_ = 0;
};

/// An open file as the system names it: a file descriptor, or a `HANDLE` of Windows.
#ifdef _WIN32
using native_file = void*;
#else
using native_file = int;
#endif

/// A part of a file, not empty.
struct file_part {
  native_file file{};
  std::uint64_t offset = 0;
  std::size_t count = 0;
};

/// Asks for at least one byte.
class read_request : public io_request {
 public:
  /// Where to; not empty. Alive until completion.
  byte_span into;

 protected:
  read_request() = default;
  ~read_request() = default;
};

/// Asks for all of some buffers to be written, in order, in as few calls of the system as it takes.
class write_request : public io_request {
 public:
  /// From where; the list and what it shows are alive until completion. Buffers may be empty.
  std::span<const byte_view> from;

 protected:
  write_request() = default;
  ~write_request() = default;
};

/// Bytes in order, both ways, from anywhere. One read and one write may be pending at a time: `stream` sees
/// to that. For the loop's thread only.
///
/// `start_...` answers true if the request is done (`transferred` is set, `fail` was called if it failed),
/// false if it is pending. It never completes a request from inside `start_...`, and never throws.
class TIDEWIRE_CORE_API transport {
 public:
  transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  virtual ~transport();

  /// Told once, before the first request, which loop it will be used on.
  /// @return an error if it cannot be.
  virtual std::error_code attach(detail::loop& home) = 0;
  /// Reads what is there, at least a byte, or waits for it. No bytes and no error: the end of the stream.
  virtual bool start_read(read_request& request) noexcept = 0;
  /// Writes all of it; an error leaves `transferred` at what went out before.
  virtual bool start_write(write_request& request) noexcept = 0;
  /// Can it send parts of files by the means of the system, without their passing through this program?
  [[nodiscard]] virtual bool sends_files() const noexcept { return false; }
  /// Does so, where it can: sends at least a byte of `part`, which stays alive until
  /// completion, or waits until it can. No bytes and no
  /// error: the file ends before. Counts as a write.
  virtual bool start_send_file(io_request& request, const file_part& part) noexcept;
  /// Says that nothing more will be written; the peer reads the end of the stream.
  virtual bool start_shutdown(io_request& request) noexcept = 0;
  /// Asks the pending read to end soon, with `errc::canceled` unless it ends otherwise first. It stays
  /// pending until it is completed.
  virtual void cancel_read() noexcept = 0;
  /// The same for the pending write, or the pending shutdown.
  virtual void cancel_write() noexcept = 0;
  /// Gives everything back at once; what is pending is completed with `errc::closed`, soon.
  virtual void close() noexcept = 0;
  /// Whom this leads to, for messages: "127.0.0.1:80", "unix:/run/x", "memory".
  [[nodiscard]] virtual std::string peer_name() const = 0;
};

}  // namespace tidewire
