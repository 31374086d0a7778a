/// @file
/// Everything of `tidewire::imap`: the client, and the protocol, pure, as clients and servers speak it.
#pragma once

#include <tidewire/imap/body_structure.hpp>
#include <tidewire/imap/capabilities.hpp>
#include <tidewire/imap/client.hpp>
#include <tidewire/imap/command.hpp>
#include <tidewire/imap/command_reader.hpp>
#include <tidewire/imap/compress.hpp>
#include <tidewire/imap/described_message.hpp>
#include <tidewire/imap/envelope.hpp>
#include <tidewire/imap/error.hpp>
#include <tidewire/imap/fetch.hpp>
#include <tidewire/imap/flags.hpp>
#include <tidewire/imap/mailbox.hpp>
#include <tidewire/imap/mailbox_name.hpp>
#include <tidewire/imap/mailbox_state.hpp>
#include <tidewire/imap/raw.hpp>
#include <tidewire/imap/response.hpp>
#include <tidewire/imap/response_reader.hpp>
#include <tidewire/imap/search.hpp>
#include <tidewire/imap/search_result.hpp>
#include <tidewire/imap/section.hpp>
#include <tidewire/imap/sequence_set.hpp>
#include <tidewire/imap/session.hpp>
#include <tidewire/imap/upload.hpp>
#include <tidewire/imap/watch.hpp>
