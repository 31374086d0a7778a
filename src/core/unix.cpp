#include <tidewire/core/timeout.hpp>
#include <tidewire/core/unix.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#ifdef _WIN32
#include <winsock2.h>
// after it
#include <afunix.h>
#else
#include <sys/un.h>
#endif

#include "address_name.hpp"
#include "adopted_socket.hpp"
#include "connect_operation.hpp"
#include "datagram_io.hpp"
#include "listener_state.hpp"
#include "platform.hpp"
#include "sockaddr.hpp"
#include "socket_transport.hpp"

namespace tidewire::unix_socket {

namespace platform = tidewire::detail::platform;
using tidewire::detail::datagram_io;
using tidewire::detail::native_address;
using tidewire::detail::socket_io;

namespace {

constexpr std::size_t path_start = offsetof(sockaddr_un, sun_path);
constexpr std::size_t path_room = sizeof(sockaddr_un::sun_path);

error failed(const char* operation, const std::string& with, std::error_code code, std::string why = {}) {
  return error(failure(code, std::move(why)).during(operation).with(with));
}

native_address to_sockaddr(const address& from) {
  native_address to;
  sockaddr_un native{};
  native.sun_family = AF_UNIX;
  const std::string_view name = from.name();
  std::memcpy(native.sun_path + (from.is_abstract() ? 1 : 0), name.data(), name.size());
  std::memcpy(&to.storage, &native, sizeof(native));
  // A path has a final zero, an abstract name a first one.
  to.size = static_cast<socklen_t>(path_start + (from.is_unnamed() ? 0 : name.size() + 1));
  return to;
}

address from_sockaddr(const native_address& from) {
  const auto size = static_cast<std::size_t>(from.size);
  if (size <= path_start || from.storage.ss_family != AF_UNIX) return {};
  const std::string_view name(reinterpret_cast<const char*>(&from.storage) + path_start, size - path_start);
  if (name[0] != '\0') return address(name.substr(0, name.find('\0')));
#ifdef __linux__
  return name.size() > 1 ? address::abstract(name.substr(1)) : address();
#else
  return {};
#endif
}

address local_address_of(native_socket of) {
  std::error_code code;
  const native_address local = platform::local_address(of, code);
  return code ? address() : from_sockaddr(local);
}

void require_supported(const address& at, const char* operation) {
#ifndef __linux__
  if (at.is_abstract()) {
    throw failed(operation, at.to_string(), errc::unsupported, "abstract names are Linux's");
  }
#endif
  if (at.is_unnamed()) throw failed(operation, at.to_string(), errc::misuse, "the address has no name");
}

}  // namespace

address::address(std::string_view name, kind which)
    : kind_(which), size_(static_cast<std::uint8_t>(std::min(name.size(), most_bytes))) {
  const auto refuse = [&](errc code, std::string why) {
    throw error(failure(code, std::move(why)).during("name a Unix socket"));
  };
  constexpr std::size_t most = std::min(most_bytes, path_room - 1);
  if (name.empty()) refuse(errc::misuse, "the name is empty");
  if (which == kind::path && name.find('\0') != std::string_view::npos) {
    refuse(errc::misuse, "the path has a NUL in it");
  }
  if (name.size() > most) {
    refuse(errc::limit_exceeded, "the name has " + std::to_string(name.size()) +
                                     " bytes, and the system takes " + std::to_string(most));
  }
  std::ranges::copy(name, text_.begin());
}

std::string address::to_string() const {
  return tidewire::detail::name_of(to_sockaddr(*this));
}

descriptor::~descriptor() {
  if (owned_ != none) platform::close(owned_);
}

namespace detail {
namespace {

class transport final : public tidewire::detail::socket_transport {
 public:
  /// `by_way_of`: of a peer that has no name, the listener that it came to.
  transport(socket_io* io, const address& remote, std::string by_way_of = {})
      : socket_transport(io), remote_(remote), by_way_of_(std::move(by_way_of)) {}
  [[nodiscard]] std::string peer_name() const override {
    return remote_.is_unnamed() && !by_way_of_.empty() ? "a client of " + by_way_of_ : remote_.to_string();
  }
  [[nodiscard]] const address& remote() const noexcept { return remote_; }

 private:
  address remote_;
  std::string by_way_of_;
};

}  // namespace

/// The file of a bound socket, removed with this unless another one is there by then.
class socket_file {
 public:
  explicit socket_file(const address& at) : path_(at.name()) {
    identity_ = platform::identify_file(path_.c_str(), unknown_);
  }
  socket_file(const socket_file&) = delete;
  socket_file& operator=(const socket_file&) = delete;
  ~socket_file() {
    std::error_code ignored;
    if (!unknown_ && platform::identify_file(path_.c_str(), ignored) == identity_) {
      std::filesystem::remove(path_, ignored);
    }
  }

