// Happy Eyeballs (RFC 8305): several addresses of a host are tried, each some time after the one before, and
// the first that connects wins.
#include <tidewire/core/event.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/group.hpp>
#include <tidewire/core/resolver.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/timeout.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connect_operation.hpp"
#include "duration_text.hpp"
#include "platform.hpp"
#include "sockaddr.hpp"
#include "tcp_transport.hpp"

namespace tidewire::tcp {

namespace platform = tidewire::detail::platform;
using tidewire::detail::connect_operation;
using tidewire::detail::duration_text;
using tidewire::detail::native_address;
using tidewire::detail::socket_io;

namespace {

/// Addresses as they are to be tried: the families in turn, each in its order (RFC 8305 section 4).
std::vector<endpoint> interleaved(const std::vector<ip_address>& found, std::uint16_t port) {
  std::vector<endpoint> in_turn;
  in_turn.reserve(found.size());
  std::array<std::vector<ip_address>::const_iterator, 2> next = {found.begin(), found.begin()};
  const bool first_is_v6 = found.front().is_v6();
  for (std::size_t turn = 0; in_turn.size() < found.size(); ++turn) {
    auto& candidate = next[turn % 2];
    const bool v6 = first_is_v6 != (turn % 2 == 1);
    candidate = std::find_if(candidate, found.end(), [v6](const ip_address& a) { return a.is_v6() == v6; });
    if (candidate != found.end()) in_turn.emplace_back(*candidate++, port);
  }
  return in_turn;
}

/// Would another address do no better?
bool is_of_this_host(const std::error_code& code) noexcept {
  return code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system ||
         code == std::errc::not_enough_memory || code == std::errc::no_buffer_space;
}

/// One call of `connect`. Its tasks end before it does.
class connecting {
 public:
  connecting(executor here, std::string to, const connect_options& options)
      : here_(here), to_(std::move(to)), options_(options), began_(here.now()) {}

  /// Runs one of the acts below within the time, and reports.
  task<stream> within_time(task<stream> act) {
    auto outcome = co_await as_result(with_timeout(options_.timeout, std::move(act)));
    report_.took = elapsed();
    if (!outcome && outcome.code() == errc::timed_out && !report_.attempts.empty()) {
      outcome.error().because("no connection within " + duration_text(options_.timeout) + ": " +
                              report_.to_string());
    }
    if (options_.report != nullptr) *options_.report = std::move(report_);
    co_return std::move(outcome).value();
  }

  task<stream> to_address(endpoint to) {
    report_.attempts.emplace_back();
    co_return co_await attempt(to, report_.attempts.back());
  }

  task<stream> to_host(const std::string& host, std::uint16_t port) {
    resolve_options asking{.prefer = options_.prefer, .timeout = no_timeout};
    if (options_.local) {
      asking.prefer =
          options_.local->address().is_v6() ? address_preference::v6_only : address_preference::v4_only;
    }
    auto resolving =
        options_.resolver != nullptr ? options_.resolver->resolve(host, asking) : resolve(host, asking);
    const std::vector<ip_address> found = co_await std::move(resolving);
    report_.look_up = elapsed();
    co_return co_await race(interleaved(found, port));
  }

