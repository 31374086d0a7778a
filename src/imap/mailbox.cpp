#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/mailbox.hpp>

#include "attributes.hpp"

namespace tidewire::imap {
namespace {

struct named_attribute {
  std::string_view name;
  mailbox_attribute what;
};
// Those with two names have the one of RFC 9051 and RFC 6154 first.
constexpr named_attribute attributes[] = {
    {"\\Noinferiors", mailbox_attribute::no_inferiors},
    {"\\Noselect", mailbox_attribute::no_select},
    {"\\NonExistent", mailbox_attribute::nonexistent},
    {"\\Marked", mailbox_attribute::marked},
    {"\\Unmarked", mailbox_attribute::unmarked},
    {"\\Subscribed", mailbox_attribute::subscribed},
    {"\\Remote", mailbox_attribute::remote},
    {"\\HasChildren", mailbox_attribute::has_children},
    {"\\HasNoChildren", mailbox_attribute::has_no_children},
    {"\\All", mailbox_attribute::all},
    {"\\Archive", mailbox_attribute::archive},
    {"\\Drafts", mailbox_attribute::drafts},
    {"\\Flagged", mailbox_attribute::flagged},
    {"\\Important", mailbox_attribute::important},
    {"\\Junk", mailbox_attribute::junk},
    {"\\Sent", mailbox_attribute::sent},
    {"\\Trash", mailbox_attribute::trash},
    {"\\Inbox", mailbox_attribute::inbox},
    {"\\AllMail", mailbox_attribute::all},
    {"\\Starred", mailbox_attribute::flagged},
    {"\\Spam", mailbox_attribute::junk},
};

}  // namespace

namespace detail {

mailbox_attribute attribute_of(std::string_view name) noexcept {
  for (const named_attribute& one : attributes) {
    if (ascii::iequals(one.name, name)) {
      // RFC 5258 section 3: what does not exist cannot be selected.
      return one.what == mailbox_attribute::nonexistent ? one.what | mailbox_attribute::no_select : one.what;
    }
  }
  return mailbox_attribute::none;
}

}  // namespace detail

std::string_view name_of(mailbox_attribute one) noexcept {
  for (const named_attribute& candidate : attributes) {
    if (candidate.what == one) return candidate.name;
  }
  return {};
}

std::string_view identity::get(std::string_view field) const noexcept {
  for (const auto& [name, value] : fields) {
    if (ascii::iequals(name, field)) return value ? std::string_view(*value) : std::string_view();
  }
  return {};
}

}  // namespace tidewire::imap
