/// @file
/// Unix sockets: streams, datagrams and pairs between programs of one host, with the peer's credentials and
/// the passing of descriptors.
///
/// The namespace is `unix_socket`, because GCC and Clang define a macro `unix` unless told to be strict
/// (`-std=gnu++20`, CMake's default, does it), and `unix::connect` would then be a syntax error.
///
/// Windows has streams only, by path; the rest is `errc::unsupported` there.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/detail/accept.hpp>
#include <tidewire/core/detail/datagram.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/socket_options.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>

#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::unix_socket {

/// The address of a Unix socket: a path, an abstract name (Linux), or none at all. A trivially copyable
/// value.
class TIDEWIRE_CORE_API address {
 public:
  /// The longest path or name that any system takes, in bytes.
  static constexpr std::size_t most_bytes = 107;

  /// No name: what a socket has that was not bound.
  constexpr address() noexcept = default;
  /// A path. Relative to the working directory of the process, unless it begins with a slash.
  /// @par Errors Throws `error`: `errc::misuse` if it is empty or has a NUL, `errc::limit_exceeded` if it is
  /// longer than the system takes (107 bytes; macOS: 103).
  template <std::convertible_to<std::string_view> T>
  address(const T& path) : address(static_cast<std::string_view>(path), kind::path) {}  // NOLINT: as text
  /// An abstract name, which is no file and ends with its sockets (Linux; elsewhere using it is
  /// `errc::unsupported`). Any bytes.
  /// @par Errors Throws `error`: `errc::misuse` if it is empty, `errc::limit_exceeded` beyond 107 bytes.
  [[nodiscard]] static address abstract(std::string_view name) { return address(name, kind::abstract); }

  [[nodiscard]] constexpr bool is_unnamed() const noexcept { return kind_ == kind::unnamed; }
  [[nodiscard]] constexpr bool is_path() const noexcept { return kind_ == kind::path; }
  [[nodiscard]] constexpr bool is_abstract() const noexcept { return kind_ == kind::abstract; }
  /// The path or the name; a view of this object.
  [[nodiscard]] constexpr std::string_view name() const noexcept { return {text_.data(), size_}; }
  /// For messages: "unix:/run/x", "unix:@name", "unix:(unnamed)". What cannot be shown is `?`, a zero `@`.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] friend constexpr bool operator==(const address&, const address&) noexcept = default;
  /// @copydoc operator==
  [[nodiscard]] friend constexpr std::strong_ordering operator<=>(const address&,
                                                                  const address&) noexcept = default;

 private:
  enum class kind : std::uint8_t { unnamed, path, abstract };
  address(std::string_view name, kind which);

  kind kind_ = kind::unnamed;
  std::uint8_t size_ = 0;
  std::array<char, most_bytes> text_{};
};

/// A descriptor of the system, owned: closed when this is destroyed. Moves.
class TIDEWIRE_CORE_API descriptor {
 public:
  /// None.
  constexpr descriptor() noexcept = default;
  /// Takes over.
  explicit constexpr descriptor(native_socket owned) noexcept : owned_(owned) {}
  descriptor(descriptor&& other) noexcept : owned_(other.release()) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~descriptor();

  /// Is there one?
  [[nodiscard]] explicit constexpr operator bool() const noexcept { return owned_ != none; }
  /// Still owned here; all ones if there is none.
  [[nodiscard]] constexpr native_socket get() const noexcept { return owned_; }
  /// Gives it away.
  [[nodiscard]] native_socket release() noexcept { return std::exchange(owned_, none); }

 private:
  static constexpr native_socket none = static_cast<native_socket>(-1);
  native_socket owned_ = none;
};

/// Who is at the other end, as the system vouches for it.
struct credentials {
  std::uint32_t user = 0;               ///< Effective user, when it connected or listened.
  std::uint32_t group = 0;              ///< Effective group.
  std::optional<std::int64_t> process;  ///< The process, where the system tells (Linux, macOS).
};

/// What `receive_descriptors` got.
class received_descriptors {
 public:
  received_descriptors(std::size_t bytes, std::vector<descriptor> all) noexcept
      : size(bytes), descriptors(std::move(all)) {}

  std::size_t size;                     ///< Bytes that came; 0 at the end of the stream.
  std::vector<descriptor> descriptors;  ///< What came with them; may be none.
};

namespace detail {
class accept_operation;
class listener_state;
class socket_file;
}  // namespace detail

/// A connection over a Unix socket. Everything a `stream` can, and what only these have.
class TIDEWIRE_CORE_API stream : public tidewire::stream, public tidewire::detail::socket_options_of<stream> {
 public:
  /// Descriptors that one message takes at most.
  static constexpr std::size_t most_descriptors = 253;

  /// For the library.
  using tidewire::stream::stream;

  /// Our end: the listener's address on its side, mostly unnamed on the other. Throws `error` once closed.
  [[nodiscard]] address local_address() const;
  /// The peer's end, as it was when connected.
  [[nodiscard]] const address& remote_address() const noexcept;
  /// Who is at the other end.
  /// @par Errors Throws `error`: `errc::closed`, `errc::unsupported`.
  [[nodiscard]] credentials peer_credentials() const;

