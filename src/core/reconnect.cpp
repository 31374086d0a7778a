#include <tidewire/core/reconnect.hpp>

#include <string>

namespace tidewire::detail {

void throw_reconnecting_ended() {
  throw error(failure(errc::closed).during("use a connection").because("nobody keeps it any more"));
}

void tell_of_connection(const reconnect_options& options, executor here, std::string_view event,
                        const failure* why) {
  if (options.told == nullptr) return;
  if (why == nullptr) return options.told->happened(here.now(), severity::info, event, {});
  const std::string text = why->message();
  const attribute cause("cause", text);
  options.told->happened(here.now(), severity::warning, event, {&cause, 1});
}

retry_options schedule_of(const reconnect_options& options) noexcept {
  return {.attempts = std::numeric_limits<std::size_t>::max(),
          .first_delay = options.first_delay,
          .longest_delay = options.longest_delay,
          .timeout = duration::max(),
          .worth = options.worth,
          .random = options.random};
}

}  // namespace tidewire::detail
