/// @file
/// A link between two streams that breaks behind a number of bytes.
#pragma once

#include <tidewire/core.hpp>

#include <algorithm>
#include <cstddef>

namespace tidewire::testing {

/// Carries bytes until `budget` is spent, then breaks the link in both directions.
inline task<> carry(stream& from, stream& to, std::size_t& budget) {
  for (;;) {
    const auto came = co_await as_result(from.fill());
    if (!came || *came == 0) break;
    const byte_view bytes = from.buffered();
    const std::size_t size = std::min(bytes.size(), budget);
    budget -= size;
    if (size > 0) {
      const auto written = co_await as_result(to.write(bytes.first(size)));
      if (!written) break;
    }
    from.consume(bytes.size());
    if (budget == 0) break;
  }
  from.close();
  to.close();
}

}  // namespace tidewire::testing
