#include <tidewire/core/retry.hpp>

#include <algorithm>
#include <random>

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

// SplitMix64: one number per pause needs nothing better, and no state is shared with anybody.
double retry_schedule::random() {
  if (attempts_ == 1) {
    std::random_device seed;
    state_ = static_cast<std::uint64_t>(seed()) << 32 | seed();
  }
  std::uint64_t x = state_ += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  x ^= x >> 31;
  return static_cast<double>(x >> 11) * 0x1p-53;
}

}  // namespace tidewire::detail
