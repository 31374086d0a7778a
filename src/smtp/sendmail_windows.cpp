#include <tidewire/base/error.hpp>

#include "sendmail.hpp"

namespace tidewire::smtp {

int run_program(const std::vector<std::string>& command, const std::string&, const std::stop_token&) {
  throw error(failure(tidewire::errc::unsupported, "no sendmail program on this system")
                  .during("start")
                  .with(command[0]));
}

}  // namespace tidewire::smtp
