/// @file
/// Messages that programs write about messages: delivery reports (RFC 3464), receipts (RFC 8098), complaints
/// (RFC 5965), and what mailing lists say of themselves (RFC 2369, RFC 2919, RFC 8058).
///
/// @code
/// if (auto bounce = mime::read_delivery_report(mail))
///   for (auto& one : bounce->recipients)
///     if (one.action == mime::delivery_action::failed) drop(one.final_recipient, one.status);
/// @endcode
#pragma once

#include <tidewire/mime/parsed_message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::mime {

/// Fields of a report, in their order, decoded. Names are compared in any case.
struct TIDEWIRE_MIME_API report_fields {
  std::vector<std::pair<std::string, std::string>> items;

  /// The first value of that name; "" if there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
};

/// What became of a message (RFC 3464 section 2.3.3).
enum class delivery_action : std::uint8_t { unknown, failed, delayed, delivered, relayed, expanded };

/// What a delivery report says of one recipient.
struct delivery_recipient {
  std::string final_recipient;     ///< The address without its type ("rfc822;").
  std::string original_recipient;  ///< As the sender gave it; often empty.
  delivery_action action{};
  std::string status;      ///< RFC 3463: "5.1.1".
  std::string remote_mta;  ///< Who said so; without its type.
  std::string diagnostic;  ///< What it said; without its type.
  report_fields fields;    ///< All of them.
};

/// A delivery report.
struct delivery_report {
  std::string reporting_mta;         ///< Without its type.
  std::string original_envelope_id;  ///< ENVID of the DSN extension.
  report_fields fields;              ///< Of the message.
  std::vector<delivery_recipient> recipients;
  part original;  ///< What was sent: the message, or its header as text/rfc822-headers; null if neither.
};

/// The first delivery report of a message: a part message/delivery-status or message/global-delivery-status,
/// within a multipart/report or not. Nothing if there is none. At most 10,000 recipients are read.
[[nodiscard]] TIDEWIRE_MIME_API std::optional<delivery_report> read_delivery_report(
    const parsed_message& mail);

/// A receipt (RFC 8098): what a reader did with a message.
struct disposition_report {
  std::string final_recipient;
  std::string original_message_id;  ///< Without angle brackets.
  std::string disposition;          ///< "displayed", "deleted", "dispatched", "processed".
  bool automatic = false;           ///< Sent by a program, not by its reader.
  report_fields fields;
};
/// The first receipt of a message; nothing if there is none.
[[nodiscard]] TIDEWIRE_MIME_API std::optional<disposition_report> read_disposition_report(
    const parsed_message& mail);

/// A complaint (RFC 5965): somebody marked a message as spam.
struct feedback_report {
  std::string type;  ///< "abuse", "fraud", "not-spam", ...
  std::string user_agent;
  std::string source_ip;
  std::vector<std::string> recipients;  ///< Original-Rcpt-To.
  report_fields fields;
  part original;  ///< What was complained about; null if it is not there.
};
/// The first complaint of a message; nothing if there is none.
[[nodiscard]] TIDEWIRE_MIME_API std::optional<feedback_report> read_feedback_report(
    const parsed_message& mail);
/// @copydoc read_delivery_report(parsed_message&&)
std::optional<feedback_report> read_feedback_report(parsed_message&&) = delete;

/// What a mailing list says of itself in the header of its messages.
struct list_headers {
  std::string id;    ///< List-Id without its phrase: "users.example.org".
  std::string name;  ///< Its phrase.
  std::vector<std::string> help, unsubscribe, subscribe, post, owner,
      archive;              ///< URLs, the preferred first.
  bool no_posting = false;  ///< `List-Post: NO`
  bool one_click = false;   ///< RFC 8058: a POST to the first https URL of `unsubscribe` is enough.
};
/// Reads them; all is empty where there are none.
[[nodiscard]] TIDEWIRE_MIME_API list_headers read_list_headers(const part& message);

}  // namespace tidewire::mime
