/// @file
/// Fault scripts: what a server for tests does wrong, when, and how often; and whether it came to that.
#pragma once

#include <tidewire/core/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidewire::testing {

/// What a server does wrong.
enum class misdeed : unsigned char {
  refuse,   ///< Answers with `text` instead, and does not do what it was asked to. Before the handshake of
            ///< TLS: an alert.
  delay,    ///< Waits for `time`, by the clock of its loop.
  drip,     ///< Sends its answer `size` bytes at a time, `time` apart.
  cut,      ///< Closes the connection; TLS is not ended by close_notify.
  reset,    ///< Has the connection reset. In memory, where nothing is reset, it is cut.
  silence,  ///< Says nothing any more, and reads what comes, until the client goes.
  garbage,  ///< Sends `text` instead of its answer; empty: bytes that are no answer in any protocol.
  repeat,   ///< Sends its answer twice.
  inject,   ///< Sends `text` behind its answer, in the same write.
  // Of an `imap_server` alone:
  bye,              ///< Says BYE with `text`, and closes.
  wrong_tag,        ///< Ends the command with the tag `text`; empty: one that nobody gave.
  longer_literal,   ///< Announces `size` bytes more than the first literal of its answer has.
  shorter_literal,  ///< Announces `size` bytes fewer.
  flood,            ///< Sends `size` untagged responses before its answer: `text`; empty: "OK still here".
  gone,             ///< Removes the mailbox that is selected; the command is answered by NO [NONEXISTENT].
};

/// When a `misdeed` happens that has a choice: `delay`, `cut`, `reset`, `silence`.
enum class moment : unsigned char {
  before,   ///< Before the server does what it was asked to: a message is not taken.
  instead,  ///< It is done, and the answer does not come, or comes late.
  amid,     ///< In the middle of the answer.
  after,    ///< When the answer has left.
};

/// Something that goes wrong at a stage of a session.
template <class Stage>
struct fault_at {
  /// Where.
  Stage at{};
  /// What.
  misdeed what = misdeed::refuse;
  /// Of `refuse`, the answer: "550 5.1.1 no such user", of an `imap_server` "NO [OVERQUOTA] full". Of
  /// `garbage` and `inject`, bytes as they are sent.
  std::string_view text{};
  /// Only for this recipient, where a stage has one; empty (the default): for any.
  std::string_view recipient{};
  /// The first time that it happens, counted over all connections, from 1: `nth = 3` lets the stage pass
  /// twice.
  std::size_t nth = 1;
  /// How many times in a row it happens from then on. 0: always. Default: once.
  std::size_t times = 1;
  /// When; see `moment`.
  moment when = moment::before;
  /// Of `delay`, and between the pieces of `drip`.
  duration time{};
  /// Of `drip`: bytes of a piece; and see `longer_literal`, `flood`. 0 counts as 1.
  std::size_t size = 1;
  /// While a message comes: when more than so many bytes of it have.
  std::uint64_t after = 0;
};

/// A fault, and what became of it.
struct fault_report {
  std::string text{};     ///< For people: "refuse at rcpt of bob@example.org, the 2nd time".
  std::size_t fired = 0;  ///< How often it happened.
};

}  // namespace tidewire::testing
