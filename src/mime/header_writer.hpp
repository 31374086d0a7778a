// Header fields, folded and encoded: lines of 78 characters where there is a place to break them, of 998 in
// any case (RFC 5322 section 2.1.1).
#pragma once

#include <tidewire/mime/address.hpp>
#include <tidewire/mime/content_type.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tidewire::mime::detail {

// Throws `error` (misuse) if `text` has a CR, LF or NUL, or is not UTF-8. `what` names it in the message.
void require_line(std::string_view what, std::string_view text);
// The same for the name of a field: visible ASCII without a colon, 64 at most.
void require_field_name(std::string_view name);

// Appends fields to `out`. With `utf8`, text that is not ASCII stays as it is (RFC 6532). Values must have
// passed `require_line`.
class header_writer {
 public:
  header_writer(std::string& out, bool utf8) noexcept : out_(out), utf8_(utf8) {}

  // Subject and the like: any text.
  void unstructured(std::string_view name, std::string_view text);
  // Addresses must have passed `check_address`. Throws `error` (misuse) for one that needs UTF-8 where that
  // is not allowed.
  void addresses(std::string_view name, std::span<const address_entry> entries);
  // Values that stand for themselves, with a place to break between them: `<a@b>`, `<https://...>,`.
  void words(std::string_view name, std::span<const std::string> values);
  // `value; name=value; ...`
  void parameters(std::string_view name, std::string_view value, const parameter_list& list);

 private:
  void begin(std::string_view name);
  void add(std::string_view space, std::string_view token);
  void fold();
  void end();
  void encoded(std::string_view space, std::string_view text);
  void phrase(std::string_view space, std::string_view text);
  void quoted_words(std::string_view space, std::string_view quoted);
  void one_mailbox(const mailbox& one, std::string_view after);
  void one_parameter(const parameter& one, bool last);

  std::string& out_;
  bool utf8_;
  std::size_t column_ = 0;
  bool has_encoded_ = false;  // there is an encoded word on the line
  bool line_is_new_ = false;  // nothing but the field's name, or the white space of a fold, is on the line
};

}  // namespace tidewire::mime::detail
