/// @file
/// `stream`: bytes in order, both ways. TCP, Unix sockets, memory and TLS are all read and written like this.
#pragma once

#include <tidewire/base/buffer.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/core/clock.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/transport.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire {

/// How long a single read or write may wait unless a stream is told otherwise: 5 minutes.
inline constexpr duration default_io_timeout = std::chrono::minutes(5);
/// No limit, where a time-out is asked for.
inline constexpr duration no_timeout = duration::max();

/// What went through a stream since it was made.
struct stream_statistics {
  std::uint64_t bytes_read = 0;     ///< Bytes that came from the transport.
  std::uint64_t bytes_written = 0;  ///< Bytes that the transport took.
  std::uint64_t reads = 0;          ///< Reads of the transport.
  std::uint64_t writes = 0;         ///< Writes to the transport, each of one or more buffers.
};

/// How `read_line` and `next_line` read.
struct line_options {
  /// Bytes of a line without its end, at most. Default: 8 KiB.
  std::size_t limit = 8 * 1024;
};

/// How `read_until` reads.
struct until_options {
  /// Bytes up to the end of the delimiter, at most. Default: 64 KiB.
  std::size_t limit = 64 * 1024;
};

class stream;

namespace detail {

class read_operation;
class write_operation;

/// A time-out that can be added to any time: what is longer than a century is one.
[[nodiscard]] constexpr duration bounded(duration limit) noexcept {
  constexpr duration century = std::chrono::hours(24 * 36525);
  return limit < century ? limit : century;
}

/// What a `stream` refers to: it stays where it is while the stream moves.
class TIDEWIRE_CORE_API stream_core final : private loop_attachment, private timer {
 public:
  explicit stream_core(std::unique_ptr<transport> below);
  /// Closes, and goes when nothing is pending any more.
  void dispose() noexcept;

  std::unique_ptr<transport> below;
  byte_buffer input;
  byte_buffer staged;             // what waits for the next write
  byte_buffer leaving;            // what was staged before the write in flight
  std::vector<byte_view> joined;  // that, before a caller's list
  stream_statistics statistics;
  duration read_timeout = default_io_timeout;
  duration write_timeout = default_io_timeout;

  /// What stands in the way of a read or a write.
  enum obstacle : unsigned char {
    closed = 1,
    reading_now = 2,
    writing_now = 4,
    write_broken = 8,  ///< a write ended in the middle
    shut_down = 16,    ///< nothing more may be written
  };
  [[nodiscard]] bool is(unsigned obstacles) const noexcept { return (obstacles_ & obstacles) != 0; }

  [[nodiscard]] std::string peer_name() const;
  void close() noexcept;

 private:
  friend class read_operation;
  friend class write_operation;

  ~stream_core();

  // The transport knows these, which live as long as it does, and not the operations, which may go before.
  struct reading final : read_request {
    explicit reading(stream_core& of) noexcept : core(of) {}
    void completed() noexcept override;
    stream_core& core;
    read_operation* by = nullptr;
    steady_time deadline = steady_time::max();
  };
  struct writing final : write_request {
    explicit writing(stream_core& of) noexcept : core(of) {}
    void completed() noexcept override;
    stream_core& core;
    write_operation* by = nullptr;
    file_part file;  // instead of buffers, if it is not empty
    bool then_shut_down = false;
    steady_time deadline = steady_time::max();
  };

  /// Is this the loop the stream belongs to? Takes the first that asks.
  [[nodiscard]] bool belongs_to(loop& asking) {
    return home() == &asking || (home() == nullptr && attach(asking));
  }
  [[nodiscard]] bool attach(loop& asking);
  /// Writes, then shuts down if asked to: true when all is done.
  [[nodiscard]] bool write();
  void wrote() noexcept {
    statistics.bytes_written += writing_.transferred;
    ++statistics.writes;
    writing_.from = {};
    if (writing_.failed() || !leaving.empty()) after_wrote();
  }
  void after_wrote() noexcept;
  void sent_of_file() noexcept;
  /// Sees to it that the timer fires at `deadline` or before; it is moved only when it must fire earlier.
  void watch(steady_time deadline) {
    if (!armed() || deadline < when()) home()->arm(*this, deadline);
  }
  void fired() noexcept override;
  void loop_ended() noexcept override;

  [[nodiscard]] bool idle() const noexcept { return !is(reading_now | writing_now); }
  template <class Operation>
  void give_back(Operation* operation) noexcept;

  friend class tidewire::stream;
  void set(obstacle one) noexcept { obstacles_ = static_cast<unsigned char>(obstacles_ | one); }
  void clear(obstacle one) noexcept { obstacles_ = static_cast<unsigned char>(obstacles_ & ~one); }

