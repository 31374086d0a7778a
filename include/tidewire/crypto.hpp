/// @file
/// Everything of `tidewire::crypto`.
#pragma once

#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/hash.hpp>
