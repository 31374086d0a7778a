/// @file
/// Names of hosts to addresses: `resolve`, and the `resolver` behind it.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/core/address.hpp>
#include <tidewire/core/clock.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/task.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire {

namespace detail {
class resolver_state;
}

/// Which addresses of a host are wanted, and in which order.
enum class address_preference : std::uint8_t {
  system,    ///< All, in the order of the system (RFC 6724; on Linux, /etc/gai.conf).
  v4_first,  ///< All, those of IPv4 first.
  v6_first,  ///< All, those of IPv6 first.
  v4_only,   ///< No IPv6.
  v6_only,   ///< No IPv4.
};

/// How a `resolver` works.
struct resolver_options {
  /// Look-ups at the same time, each of which takes a thread while it lasts. Default: 16.
  std::size_t concurrent = 16;
  /// Names that may wait for a thread; one more fails with `condition::limit_exceeded`. Default: 4096.
  std::size_t queue_limit = 4096;
  /// How long the addresses of a name are good, from when they were asked for. The system does not tell how
  /// long the name servers say. Zero: not kept. Default: 1 minute.
  duration positive_ttl = std::chrono::minutes(1);
  /// How long a name that does not exist is known not to. Other failures are not kept. Zero: not kept.
  /// Default: 5 seconds.
  duration negative_ttl = std::chrono::seconds(5);
  /// Names kept at most; the one that ends first makes room. Default: 1024.
  std::size_t cache_limit = 1024;
  /// Addresses of one name that are used at most. Default: 64.
  std::size_t address_limit = 64;
};

/// What a resolver did so far.
struct resolver_statistics {
  std::uint64_t look_ups = 0;  ///< Look-ups begun.
  std::uint64_t cached = 0;    ///< Answers from the cache.
  std::uint64_t joined = 0;    ///< Questions that joined a look-up of the same name.
};

/// How one name is resolved.
struct resolve_options {
  /// Which addresses, and in which order.
  address_preference prefer = address_preference::system;
  /// How long to wait. Default: 30 seconds.
  duration timeout = std::chrono::seconds(30);
};

/// Looks names up as the system does (`getaddrinfo`: the hosts file, name servers, what else the system is
/// set up to ask), on threads of its own, so that no loop is held up. A look-up of the system cannot be
/// interrupted: who gives up, by a deadline or by cancellation, goes on at once, and the look-up ends by
/// itself, its answer kept for the next who asks. Nothing waits for it: not the end of a loop, nor of the
/// resolver, nor of the program.
///
/// A name is looked up once at a time, however many ask; case makes no difference. Without a look-up, and
/// without leaving the thread, are answered:
/// - addresses, in the strict form of `ip_address::parse`, and IPv6 addresses with the name of an interface;
///   what looks like an IPv4 address and is none (`127.1`, `0x7f.1`) is refused;
/// - `localhost` and `*.localhost`: ::1 and 127.0.0.1 (RFC 6761 section 6.3);
/// - `*.invalid` (RFC 6761 section 6.4) and `*.onion` (RFC 7686): not found;
/// - what no host can be named: control characters, spaces, more than 253 bytes, bytes outside of ASCII (an
///   internationalised name is given in its `xn--` form).
///
/// One resolver may serve any number of loops, from their threads, if they have the same clock. It may be
/// destroyed while tasks wait: they get `errc::closed`. Its threads do not survive `fork`.
class TIDEWIRE_CORE_API resolver {
 public:
  /// Looks one name up, in lower case, on a thread of the resolver; several may be called at a time, and
  /// one may outlive the resolver. The failure is told to those who ask; `errc::host_not_found` is kept.
  using look_up_function = std::function<result<std::vector<ip_address>>(const std::string& host)>;

  explicit resolver(resolver_options options = {});
  /// In place of the system's look-up: for tests, and for name servers of your own.
  resolver(resolver_options options, look_up_function look_up);
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;
  ~resolver();

  /// The addresses of a host; at least one.
  /// @param host A name or an address, copied.
  /// @par Errors
  /// `errc::host_not_found`: no such name, or no address of the wanted family. `errc::resolver_failed`
  /// (`condition::transient`): the name servers gave no answer. `errc::malformed`: no host can be named so.
  /// `condition::limit_exceeded`: too many names wait for a thread. `condition::timeout`, `canceled`.
  /// @par Cancellation At once; the look-up goes on by itself.
  [[nodiscard]] task<std::vector<ip_address>> resolve(std::string_view host,
                                                      resolve_options options = {}) const;
  /// Forgets every name. Any thread.
  void clear() noexcept;
  /// Any thread.
  [[nodiscard]] resolver_statistics statistics() const noexcept;

 private:
  std::shared_ptr<detail::resolver_state> state_;
};

/// The same by the resolver of the loop, which is made with the default options when it is first asked for,
/// and ends with the loop: `for (ip_address a : co_await resolve("example.org")) ...`.
[[nodiscard]] TIDEWIRE_CORE_API task<std::vector<ip_address>> resolve(std::string_view host,
                                                                      resolve_options options = {});

}  // namespace tidewire