 private:
  std::string path_;
  std::error_code unknown_;
  platform::file_identity identity_;
};

class listener_state final : public tidewire::detail::listener_state {
 public:
  listener_state(platform::native_socket native, const address& at) noexcept
      : tidewire::detail::listener_state(native), at_(at) {}

  [[nodiscard]] std::string name() const override { return at_.to_string(); }
  [[nodiscard]] const address& at() const noexcept { return at_; }
  void own(std::unique_ptr<socket_file> file) noexcept { file_ = std::move(file); }
  /// The file goes first: whoever finds one then finds a listener.
  void stop() noexcept {
    file_.reset();
    close();
  }

 private:
  address at_;
  std::unique_ptr<socket_file> file_;
};

accept_operation::accept_operation(listener_state* from) noexcept : leaf(from) {}

stream accept_operation::await_resume() {
  tidewire::detail::listener_state& from = require_connection();
  const address remote = from_sockaddr(from.peer());
  return stream(std::make_unique<transport>(from.take(), remote, from.name()));
}

void receive_operation::came_from(const native_address& sender) noexcept {
  from_ = from_sockaddr(sender);
}

bool send_operation::destination(native_address& to) const noexcept {
  if (to_.is_unnamed()) return false;
  to = to_sockaddr(to_);
  return true;
}

namespace {

/// Removes the file of a socket that nobody listens on. `why` says what is in the way otherwise.
std::error_code remove_stale(const address& at, int type, bool may_remove, std::string& why) {
  const std::error_code in_use = std::make_error_code(std::errc::address_in_use);
  const std::filesystem::path path(at.name());
  std::error_code code;
  const auto status = std::filesystem::symlink_status(path, code);
  if (std::filesystem::exists(status) && status.type() != std::filesystem::file_type::socket &&
      status.type() != std::filesystem::file_type::unknown) {
    why = "a file that is no socket is there";
    return in_use;
  }
  const descriptor probe(platform::open_socket(AF_UNIX, type, code));
  if (code) return code;
  const platform::attempt tried = platform::try_connect(probe.get(), to_sockaddr(at));
  if (tried.code() != std::errc::connection_refused) {
    why = "another program is there";
    return in_use;
  }
  if (!may_remove) {
    why = "the file of a socket that nobody listens on any more is there";
    return in_use;
  }
  std::filesystem::remove(path, code);
  return code;
}

/// Binds, and gives the file that came of it.
std::unique_ptr<socket_file> bind(native_socket native, int type, const address& at, const char* operation,
                                  bool replace_stale, unsigned permissions) {
  const auto check = [&](std::error_code code, std::string why = {}) {
    if (code) throw failed(operation, at.to_string(), code, std::move(why));
  };
  if (permissions != 0 && at.is_path()) check(platform::set_file_mode(native, permissions));
  const native_address address = to_sockaddr(at);
  std::error_code code = platform::bind(native, address);
  if (code == std::errc::address_in_use && at.is_path()) {
    std::string why;
    code = remove_stale(at, type, replace_stale, why);
    check(code, why);
    code = platform::bind(native, address);
  }
  check(code);
  if (!at.is_path()) return nullptr;
  auto file = std::make_unique<socket_file>(at);
  if (permissions != 0) {
    std::filesystem::permissions(std::filesystem::path(at.name()),
                                 static_cast<std::filesystem::perms>(permissions), code);
    check(code);
  }
  return file;
}

native_socket open(int type, const char* operation, const std::string& with) {
  std::error_code code;
  const native_socket native = platform::open_socket(AF_UNIX, type, code);
  if (code) throw failed(operation, with, code);
  return native;
}

}  // namespace
}  // namespace detail

address stream::local_address() const {
  if (!is_open()) throw failed("ask for the local address of", socket_name(), errc::closed);
  return local_address_of(native_handle());
}

const address& stream::remote_address() const noexcept {
  return static_cast<detail::transport&>(below()).remote();
}

credentials stream::peer_credentials() const {
  if (!is_open()) throw failed("ask for the credentials of", socket_name(), errc::closed);
  platform::peer_identity peer;
  if (const std::error_code code = platform::identify_peer(native_handle(), peer)) {
    throw failed("ask for the credentials of", socket_name(), code);
  }
  credentials found{peer.user, peer.group, std::nullopt};
  if (peer.process != 0) found.process = peer.process;
  return found;
}

native_socket stream::native_handle() const noexcept {
  return is_open() ? static_cast<detail::transport&>(below()).io().native() : platform::no_socket;
}

std::string stream::socket_name() const {
  return is_open() ? peer_name() : "a closed stream";
}

namespace {

/// Passes descriptors while it lives; a write that was refused leaves those of another one in place.
class sending_rights {
 public:
  sending_rights(socket_io& io, byte_span rights) noexcept
      : io_(io), rights_(rights), before_(io.send_with(rights)) {}
  sending_rights(const sending_rights&) = delete;
  sending_rights& operator=(const sending_rights&) = delete;
  ~sending_rights() {
    const byte_span left = io_.send_with({});
    if (left.data() == rights_.data()) {
      io_.send_with(before_);
    } else {
      io_.send_with(left);
    }
  }

