// Commits the faults of an smtp_server on one of its connections.
#pragma once

#include <tidewire/smtp/server.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "smtp_core.hpp"

namespace tidewire::testing::detail {

class smtp_gate final : public smtp::session_gate {
 public:
  smtp_gate(smtp_core& core, connection& on) noexcept : core_(core), on_(on) {}

  task<std::optional<smtp::reply>> reached(const smtp::gate_info& at, stream& peer) override;
  task<> answer(const smtp::gate_info& at, stream& peer, std::string_view bytes) override;

 private:
  task<> within_content(std::size_t piece, stream& peer);

  smtp_core& core_;
  connection& on_;
  std::vector<planned_fault> now_;      // of the stage that was reached last
  std::vector<planned_fault> content_;  // of the message that is coming
  std::uint64_t content_size_ = 0;
  bool within_content_ = false;
};

}  // namespace tidewire::testing::detail
