#include "mail_store.hpp"

#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/mailbox_name.hpp>

#include <algorithm>

#include "words.hpp"

namespace tidewire::testing::detail {

kept_message* mailbox_store::find(std::uint32_t uid) noexcept {
  const auto found = std::ranges::lower_bound(messages_, uid, {}, &kept_message::uid);
  return found != messages_.end() && found->uid == uid ? &*found : nullptr;
}

const kept_message& mailbox_store::append(std::shared_ptr<const std::string> content, imap::flags flags,
                                          const date_time& internal_date) {
  kept_message& one = messages_.emplace_back();
  one.uid = uid_next_++;
  one.flags = std::move(flags);
  one.internal_date = internal_date;
  one.modseq = ++modseq_;
  one.content = std::move(content);
  return one;
}

void mailbox_store::set_flags(kept_message& message, imap::flags flags) {
  if (message.flags == flags) return;
  message.flags = std::move(flags);
  message.modseq = ++modseq_;
}

void mailbox_store::expunge(std::uint32_t uid) {
  if (std::erase_if(messages_, [uid](const kept_message& one) { return one.uid == uid; }) == 0) return;
  expunged_.emplace_back(uid, ++modseq_);
}

std::vector<std::uint32_t> mailbox_store::gone_since(std::uint64_t modseq) const {
  std::vector<std::uint32_t> uids;
  for (const auto& [uid, when] : expunged_) {
    if (when > modseq) uids.push_back(uid);
  }
  std::ranges::sort(uids);
  return uids;
}

void mailbox_store::renumber(std::uint32_t uid_validity) {
  uid_validity_ = uid_validity;
  uid_next_ += 1000;
  for (kept_message& one : messages_) {
    one.uid = uid_next_++;
    one.modseq = ++modseq_;
  }
  expunged_.clear();
}

void mail_store::add_user(std::string_view user) {
  if (has_user(user)) return;
  users_.emplace(std::string(user), mailboxes());
  create(user, "INBOX");
  create(user, "Drafts", "\\Drafts");
  create(user, "Sent", "\\Sent");
  create(user, "Junk", "\\Junk");
  create(user, "Trash", "\\Trash");
}

mail_store::mailbox mail_store::find(std::string_view user, std::string_view name) {
  const auto owner = users_.find(user);
  if (owner == users_.end()) return nullptr;
  const auto found = owner->second.find(canonical(name));
  return found != owner->second.end() ? found->second : nullptr;
}

mail_store::mailbox mail_store::create(std::string_view user, std::string_view name,
                                       std::string_view special_use) {
  std::string key = canonical(name);
  while (key.ends_with('/')) key.pop_back();
  if (key.empty() || key.starts_with('/')) return nullptr;
  const auto made = of(user).try_emplace(key, nullptr);
  if (!made.second) return nullptr;
  made.first->second = std::make_shared<mailbox_store>(key, next_uid_validity(), std::string(special_use));
  return made.first->second;
}

std::string canonical(std::string_view name) {
  return imap::is_inbox(name) ? "INBOX" : std::string(name);
}

imap::flags flags_of(std::string_view names) {
  imap::flags out;
  for (const std::string_view one : words_of(names)) out.add(one);
  return out;
}

}  // namespace tidewire::testing::detail
