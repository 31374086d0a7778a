#include <tidewire/base/bytes.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/mime/charset.hpp>
#include <tidewire/mime/message.hpp>

#include <algorithm>
#include <chrono>
#include <random>

#include "draft.hpp"
#include "header_writer.hpp"
#include "lexer.hpp"

namespace tidewire::mime {

namespace {

using detail::draft;
using detail::require_line;

failure misuse(std::string_view what, std::string_view why) {
  return failure(errc::misuse, std::string(what) + ": " + std::string(why));
}

void require_text(std::string_view what, std::string_view text) {
  if (!is_utf8(text)) throw error(misuse(what, "not UTF-8"));
}

void require_mailbox(std::string_view what, const mailbox& one) {
  require_line(what, one.name);
  require_line(what, one.address);
  if (const auto checked = check_address(one.address); !checked)
    throw error(misuse(what, '"' + one.address + "\": " + std::string(checked.error().detail())));
}

std::vector<address_entry> read_addresses(std::string_view what, std::string_view text) {
  require_line(what, text);
  address_list list = parse_addresses(text);
  if (!list.well_formed || list.entries.empty())
    throw error(misuse(what, "\"" + std::string(text) + "\" is no list of addresses"));
  for (const mailbox& one : list.mailboxes()) require_mailbox(what, one);
  for (const address_entry& entry : list.entries)
    if (const auto* named = std::get_if<group>(&entry)) require_line(what, named->name);
  return std::move(list.entries);
}

void add(std::vector<address_entry>& to, std::string_view what, std::string_view text) {
  std::vector<address_entry> more = read_addresses(what, text);
  std::ranges::move(more, std::back_inserter(to));
}

void add(std::vector<address_entry>& to, std::string_view what, const mailbox& who) {
  require_mailbox(what, who);
  to.emplace_back(who);
}

// An identifier: what may stand between angle brackets and be copied into other headers (RFC 5322 section
// 3.6.4).
std::string read_id(std::string_view what, std::string_view id) {
  if (id.starts_with('<') && id.ends_with('>')) id = id.substr(1, id.size() - 2);
  const bool good = !id.empty() && id.size() <= 900 && std::ranges::all_of(id, [](char c) {
    return ascii::is_visible(c) && c != '<' && c != '>' && c != '(' && c != ')' && c != ',' && c != ';';
  });
  if (!good) throw error(misuse(what, "no identifier"));
  return std::string(id);
}

// Fields that have a function of their own, or that the serialiser writes.
bool is_reserved(std::string_view name) noexcept {
  static constexpr std::string_view names[] = {"from",
                                               "sender",
                                               "reply-to",
                                               "to",
                                               "cc",
                                               "bcc",
                                               "subject",
                                               "message-id",
                                               "references",
                                               "in-reply-to",
                                               "date",
                                               "mime-version",
                                               "resent-bcc",
                                               "list-unsubscribe",
                                               "list-unsubscribe-post"};
  return ascii::istarts_with(name, "content-") ||
         std::ranges::any_of(names, [&](std::string_view known) { return ascii::iequals(name, known); });
}

std::vector<std::string> addresses_of(const std::vector<address_entry>& entries) {
  std::vector<std::string> list;
  for (const mailbox& one : address_list{entries, true}.mailboxes()) list.push_back(one.address);
  return list;
}

message_seed random_seed() {
  std::random_device device;
  const auto word = [&] { return std::uint64_t{device()} << 32 | std::uint64_t{device()}; };
  return {word(), word()};
}

// The finaliser of SplitMix64: each bit of the seed moves half of those of the answer.
std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
  x = (x ^ x >> 27) * 0x94D049BB133111EBU;
  return x ^ x >> 31;
}

}  // namespace

std::string draft::token(std::uint64_t purpose) const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string all;
  for (const std::uint64_t half : seed) {
    const std::uint64_t bits = mix(half + (purpose + 1) * 0x9E3779B97F4A7C15U);
    for (unsigned shift = 64; shift > 0; shift -= 4) all += digits[bits >> (shift - 4) & 15U];
  }
  return all;
}