 private:
  task<stream> race(std::vector<endpoint> to) {
    constexpr duration least_delay = std::chrono::milliseconds(10);  // RFC 8305 section 8
    std::optional<stream> winner;
    std::optional<failure> hopeless;
    event go_on;  // the latest attempt failed, or the race is over
    report_.attempts.reserve(to.size());
    const auto compete = [&](task_group& group, std::size_t index) -> task<> {
      connect_attempt& own = report_.attempts[index];
      auto outcome = co_await as_result(attempt(to[index], own));
      if (outcome && winner) {
        own.code = errc::canceled;  // by a hair
      } else if (outcome) {
        winner.emplace(std::move(*outcome));
        group.cancel();
        go_on.set();
      } else if (preparing_failed_ || is_of_this_host(outcome.code())) {
        hopeless = outcome.error();
        group.cancel();
        go_on.set();
      } else if (index + 1 == report_.attempts.size()) {
        go_on.set();
      }
    };
    co_await with_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i < to.size() && !group.canceled(); ++i) {
        go_on.reset();
        report_.attempts.emplace_back();
        group.spawn(compete(group, i));
        const auto waited =
            co_await as_result(with_timeout(std::max(options_.attempt_delay, least_delay), go_on.wait()));
        if (!waited && waited.code() != errc::timed_out) break;
      }
    });
    if (winner) co_return std::move(*winner);
    if (hopeless) throw error(*hopeless);
    const bool canceled = co_await is_canceled();
    failure why =
        canceled ? failure(errc::canceled) : failure(errc::connection_refused_by_all, report_.to_string());
    throw error(why.during("connect to").with(to_));
  }

  task<stream> attempt(endpoint to, connect_attempt& own) {
    own.to = to;
    own.began = elapsed();
    const auto note = [&](std::error_code code) {
      own.code = code;
      own.took = elapsed() - own.began;
    };
    const auto check = [&](std::error_code code) {
      note(code);
      if (code) throw detail::failed("connect to", to.to_string(), code);
    };
    std::error_code code;
    const bool v6 = to.address().is_v6();
    const platform::native_socket native = platform::open_socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, code);
    check(code);
    stream made = detail::make_stream(new socket_io(native, /*fresh=*/false), to);
    check(platform::set_option(native, IPPROTO_TCP, TCP_NODELAY, 1));
    for (const auto& option : options_.options.values()) {
      if (const auto set = tidewire::detail::set_socket_option(native, option); !set) {
        note(set.code());
        preparing_failed_ = true;
        throw error(failure(set.error()).with(to.to_string()));
      }
    }
    if (options_.local) {
      if (const auto bound = platform::bind(native, tidewire::detail::to_sockaddr(*options_.local))) {
        note(bound);
        preparing_failed_ = true;
        throw detail::failed("bind to", options_.local->to_string(), bound);
      }
    }
    const native_address address = tidewire::detail::to_sockaddr(to);
    code = co_await connect_operation(static_cast<detail::transport&>(made.below()).io(), address);
    own.from = source_of(native);
    check(code);
    co_return made;
  }

  [[nodiscard]] static endpoint source_of(platform::native_socket connected) {
    std::error_code failed;
    const native_address local = platform::local_address(connected, failed);
    if (failed) return {};
    return tidewire::detail::from_sockaddr(local.get(), local.size).value_or(endpoint());
  }
  [[nodiscard]] duration elapsed() const noexcept { return here_.now() - began_; }

  executor here_;
  std::string to_;
  const connect_options& options_;
  time_point began_;
  connect_report report_;
  bool preparing_failed_ = false;  // what the options ask for cannot be had
};

task<stream> connect_to_address(endpoint to, connect_options options) {
  const executor here = co_await this_executor();
  connecting act(here, to.to_string(), options);
  co_return co_await act.within_time(act.to_address(to));
}

task<stream> connect_to_host(std::string host, std::uint16_t port, connect_options options) {
  const executor here = co_await this_executor();
  const bool bare_v6 = host.find(':') != std::string::npos;
  std::string to = (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  connecting act(here, std::move(to), options);
  co_return co_await act.within_time(act.to_host(host, port));
}

}  // namespace

std::string connect_report::to_string() const {
  std::string text;
  for (const connect_attempt& each : attempts) {
    if (!text.empty()) text += "; ";
    text += each.to.to_string() + ": " + (each.code ? each.code.message() : "connected") + " after " +
            duration_text(each.took);
  }
  return text;
}

task<stream> connect(endpoint to, connect_options options) {
  return connect_to_address(to, options);
}

task<stream> connect(std::string_view host, std::uint16_t port, connect_options options) {
  return connect_to_host(std::string(host), port, options);
}

}  // namespace tidewire::tcp
