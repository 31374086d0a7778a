#include <tidewire/core/retry.hpp>

#include <algorithm>
#include <random>

#include "split_mix.hpp"

namespace tidewire::detail {
namespace {

duration scaled(duration time, double by, duration most) noexcept {
  const double count = static_cast<double>(time.count()) * by;
  return count < static_cast<double>(most.count()) ? duration(static_cast<duration::rep>(count)) : most;
}

}  // namespace

retry_schedule::retry_schedule(const retry_options& options, time_point now) noexcept
    : options_(options),
      deadline_(options.timeout < time_point::max() - now ? now + options.timeout : time_point::max()) {
  options_.longest_delay = std::max(options.longest_delay, duration::zero());
  longest_ = std::clamp(options.first_delay, duration::zero(), options_.longest_delay);
}

duration retry_schedule::next(const failure& why, time_point now) {
  constexpr duration none(-1);
  if (++attempts_ >= options_.attempts) return none;
  if (!(options_.worth != nullptr ? options_.worth(why) : why == condition::transient)) return none;
  const double share = options_.random != nullptr ? options_.random() : random();
  const duration pause = scaled(longest_, share, longest_);
  longest_ = scaled(longest_, std::max(options_.growth, 1.0), options_.longest_delay);
  return pause < deadline_ - now ? pause : none;
}

double retry_schedule::random() {
  if (attempts_ == 1) {
    std::random_device seed;
    state_ = static_cast<std::uint64_t>(seed()) << 32 | seed();
  }
  return static_cast<double>(split_mix(state_) >> 11) * 0x1p-53;
}

}  // namespace tidewire::detail
