/// @file
/// Reads the responses of a server from bytes that come in any split. Pure: no socket, a limit on everything.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/mailbox_name.hpp>
#include <tidewire/imap/response.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

namespace tidewire::imap {

/// How long responses may be, and what is streamed.
struct reader_options {
  /// Bytes of a line, without its end and without literals. A SEARCH that finds a million messages is a line
  /// of 8 MB. Default: 16 MiB.
  std::size_t line = std::size_t{16} << 20;
  /// Bytes of a literal that is kept in memory: a subject, a name, a body up to `inline_body`. Default: 1
  /// MiB.
  std::size_t literal = std::size_t{1} << 20;
  /// Bytes of a response, literals that are kept included. Default: 32 MiB.
  std::size_t total = std::size_t{32} << 20;
  /// Lists in lists, parts in parts. Threads are not counted. Default: 100.
  std::size_t nesting = 100;
  /// Values of a response: numbers, parts, addresses, flags (at most 4,096 keywords). Default: 1,000,000.
  std::size_t items = 1'000'000;
  /// Bytes of a body (BODY[...], BINARY[...], RFC822...) that come within the response; larger ones are
  /// streamed. 0: all that are not empty. Default: 64 KiB.
  std::size_t inline_body = std::size_t{64} << 10;
  /// Bytes of a body that is streamed. Default: no limit.
  std::uint64_t streamed_body = std::numeric_limits<std::uint64_t>::max();
};

/// A body that is streamed.
struct body_literal {
  std::uint32_t sequence = 0;  ///< Of the message, as in `message_data`; of UIDFETCH, its UID.
  /// Its UID, if that came before the body.
  std::optional<std::uint32_t> uid{};
  imap::section section{};
  std::optional<std::uint64_t> origin{};  ///< From where on, if only some bytes were asked for.
  std::uint64_t size = 0;                 ///< Bytes that follow.
  bool is_binary = false;                 ///< Is it a literal8, which may hold NUL?
};

/// What `response_reader::read` found.
enum class reader_event : std::uint8_t {
  none,        ///< All bytes were taken, and more are needed.
  complete,    ///< A response is complete: `take` it.
  body_begin,  ///< A body begins that is streamed: `body` says which.
  body_data,   ///< Some of its bytes.
  body_end,    ///< It is complete. Its response is not: that follows, when all of it has come.
};

/// One step of `response_reader::read`.
struct read_step {
  reader_event event = reader_event::none;
  /// How many bytes were taken.
  std::size_t consumed = 0;
  /// Of `body_data`: some of the bytes that were given to `read`.
  byte_view data{};
};

/// Reads responses.
///
/// @code
/// for (;;) {
///   const auto step = reader.read(peer.buffered());       // or step.error()
///   if (step->event == imap::reader_event::body_data) co_await sink.write(step->data);
///   peer.consume(step->consumed);
///   if (step->event == imap::reader_event::complete) handle(reader.take());
///   if (step->event == imap::reader_event::none) co_await peer.fill();
/// }
/// @endcode
///
/// Where a response ends never depends on what a message contains. A line ends with CRLF and nothing else;
/// a literal is one where the grammar has one, so never within quotes or in text for people. What would leave
/// that open (a quote that is not closed, a number that is none before a literal, bytes behind a literal that
/// cannot stand there) is a failure, which is final: the connection must be closed. What is certain to end
/// and yet not of its grammar is an `unknown_response` that says why, and the next one is read.
///
/// Servers are understood that break the grammar in ways that are known: NIL where it is not allowed, quotes
/// that are not escaped, parentheses, fields and spaces that are missing. A test has the bytes of each.
///
/// Time is linear in the bytes, however they are cut. Not thread-safe: one object, one user.
class TIDEWIRE_IMAP_API response_reader {
 public:
  explicit response_reader(const reader_options& options = {});
  response_reader(response_reader&&) noexcept;
  response_reader& operator=(response_reader&&) noexcept;
  ~response_reader();

  /// Takes bytes up to the next event, and no further. To be called again with what was not taken. An event
  /// `complete` must be taken before the next call.
  /// @return `errc::malformed_response`, or `tidewire::errc::limit_exceeded`.
  [[nodiscard]] result<read_step> read(byte_view bytes);
  /// The response, after its event.
  [[nodiscard]] response take();
  /// The body that is streamed, from its `body_begin` to its `body_end`.
  [[nodiscard]] const body_literal& body() const noexcept;
  /// Has a response begun, and not ended? Then the stream must not end here.
  [[nodiscard]] bool within() const noexcept;
  /// How names of mailboxes come from here on. Default: `utf7`, which leaves UTF-8 as it is; after
  /// UTF8=ACCEPT or IMAP4rev2 was enabled, `&` in a name means itself.
  void set_name_form(name_form form) noexcept;
  /// Changes what is streamed, between two responses: `reader_options::inline_body`.
  void set_inline_body(std::size_t bytes) noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Reads one response that is in memory as a whole, with its CRLF.
/// @return As `response_reader::read`; `errc::malformed_response` if it is not complete, or more follows.
[[nodiscard]] TIDEWIRE_IMAP_API result<response> parse_response(std::string_view wire,
                                                                const reader_options& options = {});

}  // namespace tidewire::imap
