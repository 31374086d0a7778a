/// @file
/// TLS for any stream, client and server: everything of `tidewire::tls`.
#pragma once

#include <tidewire/tls/context.hpp>
#include <tidewire/tls/error.hpp>
#include <tidewire/tls/identity.hpp>
#include <tidewire/tls/security.hpp>
#include <tidewire/tls/session_store.hpp>
#include <tidewire/tls/stream.hpp>
#include <tidewire/tls/trust.hpp>
