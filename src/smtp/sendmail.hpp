// Runs a program with a text on its standard input.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace tidewire::smtp {

// Waits for the program to end: its exit status, 256 and more if a signal ended it. Blocks: for a thread of a
// pool. Throws `error` if it cannot be started. Asked to stop, kills it, and throws
// `errc::canceled`.
int run_program(const std::vector<std::string>& command, const std::string& input,
                const std::stop_token& stop);

}  // namespace tidewire::smtp
