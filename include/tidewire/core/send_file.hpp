/// @file
/// `send_file`: a file, or a part of one, over a stream.
#pragma once

#include <tidewire/core/export.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

namespace tidewire {

/// Which part of a file `send_file` sends, and in which steps.
struct send_file_options {
  /// Where to begin, in bytes. Default: at the beginning.
  std::uint64_t offset = 0;
  /// How many bytes. Default: all from there to the end, as the file is when it is opened.
  std::optional<std::uint64_t> count{};
  /// Bytes that are sent in a step, at most: between steps, other tasks run and progress is told. Default:
  /// 1 MiB.
  std::size_t step = std::size_t{1} << 20;
};

/// How far a file has been sent.
struct file_progress {
  std::uint64_t sent = 0;   ///< Bytes that the stream took so far.
  std::uint64_t total = 0;  ///< Bytes to be sent.
};
/// Told of each step, on the loop's thread. What it throws ends the transfer.
using file_progress_function = std::function<void(const file_progress&)>;

/// Sends a regular file, after what was staged: `co_await send_file(peer, "report.pdf");`
///
/// A stream over a socket sends it from inside the system (`sendfile`; Linux, macOS), so that its bytes do
/// not pass through this program; a disk that is slow to read then holds the loop up for a step. Any other
/// stream (TLS, memory) is written what a thread of the loop's pool reads ahead.
/// @param to       Alive until the operation ends; nobody else writes to it meanwhile.
/// @param file     Copied.
/// @param progress Copied; alive until the operation ends.
/// @return How many bytes were sent.
/// @par Errors
/// What opening and reading the file gives, naming it; `condition::misuse` if it is no regular file, or the
/// part lies not in it: nothing was sent then. `condition::eof`: it became shorter while it was sent. What
/// `stream::write` throws; the time-out of the stream counts for each step.
/// @par Cancellation
/// Between steps, or while the stream takes nothing. What was sent is what `progress` was told last, as long
/// as the stream can still be written; a stream that copies may have been cut in the middle of a step.
[[nodiscard]] TIDEWIRE_CORE_API task<std::uint64_t> send_file(stream& to, const std::filesystem::path& file,
                                                              send_file_options options = {},
                                                              file_progress_function progress = {});

}  // namespace tidewire
