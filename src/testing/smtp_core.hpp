// What is behind an smtp_server: its options, its users and the messages that it took.
#pragma once

#include <tidewire/testing/smtp_server.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts.hpp"
#include "server_core.hpp"

namespace tidewire::testing::detail {

class smtp_core final : public server_core {
 public:
  explicit smtp_core(const smtp_server_options& options);

  task<> serve(stream peer, connection& on) override;

  [[nodiscard]] accounts& users() noexcept { return users_; }
  [[nodiscard]] bool asks_for_certificates() const noexcept { return options_.client_certificates; }
  [[nodiscard]] bool is_lmtp() const noexcept { return options_.protocol == smtp::dialect::lmtp; }

  void on_message(std::function<void(const received_message&)> call);
  void keep(received_message message);
  // With the lock held.
  [[nodiscard]] std::vector<received_message>& messages() noexcept { return messages_; }

 private:
  smtp_server_options options_;
  std::string name_;
  std::string mechanisms_;
  accounts users_;
  // What follows is under the lock.
  std::vector<received_message> messages_;
  std::function<void(const received_message&)> call_;
};

[[nodiscard]] std::string_view name_of(smtp_stage stage) noexcept;
// Throws what an `smtp_server::add_fault` throws.
void require_possible(const smtp_fault& fault);

}  // namespace tidewire::testing::detail
