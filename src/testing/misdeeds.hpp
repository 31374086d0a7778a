// What goes wrong around one answer, whatever the protocol.
#pragma once

#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "server_core.hpp"

namespace tidewire::testing::detail {

// Commits those that come before anything is done: delay, cut, reset, silence. The stream is closed if it
// came to that.
task<> misbehave_before(server_core& core, connection& on, stream& peer,
                        const std::vector<planned_fault>& faults);

// Commits those that come instead of a handshake of TLS: refuse, garbage. The stream is closed then.
task<> misbehave_instead_of_tls(server_core& core, connection& on, stream& peer,
                                const std::vector<planned_fault>& faults);

// Throws `condition::misuse` for what cannot happen where there is no answer, or no handshake.
void require_possible(const planned_fault& fault, bool has_answer, bool at_tls);

// Writes an answer as the faults have it. The stream is closed if it came to that.
// @param answer Must live until the task ends.
task<> answer_badly(server_core& core, connection& on, stream& peer, std::string_view answer,
                    const std::vector<planned_fault>& faults);

}  // namespace tidewire::testing::detail
