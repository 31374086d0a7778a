/// @file
/// Framing: where one message ends and the next begins in a stream of bytes. Lines, delimiters, fixed sizes,
/// length prefixes, varint prefixes and netstrings, each as a codec that finds frames and makes them. Pure:
/// no socket, no copy, no byte searched twice, and a limit on everything.
///
/// A reader shows a codec what it has buffered and asks for the next frame:
///
///     framing::line_codec lines({.limit = 1024});
///     for (;;) {
///       const auto frame = lines.next(buffer.data());       // or throw frame.error()
///       if (frame->complete()) {
///         use(frame->payload(buffer.data()));
///         buffer.consume(frame->size);
///       } else {
///         receive at least frame->missing bytes more into buffer; at the end of the stream ask
///         lines.finish()
///       }
///     }
///
/// A writer gathers header, payload and trailer into one write, without a copy:
///
///     framing::header_room room;
///     const auto pieces = codec.encode(payload, room);      // three views
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/core/export.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::framing {

/// What a decoder found in the bytes that it was shown: a frame, or how many bytes are missing. Positions are
/// counted from the first byte shown.
struct frame {
  std::size_t begin = 0;  ///< Where the payload begins.
  std::size_t end = 0;    ///< Where it ends: the position after its last byte.
  std::size_t size = 0;  ///< Bytes of the whole frame with header and trailer, to be consumed; 0: incomplete.
  std::size_t missing = 0;  ///< If incomplete: there is no frame before at least so many bytes more.

  /// Is there a frame?
  [[nodiscard]] constexpr bool complete() const noexcept { return size > 0; }
  /// The payload, in the bytes that were shown. The frame must be complete.
  [[nodiscard]] constexpr byte_view payload(byte_view shown) const noexcept {
    return shown.subspan(begin, end - begin);
  }
};

/// Header, payload and trailer of a frame in the order of the wire, any of them empty.
using pieces = std::array<byte_view, 3>;

/// Room for the header of any frame. It must outlive the pieces that were made with it.
using header_room = std::array<std::byte, 24>;

/// The limit of lines and of delimited frames that are not told another: 64 KiB.
inline constexpr std::size_t default_line_limit = std::size_t{64} << 10;
/// The limit of frames with a length that are not told another: 1 MiB.
inline constexpr std::size_t default_frame_limit = std::size_t{1} << 20;

/// What finds frames in a stream. The protocol between it and its reader:
///
/// - `next(shown)` is shown all bytes that are buffered, from the first one not consumed. If the frame is
///   complete, the reader consumes `size` bytes before the next call; if not, it shows the same bytes and
///   more in the next call, and may have moved them. The decoder remembers how far it looked, so that finding
///   a frame takes time in proportion to its size however it is split.
/// - `finish(rest)` is asked instead once the stream has ended: for a last frame, nothing (an incomplete
/// frame)
///   if nothing was left, or `errc::end_of_stream` if the stream ended within a frame.
/// - A failure is final: the stream can be closed, but no more frames be found in it. `errc::limit_exceeded`
/// is
///   given as soon as the payload is known to be larger than the limit, `errc::malformed` at the first
///   byte that is wrong; the same bytes fail alike in every split.
/// - `max_size()` is the size of the largest frame with header and trailer: a reader that buffers up to so
/// many
///   bytes gets an answer, a frame or a failure. (A limit above half of what `std::size_t` holds is that
///   half.)
/// - `reset()` forgets what was seen, to begin with another stream.
template <class D>
concept decoder = requires(D& codec, const D& settings, byte_view shown) {
  { codec.next(shown) } -> std::same_as<result<frame>>;
  { codec.finish(shown) } -> std::same_as<result<frame>>;
  { settings.max_size() } -> std::same_as<std::size_t>;
  { codec.reset() };
};

/// What makes frames: `encode` gives the pieces of the frame of this payload. They are views of the room, the
/// payload and the codec, which must all stay as they are until the pieces are written. It fails, and nothing
/// should be sent, if the decoder would not give the same payload back: `errc::limit_exceeded` above the
/// limit, `errc::misuse` if the payload contains what ends the frame. Encoding and decoding with one codec do
/// not disturb each other.
template <class E>
concept encoder = requires(const E& codec, byte_view payload, header_room& room) {
  { codec.encode(payload, room) } -> std::same_as<result<pieces>>;
};

/// How lines are read and written.
struct line_options {
  /// The longest line in bytes, without its end.
  std::size_t limit = default_line_limit;
  /// False: a line ends with LF, a CR before that does not belong to the line, and CR LF is not required;
  /// written with LF. True: a line ends with CR LF and a CR or LF elsewhere is malformed, as mail requires
  /// (RFC 5321 section 2.3.8); written with CR LF.
  bool strict = false;
  /// Is a last line without an end a line, when the stream ends? If not, it is `errc::end_of_stream`.
  bool allow_unfinished = false;
};

/// Lines of text. The payload is a line without its end; no character set is implied.
class TIDEWIRE_CORE_API line_codec {
 public:
  explicit line_codec(const line_options& options = {}) noexcept;

  /// @copydoc decoder
  [[nodiscard]] result<frame> next(byte_view shown);
  /// @copydoc decoder
  [[nodiscard]] result<frame> finish(byte_view rest);
  /// @copydoc decoder
  [[nodiscard]] std::size_t max_size() const noexcept { return options_.limit + 2; }
  /// @copydoc decoder
  void reset() noexcept { seen_ = 0; }
  /// @copydoc encoder
  [[nodiscard]] result<pieces> encode(byte_view payload, header_room& room) const;

 private:
  result<frame> next_strict(byte_view shown);
  result<frame> next_lenient(byte_view shown);

  line_options options_;
  std::size_t seen_ = 0;
};

/// Frames that end with a delimiter of one byte or more, which is not part of the payload: NUL, "\r\n.\r\n".
/// The first delimiter ends the frame, wherever it is.
class TIDEWIRE_CORE_API delimiter_codec {
 public:
  /// @param delimiter Copied.
  /// @param limit     The largest payload in bytes.
  /// @throw error `errc::misuse` if the delimiter is empty.
  explicit delimiter_codec(std::string_view delimiter, std::size_t limit = default_line_limit);

  /// @copydoc decoder
  [[nodiscard]] result<frame> next(byte_view shown);
  /// @copydoc decoder
  [[nodiscard]] result<frame> finish(byte_view rest);
  /// @copydoc decoder
  [[nodiscard]] std::size_t max_size() const noexcept { return limit_ + delimiter_.size(); }
  /// @copydoc decoder
  void reset() noexcept { seen_ = matched_ = 0; }
  /// @copydoc encoder
  [[nodiscard]] result<pieces> encode(byte_view payload, header_room& room) const;

 private:
  std::size_t search(byte_view bytes, std::size_t from, std::size_t& matched) const noexcept;

  std::string delimiter_;
  std::vector<std::size_t> borders_;  // of each prefix: its longest proper border (Knuth, Morris, Pratt)
  std::size_t limit_;
  std::size_t seen_ = 0;
  std::size_t matched_ = 0;  // how much of the delimiter the bytes seen end with
};

/// Frames that all have the same size, without header.
class TIDEWIRE_CORE_API fixed_codec {
 public:
  /// @param size Bytes of a frame.
  /// @throw error `errc::misuse` if that is 0.
  explicit fixed_codec(std::size_t size);

  /// @copydoc decoder
  [[nodiscard]] result<frame> next(byte_view shown);
  /// @copydoc decoder
  [[nodiscard]] result<frame> finish(byte_view rest);
  /// @copydoc decoder
  [[nodiscard]] std::size_t max_size() const noexcept { return size_; }
  /// @copydoc decoder
  void reset() noexcept {}
  /// `errc::misuse` if the payload does not have the size.
  [[nodiscard]] result<pieces> encode(byte_view payload, header_room& room) const;

 private:
  std::size_t size_;
};

namespace detail {
// What is known of a header that says the length of what follows.
struct header_state {
  std::uint64_t length = 0;
  std::size_t seen = 0;  // bytes of the header looked at
  bool done = false;
};
}  // namespace detail

/// How a length prefix looks.
struct length_options {
  /// The largest payload in bytes.
  std::size_t limit = default_frame_limit;
  /// Bytes of the prefix: 1 to 8.
  std::size_t width = 4;
  /// Its byte order.
  std::endian order = std::endian::big;
  /// Does the length count the prefix itself? If so, one that is less than `width` is malformed.
  bool includes_header = false;
};

/// Frames that begin with their length as a binary number of fixed width.
class TIDEWIRE_CORE_API length_codec {
 public:
  /// A limit above what the width can say is lowered to that.
  /// @throw error `errc::misuse` if the width is none of 1 to 8.
  explicit length_codec(const length_options& options = {});

  /// @copydoc decoder
  [[nodiscard]] result<frame> next(byte_view shown);
  /// @copydoc decoder
  [[nodiscard]] result<frame> finish(byte_view rest);
  /// @copydoc decoder
  [[nodiscard]] std::size_t max_size() const noexcept { return options_.width + options_.limit; }
  /// @copydoc decoder
  void reset() noexcept { header_ = {}; }
  /// @copydoc encoder
  [[nodiscard]] result<pieces> encode(byte_view payload, header_room& room) const;

 private:
  length_options options_;
  detail::header_state header_;
};

/// Frames that begin with their length as a base-128 varint, least significant group first: the delimited
/// messages of Protocol Buffers. A varint longer than needed is accepted, as Protocol Buffers does, up to its
/// ten bytes; one that is no 64-bit number is malformed. The shortest is written.
class TIDEWIRE_CORE_API varint_codec {
 public:
  /// @param limit The largest payload in bytes.
  explicit varint_codec(std::size_t limit = default_frame_limit) noexcept;

  /// @copydoc decoder
  [[nodiscard]] result<frame> next(byte_view shown);
  /// @copydoc decoder
  [[nodiscard]] result<frame> finish(byte_view rest);
  /// @copydoc decoder
  [[nodiscard]] std::size_t max_size() const noexcept { return 10 + limit_; }
  /// @copydoc decoder
  void reset() noexcept { header_ = {}; }
  /// @copydoc encoder
  [[nodiscard]] result<pieces> encode(byte_view payload, header_room& room) const;

 private:
  std::size_t limit_;
  detail::header_state header_;
};

/// Netstrings: the length in decimal, ":", the payload, "," (https://cr.yp.to/proto/netstrings.txt). Leading
/// zeros in the length are malformed.
class TIDEWIRE_CORE_API netstring_codec {
 public:
  /// @param limit The largest payload in bytes.
  explicit netstring_codec(std::size_t limit = default_frame_limit) noexcept;

  /// @copydoc decoder
  [[nodiscard]] result<frame> next(byte_view shown);
  /// @copydoc decoder
  [[nodiscard]] result<frame> finish(byte_view rest);
  /// @copydoc decoder
  [[nodiscard]] std::size_t max_size() const noexcept;
  /// @copydoc decoder
  void reset() noexcept { header_ = {}; }
  /// @copydoc encoder
  [[nodiscard]] result<pieces> encode(byte_view payload, header_room& room) const;

 private:
  std::size_t limit_;
  detail::header_state header_;
};

}  // namespace tidewire::framing
