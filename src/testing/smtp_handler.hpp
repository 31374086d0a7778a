// Decides for a session of an smtp_server: everybody who is known is let in, everything is taken.
#pragma once

#include <tidewire/smtp/server.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp_core.hpp"

namespace tidewire::testing::detail {

class smtp_handler final : public smtp::session_handler {
 public:
  explicit smtp_handler(smtp_core& core) noexcept : core_(core) {}

  task<std::optional<secret>> password(const smtp::peer_info& peer, std::string_view user) override;
  task<bool> token(const smtp::peer_info& peer, std::string_view user, const secret& token) override;
  task<bool> act_as(const smtp::peer_info& peer, std::string_view user, std::string_view identity) override;
  task<smtp::reply> data(const smtp::peer_info& peer) override;
  task<> body(const smtp::peer_info& peer, byte_view piece) override;
  task<smtp::reply> message(const smtp::peer_info& peer, std::size_t recipient) override;
  void discarded() noexcept override;

 private:
  smtp_core& core_;
  std::string content_;
};

}  // namespace tidewire::testing::detail