  /// Writes bytes, and passes copies of descriptors with the first of them. What was staged is written
  /// before.
  /// @param descriptors 1 to 253; they, and `bytes`, are alive until the operation ends.
  /// @param bytes At least one: the system passes no descriptor without a byte.
  /// @par Errors As `write`; `condition::misuse`, `errc::unsupported`.
  /// @par Cancellation As `write`. The descriptors went if `bytes_written` grew.
  [[nodiscard]] task<> send_descriptors(std::span<const native_socket> descriptors, byte_view bytes);
  /// The same with one.
  [[nodiscard]] task<> send_descriptors(native_socket one, byte_view bytes);

  /// Reads what has come, as `read_some` does, with the descriptors that came with it. A read by any other
  /// means closes them: both sides have to agree when they come. They are not inherited by child processes.
  /// @param into Not empty; alive until the operation ends. The system ends a read where descriptors of
  /// another message begin.
  /// @param limit Descriptors that are taken at most, 1 to 253.
  /// @par Errors As `read_some`; `condition::limit_exceeded` if more than `limit` came,
  /// `std::errc::too_many_files_open` if this process has none left, with all of them closed and the bytes
  /// lost; `condition::misuse` while there is something in `buffered()`; `errc::unsupported`.
  /// @par Cancellation Nothing was read.
  [[nodiscard]] task<received_descriptors> receive_descriptors(byte_span into, std::size_t limit = 16);

  /// The system's socket, still owned here; all ones once closed.
  [[nodiscard]] native_socket native_handle() const noexcept;
  /// For messages.
  [[nodiscard]] std::string socket_name() const;
};

/// How `listen` listens.
struct listen_options {
  /// Connections that the system holds until they are accepted. The system may allow fewer.
  int backlog = 1024;
  /// A socket file that nobody listens on, left behind by a program that did not end well, is replaced. That
  /// somebody listens is found out by connecting. Else, and always for a file that is no socket, it is an
  /// error.
  bool replace_stale = true;
  /// The access rights of the socket file, 0600 say. 0: as the umask has it. From its beginning on Linux,
  /// elsewhere from a moment later. Windows: `errc::unsupported`.
  unsigned permissions = 0;
};

/// A Unix socket that accepts connections. On no loop yet: the first `accept` takes it to the loop of its
/// task. A socket file that it made is removed when it is closed. Moves; not thread-safe.
class TIDEWIRE_CORE_API listener : public tidewire::detail::socket_options_of<listener> {
 public:
  listener(listener&& other) noexcept;
  listener& operator=(listener&& other) noexcept;
  ~listener();

  /// Waits for a connection; as `tcp::listener::accept`.
  [[nodiscard]] detail::accept_operation accept() noexcept;
  /// Where it listens.
  [[nodiscard]] const address& local_address() const noexcept;
  /// Stops listening and removes the socket file. An `accept` that waits gets `errc::closed`. Twice is once.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept;
  /// The system's socket, still owned here; all ones once closed.
  [[nodiscard]] native_socket native_handle() const noexcept;
  /// For messages.
  [[nodiscard]] std::string socket_name() const;

 private:
  friend TIDEWIRE_CORE_API listener listen(const address& at, listen_options options);
  explicit listener(detail::listener_state* state) noexcept : state_(state) {}
  detail::listener_state* state_;
};

/// Listens at a path or an abstract name.
/// @par Errors Throws `error` that names the address and says what is in the way: another program listens
/// there, a file that is no socket is there, no such folder, no permission.
[[nodiscard]] TIDEWIRE_CORE_API listener listen(const address& at, listen_options options = {});

/// How `connect` connects.
struct connect_options {
  /// It may take this long: a listener whose backlog is full is tried again until then.
  duration timeout = std::chrono::seconds(30);
};

/// Connects to a listener.
/// @par Errors What the system gives: no such file, refused (nobody listens any more), not permitted, ...;
/// `condition::timeout`, `canceled`.
/// @par Cancellation At once.
[[nodiscard]] TIDEWIRE_CORE_API task<stream> connect(const address& to, connect_options options = {});

/// Two streams, each the peer of the other, that have no name: to be shared with child processes, or passed
/// on.
/// @par Errors Throws `error`: no descriptors left, `errc::unsupported` on Windows.
[[nodiscard]] TIDEWIRE_CORE_API std::pair<stream, stream> stream_pair();

/// Takes over a connected stream socket of the system: one that a parent left open, or another program passed
/// on. From now on it does not block, and is not inherited by child processes.
/// @par Errors Throws `error` (`condition::misuse`) if it is none; it is not taken over then.
[[nodiscard]] TIDEWIRE_CORE_API stream adopt(native_socket owned);

/// What came of one datagram.
struct received {
  std::size_t size = 0;       ///< Bytes in the buffer. 0 is an empty datagram.
  std::size_t full_size = 0;  ///< Bytes of the datagram; one more than `size` where the system only tells
                              ///< that it was longer.
  address from;               ///< Who sent it; unnamed for a sender that is not bound.

