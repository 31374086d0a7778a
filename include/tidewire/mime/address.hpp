/// @file
/// Addresses of mail (RFC 5322 section 3.4, with the obsolete forms of 4.4 and the UTF-8 of RFC 6532).
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/mime/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tidewire::mime {

/// One mailbox: "Ada Lovelace <ada@example.org>".
struct TIDEWIRE_MIME_API mailbox {
  std::string name;     ///< The display name as UTF-8, decoded; often empty.
  std::string address;  ///< The addr-spec without comments and white space: `ada@example.org`.

  /// What is before the last `@`, as written: `ada`, `"a b"`.
  [[nodiscard]] std::string_view local_part() const noexcept;
  /// What is after the last `@`: `example.org`, `[127.0.0.1]`. Empty if there is no `@`.
  [[nodiscard]] std::string_view domain() const noexcept;
  /// `"Lovelace, Ada" <ada@example.org>`, for people to read: names are quoted, not encoded.
  [[nodiscard]] std::string str() const;

  friend bool operator==(const mailbox&, const mailbox&) = default;
};

/// A named group: "Undisclosed recipients:;".
struct group {
  std::string name;
  std::vector<mailbox> members;

  friend bool operator==(const group&, const group&) = default;
};

/// What an address field is a list of.
using address_entry = std::variant<mailbox, group>;

/// The value of an address field.
struct TIDEWIRE_MIME_API address_list {
  std::vector<address_entry> entries;
  /// False if the text was not of the grammar, and something had to be guessed or left out.
  bool well_formed = true;

  /// All mailboxes, those of groups too, in their order.
  [[nodiscard]] std::vector<mailbox> mailboxes() const;

  friend bool operator==(const address_list&, const address_list&) = default;
};

/// Reads the value of From, To, Cc and the like, folds included. Never fails: a name without an address is a
/// mailbox whose address is empty, "John Doe jdoe@x.org" is taken for what it means. Comments are left out,
/// but for the old form `jdoe@x.org (John Doe)`, whose comment is the name. Addresses are taken as they
/// stand: `check_address` says whether one is valid.
/// @param limit How many mailboxes and groups at most; `well_formed` is false if there were more.
[[nodiscard]] TIDEWIRE_MIME_API address_list parse_addresses(std::string_view raw,
                                                             std::size_t limit = 10'000);

/// Reads an addr-spec by the grammar of RFC 5322 section 3.4.1, comments, folds and obsolete forms included,
/// and by the limits of RFC 5321 section 4.5.3.1 (local part 64, domain 255, label 63, all 254).
/// @return It without comments and white space; `errc::malformed` says what is wrong.
[[nodiscard]] TIDEWIRE_MIME_API result<std::string> parse_addr_spec(std::string_view text);

/// Is `address` one that mail can be sent to (RFC 5321 section 4.1.2 Mailbox, RFC 6531 section 3.3): no
/// comments, no white space outside of quotes, no obsolete form, no control character at all?
/// @return `errc::malformed` says why not.
[[nodiscard]] TIDEWIRE_MIME_API result<void> check_address(std::string_view address);

/// `domain` with each label that is not ASCII in its `xn--` form (RFC 3492). Letters of ASCII become lower
/// case; other labels are taken as they come: they should be in lower case and in normal form C, as this
/// does no mapping (IDNA2008 section 5).
/// @return `errc::malformed` for what is not UTF-8, or too long.
[[nodiscard]] TIDEWIRE_MIME_API result<std::string> domain_to_ascii(std::string_view domain);

}  // namespace tidewire::mime
