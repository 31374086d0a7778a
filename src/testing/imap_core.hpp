// What is behind an imap_server: its options, its users and their mailboxes.
#pragma once

#include <tidewire/testing/imap_server.hpp>

#include <string>
#include <string_view>

#include "accounts.hpp"
#include "mail_store.hpp"
#include "server_core.hpp"

namespace tidewire::testing::detail {

class imap_core final : public server_core {
 public:
  explicit imap_core(const imap_server_options& options);

  task<> serve(stream peer, connection& on) override;

  [[nodiscard]] const imap_server_options& options() const noexcept { return options_; }
  [[nodiscard]] accounts& users() noexcept { return users_; }
  // With the lock held.
  [[nodiscard]] mail_store& store() noexcept { return store_; }
  // The same, of a user and mailbox that must be there: throws `condition::misuse`.
  [[nodiscard]] mailbox_store& mailbox_of(std::string_view user, std::string_view name);
  // Looks up the mailbox and its messages by their UIDs with the lock held.
  [[nodiscard]] std::vector<mailbox_message> messages(std::string_view user, std::string_view mailbox);

 private:
  imap_server_options options_;
  std::string capabilities_;
  std::string mechanisms_;
  std::string preauthenticated_;
  accounts users_;
  mail_store store_;  // under the lock
};

[[nodiscard]] std::string_view name_of(imap_stage stage) noexcept;
// The stage that a command is.
[[nodiscard]] imap_stage stage_of(std::string_view command) noexcept;
// Throws what an `imap_server::add_fault` throws.
void require_possible(const imap_fault& fault);

}  // namespace tidewire::testing::detail
