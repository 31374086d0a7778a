// What an imap_server says wrongly: tags, the lengths of literals, floods.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server_core.hpp"

namespace tidewire::testing::detail {

// The answer as these faults have it.
std::string alter_answer(server_core& core, const connection& on, std::string_view answer,
                         const std::vector<planned_fault>& faults);

}  // namespace tidewire::testing::detail
