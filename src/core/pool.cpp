#include <tidewire/core/pool.hpp>

#include "duration_text.hpp"

namespace tidewire::detail {

void throw_pool_closed() {
  throw error(failure(errc::closed).during("acquire a connection").because("the pool was closed"));
}

void throw_pool_is_full(duration waited) {
  throw error(failure(errc::timed_out)
                  .during("acquire a connection")
                  .because("none was free within " + duration_text(waited)));
}

task<> watch_idle_stream(stream& kept) {
  if (!kept.buffered().empty()) co_return;
  for (;;) {
    const auto came = co_await as_result(kept.fill());
    if (!came && came.error() == condition::canceled) throw error(came.error());
    if (came || came.error() != condition::timeout) co_return;
  }
}

}  // namespace tidewire::detail
