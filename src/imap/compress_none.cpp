#include <tidewire/imap/compress.hpp>

namespace tidewire::imap {

bool can_compress() noexcept {
  return false;
}

stream compressed(stream) {
  throw error(
      failure(tidewire::errc::unsupported, "this library was built without zlib (TIDEWIRE_IMAP_COMPRESS)")
          .during("compress a connection"));
}

}  // namespace tidewire::imap
