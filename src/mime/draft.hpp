// What a message is made of before it is serialised.
#pragma once

#include <tidewire/mime/content_type.hpp>
#include <tidewire/mime/message.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidewire::mime::detail {

struct draft {
  struct attachment {
    std::string filename;
    mime::content_type type;
    std::string description;
    std::string content_id;
    mime::content data;
    bool is_message = false;
  };

  message_seed seed{};
  date_time date;
  std::vector<address_entry> from, sender, reply_to, to, cc, bcc;
  std::optional<std::string> subject;
  std::string message_id;
  std::string in_reply_to;
  std::vector<std::string> references;
  std::vector<std::string> unsubscribe;
  bool one_click = false;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> text;
  std::optional<std::string> html;
  std::string calendar_method;
  std::string calendar;
  std::vector<attachment> embedded;
  std::vector<attachment> attachments;
  std::vector<std::shared_ptr<const signing_hook>> hooks;

  static attachment make_attachment(std::string_view filename, mime::content data,
                                    const attachment_options& options);
  // A number of the seed that no other `purpose` gives: 32 hexadecimal digits.
  [[nodiscard]] std::string token(std::uint64_t purpose) const;
};

}  // namespace tidewire::mime::detail
