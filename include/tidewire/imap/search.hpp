/// @file
/// What SEARCH, SORT and THREAD are asked for (RFC 9051 section 6.4.4, RFC 5256), and how the answer is to be
/// told (RFC 4731, RFC 5182, RFC 9394).
///
/// @code
/// namespace search = imap::search;
/// search::unseen() && (search::from("ada") || search::subject("tides")) && !search::larger(1 << 20)
/// @endcode
#pragma once

#include <tidewire/base/date.hpp>
#include <tidewire/imap/export.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/imap/sequence_set.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// What is looked for. A value; made by the functions of `imap::search`, joined by `&&`, `||` and `!`. By
/// default, all messages.
///
/// Texts are UTF-8 and may have any character but NUL; a command with one that is not ASCII says so to the
/// server (CHARSET).
class TIDEWIRE_IMAP_API search_key {
 public:
  /// ALL
  search_key() = default;
  /// A key by its tokens, of which some extension has it: `{token::atom("X-FOO"), token::string("bar")}`.
  explicit search_key(std::vector<token> tokens) : tokens_(std::move(tokens)), keys_(1) {}

  /// Those that both find.
  friend TIDEWIRE_IMAP_API search_key operator&&(search_key a, const search_key& b);
  /// Those that either finds.
  friend TIDEWIRE_IMAP_API search_key operator||(search_key a, search_key b);
  /// Those that it does not find.
  friend TIDEWIRE_IMAP_API search_key operator!(search_key a);
  /// Those that it finds nearly: FUZZY, RFC 6203.
  friend TIDEWIRE_IMAP_API search_key fuzzy(search_key a);

  /// The keys as they are sent.
  [[nodiscard]] std::vector<token> tokens() const;
  /// Is there a text in it that is not ASCII?
  [[nodiscard]] bool needs_charset() const noexcept;

 private:
  [[nodiscard]] std::vector<token> as_one_key() &&;

  std::vector<token> tokens_;
  std::size_t keys_ = 0;  // that stand side by side; none finds all
};

