#include <tidewire/base/bytes.hpp>
#include <tidewire/mime/header.hpp>
#include <tidewire/mime/parser.hpp>
#include <tidewire/mime/report.hpp>

#include <algorithm>
#include <initializer_list>

#include "encoded_word.hpp"
#include "lexer.hpp"

namespace tidewire::mime {

namespace {

constexpr std::size_t max_recipients = 10'000;

// The first part of one of these types; null if there is none.
part find_part(const parsed_message& mail, std::initializer_list<std::string_view> types) {
  for (std::size_t i = 0; i < mail.part_count(); ++i) {
    const part one = mail.part_at(i);
    const std::string type = one.content_type().essence();
    if (std::ranges::find(types, type) != types.end()) return one;
  }
  return {};
}

// Groups of fields with blank lines between them, each of the form of a header.
std::vector<report_fields> read_groups(std::string_view text) {
  std::vector<report_fields> groups;
  while (groups.size() <= max_recipients) {
    while (text.starts_with('\n') || text.starts_with("\r\n"))
      text.remove_prefix(text.starts_with('\n') ? 1 : 2);
    if (text.empty()) break;
    const parsed_message group = parse_in_place(text, {.max_depth = 1});
    report_fields fields;
    for (const header_field& field : group.root().headers())
      fields.items.emplace_back(field.name, decode_unstructured(field.value));
    const std::string_view rest = group.root().raw_body();
    // A line that is no field: it is not of the format, and would be met again and again.
    if (fields.items.empty() || rest.size() == text.size()) break;
    groups.push_back(std::move(fields));
    text = rest;
  }
  return groups;
}

// "rfc822; a@b.c" without its type.
std::string without_type(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  const std::string_view type = value.substr(0, semicolon);
  const bool typed =
      semicolon != std::string_view::npos && std::ranges::all_of(ascii::trim(type), detail::is_token);
  return std::string(ascii::trim(typed ? value.substr(semicolon + 1) : value));
}

std::string_view without_angles(std::string_view text) noexcept {
  text = ascii::trim(text);
  return text.starts_with('<') && text.ends_with('>') ? text.substr(1, text.size() - 2) : text;
}

delivery_action read_action(std::string_view value) noexcept {
  static constexpr std::pair<std::string_view, delivery_action> actions[] = {
      {"failed", delivery_action::failed},
      {"delayed", delivery_action::delayed},
      {"delivered", delivery_action::delivered},
      {"relayed", delivery_action::relayed},
      {"expanded", delivery_action::expanded}};
  value = value.substr(0, value.find_first_of(" (\t"));
  for (const auto& [name, action] : actions)
    if (ascii::iequals(value, name)) return action;
  return delivery_action::unknown;
}

// What a report is about: a part after it that is a message, or the header of one.
part original_after(const parsed_message& mail, const part& report) {
  for (std::size_t i = report.index() + 1; i < mail.part_count(); ++i) {
    const part one = mail.part_at(i);
    const content_type type = one.content_type();
    const bool header = type.is("text", "rfc822-headers") || type.is("message", "global-headers");
    if (header || type.is("message", "rfc822") || type.is("message", "global")) return one;
  }
  return {};
}

// The URLs of a field of RFC 2369: each in angle brackets, comments around them.
std::vector<std::string> urls_of(const part& message, std::string_view name) {
  std::vector<std::string> urls;
  const auto field = message.header(name);
  if (!field) return urls;
  detail::lexer in(field->value);
  while (urls.size() < 100) {
    in.skip_cfws();
    if (in.at_end()) break;
    if (!in.take('<')) {
      in.skip();
      continue;
    }
    // White space in a URL comes from folds.
    std::string url(in.run([](char c) { return c != '>'; }));
    std::erase_if(url, [](char c) { return ascii::is_space(c); });
    in.take('>');
    if (!url.empty()) urls.push_back(std::move(url));
  }
  return urls;
}

}  // namespace

std::string_view report_fields::get(std::string_view name) const noexcept {
  for (const auto& [known, value] : items)
    if (ascii::iequals(known, name)) return value;
  return {};
}

std::optional<delivery_report> read_delivery_report(const parsed_message& mail) {
  const part source = find_part(mail, {"message/delivery-status", "message/global-delivery-status"});
  if (!source) return std::nullopt;
  const std::string text = source.decode();
  std::vector<report_fields> groups = read_groups(text);
  delivery_report report;
  report.original = original_after(mail, source);
  // The first group is of the message (RFC 3464 section 2.1); some mailers forget the blank line after it.
  for (std::size_t i = 0; i < groups.size(); ++i) {
    report_fields& group = groups[i];
    if (i == 0) {
      report.reporting_mta = without_type(group.get("Reporting-MTA"));
      report.original_envelope_id = std::string(group.get("Original-Envelope-Id"));
      report.fields = group;
      if (group.get("Final-Recipient").empty() && group.get("Action").empty()) continue;
    }
    delivery_recipient one;
    one.final_recipient = without_angles(without_type(group.get("Final-Recipient")));
    one.original_recipient = without_angles(without_type(group.get("Original-Recipient")));
    one.action = read_action(group.get("Action"));
    one.status = group.get("Status").substr(0, group.get("Status").find_first_of(" (\t"));
    one.remote_mta = without_type(group.get("Remote-MTA"));
    one.diagnostic = without_type(group.get("Diagnostic-Code"));
    one.fields = std::move(group);
    report.recipients.push_back(std::move(one));
  }
  return report;
}

std::optional<disposition_report> read_disposition_report(const parsed_message& mail) {
  const part source =
      find_part(mail, {"message/disposition-notification", "message/global-disposition-notification"});
  if (!source) return std::nullopt;
  const std::string text = source.decode();
  std::vector<report_fields> groups = read_groups(text);
  if (groups.empty()) return std::nullopt;
  disposition_report report;
  report.fields = std::move(groups.front());
  report.final_recipient = without_angles(without_type(report.fields.get("Final-Recipient")));
  report.original_message_id = without_angles(report.fields.get("Original-Message-ID"));
  // "manual-action/MDN-sent-manually; displayed/error"
  const std::string_view disposition = report.fields.get("Disposition");
  report.automatic = ascii::istarts_with(disposition, "automatic-action");
  const std::string_view type =
      ascii::trim(disposition.substr(std::min(disposition.find(';'), disposition.size())));
  const std::string_view word = ascii::trim(type.substr(type.empty() ? 0 : 1));
  for (const char c : word.substr(0, word.find_first_of("/, "))) report.disposition += ascii::to_lower(c);
  return report;
}

std::optional<feedback_report> read_feedback_report(const parsed_message& mail) {
  const part source = find_part(mail, {"message/feedback-report"});
  if (!source) return std::nullopt;
  const std::string text = source.decode();
  std::vector<report_fields> groups = read_groups(text);
  if (groups.empty()) return std::nullopt;
  feedback_report report;
  report.fields = std::move(groups.front());
  for (const char c : report.fields.get("Feedback-Type")) report.type += ascii::to_lower(c);
  report.user_agent = report.fields.get("User-Agent");
  report.source_ip = report.fields.get("Source-IP");
  for (const auto& [name, value] : report.fields.items)
    if (ascii::iequals(name, "Original-Rcpt-To")) report.recipients.emplace_back(without_angles(value));
  report.original = original_after(mail, source);
  return report;
}

list_headers read_list_headers(const part& message) {
  list_headers list;
  if (const auto field = message.header("List-Id")) {
    const std::string value = unfold(field->value);
    const std::size_t open = value.rfind('<');
    const std::size_t close = value.find('>', std::min(open, value.size()));
    if (open == std::string::npos || close == std::string::npos) {
      list.id = value;
    } else {
      list.id = value.substr(open + 1, close - open - 1);
      std::string name(ascii::trim(std::string_view(value).substr(0, open)));
      if (name.size() > 1 && name.starts_with('"') && name.ends_with('"'))
        name = name.substr(1, name.size() - 2);
      list.name = detail::decode_encoded_words(name);
    }
  }
  list.help = urls_of(message, "List-Help");
  list.unsubscribe = urls_of(message, "List-Unsubscribe");
  list.subscribe = urls_of(message, "List-Subscribe");
  list.post = urls_of(message, "List-Post");
  list.owner = urls_of(message, "List-Owner");
  list.archive = urls_of(message, "List-Archive");
  if (const auto post = message.header("List-Post")) {
    detail::lexer in(post->value);
    in.skip_cfws();
    list.no_posting = ascii::iequals(in.run(ascii::is_alpha), "NO");
  }
  list.one_click = ascii::iequals(message.header_text("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
  return list;
}

}  // namespace tidewire::mime
