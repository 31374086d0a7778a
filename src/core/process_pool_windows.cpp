#include <tidewire/core/process_pool.hpp>

namespace tidewire {

void worker_process::ready() noexcept {}

int run_processes(const std::function<int(worker_process&)>&, process_options) {
  throw error(failure(errc::unsupported)
                  .during("run worker processes")
                  .because("Windows has no fork: serve with threads, or start several programs"));
}

}  // namespace tidewire
