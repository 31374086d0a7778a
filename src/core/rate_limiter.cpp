#include <tidewire/core/rate_limiter.hpp>

#include <algorithm>
#include <limits>

namespace tidewire {
namespace {

static_assert(duration::period::num == 1 && duration::period::den == 1'000'000'000,
              "the level of a bucket is counted in nanoseconds");

// Levels stay within a quarter of what they are counted in, so that neither sums nor differences overflow.
constexpr std::int64_t most_drops = std::numeric_limits<std::int64_t>::max() / 4;  // 73 years

bool fits(std::uint64_t tokens, std::int64_t token) noexcept {
  return tokens <= static_cast<std::uint64_t>(most_drops / token);
}

}  // namespace

namespace detail {

bool token_operation::start(promise_base& p) {
  if (!may_start(p, from_->waiting_)) return false;
  too_many_ = from_->too_many(count_);
  if (too_many_) return false;
  if (from_->waiting_.empty()) {
    loop& home = p.owner->home();
    const time_point now = home.now();
    from_->refill(now);
    if (from_->take(count_)) return done_at_once(p);
    home.arm(*this, now + from_->time_until(count_));
  }
  return wait_in(from_->waiting_, p);
}

void token_operation::await_resume() const {
  if (too_many_) {
    throw error(failure(errc::misuse).during("wait for tokens").because("so many would never come"));
  }
  require_done("wait for tokens");
}

// Those behind one that wanted many may be content with what there is.
void token_operation::cancel() noexcept {
  if (!in_line()) return;
  loop& home = waiter()->owner->home();
  home.disarm(*this);
  end(outcome::canceled);
  from_->serve(home);
}

void token_operation::fired() noexcept {
  from_->serve(waiter()->owner->home());
}

bool try_token_operation::start(promise_base& p) {
  if (from_->too_many(count_) || !from_->waiting_.empty()) return false;
  from_->refill(p.owner->home().now());
  taken_ = from_->take(count_);
  return false;
}

}  // namespace detail

rate_limiter::rate_limiter(rate_limiter_options options) {
  rate_ = static_cast<std::int64_t>(std::min(options.rate, static_cast<std::uint64_t>(most_drops)));
  token_ = options.per.count();
  if (rate_ == 0 || token_ <= 0 || token_ > most_drops ||
      (options.burst != 0 && !fits(options.burst, token_))) {
    throw error(failure(errc::misuse).during("make a rate limiter").because("there is no such rate"));
  }
  const std::int64_t burst = options.burst != 0 ? static_cast<std::int64_t>(options.burst) : rate_;
  full_ = std::min(burst, most_drops / token_) * token_;
  level_ = full_;
}

rate_limiter::~rate_limiter() {
  if (waiting_.empty()) return;
  auto& first = static_cast<detail::token_operation&>(*waiting_.front());
  first.waiter()->owner->home().disarm(first);
}

bool rate_limiter::too_many(std::uint64_t count) const noexcept {
  return !fits(count, token_);
}

void rate_limiter::refill(time_point now) noexcept {
  const std::int64_t passed = std::max<std::int64_t>((now - filled_at_).count(), 0);
  filled_at_ = now;
  // What a wait that was rounded up to a nanosecond brought too much is not lost; without a wait there is
  // none.
  const std::int64_t most = waiting_.empty() ? full_ : full_ + rate_ - 1;
  level_ = passed > (most - level_) / rate_ ? most : level_ + passed * rate_;
}

bool rate_limiter::take(std::uint64_t count) noexcept {
  const std::int64_t drops = static_cast<std::int64_t>(count) * token_;
  if (level_ < std::min(drops, full_)) return false;
  level_ -= drops;
  return true;
}

duration rate_limiter::time_until(std::uint64_t count) const noexcept {
  const std::int64_t missing = std::min(static_cast<std::int64_t>(count) * token_, full_) - level_;
  return duration((missing + rate_ - 1) / rate_);
}

void rate_limiter::serve(detail::loop& home) {
  const time_point now = home.now();
  refill(now);
  while (!waiting_.empty()) {
    auto& first = static_cast<detail::token_operation&>(*waiting_.front());
    if (!take(first.count_)) {
      home.arm(first, now + time_until(first.count_));
      return;
    }
    home.disarm(first);
    first.end(detail::queued_wait::outcome::done);
  }
}

}  // namespace tidewire
