/// @file
/// `faulty`: a stream over another one whose link is slow, cuts bytes into pieces, or fails at a chosen
/// point. For tests of whatever speaks over a stream.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/export.hpp>
#include <tidewire/core/stream.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

namespace tidewire {

/// What a link does to all that passes one way.
struct link_conditions {
  /// Bytes of each piece that a read gives, or that a write hands on: from `shortest_piece`, at least 1, to
  /// `longest_piece`, by chance. 0 (the default): they are left as they come.
  std::size_t longest_piece = 0;
  std::size_t shortest_piece = 1;  ///< See `longest_piece`.
  /// How long each byte is on its way. Default: not at all.
  duration latency{};
  /// By chance up to so much longer; bytes do not pass each other. Default: not at all.
  duration jitter{};
  /// How many bytes get on their way in a second; 0 (the default): any number.
  std::uint64_t bytes_per_second = 0;
};

/// Something that goes wrong, once.
struct fault {
  enum class kind : unsigned char {
    reset,    ///< The connection is reset, both ways: reads and writes fail with `code`.
    end,      ///< Nothing comes any more: a reader gets the end, a writer `std::errc::broken_pipe`.
    silence,  ///< Nothing comes any more, and nobody says so: a half-open connection.
    stall,    ///< Nothing comes for `time`, then all of it.
    corrupt,  ///< The next byte is changed: its bits in `mask` are inverted.
    fail,     ///< One read or write fails with `code`, and those after it do not.
  };
  enum class way : unsigned char {
    reading,  ///< What comes to the user of the faulty stream.
    writing,  ///< What goes from there to the peer.
  };

  kind what = kind::reset;
  way on = way::reading;
  /// When so many bytes have passed that way. Default: before the first.
  std::uint64_t after = 0;
  /// Or, if not 0, at the read or write of that number, the first being 1.
  std::uint64_t operation = 0;
  /// Of a `stall`.
  duration time{};
  /// Of a `corrupt`.
  std::byte mask{1};
  /// Of a `reset`, of a `fail`. Default: `std::errc::connection_reset`.
  std::error_code code = std::make_error_code(std::errc::connection_reset);
};

/// How `faulty` makes a link.
struct fault_options {
  link_conditions reading{};  ///< What comes to the user of the faulty stream.
  link_conditions writing{};  ///< What goes from there to the peer.
  /// What goes wrong, in any order. Copied.
  std::span<const fault> script{};
  /// For what happens by chance: the same seed gives the same pieces and the same jitter.
  std::uint64_t seed = 1;
  /// Bytes that can be on their way each way, where they take time; a write of more waits. At least 1 (0
  /// counts as 1). Default: 64 KiB.
  std::size_t window = 64 * 1024;
};

namespace detail {
class faulty_link;
}

/// What happens on the link of a faulty stream, and more of it. Small, to be copied; valid also when the
/// stream is gone. For the loop's thread.
class TIDEWIRE_CORE_API fault_control {
 public:
  /// For the library.
  explicit fault_control(std::shared_ptr<detail::faulty_link> link) noexcept;
  fault_control(const fault_control&) noexcept;
  fault_control(fault_control&&) noexcept;
  fault_control& operator=(const fault_control&) noexcept;
  fault_control& operator=(fault_control&&) noexcept;
  ~fault_control();

  /// Adds a fault; its `after` and `operation` count from now on. May throw `std::bad_alloc`.
  void add(const fault& more);
  /// How many faults have happened: a test that expects some asks, lest it pass without them.
  [[nodiscard]] std::size_t happened() const noexcept;
  /// How many are still to come.
  [[nodiscard]] std::size_t to_come() const noexcept;
  /// Bytes that have passed one way.
  [[nodiscard]] std::uint64_t passed(fault::way on) const noexcept;

 private:
  std::shared_ptr<detail::faulty_link> link_;
};

/// Puts a faulty link before a stream: `auto [client, faults] = faulty(std::move(near), options);`
///
/// @code
/// auto [near, server] = memory_stream_pair();
/// const fault script[] = {{.what = fault::kind::reset, .after = 100}};
/// auto [client, faults] = faulty(std::move(near), {.reading = {.longest_piece = 3, .latency = 20ms},
///                                                  .script = script});
/// @endcode
///
/// Without conditions and faults it passes everything on as it is. Time is that of the loop's clock: with a
/// `virtual_clock`, a slow link takes no time. Where bytes take time on their way, a write ends when they are
/// on it, and what is on its way still arrives when the stream is closed, as with TCP; on any other link it
/// ends when the stream below has taken them. After a reset, what was on its way is lost, and the stream
/// below is closed.
///
/// @param below Taken over with what it has buffered; nothing may be pending on it. Any stream: in memory, of
/// a socket, or another faulty one.
/// @return The stream to be used instead, and its control.
[[nodiscard]] TIDEWIRE_CORE_API std::pair<stream, fault_control> faulty(stream below,
                                                                        fault_options options = {});

}  // namespace tidewire