  reading reading_{*this};
  writing writing_{*this};
  unsigned char obstacles_ = 0;
  bool orphaned_ = false;   // the stream is gone
  bool disposing_ = false;  // and its destructor is at work
};

struct stream_core_deleter {
  void operator()(stream_core* core) const noexcept { core->dispose(); }
};

/// How an operation of a stream stands.
enum class io_state : unsigned char { fresh, refused, pending, timed_out };

/// What the operations of a stream share.
template <class Derived>
class stream_operation : public leaf<Derived> {
  friend class stream_core;

 protected:
  explicit stream_operation(stream_core* of) noexcept : core_(of) {}
  stream_operation(stream_operation&& other) noexcept : leaf<Derived>(other), core_(other.core_) {}
  ~stream_operation() = default;

  [[nodiscard]] bool failed() const noexcept { return category_ != nullptr; }
  [[nodiscard]] std::error_code code() const noexcept { return std::error_code(value_, *category_); }
  void fail(std::error_code why) noexcept {
    value_ = why.value();
    category_ = &why.category();
  }
  bool refuse(errc why, const char* detail) noexcept {
    fail(why);
    why_ = detail;
    state_ = io_state::refused;
    return false;
  }

  stream_core* core_;
  const std::error_category* category_ = nullptr;
  const char* why_;  // of what was refused
  int value_;        // with a category
  io_state state_ = io_state::fresh;
};

/// What `read_some` and `fill` return.
class TIDEWIRE_CORE_API read_operation final : public stream_operation<read_operation> {
 public:
  read_operation(stream_core* from, byte_span destination) noexcept
      : stream_operation(from), into_(destination) {}
  /// Into the input buffer of the stream: `at_least` bytes of room are made.
  read_operation(stream_core* from, std::size_t at_least) noexcept
      : stream_operation(from), room_(at_least) {}
  read_operation(read_operation&& other) noexcept = default;
  ~read_operation() {
    if (state_ == io_state::pending) forget();
  }

  bool start(promise_base& p);
  std::size_t await_resume() const {
    if (failed()) raise();
    return transferred_;
  }

 private:
  friend class stream_core;
  bool prepare(promise_base& p);
  bool begin(promise_base& p);
  void take_over(read_request& request) noexcept;
  void forget() noexcept;
  void cancel() noexcept override;
  [[noreturn]] void raise() const;

  [[nodiscard]] bool filling() const noexcept { return room_ != 0; }

  byte_span into_;
  std::size_t room_ = 0;     // to be made in the input buffer, if not 0
  std::size_t transferred_;  // once done
};

/// What `write`, `flush` and `shutdown` return.
class TIDEWIRE_CORE_API write_operation final : public stream_operation<write_operation> {
 public:
  /// Buffers that one `write` takes without a list of the caller's.
  static constexpr std::size_t most_buffers = 5;
  enum class kind : unsigned char { buffers, list, shutdown, file };

  write_operation(stream_core* to, kind what) noexcept : stream_operation(to), kind_(what) {}
  write_operation(stream_core* to, std::span<const byte_view> list) noexcept
      : stream_operation(to), list_(list.data()), count_(list.size()), kind_(kind::list) {}
  /// Sends some of a part of a file; nothing may be staged.
  write_operation(stream_core* to, const file_part& part) noexcept
      : stream_operation(to), part_(&part), kind_(kind::file) {}
  template <std::same_as<byte_view>... Buffers>
  requires(sizeof...(Buffers) > 0)
  explicit write_operation(stream_core* to, Buffers... buffers) noexcept : stream_operation(to) {
    static_assert(sizeof...(Buffers) <= most_buffers,
                  "write takes 5 buffers; for more, pass a span of byte_view");
    (put(++count_, buffers), ...);
  }
  write_operation(write_operation&& other) noexcept
      : stream_operation(std::move(other)), count_(other.count_), kind_(other.kind_) {
    if (kind_ == kind::list) {
      list_ = other.list_;
    } else if (kind_ == kind::file) {
      part_ = other.part_;
    } else {
      for (std::size_t i = 1; i <= count_; ++i) put(i, other.own()[i]);
    }
  }
  ~write_operation() {
    if (state_ == io_state::pending) forget();
  }

  bool start(promise_base& p);
  void await_resume() const {
    if (failed()) raise();
  }
  /// How many bytes of a file it sent.
  [[nodiscard]] std::size_t sent() const noexcept { return transferred_; }

 private:
  friend class stream_core;
  void put(std::size_t place, byte_view buffer) noexcept {
    ::new (static_cast<void*>(own_.data() + place * sizeof(byte_view))) byte_view(buffer);
  }
  [[nodiscard]] const byte_view* own() const noexcept {
    return std::launder(reinterpret_cast<const byte_view*>(own_.data()));
  }
  bool prepare(promise_base& p);
  bool begin(promise_base& p);
  void put_staged_first(stream_core& core);
  void forget() noexcept;
  void cancel() noexcept override;
  [[noreturn]] void raise() const;

