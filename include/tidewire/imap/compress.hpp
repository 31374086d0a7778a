/// @file
/// COMPRESS=DEFLATE (RFC 4978): a stream whose bytes are compressed on the wire, for both sides.
#pragma once

#include <tidewire/core/stream.hpp>
#include <tidewire/imap/export.hpp>

namespace tidewire::imap {

/// Was this library built with zlib (the CMake option `TIDEWIRE_IMAP_COMPRESS`)?
[[nodiscard]] TIDEWIRE_IMAP_API bool can_compress() noexcept;

/// From now on each write leaves as raw DEFLATE (RFC 1951), flushed at its end so that the peer can read all
/// of it, and what comes is taken for the same. Memory: some 300 KiB, whatever goes through.
/// @param plain Owned from now on. What it has buffered is compressed already. Nothing may be pending on it,
/// or staged.
/// @throw error `errc::unsupported` if this library was built without zlib.
///
/// Reading throws `condition::protocol` if what comes is not DEFLATE. A write that is canceled or fails
/// midway leaves the stream good only for reading.
[[nodiscard]] TIDEWIRE_IMAP_API stream compressed(stream plain);

}  // namespace tidewire::imap