message::message() : message(random_seed(), date::from(std::chrono::system_clock::now())) {}
message::message(const message_seed& seed, const date_time& now) : draft_(std::make_unique<draft>()) {
  draft_->seed = seed;
  draft_->date = now;
}
message::message(const message& other) : draft_(std::make_unique<draft>(*other.draft_)) {}
message::message(message&&) noexcept = default;
message& message::operator=(const message& other) {
  if (this != &other) draft_ = std::make_unique<draft>(*other.draft_);
  return *this;
}
message& message::operator=(message&&) noexcept = default;
message::~message() = default;

message& message::from(std::string_view addresses) {
  add(draft_->from, "From", addresses);
  return *this;
}
message& message::sender(std::string_view address) {
  std::vector<address_entry> one = read_addresses("Sender", address);
  if (one.size() != 1 || !std::holds_alternative<mailbox>(one.front()))
    throw error(misuse("Sender", "more than one mailbox"));
  draft_->sender = std::move(one);
  return *this;
}
message& message::reply_to(std::string_view addresses) {
  add(draft_->reply_to, "Reply-To", addresses);
  return *this;
}
message& message::to(std::string_view addresses) {
  add(draft_->to, "To", addresses);
  return *this;
}
message& message::cc(std::string_view addresses) {
  add(draft_->cc, "Cc", addresses);
  return *this;
}
message& message::bcc(std::string_view addresses) {
  add(draft_->bcc, "Bcc", addresses);
  return *this;
}
message& message::from(const mailbox& who) {
  add(draft_->from, "From", who);
  return *this;
}
message& message::to(const mailbox& who) {
  add(draft_->to, "To", who);
  return *this;
}
message& message::cc(const mailbox& who) {
  add(draft_->cc, "Cc", who);
  return *this;
}
message& message::bcc(const mailbox& who) {
  add(draft_->bcc, "Bcc", who);
  return *this;
}
message& message::reply_to(const mailbox& who) {
  add(draft_->reply_to, "Reply-To", who);
  return *this;
}

message& message::subject(std::string_view text) {
  require_line("Subject", text);
  draft_->subject = std::string(text);
  return *this;
}
message& message::date(const date_time& when) {
  draft_->date = when;
  return *this;
}
message& message::message_id(std::string_view id) {
  draft_->message_id = read_id("Message-ID", id);
  return *this;
}
message& message::in_reply_to(std::string_view id) {
  draft_->in_reply_to = read_id("In-Reply-To", id);
  return *this;
}
message& message::reference(std::string_view id) {
  draft_->references.push_back(read_id("References", id));
  return *this;
}

message& message::list_unsubscribe(std::span<const std::string_view> urls, bool one_click) {
  std::vector<std::string> list;
  for (const std::string_view url : urls) {
    const bool good =
        url.find(':') != std::string_view::npos && url.size() <= 900 &&
        std::ranges::all_of(url, [](char c) { return ascii::is_visible(c) && c != '<' && c != '>'; });
    if (!good) throw error(misuse("List-Unsubscribe", "no URL"));
    list.emplace_back(url);
  }
  if (list.empty()) throw error(misuse("List-Unsubscribe", "no URL"));
  if (one_click && !ascii::istarts_with(list.front(), "https:"))
    throw error(misuse("List-Unsubscribe", "one click needs an https URL first (RFC 8058)"));
  draft_->unsubscribe = std::move(list);
  draft_->one_click = one_click;
  return *this;
}
message& message::list_unsubscribe(std::string_view url, bool one_click) {
  return list_unsubscribe(std::span(&url, 1), one_click);
}

message& message::header(std::string_view name, std::string_view text) {
  detail::require_field_name(name);
  require_line(name, text);
  if (is_reserved(name)) throw error(misuse(name, "has a function of its own, or is written by itself"));
  draft_->headers.emplace_back(name, text);
  return *this;
}

