// Sessions of SMTP against a script.
#pragma once

#include <tidewire/smtp.hpp>

#include "support/scripted.hpp"

namespace tidewire::smtp {

using tidewire::testing::against;
using tidewire::testing::play;
using tidewire::testing::turn;

}  // namespace tidewire::smtp
