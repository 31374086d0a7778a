/// @file
/// Percent-encoding: the sets of the WHATWG URL standard (section 1.3) and of RFC 3986, and the
/// `application/x-www-form-urlencoded` form of names and values. Bytes in, bytes out: no character set is
/// implied.
///
/// @code
/// percent::encode("a b/c", percent::path);        // "a%20b/c"
/// percent::encode("a b/c");                       // "a%20b%2Fc": a component of any URL
/// percent::decode("100%25%zz");                   // "100%%zz": what is no escape stays
/// percent::encode_form("a b&c");                  // "a+b%26c"
/// @endcode
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/export.hpp>
#include <tidewire/base/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tidewire::percent {

/// Which bytes are written as `%XX`. A value, to be made from another at compile time:
/// `constexpr auto mine = percent::path.with(";=").without("{}");`
class encode_set {
 public:
  /// No byte.
  constexpr encode_set() noexcept = default;

  /// This set and the bytes of `more`.
  [[nodiscard]] constexpr encode_set with(std::string_view more) const noexcept {
    encode_set set = *this;
    for (const char c : more) set.word(c) |= bit(c);
    return set;
  }
  /// This set but for the bytes of `less`.
  [[nodiscard]] constexpr encode_set without(std::string_view less) const noexcept {
    encode_set set = *this;
    for (const char c : less) set.word(c) &= ~bit(c);
    return set;
  }
  /// The bytes that are not of this set.
  [[nodiscard]] constexpr encode_set inverse() const noexcept {
    encode_set set = *this;
    for (std::uint64_t& bits : set.bits_) bits = ~bits;
    return set;
  }
  [[nodiscard]] constexpr bool contains(char c) const noexcept {
    return (bits_[static_cast<unsigned char>(c) / 64] & bit(c)) != 0;
  }
  [[nodiscard]] friend constexpr bool operator==(const encode_set&, const encode_set&) noexcept = default;

 private:
  [[nodiscard]] static constexpr std::uint64_t bit(char c) noexcept {
    return std::uint64_t{1} << (static_cast<unsigned char>(c) % 64);
  }
  [[nodiscard]] constexpr std::uint64_t& word(char c) noexcept {
    return bits_[static_cast<unsigned char>(c) / 64];
  }

  std::array<std::uint64_t, 4> bits_{};
};

namespace detail {
constexpr encode_set make_c0_control() {
  encode_set set;
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(static_cast<unsigned char>(i));
    if (ascii::is_control(c) || !ascii::is_ascii(c)) set = set.with({&c, 1});
  }
  return set;
}
constexpr encode_set make_unreserved() {
  return encode_set().with("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");
}
}  // namespace detail

/// WHATWG "C0 control percent-encode set": controls, DEL, and bytes of 128 and above.
inline constexpr encode_set c0_control = detail::make_c0_control();
/// WHATWG "fragment percent-encode set".
inline constexpr encode_set fragment = c0_control.with(" \"<>`");
/// WHATWG "query percent-encode set".
inline constexpr encode_set query = c0_control.with(" \"#<>");
/// WHATWG "special-query percent-encode set": the query of http, https, ws, wss, ftp and file.
inline constexpr encode_set special_query = query.with("'");
/// WHATWG "path percent-encode set".
inline constexpr encode_set path = query.with("?^`{}");
/// WHATWG "userinfo percent-encode set".
inline constexpr encode_set userinfo = path.with("/:;=@[\\]|");
/// WHATWG "component percent-encode set": what `encodeURIComponent` encodes. Safe anywhere in a URL.
inline constexpr encode_set component = userinfo.with("$%&+,");
/// WHATWG "application/x-www-form-urlencoded percent-encode set": all but letters, digits and `*-._`.
inline constexpr encode_set form = component.with("!'()~");

/// RFC 3986: all but the unreserved characters of section 2.3.
inline constexpr encode_set rfc3986_component = detail::make_unreserved().inverse();
/// RFC 3986: all but the pchar of section 3.3: one segment of a path.
inline constexpr encode_set rfc3986_segment = rfc3986_component.without("!$&'()*+,;=:@");
/// RFC 3986: all but pchar and the slash: a path, section 3.3.
inline constexpr encode_set rfc3986_path = rfc3986_segment.without("/");
/// RFC 3986: all but what a query or a fragment may have, sections 3.4 and 3.5.
inline constexpr encode_set rfc3986_query = rfc3986_path.without("?");

/// How many characters `encode` makes.
[[nodiscard]] TIDEWIRE_BASE_API std::size_t encoded_size(std::string_view text,
                                                         const encode_set& set = component) noexcept;
/// `text` with the bytes of `set` as `%XX`, in upper case (RFC 3986 section 2.1). Only a set with `%` in it
/// can be undone for every text: `component`, `form`, and those of RFC 3986.
[[nodiscard]] TIDEWIRE_BASE_API std::string encode(std::string_view text, const encode_set& set = component);
/// Appends `encode(text, set)` to `out`.
TIDEWIRE_BASE_API void append_encoded(std::string& out, std::string_view text,
                                      const encode_set& set = component);

/// `text` with each `%XX` as its byte. As the WHATWG standard has it, a `%` without two hexadecimal digits
/// stays.
[[nodiscard]] TIDEWIRE_BASE_API std::string decode(std::string_view text);
/// As `decode`, but a `%` without two hexadecimal digits is `errc::malformed`; the detail has its offset.
[[nodiscard]] TIDEWIRE_BASE_API result<std::string> decode_strict(std::string_view text);
/// As `decode`, in the memory of `text`.
/// @return How many bytes of it are the answer.
[[nodiscard]] TIDEWIRE_BASE_API std::size_t decode_in_place(std::span<char> text) noexcept;

/// A name or value in `application/x-www-form-urlencoded` form: space as `+`, the `form` set as `%XX`.
[[nodiscard]] TIDEWIRE_BASE_API std::string encode_form(std::string_view text);
/// Appends `encode_form(text)` to `out`.
TIDEWIRE_BASE_API void append_form(std::string& out, std::string_view text);
/// A name or value from that form: `+` as space, then as `decode`.
[[nodiscard]] TIDEWIRE_BASE_API std::string decode_form(std::string_view text);

}  // namespace tidewire::percent
