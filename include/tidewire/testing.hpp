/// @file
/// All of `tidewire::testing`: servers inside of a test, and the faults that they commit.
#pragma once

#include <tidewire/testing/fault.hpp>
#include <tidewire/testing/imap_server.hpp>
#include <tidewire/testing/local_server.hpp>
#include <tidewire/testing/mail_host.hpp>
#include <tidewire/testing/smtp_server.hpp>