message& message::text(std::string_view text) {
  require_text("text", text);
  draft_->text = std::string(text);
  return *this;
}
message& message::append_text(std::string_view text) {
  require_text("text", text);
  if (!draft_->text) draft_->text.emplace();
  *draft_->text += text;
  return *this;
}
message& message::html(std::string_view html) {
  require_text("html", html);
  draft_->html = std::string(html);
  return *this;
}
message& message::append_html(std::string_view html) {
  require_text("html", html);
  if (!draft_->html) draft_->html.emplace();
  *draft_->html += html;
  return *this;
}
message& message::calendar(std::string_view method, std::string_view icalendar) {
  require_text("calendar", icalendar);
  const bool good = !method.empty() && method.size() <= 40 &&
                    std::ranges::all_of(method, [](char c) { return ascii::is_alpha(c) || c == '-'; });
  if (!good) throw error(misuse("calendar", "no method"));
  draft_->calendar_method = std::string(method);
  draft_->calendar = std::string(icalendar);
  return *this;
}

// Checks what is said about a file.
draft::attachment draft::make_attachment(std::string_view filename, content data,
                                         const attachment_options& options) {
  require_line("attachment name", filename);
  require_line("attachment description", options.description);
  require_line("attachment type", options.type);
  attachment made{std::string(filename), {}, std::string(options.description), {}, std::move(data)};
  auto type = parse_content_type(options.type.empty() ? type_of_file(filename) : options.type);
  const auto is_name = [](std::string_view text) { return std::ranges::all_of(text, detail::is_token); };
  if (!type || !is_name(type->type) || !is_name(type->subtype))
    throw error(misuse("attachment type", "no media type"));
  if (type->type == "multipart") throw error(misuse("attachment type", "a multipart is no file"));
  made.type = std::move(*type);
  for (const parameter& one : made.type.parameters) {
    require_line("attachment type", one.value);
    if (!is_name(one.name) || one.name.size() > 40)
      throw error(misuse("attachment type", "no parameter name"));
  }
  if (!options.content_id.empty()) made.content_id = read_id("Content-ID", options.content_id);
  return made;
}

message& message::embed(std::string_view content_id, content data, const attachment_options& options) {
  attachment_options with_id = options;
  with_id.content_id = content_id;
  draft::attachment made = draft::make_attachment({}, std::move(data), with_id);
  if (made.content_id.empty()) throw error(misuse("Content-ID", "no identifier"));
  draft_->embedded.push_back(std::move(made));
  return *this;
}

message& message::attach(std::string_view filename, content data, const attachment_options& options) {
  draft_->attachments.push_back(draft::make_attachment(filename, std::move(data), options));
  return *this;
}

message& message::attach_file(const std::filesystem::path& path, const attachment_options& options) {
  const std::u8string name = path.filename().u8string();
  return attach({reinterpret_cast<const char*>(name.data()), name.size()}, content::file(path), options);
}

message& message::attach_message(content source) {
  draft::attachment made{{}, {"message", "rfc822", {}}, {}, {}, std::move(source), true};
  draft_->attachments.push_back(std::move(made));
  return *this;
}

message& message::sign_with(std::shared_ptr<const signing_hook> hook) {
  if (hook == nullptr) throw error(misuse("signature", "nothing to sign with"));
  draft_->hooks.push_back(std::move(hook));
  return *this;
}

envelope message::envelope() const {
  mime::envelope who;
  const std::vector<std::string> senders =
      addresses_of(draft_->sender.empty() ? draft_->from : draft_->sender);
  if (senders.empty()) throw error(misuse("message", "no From"));
  who.sender = senders.front();
  for (const auto* list : {&draft_->to, &draft_->cc, &draft_->bcc})
    for (std::string& one : addresses_of(*list))
      if (std::ranges::find(who.recipients, one) == who.recipients.end())
        who.recipients.push_back(std::move(one));
  if (who.recipients.empty()) throw error(misuse("message", "no recipient"));
  return who;
}

bool message::needs_smtputf8() const {
  for (const auto* list :
       {&draft_->from, &draft_->sender, &draft_->reply_to, &draft_->to, &draft_->cc, &draft_->bcc})
    for (const std::string& one : addresses_of(*list))
      if (!ascii::is_ascii(mailbox{{}, one}.local_part())) return true;
  return false;
}

std::string message::str(const serialize_options& options) const {
  serializer in(*this, options);
  std::string out;
  out.resize(static_cast<std::size_t>(in.size()));
  std::size_t at = 0;
  while (const std::size_t size = in.read(std::span(out).subspan(at))) at += size;
  return out;
}

}  // namespace tidewire::mime
