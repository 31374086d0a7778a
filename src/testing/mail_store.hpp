// The mailboxes of an imap_server. Not locked: the core does that.
#pragma once

#include <tidewire/base/date.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/imap/sequence_set.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::testing::detail {

struct kept_message {
  std::uint32_t uid = 0;
  imap::flags flags;
  date_time internal_date;
  std::uint64_t modseq = 0;
  std::shared_ptr<const std::string> content;
};

class mailbox_store {
 public:
  explicit mailbox_store(std::string name, std::uint32_t uid_validity, std::string special_use = {})
      : name_(std::move(name)), special_use_(std::move(special_use)), uid_validity_(uid_validity) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& special_use() const noexcept { return special_use_; }
  [[nodiscard]] std::uint32_t uid_validity() const noexcept { return uid_validity_; }
  [[nodiscard]] std::uint32_t uid_next() const noexcept { return uid_next_; }
  [[nodiscard]] std::uint64_t highest_modseq() const noexcept { return modseq_; }
  // By their UIDs.
  [[nodiscard]] const std::vector<kept_message>& messages() const noexcept { return messages_; }
  [[nodiscard]] bool is_gone() const noexcept { return gone_; }
  [[nodiscard]] bool is_subscribed() const noexcept { return subscribed_; }
  // Null if there is none.
  [[nodiscard]] kept_message* find(std::uint32_t uid) noexcept;

  const kept_message& append(std::shared_ptr<const std::string> content, imap::flags flags,
                             const date_time& internal_date);
  void set_flags(kept_message& message, imap::flags flags);
  void expunge(std::uint32_t uid);
  // UIDs that went after that mod-sequence.
  [[nodiscard]] std::vector<std::uint32_t> gone_since(std::uint64_t modseq) const;
  void rename(std::string name) { name_ = std::move(name); }
  void renumber(std::uint32_t uid_validity);
  void subscribe(bool is) noexcept { subscribed_ = is; }
  void remove() noexcept { gone_ = true; }

 private:
  std::string name_;
  std::string special_use_;
  std::uint32_t uid_validity_;
  std::uint32_t uid_next_ = 1;
  std::uint64_t modseq_ = 1;
  std::vector<kept_message> messages_;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> expunged_;  // UIDs, and when
  bool subscribed_ = true;
  bool gone_ = false;
};

// The mailboxes of all users.
class mail_store {
 public:
  using mailbox = std::shared_ptr<mailbox_store>;
  using mailboxes = std::map<std::string, mailbox, std::less<>>;

  void add_user(std::string_view user);
  [[nodiscard]] bool has_user(std::string_view user) const { return users_.find(user) != users_.end(); }
  // Of a user that is there.
  [[nodiscard]] mailboxes& of(std::string_view user) { return users_.find(user)->second; }
  // Null if there is none of that name; INBOX has any case.
  [[nodiscard]] mailbox find(std::string_view user, std::string_view name);
  // Null if it is there already, or the name is none.
  mailbox create(std::string_view user, std::string_view name, std::string_view special_use = {});
  [[nodiscard]] std::uint32_t next_uid_validity() noexcept { return uid_validity_++; }

 private:
  std::map<std::string, mailboxes, std::less<>> users_;
  std::uint32_t uid_validity_ = 1000;
};

// The name as it is kept: INBOX in capitals.
[[nodiscard]] std::string canonical(std::string_view name);
// Flags by their names, with blanks between.
[[nodiscard]] imap::flags flags_of(std::string_view names);

}  // namespace tidewire::testing::detail