  union {
    const byte_view* list_;  // of a list
    const file_part* part_;  // of a file
  };
  std::size_t count_ = 0;
  std::size_t transferred_;  // of a failure, or of a file
  kind kind_ = kind::buffers;
  // Room for the buffers, made only as far as there are some; the first place is for what was staged before.
  alignas(byte_view) std::array<std::byte, (most_buffers + 1) * sizeof(byte_view)> own_;
};

/// Something whose bytes can be written: text, spans, vectors and arrays of bytes or characters.
template <class B>
concept writable_bytes = requires(const B& b) {
  { tidewire::as_bytes(b) } -> std::convertible_to<byte_view>;
} || std::convertible_to<const B&, std::string_view> || std::convertible_to<const B&, byte_view>;

template <writable_bytes B>
[[nodiscard]] byte_view view_of(const B& buffer) noexcept {
  if constexpr (std::convertible_to<const B&, byte_view>) {
    return static_cast<byte_view>(buffer);
  } else if constexpr (std::convertible_to<const B&, std::string_view>) {
    return tidewire::as_bytes(static_cast<std::string_view>(buffer));
  } else {
    return tidewire::as_bytes(buffer);
  }
}

}  // namespace detail

/// Bytes in order, both ways: a handle that owns the connection and moves; a `tcp::stream`,
/// `unix_socket::stream` or `tls::stream` is one, and can be moved into one.
///
/// **Who may do what when.** A stream belongs to the loop of the first task that used it, and only tasks of
/// that loop may use it; when that loop has ended, so does the next: `auto peer = run(tcp::connect(...))`,
/// then `run(peer.write(...))`. One task may read while another writes. A second read (or write) while one
/// waits is refused with `condition::misuse`, and so is use from another loop; nothing was done then.
///
/// **Time.** Each read and write may wait `default_io_timeout` (5 minutes) unless set otherwise by
/// `set_timeout`; then it throws `condition::timeout`. Bound whole acts by `with_timeout`.
///
/// **After an error, a time-out or a cancellation.** A read took nothing that is lost: what came before the
/// failure stays buffered, and the stream can be read again. A write may have been cut in the middle; then
/// every later write fails with `errc::closed`, and the stream is good only for reading and `close`. The
/// object can be destroyed at any time; whoever still waits then gets `errc::closed`.
///
/// Errors are of the class `error`; they name the operation and the peer.
class TIDEWIRE_CORE_API stream {
 public:
  /// A stream over a transport of your own.
  explicit stream(std::unique_ptr<transport> below);
  stream(stream&&) noexcept = default;
  stream& operator=(stream&&) noexcept = default;
  ~stream() = default;

  /// Reads what has come, one byte at least, into `buffer`, waiting for it if need be. Served from what is
  /// buffered first.
  /// @param buffer Not empty; alive until the operation ends.
  /// @return How many bytes; 0 at the end of the stream.
  /// @par Errors What the connection gives (reset, ...), `condition::timeout`, `canceled`, `misuse`.
  /// @par Cancellation Nothing was read; the stream can be read again.
  [[nodiscard]] detail::read_operation read_some(byte_span buffer) noexcept { return {core_.get(), buffer}; }
  /// @copydoc read_some(byte_span)
  [[nodiscard]] detail::read_operation read_some(std::span<char> buffer) noexcept {
    return {core_.get(), std::as_writable_bytes(buffer)};
  }

  /// Reads until `buffer` is full.
  /// @par Errors As `read_some`; `condition::eof` if the stream ends before: the bytes that came stay
  /// buffered (or, if `buffer` is larger than the read limit, are in it).
  [[nodiscard]] task<> read_exactly(byte_span buffer);
  /// Reads `count` bytes.
  /// @param count Memory grows with what comes, not with what is announced.
  [[nodiscard]] task<std::vector<std::byte>> read_exactly(std::size_t count);
  /// Reads up to and with `delimiter` (copied; not empty).
  /// @par Errors As `read_exactly`; `condition::limit_exceeded` beyond `options.limit`, with nothing taken.
  [[nodiscard]] task<std::string> read_until(std::string_view delimiter, until_options options = {});
  /// Reads a line, which ends with LF or CRLF; gives it without that.
  /// @par Errors As `read_until`; `condition::eof` if the stream ends before the line does.
  [[nodiscard]] task<std::string> read_line(line_options options = {});
  /// The same, for loops: nothing at the end of the stream. A last line without an end is given as a line.
  [[nodiscard]] task<std::optional<std::string>> next_line(line_options options = {});
  /// Reads to the end of the stream.
  /// @par Errors `condition::limit_exceeded` if that is more than `limit` bytes (default 16 MiB).
  [[nodiscard]] task<std::string> read_all(std::size_t limit = std::size_t{16} << 20);

