#include "epoll_poller.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

#include "asio_compat.hpp"

namespace tidewire::detail {
namespace {

// The end of the stream comes with EPOLLRDHUP, so a short read tells for certain that a socket is drained.
constexpr std::uint32_t reads = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t writes = EPOLLOUT;
constexpr std::uint32_t ends = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

platform::native_socket new_set() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  return set;
}

std::error_code outcome(int done) noexcept {
  return done == 0 ? std::error_code() : std::error_code(errno, std::system_category());
}

}  // namespace

namespace {

struct poller_of_loop final : loop_local {
  static const char key;
  explicit poller_of_loop(loop& home) : poller(new epoll_poller(home)) {}
  ~poller_of_loop() override {
    poller->close();
    poller->release();
  }
  epoll_poller* poller;
};
const char poller_of_loop::key = 0;

}  // namespace

epoll_poller& epoll_poller::of(loop& home) {
  return *home.local<poller_of_loop>().poller;
}

void epoll_poller::rest(loop& home) noexcept {
  if (auto* const mine = home.local_if_made<poller_of_loop>()) mine->poller->cancel_read();
}

epoll_poller::epoll_poller(loop& home) : reactor_socket(new_set()), events_(batch) {
  static_cast<void>(reactor_socket::attach(home));
}

std::error_code epoll_poller::add(watched_socket& socket, std::uint32_t events) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &socket;
  return outcome(::epoll_ctl(native(), EPOLL_CTL_ADD, socket.native(), &event));
}

std::error_code epoll_poller::change(watched_socket& socket, std::uint32_t events) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &socket;
  return outcome(::epoll_ctl(native(), EPOLL_CTL_MOD, socket.native(), &event));
}

void epoll_poller::remove(watched_socket& socket) noexcept {
  ::epoll_ctl(native(), EPOLL_CTL_DEL, socket.native(), nullptr);
}

void epoll_poller::keep_until_dealt(watched_socket& socket) noexcept {
  if (!dealing_) return;
  socket.retain();
  closed_.push_back(&socket);
}

epoll_poller::progress epoll_poller::try_read() noexcept {
  ready_ = ::epoll_wait(native(), events_.data(), batch, 0);
  if (ready_ <= 0) return progress::blocked;
  return ready_ == batch ? progress::done : progress::drained;
}

void epoll_poller::read_done(std::error_code failed) noexcept {
  if (!failed) deal_batch();  // else it rested, or is closed; somebody may wait again since
  if (native() != platform::no_socket && home()->first_chain() != nullptr) static_cast<void>(start());
}

// A full batch may have left some behind, which Asio would not be told of again: they come next, but not
// before Asio's other operations had their turn.
std::error_code epoll_poller::wait_for_events() noexcept {
  if (ready_ != batch) return wait_read();
  read_again();
  return {};
}

void epoll_poller::deal_batch() noexcept {
  dealing_ = true;
  home()->begin_turn();
  for (int i = 0; i < ready_; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    deal(*static_cast<watched_socket*>(event.data.ptr), event.events);
  }
  dealing_ = false;
  home()->end_turn();
  while (!closed_.empty()) {
    watched_socket* const socket = closed_.back();
    closed_.pop_back();
    socket->release();
  }
}

// Who is closed by what comes before it in the batch is kept until the batch is dealt.
void epoll_poller::deal(watched_socket& socket, std::uint32_t events) noexcept {
  if (socket.native_ == platform::no_socket) return;
  if ((events & (EPOLLIN | ends)) != 0) {
    if ((events & ends) != 0) socket.ended_ = true;
    if (!socket.reading_) {
      socket.became_readable();
    } else if (socket.try_read() != watched_socket::progress::blocked) {
      socket.reading_ = false;
      socket.read_done({});
    }
  }
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && socket.writing_ &&
      socket.try_write() != watched_socket::progress::blocked) {
    socket.writing_ = false;
    socket.write_done({});
  }
}

// The set is there before those who are accepted take the last descriptors. If it cannot be had, that is told
// to whoever has to wait.
std::error_code watched_socket::attach(loop& asking) noexcept {
  const std::error_code refused = tried_socket::attach(asking);
  if (!refused && poller_ == nullptr) static_cast<void>(find_poller());
  return refused;
}

std::error_code watched_socket::find_poller() noexcept {
  try {
    poller_ = &epoll_poller::of(*home());
    return {};
  } catch (const std::system_error& e) {
    return e.code();
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
}

void watched_socket::loop_ended() noexcept {
  unwatch();
  poller_ = nullptr;
  reading_ = false;
  writing_ = false;
  became_readable();  // it may be: on the next loop it is tried first
}

std::error_code watched_socket::watch(std::uint32_t events) noexcept {
  if (native_ == platform::no_socket) return errc::closed;
  if (poller_ == nullptr) {
    if (const std::error_code failed = find_poller()) return failed;
  }
  if (watched_ == 0) {
    if (const std::error_code failed = poller_->add(*this, reads | events)) return failed;
  } else if (const std::error_code failed = poller_->change(*this, watched_ | events)) {
    return failed;
  }
  watched_ |= reads | events;
  return poller_->start();
}

void watched_socket::unwatch() noexcept {
  if (std::exchange(watched_, 0) != 0) poller_->remove(*this);
}

std::error_code watched_socket::wait_read() noexcept {
  const std::error_code failed = watched_ != 0 ? poller_->start() : watch(reads);
  reading_ = !failed;
  return failed;
}

std::error_code watched_socket::wait_write() noexcept {
  const std::error_code failed = (watched_ & writes) != 0 ? poller_->start() : watch(writes);
  writing_ = !failed;
  return failed;
}

void watched_socket::give_up(bool& pending, void (watched_socket::*done)(std::error_code) noexcept) noexcept {
  if (!std::exchange(pending, false)) return;
  if (home() == nullptr || home()->ended()) return;  // so has whoever waited
  const loop::held hold(*home());                    // who waits goes on later, not in the middle of this
  (this->*done)(errc::canceled);
}

void watched_socket::close() noexcept {
  if (native_ == platform::no_socket) return;
  if (std::exchange(watched_, 0) != 0) poller_->keep_until_dealt(*this);
  platform::close(std::exchange(native_, platform::no_socket));  // and leaves the set by that
  cancel_read();
  cancel_write();
}

platform::native_socket watched_socket::release_native() noexcept {
  if (watched_ != 0) poller_->keep_until_dealt(*this);
  unwatch();
  return std::exchange(native_, platform::no_socket);
}

}  // namespace tidewire::detail
