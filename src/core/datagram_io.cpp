#include "datagram_io.hpp"

#include <tidewire/base/error.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "address_name.hpp"

namespace tidewire::detail {

void datagram_io::learn_ends() noexcept {
  std::error_code failed;
  local_ = platform::local_address(native(), failed);
  remote_ = platform::remote_address(native(), failed);
  connected_ = !failed;
}

void datagram_io::fit(native_address& to) const noexcept {
  if (to.storage.ss_family != AF_INET || local_.storage.ss_family != AF_INET6) return;
  const auto v4 = from_sockaddr(to.get(), to.size);
  if (!v4) return;
  std::array<std::byte, 16> mapped{};  // RFC 4291, section 2.5.5.2
  mapped[10] = mapped[11] = std::byte{0xff};
  std::ranges::copy(v4->address().bytes(), mapped.begin() + 12);
  to = to_sockaddr(endpoint(ip_address::from_v6(mapped), v4->port()));
}

platform::batch_attempt datagram_io::receive_many(std::span<platform::datagram_slot> into) noexcept {
  if (!coalesces()) return platform::try_receive_many(native(), into);
  platform::batch_attempt got;
  while (got.count < into.size() && !(got.count > 0 && backlog_->drained())) {
    if (backlog_->empty()) {
      const platform::attempt more = backlog_->receive(native());
      if (more.would_block || more.error != 0) {
        // An error behind datagrams is not told: they count more, and the system has forgotten it.
        got.drained = more.would_block;
        if (got.count == 0) static_cast<platform::attempt&>(got) = more;
        return got;
      }
    }
    backlog_->take(into[got.count++]);
  }
  got.drained = backlog_->drained();
  return got;
}

bool datagram_io::begin(datagram_wait& by) noexcept {
  return by.way_ == datagram_wait::way::in ? begin_receive(by) : begin_send(by);
}

bool datagram_io::begin_receive(datagram_wait& by) noexcept {
  if (maybe_readable_) {
    if (const datagram_try found = by.attempt(); found != datagram_try::blocked) {
      note(found);
      return true;
    }
  }
  if (const std::error_code refused = wait_read()) {
    by.fail(refused);
    return true;
  }
  reading_ = &by;
  return false;
}

bool datagram_io::begin_send(datagram_wait& by) noexcept {
  if (first_writer_ == nullptr) {
    if (by.attempt() != datagram_try::blocked) return true;
    if (const std::error_code refused = wait_write()) {
      by.fail(refused);
      return true;
    }
    first_writer_ = &by;
  } else {
    last_writer_->next_ = &by;
  }
  last_writer_ = &by;
  return false;
}

void datagram_io::give_up(datagram_wait& by) noexcept {
  if (by.way_ == datagram_wait::way::in) {
    cancel_read();
  } else if (&by == first_writer_) {
    cancel_write();
  } else {
    unlink(by);
    by.fail(errc::canceled);
    by.wake_soon();
  }
}

void datagram_io::forget(datagram_wait& by) noexcept {
  if (by.way_ == datagram_wait::way::out) {
    unlink(by);
  } else if (reading_ == &by) {
    reading_ = nullptr;
  }
}

void datagram_io::unlink(datagram_wait& writer) noexcept {
  datagram_wait* before = nullptr;
  for (datagram_wait* each = first_writer_; each != nullptr; before = each, each = each->next_) {
    if (each != &writer) continue;
    (before != nullptr ? before->next_ : first_writer_) = writer.next_;
    if (last_writer_ == &writer) last_writer_ = before;
    break;
  }
  writer.next_ = nullptr;
  writer.pending_ = false;
}

datagram_io::progress datagram_io::try_read() noexcept {
  const datagram_try found = reading_->attempt();
  if (found == datagram_try::blocked) return progress::blocked;
  note(found);
  return maybe_readable_ ? progress::done : progress::drained;
}

void datagram_io::read_done(std::error_code failed) noexcept {
  if (reading_ == nullptr) return;
  datagram_wait& by = *std::exchange(reading_, nullptr);
  by.pending_ = false;
  if (!is_open()) {
    by.fail(errc::closed);
  } else if (failed) {
    by.fail(failed);
  }
  by.wake();
}

datagram_io::progress datagram_io::try_write() noexcept {
  return first_writer_->attempt() == datagram_try::blocked ? progress::blocked : progress::done;
}

// The first in line is done; those behind it are tried until one has to wait.
void datagram_io::write_done(std::error_code failed) noexcept {
  while (first_writer_ != nullptr) {
    datagram_wait& done = *first_writer_;
    unlink(done);
    if (!is_open()) {
      done.fail(errc::closed);
    } else if (failed) {
      done.fail(failed);
    }
    done.wake_soon();
    if (first_writer_ == nullptr || !is_open()) continue;
    failed = {};
    if (first_writer_->attempt() != datagram_try::blocked) continue;
    failed = wait_write();
    if (!failed) return;
  }
}

void datagram_io::loop_ended() noexcept {
  reading_ = nullptr;
  first_writer_ = last_writer_ = nullptr;
  watched_socket::loop_ended();
}

datagram_wait::~datagram_wait() {
  if (!retains_) return;
  if (pending_) socket_->forget(*this);
  socket_->release();
}

bool datagram_wait::start(promise_base& p) {
  const auto refuse = [this](errc code, const char* why) {
    fail(code, why);
    return false;
  };
  if (socket_ == nullptr) return refuse(errc::misuse, "the socket was moved from");
  if (p.owner->canceled()) return refuse(errc::canceled, "");
  if (!socket_->is_open()) return refuse(errc::closed, "the socket was closed on this side");
  if (socket_->attach(p.owner->home())) return refuse(errc::misuse, "the socket belongs to another loop");
  if (way_ == way::in && socket_->receiving())
    return refuse(errc::misuse, "another task is receiving on this socket");
  socket_->retain();
  retains_ = true;
  if (socket_->begin(*this)) return done_at_once(p);
  pending_ = true;
  enter(p);
  return true;
}

void datagram_wait::cancel() noexcept {
  if (pending_) socket_->give_up(*this);
}

void datagram_wait::raise(const native_address* to, std::size_t sent, std::size_t of) const {
  const std::error_code code(value_, *category_);
  failure why(code, why_);
  if (sent > 0) why.because(std::to_string(sent) + " of " + std::to_string(of) + " datagrams were sent");
  if (socket_ == nullptr) {
    why.during(way_ == way::in ? "receive on" : "send by");
  } else if (way_ == way::in) {
    const bool connected = socket_->is_connected();
    why.during(connected ? "receive from" : "receive on");
    why.with(name_of(connected ? socket_->remote() : socket_->local()));
  } else {
    why.during("send to");
    if (to != nullptr || socket_->is_connected()) {
      why.with(name_of(to != nullptr ? *to : socket_->remote()));
    }
  }
  throw error(why);
}

bool datagram_receive::start(promise_base& p) {
  if (into_.empty()) [[unlikely]] {
    fail(errc::misuse, "there is no room in the buffer to receive into");
    return false;
  }
  return datagram_wait::start(p);
}

datagram_try datagram_receive::attempt() noexcept {
  if (socket().coalesces()) return attempt_coalesced();
  native_address sender;
  const platform::datagram_attempt got = platform::try_receive_from(socket().native(), into_, sender);
  if (got.would_block) return datagram_try::blocked;
  if (got.error != 0) {
    fail(got.code());
    return datagram_try::done;
  }
  size_ = got.bytes;
  full_size_ = got.full_size;
  came_from(sender);
  return datagram_try::done;
}

datagram_try datagram_receive::attempt_coalesced() noexcept {
  platform::datagram_slot one;
  one.room = into_;
  const platform::batch_attempt got = socket().receive_many(std::span(&one, 1));
  if (got.would_block) return datagram_try::blocked;
  if (got.error != 0) {
    fail(got.code());
    return datagram_try::done;
  }
  size_ = one.size;
  full_size_ = one.full_size;
  came_from(one.peer);
  return got.drained ? datagram_try::drained : datagram_try::done;
}

datagram_try datagram_send::attempt() noexcept {
  native_address to;
  const bool given = destination(to);
  if (given) {
    socket().fit(to);
  } else if (!socket().is_connected()) {  // systems have several words for it
    fail(errc::misuse, "the socket is not connected: say whom to send to");
    return datagram_try::done;
  }
  const platform::attempt sent = platform::try_send_to(socket().native(), bytes_, given ? &to : nullptr);
  if (sent.would_block) {
    // The system calls such a socket writable, whatever the receiver's queue: that would be waited for in
    // vain.
    if (!given || to.storage.ss_family != AF_UNIX) return datagram_try::blocked;
    fail(std::make_error_code(std::errc::resource_unavailable_try_again), "the receiver is behind");
  }
  if (sent.error != 0) fail(sent.code());
  return datagram_try::done;
}

void datagram_send::raise_sending() const {
  native_address to;
  raise(destination(to) ? &to : nullptr, 0, 0);
}

datagram_handle::~datagram_handle() {
  if (io_ == nullptr) return;
  io_->close();
  io_->release();
}

void datagram_handle::close() noexcept {
  if (io_ != nullptr) io_->close();
}

bool datagram_handle::is_open() const noexcept {
  return io_ != nullptr && io_->is_open();
}

native_socket datagram_handle::native_handle() const noexcept {
  return is_open() ? io_->native() : platform::no_socket;
}

std::string datagram_handle::socket_name() const {
  if (!is_open()) return "a closed socket";
  return io_->is_connected() ? "the socket to " + name_of(io_->remote())
                             : "the socket at " + name_of(io_->local());
}

}  // namespace tidewire::detail
