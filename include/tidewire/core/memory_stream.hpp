/// @file
/// Two streams joined in memory: what one writes, the other reads. For tests of whatever speaks over a
/// stream, and for two tasks of one program that talk in bytes.
#pragma once

#include <tidewire/core/export.hpp>
#include <tidewire/core/stream.hpp>

#include <cstddef>
#include <utility>

namespace tidewire {

/// How `memory_stream_pair` makes its streams.
struct memory_stream_options {
  /// Bytes that each direction holds until they are read; a write of more waits for the reader. At least 1
  /// (0 counts as 1). Default: 64 KiB.
  std::size_t capacity = 64 * 1024;
};

/// Makes two streams, each the peer of the other: `auto [client, server] = memory_stream_pair();`
///
/// They behave as the two ends of a TCP connection on a perfect link. Bytes arrive at once, in order, however
/// they were written; a writer waits while the reader is `capacity` bytes behind. After `shutdown` the peer
/// reads what is left, then the end of the stream, and can still write. Closed or destroyed, an end gives the
/// peer the same end to read, and its writes `std::errc::broken_pipe`. For every other fault of a link, see
/// `faulty`.
///
/// Both ends belong to one loop at a time, as a stream does. The memory of both directions is got here;
/// reading and writing allocate nothing.
[[nodiscard]] TIDEWIRE_CORE_API std::pair<stream, stream> memory_stream_pair(
    memory_stream_options options = {});

}  // namespace tidewire
