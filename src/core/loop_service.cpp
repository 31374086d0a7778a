#include "loop_service.hpp"

#include <asio/post.hpp>

#include <system_error>

#ifdef __linux__
#include "epoll_poller.hpp"
#elif defined(_WIN32)
#include "windows_socket.hpp"
#endif

namespace tidewire::detail {

asio::execution_context::id loop_service::id;

loop_service::loop_service(asio::execution_context& context)
    : asio::execution_context::service(context),
      loop(static_cast<asio::io_context*>(&context)),
      context_(static_cast<asio::io_context&>(context)),
      timer_(context_) {
#ifdef _WIN32
  windows_socket::prepare(context_);
#endif
}

loop& loop::of(void* asio_io_context) {
  return asio::use_service<loop_service>(*static_cast<asio::io_context*>(asio_io_context));
}

// Asio shuts services down before it destroys any, so the frames that end here still find theirs.
void loop_service::shutdown() noexcept {
  abandon_all();
  release_all();
  use_clock(nullptr);
}

void loop_service::post_drain() noexcept {
  asio::post(context_, [this] { drain(); });
}

void loop_service::post_calls() noexcept {
  asio::post(context_, [this] { make_calls(); });
}

void loop_service::arm_system_timer(steady_time when) noexcept {
  timer_.expires_at(when);
  timer_.async_wait([this](const std::error_code& failed) {
    if (failed) return;  // set anew, or not needed any more
    system_timer_fired();
  });
}

void loop_service::rest(bool timer_is_set) noexcept {
  if (timer_is_set) timer_.cancel();
#ifdef __linux__
  epoll_poller::rest(*this);
#endif
}

}  // namespace tidewire::detail