  /// The buffered reader, for protocols: what has come and was not taken. The view holds until the next read.
  [[nodiscard]] byte_view buffered() const noexcept { return core_->input.data(); }
  /// Reads more behind what is buffered: at least a byte, as many as have come. Gives how many; 0 at the end.
  /// @par Errors As `read_some`; `condition::limit_exceeded` if the buffer is full (see `set_read_limit`).
  [[nodiscard]] detail::read_operation fill() noexcept { return {core_.get(), fill_room}; }
  /// Takes `count` of the buffered bytes, or all if there are fewer.
  void consume(std::size_t count) noexcept { core_->input.consume(count); }

  /// Writes all of the buffers, in order, in as few calls of the system as it takes, after what was staged.
  /// @param buffers Text or bytes; alive until the operation ends (a temporary in the same `co_await` is).
  /// @par Errors What the connection gives, `condition::timeout`, `canceled`, `misuse`; `errc::closed` after
  /// a write that was cut, or `shutdown`.
  /// @par Cancellation If part was written the stream cannot be written any more.
  template <detail::writable_bytes... Buffers>
  requires(sizeof...(Buffers) > 0)
  [[nodiscard]] detail::write_operation write(const Buffers&... buffers) noexcept {
    return detail::write_operation(core_.get(), detail::view_of(buffers)...);
  }
  /// The same with a list of buffers; the list, too, must stay alive.
  [[nodiscard]] detail::write_operation write(std::span<const byte_view> buffers) noexcept {
    return {core_.get(), buffers};
  }
  /// Copies bytes, to leave with the next `write` or `flush`: many small pieces become one call of the
  /// system.
  /// @par Errors Throws `condition::limit_exceeded` beyond 1 MiB of staged bytes; nothing was staged then.
  template <detail::writable_bytes Buffer>
  void stage(const Buffer& buffer) {
    stage_bytes(detail::view_of(buffer));
  }
  /// Writes what was staged.
  [[nodiscard]] detail::write_operation flush() noexcept {
    return {core_.get(), detail::write_operation::kind::buffers};
  }
  /// Writes what was staged, and says that this side will write no more; the peer reads the end of the
  /// stream. Reading goes on. Twice is once.
  [[nodiscard]] detail::write_operation shutdown() noexcept {
    return {core_.get(), detail::write_operation::kind::shutdown};
  }
  /// Closes at once, both ways; what is staged is lost. Whoever waits gets `errc::closed`. Twice is once.
  void close() noexcept { core_->close(); }
  /// Was it not closed on this side?
  [[nodiscard]] bool is_open() const noexcept { return core_ && !core_->is(detail::stream_core::closed); }

  /// How long each read and write may wait from now on; `no_timeout` for ever. At least a few milliseconds:
  /// the clock that is asked is a coarse one.
  void set_timeout(duration each) noexcept {
    set_read_timeout(each);
    set_write_timeout(each);
  }
  /// The same for reads alone.
  void set_read_timeout(duration each) noexcept { core_->read_timeout = detail::bounded(each); }
  /// The same for writes alone.
  void set_write_timeout(duration each) noexcept { core_->write_timeout = detail::bounded(each); }
  /// Bytes that may be buffered at most (default 1 MiB): what `fill`, lines and delimiters stop at.
  void set_read_limit(std::size_t bytes) noexcept { core_->input.set_max_size(bytes); }

  /// What went through so far.
  [[nodiscard]] const stream_statistics& statistics() const noexcept { return core_->statistics; }
  /// Whom this leads to, for messages: "127.0.0.1:80".
  [[nodiscard]] std::string peer_name() const { return core_->peer_name(); }

  /// For the library: see `send_file`. The part stays alive until the operation ends.
  [[nodiscard]] detail::write_operation send_part(const file_part& part) noexcept {
    return {core_.get(), part};
  }
  /// For the library: the transport below, to be asked for what only it has.
  [[nodiscard]] transport& below() const noexcept { return *core_->below; }
  /// For layers over a stream (TLS): takes the transport and what is buffered out of the stream, which is
  /// closed by that. Nothing may be pending.
  [[nodiscard]] std::pair<std::unique_ptr<transport>, byte_buffer> release();

 private:
  static constexpr std::size_t fill_room = 4096;
  void stage_bytes(byte_view bytes);
  task<std::optional<std::string>> line(line_options options, bool end_ends_a_line);

  std::unique_ptr<detail::stream_core, detail::stream_core_deleter> core_;
};

}  // namespace tidewire
