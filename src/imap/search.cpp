#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/search.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tidewire::imap {
namespace {

bool has_utf8(const token& what) noexcept {
  return !ascii::is_ascii(what.text()) || std::ranges::any_of(what.items(), has_utf8);
}

search_key one_word(const char* name) {
  return search_key({token::atom(name)});
}
search_key with_text(const char* name, std::string_view text) {
  return search_key({token::atom(name), token::string(std::string(text))});
}
search_key with_atom(const char* name, std::string text) {
  return search_key({token::atom(name), token::atom(std::move(text))});
}
// What has to be an atom and cannot be one becomes an empty atom, which no command can hold.
search_key with_word(const char* name, std::string_view text) {
  return with_atom(name, is_atom(text) ? std::string(text) : std::string());
}
search_key with_number(const char* name, std::uint64_t number) {
  return with_atom(name, std::to_string(number));
}
search_key with_day(const char* name, const date_time& day) {
  return with_atom(name, date::format_imap_date(day));
}
search_key with_age(const char* name, std::chrono::seconds age) {
  // RFC 5032 section 2: an nz-number of seconds.
  return with_number(name, static_cast<std::uint64_t>(std::max<std::chrono::seconds::rep>(age.count(), 1)));
}

}  // namespace

std::vector<token> search_key::as_one_key() && {
  if (keys_ == 1) return std::move(tokens_);
  return {token::list(std::move(*this).tokens())};
}

std::vector<token> search_key::tokens() const {
  return keys_ == 0 ? std::vector<token>{token::atom("ALL")} : tokens_;
}

bool search_key::needs_charset() const noexcept {
  return std::ranges::any_of(tokens_, has_utf8);
}

search_key operator&&(search_key a, const search_key& b) {
  a.tokens_.insert(a.tokens_.end(), b.tokens_.begin(), b.tokens_.end());
  a.keys_ += b.keys_;
  return a;
}

search_key operator||(search_key a, search_key b) {
  std::vector<token> tokens{token::atom("OR")};
  for (search_key* one : {&a, &b}) {
    std::ranges::move(std::move(*one).as_one_key(), std::back_inserter(tokens));
  }
  return search_key(std::move(tokens));
}

search_key operator!(search_key a) {
  std::vector<token> tokens{token::atom("NOT")};
  std::ranges::move(std::move(a).as_one_key(), std::back_inserter(tokens));
  return search_key(std::move(tokens));
}

search_key fuzzy(search_key a) {
  std::vector<token> tokens{token::atom("FUZZY")};
  std::ranges::move(std::move(a).as_one_key(), std::back_inserter(tokens));
  return search_key(std::move(tokens));
}

namespace search {

search_key seen() {
  return one_word("SEEN");
}
search_key unseen() {
  return one_word("UNSEEN");
}
search_key answered() {
  return one_word("ANSWERED");
}
search_key unanswered() {
  return one_word("UNANSWERED");
}
search_key flagged() {
  return one_word("FLAGGED");
}
search_key unflagged() {
  return one_word("UNFLAGGED");
}
search_key deleted() {
  return one_word("DELETED");
}
search_key undeleted() {
  return one_word("UNDELETED");
}
search_key draft() {
  return one_word("DRAFT");
}
search_key undraft() {
  return one_word("UNDRAFT");
}
search_key recent() {
  return one_word("RECENT");
}
search_key recent_and_unseen() {
  return one_word("NEW");
}
search_key old() {
  return one_word("OLD");
}
search_key keyword(std::string_view name) {
  return with_word("KEYWORD", name);
}
search_key unkeyword(std::string_view name) {
  return with_word("UNKEYWORD", name);
}
search_key from(std::string_view text) {
  return with_text("FROM", text);
}
search_key to(std::string_view text) {
  return with_text("TO", text);
}
search_key cc(std::string_view text) {
  return with_text("CC", text);
}
search_key bcc(std::string_view text) {
  return with_text("BCC", text);
}
search_key subject(std::string_view text) {
  return with_text("SUBJECT", text);
}
search_key header(std::string_view field, std::string_view text) {
  return search_key(
      {token::atom("HEADER"), token::string(std::string(field)), token::string(std::string(text))});
}
search_key body(std::string_view text) {
  return with_text("BODY", text);
}
search_key text(std::string_view text) {
  return with_text("TEXT", text);
}
search_key before(const date_time& day) {
  return with_day("BEFORE", day);
}
search_key on(const date_time& day) {
  return with_day("ON", day);
}
search_key since(const date_time& day) {
  return with_day("SINCE", day);
}
search_key sent_before(const date_time& day) {
  return with_day("SENTBEFORE", day);
}
search_key sent_on(const date_time& day) {
  return with_day("SENTON", day);
}
search_key sent_since(const date_time& day) {
  return with_day("SENTSINCE", day);
}
search_key saved_before(const date_time& day) {
  return with_day("SAVEDBEFORE", day);
}
search_key saved_on(const date_time& day) {
  return with_day("SAVEDON", day);
}
search_key saved_since(const date_time& day) {
  return with_day("SAVEDSINCE", day);
}
search_key older(std::chrono::seconds than) {
  return with_age("OLDER", than);
}
search_key younger(std::chrono::seconds than) {
  return with_age("YOUNGER", than);
}
search_key larger(std::uint64_t than) {
  return with_number("LARGER", than);
}
search_key smaller(std::uint64_t than) {
  return with_number("SMALLER", than);
}
search_key uids(const sequence_set& set) {
  return with_atom("UID", set.to_string());
}
search_key numbers(const sequence_set& set) {
  return search_key({token::atom(set.to_string())});
}
search_key modseq(std::uint64_t at_least) {
  return with_number("MODSEQ", at_least);
}
search_key email_id(std::string_view id) {
  return with_word("EMAILID", id);
}
search_key thread_id(std::string_view id) {
  return with_word("THREADID", id);
}
search_key gmail(std::string_view query) {
  return with_text("X-GM-RAW", query);
}
search_key gmail_label(std::string_view label) {
  return with_text("X-GM-LABELS", label);
}
search_key gmail_message_id(std::uint64_t id) {
  return with_number("X-GM-MSGID", id);
}
search_key gmail_thread_id(std::uint64_t id) {
  return with_number("X-GM-THRID", id);
}

}  // namespace search
}  // namespace tidewire::imap
