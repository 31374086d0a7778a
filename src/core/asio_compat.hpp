// The one place that knows which Asio this is: 1.22 keeps under `experimental` what later versions renamed,
// and its codes are told in tidewire's here.
#pragma once

#include <tidewire/base/error.hpp>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/version.hpp>

#include <system_error>

static_assert(ASIO_VERSION >= 102201, "tidewire needs Asio 1.22.1 or newer");

namespace tidewire::detail {

/// For contexts of our own: one thread runs them and touches their sockets, others may post to them.
inline constexpr int one_thread_hint = ASIO_CONCURRENCY_HINT_UNSAFE_IO;

/// Asio's own codes as tidewire's; the system's stay what they are.
[[nodiscard]] inline std::error_code from_asio(const std::error_code& code) noexcept {
  if (code == asio::error::operation_aborted) return errc::canceled;
  if (code == asio::error::eof) return errc::end_of_stream;
  if (code == asio::error::host_not_found) return errc::host_not_found;
  if (code == asio::error::no_data) return errc::host_not_found;
  if (code == asio::error::host_not_found_try_again) return errc::resolver_failed;
  if (code == asio::error::no_recovery) return errc::resolver_failed;
  return code;
}

}  // namespace tidewire::detail