/// The keys of a search. Dates are days, as the time zone of their `date_time` has them; the server compares
/// them without regard to its own.
namespace search {
/// ALL
[[nodiscard]] inline search_key all() {
  return {};
}
/// Messages by their flags.
[[nodiscard]] TIDEWIRE_IMAP_API search_key seen();
[[nodiscard]] TIDEWIRE_IMAP_API search_key unseen();
[[nodiscard]] TIDEWIRE_IMAP_API search_key answered();
[[nodiscard]] TIDEWIRE_IMAP_API search_key unanswered();
[[nodiscard]] TIDEWIRE_IMAP_API search_key flagged();
[[nodiscard]] TIDEWIRE_IMAP_API search_key unflagged();
[[nodiscard]] TIDEWIRE_IMAP_API search_key deleted();
[[nodiscard]] TIDEWIRE_IMAP_API search_key undeleted();
[[nodiscard]] TIDEWIRE_IMAP_API search_key draft();
[[nodiscard]] TIDEWIRE_IMAP_API search_key undraft();
/// RECENT, NEW and OLD, of RFC 3501 alone.
[[nodiscard]] TIDEWIRE_IMAP_API search_key recent();
[[nodiscard]] TIDEWIRE_IMAP_API search_key recent_and_unseen();
[[nodiscard]] TIDEWIRE_IMAP_API search_key old();
/// Messages with a keyword, or without: "$Forwarded".
[[nodiscard]] TIDEWIRE_IMAP_API search_key keyword(std::string_view name);
[[nodiscard]] TIDEWIRE_IMAP_API search_key unkeyword(std::string_view name);
/// Messages by a text in a field, in any case.
[[nodiscard]] TIDEWIRE_IMAP_API search_key from(std::string_view text);
[[nodiscard]] TIDEWIRE_IMAP_API search_key to(std::string_view text);
[[nodiscard]] TIDEWIRE_IMAP_API search_key cc(std::string_view text);
[[nodiscard]] TIDEWIRE_IMAP_API search_key bcc(std::string_view text);
[[nodiscard]] TIDEWIRE_IMAP_API search_key subject(std::string_view text);
/// In the field of that name; an empty text finds all that have the field.
[[nodiscard]] TIDEWIRE_IMAP_API search_key header(std::string_view field, std::string_view text = {});
/// In the body, or anywhere in the message.
[[nodiscard]] TIDEWIRE_IMAP_API search_key body(std::string_view text);
[[nodiscard]] TIDEWIRE_IMAP_API search_key text(std::string_view text);
/// By the day on which the server got it.
[[nodiscard]] TIDEWIRE_IMAP_API search_key before(const date_time& day);
[[nodiscard]] TIDEWIRE_IMAP_API search_key on(const date_time& day);
[[nodiscard]] TIDEWIRE_IMAP_API search_key since(const date_time& day);
/// By the day in its Date field.
[[nodiscard]] TIDEWIRE_IMAP_API search_key sent_before(const date_time& day);
[[nodiscard]] TIDEWIRE_IMAP_API search_key sent_on(const date_time& day);
[[nodiscard]] TIDEWIRE_IMAP_API search_key sent_since(const date_time& day);
/// By the day on which it came into the mailbox: SAVEDATE, RFC 8514.
[[nodiscard]] TIDEWIRE_IMAP_API search_key saved_before(const date_time& day);
[[nodiscard]] TIDEWIRE_IMAP_API search_key saved_on(const date_time& day);
[[nodiscard]] TIDEWIRE_IMAP_API search_key saved_since(const date_time& day);
/// By how long ago the server got it: WITHIN, RFC 5032.
[[nodiscard]] TIDEWIRE_IMAP_API search_key older(std::chrono::seconds than);
[[nodiscard]] TIDEWIRE_IMAP_API search_key younger(std::chrono::seconds than);
/// By its size in bytes.
[[nodiscard]] TIDEWIRE_IMAP_API search_key larger(std::uint64_t than);
[[nodiscard]] TIDEWIRE_IMAP_API search_key smaller(std::uint64_t than);
/// By UID, by number; `sequence_set::saved()` for what was found before.
[[nodiscard]] TIDEWIRE_IMAP_API search_key uids(const sequence_set& set);
[[nodiscard]] TIDEWIRE_IMAP_API search_key numbers(const sequence_set& set);
/// Changed at that mod-sequence or later: RFC 7162.
[[nodiscard]] TIDEWIRE_IMAP_API search_key modseq(std::uint64_t at_least);
/// By its identifiers: RFC 8474.
[[nodiscard]] TIDEWIRE_IMAP_API search_key email_id(std::string_view id);
[[nodiscard]] TIDEWIRE_IMAP_API search_key thread_id(std::string_view id);
/// As in the search field of Gmail: "has:attachment in:unread".
[[nodiscard]] TIDEWIRE_IMAP_API search_key gmail(std::string_view query);
[[nodiscard]] TIDEWIRE_IMAP_API search_key gmail_label(std::string_view label);
[[nodiscard]] TIDEWIRE_IMAP_API search_key gmail_message_id(std::uint64_t id);
[[nodiscard]] TIDEWIRE_IMAP_API search_key gmail_thread_id(std::uint64_t id);
}  // namespace search

/// What SEARCH and SORT answer: RETURN of RFC 4731. With none of it set there is no RETURN, and the answer is
/// a `search_numbers`; else a `search_data`.
struct search_return {
  bool min = false;        ///< The lowest number.
  bool max = false;        ///< The highest.
  bool all = false;        ///< All of them, as a set.
  bool count = false;      ///< How many.
  bool save = false;       ///< Keep them as `$`, RFC 5182.
  bool relevancy = false;  ///< How well each fits, RFC 6203.
  bool update = false;     ///< Tell of changes from then on, RFC 5267.
  bool context = false;    ///< Prepare for more of the same, RFC 5267.
  /// Only the `partial_first`th to the `partial_last`th of them, from 1, or from -1 at the end: RFC 9394. 0:
  /// no.
  std::int64_t partial_first = 0;
  std::int64_t partial_last = 0;

  /// Is any of it set?
  [[nodiscard]] constexpr bool any() const noexcept {
    return min || max || all || count || save || relevancy || update || context || partial_first != 0;
  }
};

/// By what SORT orders (RFC 5256, RFC 5957, RFC 6203).
enum class sort_field : std::uint8_t {
  arrival,       ///< When the server got it.
  cc,            ///< The local part of the first address in Cc.
  date,          ///< When it was sent.
  from,          ///< The local part of the first address in From.
  size,          ///< Its size.
  subject,       ///< Its subject without `Re:` and the like.
  to,            ///< The local part of the first address in To.
  display_from,  ///< The name in From.
  display_to,    ///< The name in To.
  relevancy,     ///< How well it fits a search with `fuzzy`.
};
/// One criterion; the first counts most.
struct sort_key {
  sort_field field = sort_field::date;
  bool descending = false;
};

}  // namespace tidewire::imap