 private:
  socket_io& io_;
  byte_span rights_;
  byte_span before_;
};

/// The same for receiving. Closes what is not taken out.
class receiving_rights {
 public:
  receiving_rights(socket_io& io, std::size_t limit)
      : rights_(limit), io_(io), before_(io.receive_with(&rights_)) {}
  receiving_rights(const receiving_rights&) = delete;
  receiving_rights& operator=(const receiving_rights&) = delete;
  ~receiving_rights() {
    io_.receive_with(before_);
    for (const native_socket each : rights_.descriptors) platform::close(each);
  }

  [[nodiscard]] bool truncated() const noexcept { return rights_.truncated; }
  [[nodiscard]] std::size_t size() const noexcept { return rights_.descriptors.size(); }
  [[nodiscard]] std::vector<descriptor> take() {
    std::vector<descriptor> all;
    all.reserve(rights_.descriptors.size());
    for (const native_socket each : rights_.descriptors) all.emplace_back(each);
    rights_.descriptors.clear();
    return all;
  }

 private:
  platform::incoming_rights rights_;
  socket_io& io_;
  platform::incoming_rights* before_;
};

}  // namespace

task<> stream::send_descriptors(std::span<const native_socket> descriptors, byte_view bytes) {
  const auto refuse = [&](errc code, const char* why) {
    throw failed("pass descriptors to", socket_name(), code, why);
  };
  if (!platform::passes_descriptors) refuse(errc::unsupported, "");
  if (!is_open()) refuse(errc::closed, "the stream was closed on this side");
  if (descriptors.empty() || descriptors.size() > most_descriptors) {
    refuse(errc::misuse, "1 to 253 descriptors go with one message");
  }
  if (bytes.empty()) refuse(errc::misuse, "descriptors go with a byte at least");
  std::vector<std::byte> rights = platform::rights_of(descriptors);
  co_await flush();
  const sending_rights sending(static_cast<detail::transport&>(below()).io(), rights);
  co_await write(bytes);
}

task<received_descriptors> stream::receive_descriptors(byte_span into, std::size_t limit) {
  const auto refuse = [&](std::error_code code, std::string why) {
    throw failed("receive descriptors from", socket_name(), code, std::move(why));
  };
  if (!platform::passes_descriptors) refuse(errc::unsupported, {});
  if (!is_open()) refuse(errc::closed, "the stream was closed on this side");
  if (limit == 0 || limit > most_descriptors) {
    refuse(errc::misuse, "the limit of descriptors is from 1 to 253");
  }
  if (!buffered().empty()) refuse(errc::misuse, "there are bytes that were read and not taken");
  receiving_rights receiving(static_cast<detail::transport&>(below()).io(), limit);
  const std::size_t size = co_await read_some(into);
  if (receiving.size() > limit || (receiving.truncated() && receiving.size() == limit)) {
    refuse(errc::limit_exceeded, "more than " + std::to_string(limit) + " descriptors came");
  }
  // Where there was room for more the system gave up for another reason.
  if (receiving.truncated()) refuse(std::make_error_code(std::errc::too_many_files_open), {});
  received_descriptors got(size, receiving.take());
  co_return got;
}

task<> stream::send_descriptors(native_socket one, byte_view bytes) {
  co_await send_descriptors(std::span(&one, 1), bytes);
}

listener::listener(listener&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

listener& listener::operator=(listener&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

listener::~listener() {
  if (state_ == nullptr) return;
  state_->stop();
  state_->release();
}

detail::accept_operation listener::accept() noexcept {
  return detail::accept_operation(state_);
}

const address& listener::local_address() const noexcept {
  return state_->at();
}

void listener::close() noexcept {
  if (state_ != nullptr) state_->stop();
}

bool listener::is_open() const noexcept {
  return state_ != nullptr && state_->is_open();
}

native_socket listener::native_handle() const noexcept {
  return is_open() ? state_->native() : platform::no_socket;
}

std::string listener::socket_name() const {
  return is_open() ? "the listener at " + state_->name() : "a closed listener";
}

listener listen(const address& at, listen_options options) {
  require_supported(at, "listen on");
  const native_socket native = detail::open(SOCK_STREAM, "listen on", at.to_string());
  auto* const state = new detail::listener_state(native, at);
  listener made(state);
  state->own(detail::bind(native, SOCK_STREAM, at, "listen on", options.replace_stale, options.permissions));
  if (const std::error_code code = platform::listen(native, options.backlog)) {
    throw failed("listen on", at.to_string(), code);
  }
  return made;
}

namespace {

task<stream> connect_to(address to) {
  const native_address native = to_sockaddr(to);
  auto* const io = new socket_io(detail::open(SOCK_STREAM, "connect to", to.to_string()), /*fresh=*/false);
  stream made(std::make_unique<detail::transport>(io, to));
  // A full backlog is told as that, and nobody tells when it has room.
  std::error_code code = std::make_error_code(std::errc::resource_unavailable_try_again);
  duration pause = std::chrono::milliseconds(1);
  for (;;) {
    code = co_await tidewire::detail::connect_operation(*io, native);
    if (code != std::errc::resource_unavailable_try_again) break;
    co_await sleep_for(pause);
    pause = std::min<duration>(2 * pause, std::chrono::milliseconds(50));
  }
  if (code == std::errc::connection_refused) {
    throw failed("connect to", to.to_string(), code, "nobody listens there any more");
  }
  if (code) throw failed("connect to", to.to_string(), code);
  co_return made;
}

task<stream> connect_within(address to, connect_options options) {
  co_return co_await with_timeout(options.timeout, connect_to(to));
}

/// Two sockets of a pair, as what owns them.
template <class Own>
auto make_pair(int type, Own own) {
  std::array<native_socket, 2> made{};
  if (const std::error_code code = platform::open_unix_pair(type, made)) {
    throw error(failure(code).during("make a pair of Unix sockets"));
  }
  descriptor second(made[1]);
  auto first = own(made[0]);
  return std::pair(std::move(first), own(second.release()));
}

}  // namespace

task<stream> connect(const address& to, connect_options options) {
  require_supported(to, "connect to");
  return connect_within(to, options);
}

std::pair<stream, stream> stream_pair() {
  return make_pair(SOCK_STREAM, [](native_socket native) {
    auto* const io = new socket_io(native, /*fresh=*/false);
    return stream(std::make_unique<detail::transport>(io, address()));
  });
}

stream adopt(native_socket owned) {
  const native_address remote = tidewire::detail::require_connection(
      owned, tidewire::detail::socket_family::local, "adopt a Unix stream");
  auto* const io = new socket_io(owned, /*fresh=*/true);
  return stream(std::make_unique<detail::transport>(io, from_sockaddr(remote)));
}

datagram_socket::datagram_socket(datagram_io* io) noexcept : datagram_handle(io) {}
datagram_socket::datagram_socket(datagram_socket&& other) noexcept = default;
datagram_socket& datagram_socket::operator=(datagram_socket&& other) noexcept = default;
datagram_socket::~datagram_socket() = default;

address datagram_socket::local_address() const {
  if (!is_open()) throw failed("ask for the local address of", socket_name(), errc::closed);
  return from_sockaddr(io_->local());
}

std::optional<address> datagram_socket::remote_address() const {
  if (!is_open() || !io_->is_connected()) return std::nullopt;
  return from_sockaddr(io_->remote());
}

void datagram_socket::close() noexcept {
  file_.reset();
  datagram_handle::close();
}

datagram_socket bind_datagram(const address& at, bind_options options) {
  require_supported(at, "bind to");
  const native_socket native = detail::open(SOCK_DGRAM, "bind to", at.to_string());
  datagram_socket made(new datagram_io(native));
  made.file_ = detail::bind(native, SOCK_DGRAM, at, "bind to", options.replace_stale, options.permissions);
  made.io_->learn_ends();
  return made;
}

datagram_socket connect_datagram(const address& to, const address& local) {
  require_supported(to, "connect to");
  const native_socket native = detail::open(SOCK_DGRAM, "connect to", to.to_string());
  datagram_socket made(new datagram_io(native));
  if (!local.is_unnamed()) {
    require_supported(local, "bind to");
    made.file_ = detail::bind(native, SOCK_DGRAM, local, "bind to", true, 0);
  }
  if (const std::error_code code = platform::try_connect(native, to_sockaddr(to)).code()) {
    throw failed("connect to", to.to_string(), code,
                 code == std::errc::connection_refused ? "nobody is there any more" : "");
  }
  made.io_->learn_ends();
  return made;
}

std::pair<datagram_socket, datagram_socket> datagram_pair() {
  return make_pair(SOCK_DGRAM, [](native_socket native) {
    auto* const io = new datagram_io(native);
    io->learn_ends();
    return datagram_socket(io);
  });
}

}  // namespace tidewire::unix_socket
