/// @file
/// Everything of `tidewire::core`, but for <tidewire/asio.hpp>, which includes Asio.
#pragma once

#include <tidewire/core/address.hpp>
#include <tidewire/core/channel.hpp>
#include <tidewire/core/clock.hpp>
#include <tidewire/core/event.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/framing.hpp>
#include <tidewire/core/group.hpp>
#include <tidewire/core/mailbox.hpp>
#include <tidewire/core/memory_stream.hpp>
#include <tidewire/core/mutex.hpp>
#include <tidewire/core/offload.hpp>
#include <tidewire/core/rate_limiter.hpp>
#include <tidewire/core/resolver.hpp>
#include <tidewire/core/retry.hpp>
#include <tidewire/core/run.hpp>
#include <tidewire/core/run_on.hpp>
#include <tidewire/core/semaphore.hpp>
#include <tidewire/core/socket_options.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/core/transport.hpp>
#include <tidewire/core/when.hpp>
