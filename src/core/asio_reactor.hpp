// Asio's reactor, which needs its scheduler declared before it.
#pragma once

// clang-format off
#include <asio/io_context.hpp>
#include <asio/detail/reactor.hpp>
#include <asio/detail/reactor_op.hpp>
// clang-format on
