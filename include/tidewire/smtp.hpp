/// @file
/// Everything of `tidewire::smtp`.
#pragma once

#include <tidewire/smtp/address.hpp>
#include <tidewire/smtp/capabilities.hpp>
#include <tidewire/smtp/command.hpp>
#include <tidewire/smtp/data.hpp>
#include <tidewire/smtp/error.hpp>
#include <tidewire/smtp/reply.hpp>