  /// Was it longer than the buffer? The rest is lost.
  [[nodiscard]] constexpr bool truncated() const noexcept { return full_size > size; }
};

namespace detail {

/// What `accept` returns.
class TIDEWIRE_CORE_API accept_operation final
    : public tidewire::detail::leaf<accept_operation, tidewire::detail::accept_wait> {
 public:
  explicit accept_operation(listener_state* from) noexcept;
  [[nodiscard]] stream await_resume();
};

/// What `recv_from` returns.
class TIDEWIRE_CORE_API receive_operation final
    : public tidewire::detail::leaf<receive_operation, tidewire::detail::datagram_receive> {
 public:
  using leaf::leaf;
  [[nodiscard]] received await_resume() const {
    require_success();
    return {size_, full_size_, from_};
  }

 private:
  void came_from(const tidewire::detail::native_address& sender) noexcept override;
  address from_;
};

/// What `send` and `send_to` return.
class TIDEWIRE_CORE_API send_operation final
    : public tidewire::detail::leaf<send_operation, tidewire::detail::datagram_send> {
 public:
  using leaf::leaf;
  send_operation(tidewire::detail::datagram_io* by, byte_view bytes, const address& to) noexcept
      : leaf(by, bytes), to_(to) {}
  void await_resume() const { require_success(); }

 private:
  bool destination(tidewire::detail::native_address& to) const noexcept override;
  address to_;  // unnamed: the connected peer
};

}  // namespace detail

/// How `bind_datagram` binds.
struct bind_options {
  /// As in `listen_options`.
  bool replace_stale = true;
  /// As in `listen_options`.
  unsigned permissions = 0;
};

/// A Unix datagram socket: whole datagrams, in order, none lost. Who may do what when is as with
/// `udp::socket`; a socket file that it made is removed when it is closed.
class TIDEWIRE_CORE_API datagram_socket : public tidewire::detail::datagram_handle,
                                          public tidewire::detail::socket_options_of<datagram_socket> {
 public:
  datagram_socket(datagram_socket&& other) noexcept;
  datagram_socket& operator=(datagram_socket&& other) noexcept;
  ~datagram_socket();

  /// Waits for a datagram; as `udp::socket::recv_from`.
  [[nodiscard]] detail::receive_operation recv_from(byte_span buffer) noexcept {
    return detail::receive_operation(io_, buffer);
  }
  /// @copydoc recv_from(byte_span)
  [[nodiscard]] detail::receive_operation recv_from(std::span<char> buffer) noexcept {
    return recv_from(std::as_writable_bytes(buffer));
  }
  /// Sends a datagram.
  /// @param datagram Text or bytes; alive until the operation ends. How long it may be is up to
  /// `option::send_buffer`.
  /// @par Errors What the system gives: nobody there, too long, ...; if the receiver is behind,
  /// `std::errc::resource_unavailable_try_again`, which is `condition::transient`: no system tells when it
  /// has room again. A connected socket waits for that instead. `condition::canceled`, `misuse`.
  /// @par Cancellation It was not sent.
  template <tidewire::detail::writable_bytes Buffer>
  [[nodiscard]] detail::send_operation send_to(const Buffer& datagram, const address& to) noexcept {
    return detail::send_operation(io_, tidewire::detail::view_of(datagram), to);
  }
  /// The same, to the connected peer: waits while that is behind.
  template <tidewire::detail::writable_bytes Buffer>
  [[nodiscard]] detail::send_operation send(const Buffer& datagram) noexcept {
    return detail::send_operation(io_, tidewire::detail::view_of(datagram));
  }

  /// Our end; unnamed if it was not bound.
  [[nodiscard]] address local_address() const;
  /// The peer's end, on a connected socket.
  [[nodiscard]] std::optional<address> remote_address() const;
  /// Closes at once, and removes the socket file. Whoever waits gets `errc::closed`. Twice is once.
  void close() noexcept;

 private:
  friend TIDEWIRE_CORE_API datagram_socket bind_datagram(const address& at, bind_options options);
  friend TIDEWIRE_CORE_API datagram_socket connect_datagram(const address& to, const address& local);
  friend TIDEWIRE_CORE_API std::pair<datagram_socket, datagram_socket> datagram_pair();
  explicit datagram_socket(tidewire::detail::datagram_io* io) noexcept;

  std::unique_ptr<detail::socket_file> file_;
};

/// Makes a socket that gets what is sent to a path or an abstract name.
/// @par Errors As `listen`.
[[nodiscard]] TIDEWIRE_CORE_API datagram_socket bind_datagram(const address& at, bind_options options = {});
/// Makes a socket that sends to one peer.
/// @param local Where the peer can answer to; unnamed: nowhere.
/// @par Errors Throws `error` that names the peer: nobody there, not permitted.
[[nodiscard]] TIDEWIRE_CORE_API datagram_socket connect_datagram(const address& to,
                                                                 const address& local = {});
/// Two datagram sockets, each the peer of the other, that have no name.
/// @par Errors As `stream_pair`.
[[nodiscard]] TIDEWIRE_CORE_API std::pair<datagram_socket, datagram_socket> datagram_pair();

}  // namespace tidewire::unix_socket
