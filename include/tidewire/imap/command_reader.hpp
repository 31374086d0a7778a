/// @file
/// Commands as a server reads them (RFC 9051 sections 2.2.1 and 6): lines, with the literals in them. Pure:
/// no socket, any split, a limit on everything.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/core/framing.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/raw.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// A command as it came.
struct received_command {
  std::string tag{};               ///< As the client chose it.
  std::string name{};              ///< In upper case; "UID FETCH" is one.
  std::vector<token> arguments{};  ///< What follows, literals among it as strings.
};

/// How much a client may say.
struct command_limits {
  /// Bytes of a line, literals and its end not counted. Default: 64 KiB.
  std::size_t line = 64 * 1024;
  /// Bytes of a literal of a command that brings no message. Default: 64 KiB.
  std::uint64_t literal = 64 * 1024;
  /// Bytes of a literal of APPEND. Default: 64 MiB.
  std::uint64_t message = std::uint64_t{64} << 20;
  /// Bytes of a command, all lines and literals together. Default: 128 MiB.
  std::uint64_t command = std::uint64_t{128} << 20;
  /// Literals of a command. Default: 1,000.
  std::size_t literals = 1000;
};

/// What a `command_reader` found in the bytes that it was shown.
enum class command_event {
  more,       ///< Nothing yet: more bytes are needed.
  literal,    ///< The client waits for a continuation before it sends a literal: `+`.
  command,    ///< A command is in `command()`.
  line,       ///< The line that was asked for by `expect_line` is in `line()`.
  malformed,  ///< A command that cannot be understood: `problem()`. Its tag, if it has one, is in
              ///< `command()`.
  too_large,  ///< A literal or a command beyond the limits; what came of it was dropped. As `malformed`.
  broken,     ///< Where commands begin is not certain any more: `problem()`. Nothing more is read.
};

/// Reads commands from bytes that come in any split.
///
/// @code
/// const auto event = reader.next(peer.buffered());
/// peer.consume(reader.taken());
/// @endcode
///
/// Literals that do not wait (`{5+}`, RFC 7888) are read as well; whether a client may send them is not asked
/// here. A CR or LF that stands alone breaks it. Not thread-safe: one object, one user.
class TIDEWIRE_IMAP_API command_reader {
 public:
  explicit command_reader(const command_limits& limits = {});

  /// Looks at the bytes that are buffered.
  [[nodiscard]] command_event next(byte_view shown);
  /// How many of the bytes last shown are to be consumed.
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
  /// The next line is no command, but the rest of one: a response in AUTHENTICATE, DONE.
  void expect_line() noexcept { line_expected_ = true; }

  /// Of `command_event::command`; it may be moved from.
  [[nodiscard]] received_command& command() noexcept { return command_; }
  /// Of `command_event::line`.
  [[nodiscard]] const std::string& line() const noexcept { return line_; }
  /// Of `malformed`, `too_large`, `broken`.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// The command as it came, literals as `{5}`, for a log. Of the events that end a command.
  [[nodiscard]] const std::string& shown() const noexcept { return shown_; }

 private:
  enum class state : unsigned char { line, literal, broken };

  command_event take_line(std::string_view line);
  command_event begin_literal(std::string_view line);
  command_event end_of_command();
  command_event give_up(command_event how, std::string_view why);
  void begin_command();

  command_limits limits_;
  framing::line_codec lines_;
  std::string text_;  // of the command so far, with its literals
  std::string shown_;
  std::string line_;
  std::string problem_;
  received_command command_;
  std::uint64_t left_ = 0;  // bytes of the literal
  std::uint64_t size_ = 0;  // of the command, dropped bytes too
  std::size_t literals_ = 0;
  std::size_t taken_ = 0;
  state state_ = state::line;
  bool begun_ = false;     // a command has
  bool dropping_ = false;  // and is not kept
  bool line_expected_ = false;
};

}  // namespace tidewire::imap
