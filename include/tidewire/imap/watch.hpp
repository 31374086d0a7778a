/// @file
/// Following a mailbox: IDLE (RFC 2177) that is renewed, survives cuts, and says what was missed.
#pragma once

#include <tidewire/core/clock.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/imap/mailbox_state.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace tidewire::imap {

/// What happened to a message.
enum class change_kind : std::uint8_t {
  arrived,   ///< It is new.
  flagged,   ///< Its flags changed: `flags` has them all.
  vanished,  ///< It is gone: expunged, or moved elsewhere.
};

/// Something that happened in a mailbox.
struct change {
  change_kind kind = change_kind::arrived;
  std::uint32_t uid = 0;
  imap::flags flags{};  ///< Of `arrived` and `flagged`.
  /// It happened while nobody was connected, or before the watch began.
  bool missed = false;

  [[nodiscard]] friend bool operator==(const change&, const change&) = default;
};

/// How a mailbox is followed.
struct watch_options {
  /// What happened since, too: `mailbox_watch::state` of another time. Copied. Null (the default): only what
  /// happens from now on.
  const mailbox_state* since = nullptr;
  /// Selects the mailbox by EXAMINE.
  bool read_only = false;
  /// IDLE is renewed after so long, which is also how a dead link is found. At most 29 min, as servers end
  /// what is idle for 30. Default: 10 min.
  duration renew_after = std::chrono::minutes(10);
  /// How long the server may take for each word while IDLE begins or ends. Default: 30 s.
  duration answer_timeout = std::chrono::seconds(30);
  /// How often a server without IDLE is asked. Default: 1 min.
  duration poll_every = std::chrono::minutes(1);
  /// The first pause before it connects again is at most this long, each one at most twice as long as the one
  /// before, and a share of that by chance. Default: 1 s.
  duration first_delay = std::chrono::seconds(1);
  /// No pause is longer. Default: 2 min.
  duration longest_delay = std::chrono::minutes(2);
  /// Numbers in [0, 1) for the pauses; null (the default): by chance. For tests.
  double (*random)() = nullptr;
};

namespace detail {
class client_session;
class watcher;
}  // namespace detail

/// A mailbox that is followed, made by `client::watch`.
///
/// It uses the session of its client and is driven by `next` alone: nothing runs in between. Other commands
/// may be given at any time, also by the task that calls `next`: one that comes ends IDLE, and `next` begins
/// it again. When another mailbox was selected meanwhile, `next` selects its own.
///
/// A connection that is lost is made anew, by growing pauses, with the login that the client was given, and
/// what was missed is told as what happens: by QRESYNC or CONDSTORE (RFC 7162) where the server has them. A
/// server without CONDSTORE cannot say whose flags were changed while nobody was connected.
///
/// One watch of a client at a time. It moves, and must not outlive the client. For the loop's thread.
class TIDEWIRE_IMAP_API mailbox_watch {
 public:
  mailbox_watch(mailbox_watch&& other) noexcept;
  mailbox_watch& operator=(mailbox_watch&& other) noexcept;
  ~mailbox_watch();

  /// Waits for the next change. The first call selects the mailbox.
  /// @return Nothing after `stop`.
  /// @par Errors
  /// `errc::uid_validity_changed`, once: all UIDs that are known mean nothing; the next call goes on.
  /// `errc::mailbox_missing`, `auth_refused` and other refusals: the next call tries again. What broke the
  /// connection, if the client was opened over a stream and cannot connect again. `condition::misuse`:
  /// another watch is in use, or another call of `next`.
  /// @par Cancellation
  /// Nothing is lost: the next call goes on. In the middle of an exchange the connection is closed, and made
  /// anew by that.
  [[nodiscard]] task<std::optional<change>> next();
  /// Ends it: `next` gives what it has, and then nothing. Commands can be given as ever.
  void stop() noexcept;

  /// What is known of the mailbox by the changes that `next` gave; to be kept, and given to another watch.
  [[nodiscard]] mailbox_state state() const;
  /// How many times the connection was made anew.
  [[nodiscard]] std::size_t reconnects() const noexcept;

 private:
  friend class client;
  explicit mailbox_watch(std::unique_ptr<detail::watcher> impl) noexcept;

  std::unique_ptr<detail::watcher> impl_;
};

}  // namespace tidewire::imap
