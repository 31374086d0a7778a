/// @file
/// All of `tidewire::smtp`: client, pool, server, and the pure halves of the protocol.
#pragma once

#include <tidewire/smtp/address.hpp>
#include <tidewire/smtp/capabilities.hpp>
#include <tidewire/smtp/client.hpp>
#include <tidewire/smtp/command.hpp>
#include <tidewire/smtp/data.hpp>
#include <tidewire/smtp/envelope.hpp>
#include <tidewire/smtp/error.hpp>
#include <tidewire/smtp/mail_transport.hpp>
#include <tidewire/smtp/pool.hpp>
#include <tidewire/smtp/reply.hpp>
#include <tidewire/smtp/report.hpp>
#include <tidewire/smtp/server.hpp>
#include <tidewire/smtp/session.hpp>
#include <tidewire/smtp/source.hpp>
#include <tidewire/smtp/transcript.hpp>
