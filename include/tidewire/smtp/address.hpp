/// @file
/// Addresses as the envelope has them (RFC 5321 section 4.1.2, internationalised by RFC 6531): stricter than
/// those of message headers, which may have names, comments and groups.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/smtp/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace tidewire::smtp {

/// A mailbox, "ada@example.org", kept as it was written; or none, the null reverse-path of a bounce. A value.
class TIDEWIRE_SMTP_API address {
 public:
  /// The null path, `<>`.
  address() = default;

  /// Reads `Local-part "@" ( Domain / address-literal )`. The local part is a dot-string or a quoted string,
  /// of at most 64 bytes; the domain has at most 255, its labels at most 63; in all at most 254 (RFC 3696
  /// erratum 1690). Beyond ASCII, both may be valid UTF-8: `needs_smtputf8` then. What it accepts holds no
  /// control character, so it cannot end a command.
  /// @return `tidewire::errc::malformed`, with what is wrong.
  [[nodiscard]] static result<address> parse(std::string_view text);

  /// Is it the null path?
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  /// As written, without angle brackets.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// What is before the `@`, as written: with its quotes, if it has them.
  [[nodiscard]] std::string_view local_part() const noexcept {
    return std::string_view(text_).substr(0, at_);
  }
  /// What is behind the `@`: a domain, or an address in brackets. Empty for `<postmaster>`.
  [[nodiscard]] std::string_view domain() const noexcept {
    return at_ < text_.size() ? std::string_view(text_).substr(at_ + 1) : std::string_view();
  }
  /// Does it hold characters beyond ASCII, which only a server with SMTPUTF8 takes?
  [[nodiscard]] bool needs_smtputf8() const noexcept { return utf8_; }

  [[nodiscard]] friend bool operator==(const address& a, const address& b) noexcept {
    return a.text_ == b.text_;
  }

 private:
  friend TIDEWIRE_SMTP_API result<std::size_t> parse_path(std::string_view text, address& into);

  std::string text_;
  std::size_t at_ = 0;
  bool utf8_ = false;
};

/// Reads a path, `<ada@example.org>` or `<>`, from the beginning of `text`. A source route (`<@a,@b:c@d>`) is
/// accepted and dropped, as RFC 5321 appendix F.2 demands; `<postmaster>` needs no domain.
/// @return How many bytes the path has. `tidewire::errc::malformed` if there is none.
[[nodiscard]] TIDEWIRE_SMTP_API result<std::size_t> parse_path(std::string_view text, address& into);

/// Is `name` what EHLO may be given: a domain, or an address literal such as `[192.0.2.1]` or
/// `[IPv6:2001:db8::1]`?
[[nodiscard]] TIDEWIRE_SMTP_API bool is_domain_or_literal(std::string_view name) noexcept;

}  // namespace tidewire::smtp
