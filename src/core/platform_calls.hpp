// The calls that each message makes, of this system.
#pragma once

#ifdef _WIN32
#include "platform_windows.hpp"
#else
#include "platform_posix.hpp"
#endif
