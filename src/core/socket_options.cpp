#include <tidewire/core/socket_options.hpp>

#include <string>

#include "platform.hpp"
#include "sockaddr.hpp"

namespace tidewire::detail {
namespace {

const char* name_of(option_id id) noexcept {
  switch (id) {
    case option_id::no_delay: return "no_delay";
    case option_id::quick_ack: return "quick_ack";
    case option_id::keep_alive: return "keep_alive";
    case option_id::linger: return "linger";
    case option_id::reuse_address: return "reuse_address";
    case option_id::reuse_port: return "reuse_port";
    case option_id::receive_buffer: return "receive_buffer";
    case option_id::send_buffer: return "send_buffer";
    case option_id::not_sent_low_water: return "not_sent_low_water";
    case option_id::user_timeout: return "user_timeout";
    case option_id::fast_open: return "fast_open";
    case option_id::fast_open_connect: return "fast_open_connect";
    case option_id::traffic_class: return "traffic_class";
    case option_id::dscp: return "dscp";
    case option_id::hop_limit: return "hop_limit";
    case option_id::v6_only: return "v6_only";
    case option_id::mark: return "mark";
    case option_id::bind_to_device: return "bind_to_device";
    case option_id::broadcast: return "broadcast";
    case option_id::multicast_loop: return "multicast_loop";
    case option_id::multicast_hops: return "multicast_hops";
  }
  return "option";
}

failure told(const char* verb, option_id id, failure why) {
  // A kind of socket that does not have it, in the words of the systems.
  if (why.code() == std::errc::no_protocol_option || why.code() == std::errc::operation_not_supported ||
      why.code() == std::errc::not_supported) {
    why = failure(errc::unsupported, "not on this kind of socket: " + why.code().message());
  }
  return why.during(std::string(verb) + " option " + name_of(id) + " of");
}

std::error_code set_number(native_socket on, const platform::option_place& at, int number) noexcept {
  if (!at.known) return errc::unsupported;
  const int rounded = number / at.unit + (number % at.unit > 0 ? 1 : 0);
  return platform::set_option(on, at.level, at.name, rounded);
}

std::error_code get_number(native_socket of, const platform::option_place& at, int& number) noexcept {
  if (!at.known) return errc::unsupported;
  int found = 0;
  const std::error_code failed = platform::get_option(of, at.level, at.name, found);
  number = to_option_number(std::int64_t{found} * at.unit);
  return failed;
}

// A socket of IPv6 that takes IPv4, too, has the traffic class and the options of multicast twice.
std::error_code set_twice(native_socket on, option_id id, int value) noexcept {
  const bool v6 = platform::is_v6(on);
  if (const std::error_code failed = set_number(on, platform::place_of(id, v6), value)) return failed;
  int only_v6 = 1;
  if (v6 && platform::v6_sockets_have_v4_options &&
      !get_number(on, platform::place_of(option_id::v6_only, true), only_v6) && only_v6 == 0) {
    return set_number(on, platform::place_of(id, false), value);
  }
  return {};
}

std::error_code set_keep_alive(native_socket on, const option_value& value) noexcept {
  const std::array places = platform::keep_alive_places();
  for (std::size_t i = 0; i < places.size() && value.numbers[0] != 0; ++i) {
    const int number = value.numbers[i + 1];
    if (number == 0) continue;
    if (const std::error_code failed = set_number(on, places[i], number)) return failed;
  }
  return set_number(on, platform::place_of(option_id::keep_alive, false), value.numbers[0]);
}

// Numbers that a system keeps to itself (Windows before 10) read as 0.
std::error_code get_keep_alive(native_socket of, option_value& value) noexcept {
  const std::array places = platform::keep_alive_places();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::error_code failed = get_number(of, places[i], value.numbers[i + 1]);
    if (failed && failed != std::errc::no_protocol_option) return failed;
  }
  return get_number(of, platform::place_of(option_id::keep_alive, false), value.numbers[0]);
}

std::error_code set(native_socket on, const option_value& value) noexcept {
  switch (value.id) {
    case option_id::keep_alive: return set_keep_alive(on, value);
    case option_id::linger: return platform::set_linger(on, value.numbers[0] != 0, value.numbers[1]);
    case option_id::bind_to_device:
      return platform::bind_to_device(on, platform::is_v6(on), value.text.data());
    case option_id::traffic_class:
    case option_id::multicast_loop:
    case option_id::multicast_hops: return set_twice(on, value.id, value.numbers[0]);
    case option_id::dscp: return set_twice(on, option_id::traffic_class, value.numbers[0] << 2);
    case option_id::hop_limit:
      return set_number(on, platform::place_of(value.id, platform::is_v6(on)), value.numbers[0]);
    default: return set_number(on, platform::place_of(value.id, false), value.numbers[0]);
  }
}

std::error_code get(native_socket of, option_value& value) noexcept {
  switch (value.id) {
    case option_id::keep_alive: return get_keep_alive(of, value);
    case option_id::linger: {
      bool lingers = false;
      const std::error_code failed = platform::get_linger(of, lingers, value.numbers[1]);
      value.numbers[0] = lingers;
      return failed;
    }
    case option_id::bind_to_device:
      return platform::get_bound_device(of, platform::is_v6(of), std::span(value.text));
    case option_id::dscp: {
      const std::error_code failed =
          get_number(of, platform::place_of(value.id, platform::is_v6(of)), value.numbers[0]);
      value.numbers[0] >>= 2;
      return failed;
    }
    case option_id::traffic_class:
    case option_id::multicast_loop:
    case option_id::multicast_hops:
    case option_id::hop_limit:
      return get_number(of, platform::place_of(value.id, platform::is_v6(of)), value.numbers[0]);
    default: return get_number(of, platform::place_of(value.id, false), value.numbers[0]);
  }
}

}  // namespace

result<void> set_socket_option(native_socket on, const option_value& value) {
  if (on == platform::no_socket) return told("set", value.id, errc::closed);
  if (value.id == option_id::dscp && value.numbers[0] > 63) {
    return told("set", value.id, failure(errc::misuse, "a DSCP has six bits: 63 is the largest"));
  }
  if (const std::error_code failed = set(on, value)) return told("set", value.id, failed);
  return {};
}

result<option_value> get_socket_option(native_socket of, option_id id) {
  if (of == platform::no_socket) return told("read", id, errc::closed);
  option_value value{id, {}, {}};
  if (const std::error_code failed = get(of, value)) return told("read", id, failed);
  return value;
}

}  // namespace tidewire::detail
