/// @file
/// Everything of `tidewire::base`.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/base/result.hpp>
