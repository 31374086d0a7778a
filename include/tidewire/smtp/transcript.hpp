/// @file
/// Looking over the shoulder of a session: every line, in both directions, without its secrets.
#pragma once

#include <tidewire/core/transcript.hpp>

namespace tidewire::smtp {

using tidewire::memory_transcript;
using tidewire::transcript;

}  // namespace tidewire::smtp
