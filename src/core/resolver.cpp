#include <tidewire/core/detail/remote_wait.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/resolver.hpp>
#include <tidewire/core/timeout.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>

#include "host_lookup.hpp"
#include "platform.hpp"

namespace tidewire {
namespace detail {
namespace {

using answer = result<std::vector<ip_address>>;

}  // namespace

/// Waits for the answer to one name. Gives it as it was looked up.
class look_up_operation final : public leaf<look_up_operation, remote_wait> {
 public:
  look_up_operation(std::shared_ptr<resolver_state> by, const std::string& host) noexcept
      : by_(std::move(by)), host_(&host) {}
  look_up_operation(look_up_operation&&) = default;
  ~look_up_operation() {
    leave();
    no_longer_outside();
  }

  bool start(promise_base& p);
  [[nodiscard]] std::shared_ptr<const answer> await_resume() {
    no_longer_outside();
    require_done("resolve");
    return std::move(answer_);
  }

 private:
  friend class resolver_state;
  // A virtual clock waits for what other threads do.
  void no_longer_outside() noexcept {
    if (home_ != nullptr) std::exchange(home_, nullptr)->external_finished();
  }

  std::shared_ptr<resolver_state> by_;
  const std::string* host_;
  loop* home_ = nullptr;  // while it waits
  std::shared_ptr<const answer> answer_;
};

/// The names, and the threads that look them up. Shared by the resolver, by those who wait, and by each
/// thread, which may still be in a look-up when all the others are gone.
class resolver_state : public std::enable_shared_from_this<resolver_state> {
 public:
  resolver_state(const resolver_options& options, resolver::look_up_function look_up)
      : options_(options), look_up_(std::move(look_up)) {}

  void clear() noexcept {
    const std::lock_guard guard(lock_);
    for (auto each = names_.begin(); each != names_.end();) {
      each->second.keep = false;
      each = each->second.known ? names_.erase(each) : std::next(each);
    }
    kept_ = 0;
  }
  [[nodiscard]] resolver_statistics statistics() noexcept {
    const std::lock_guard guard(lock_);
    return statistics_;
  }

  /// Tells those who wait, and waits for no look-up.
  void close() noexcept {
    std::list<worker> idle;
    {
      const std::lock_guard guard(lock_);
      closed_ = true;
      for (auto& [host, asked] : names_) {
        while (!asked.waiting.empty()) asked.waiting.first->end(remote_wait::outcome::closed);
      }
      for (auto each = workers_.begin(); each != workers_.end();) {
        const auto next = std::next(each);
        if (each->looking_up) {
          each->thread.detach();
        } else {
          idle.splice(idle.end(), workers_, each);
        }
        each = next;
      }
      wanted_.notify_all();
    }
    for (worker& each : idle) each.thread.join();
  }

 private:
  friend class look_up_operation;

  struct entry {
    remote_line waiting;
    std::shared_ptr<const answer> known;  // none while it is being looked up
    steady_time asked;
    steady_time expires;
    bool keep = true;
  };
  using names = std::unordered_map<std::string, entry>;
  struct worker {
    std::thread thread;
    bool looking_up = false;
  };

  // The following are called under the lock.

  /// The answer, if it is there; else `line` is where to wait for it.
  std::shared_ptr<const answer> ask(const std::string& host, steady_time now, remote_line*& line) {
    if (closed_) return std::make_shared<const answer>(errc::closed);
    const auto known = names_.find(host);
    if (known != names_.end()) {
      entry& found = known->second;
      if (!found.known) {
        ++statistics_.joined;
        line = &found.waiting;
        return nullptr;
      }
      if (found.expires > now) {
        ++statistics_.cached;
        return found.known;
      }
      forget(known);
    }
    if (queue_.size() >= options_.queue_limit) drop_unwanted();
    if (queue_.size() >= options_.queue_limit) {
      return std::make_shared<const answer>(
          failure(errc::limit_exceeded, "too many names wait for a thread"));
    }
    if (const std::error_code failed = provide_thread())
      return std::make_shared<const answer>(failure(failed));
    const auto added = names_.try_emplace(host).first;
    added->second.asked = now;
    try {
      queue_.push_back(&*added);
    } catch (...) {
      names_.erase(added);
      throw;
    }
    line = &added->second.waiting;
    wanted_.notify_one();
    return nullptr;
  }
  /// Sees to it that some thread will take the next name.
  std::error_code provide_thread() {
    const std::size_t most = std::max<std::size_t>(options_.concurrent, 1);
    if (idle_ > queue_.size() || workers_.size() >= most) return {};
    struct start {
      std::shared_ptr<resolver_state> state;
      worker* self = nullptr;
    };
    const auto body = [](void* given) {
      const std::unique_ptr<start> own(static_cast<start*>(given));
      own->state->work(*own->self);
    };
    auto argument = std::make_unique<start>(start{shared_from_this()});
    argument->self = &workers_.emplace_back();
    try {
      workers_.back().thread = platform::start_quiet_thread(body, argument.get());
    } catch (const std::system_error& e) {
      workers_.pop_back();
      return workers_.empty() ? e.code() : std::error_code();
    }
    static_cast<void>(argument.release());
    ++idle_;
    return {};
  }
  /// What nobody waits for any more is not looked up.
  void drop_unwanted() {
    std::erase_if(queue_, [this](names::value_type* each) {
      if (!each->second.waiting.empty()) return false;
      names_.erase(names_.find(each->first));
      return true;
    });
  }
  void forget(names::iterator known) {
    --kept_;
    names_.erase(known);
  }
  void learn(names::value_type& of, std::shared_ptr<const answer> found) {
    entry& known = of.second;
    while (!known.waiting.empty()) {
      auto& waiter = static_cast<look_up_operation&>(*known.waiting.first);
      waiter.answer_ = found;
      waiter.end(remote_wait::outcome::done);
    }
    duration ttl{};
    if (*found) {
      ttl = options_.positive_ttl;
    } else if (found->code() == errc::host_not_found) {
      ttl = options_.negative_ttl;
    }
    const auto place = names_.find(of.first);
    if (ttl <= duration::zero() || !known.keep || options_.cache_limit == 0) {
      names_.erase(place);
      return;
    }
    known.expires = ttl < steady_time::max() - known.asked ? known.asked + ttl : steady_time::max();
    if (kept_ == options_.cache_limit) {
      auto first = names_.end();
      for (auto each = names_.begin(); each != names_.end(); ++each) {
        if (!each->second.known) continue;
        if (first == names_.end() || each->second.expires < first->second.expires) first = each;
      }
      forget(first);
    }
    known.known = std::move(found);
    ++kept_;
  }

  // A thread of its own.
  void work(worker& self) noexcept {
    std::unique_lock guard(lock_);
    for (;;) {
      wanted_.wait(guard, [this] { return !queue_.empty() || closed_; });
      if (closed_) return;
      names::value_type& next = *queue_.front();
      queue_.pop_front();
      if (next.second.waiting.empty()) {
        names_.erase(names_.find(next.first));
        continue;
      }
      ++statistics_.look_ups;
      --idle_;
      self.looking_up = true;
      guard.unlock();
      auto found = std::make_shared<const answer>(look_up(next.first));
      guard.lock();
      if (closed_) return;  // nobody waits, and `self` may be gone with its list
      self.looking_up = false;
      ++idle_;
      learn(next, std::move(found));
    }
  }
  answer look_up(const std::string& host) {
    try {
      answer found = look_up_(host);
      if (!found) return found;
      if (found->empty()) return errc::host_not_found;
      if (found->size() > options_.address_limit) found->resize(options_.address_limit);
      return found;
    } catch (const std::exception& e) {
      return failure(errc::resolver_failed, e.what());
    }
  }

  const resolver_options options_;
  const resolver::look_up_function look_up_;
  std::mutex lock_;
  std::condition_variable wanted_;
  names names_;
  std::deque<names::value_type*> queue_;  // of those that no thread has begun
  std::list<worker> workers_;
  std::size_t idle_ = 0;  // threads that look nothing up: each will take one of the queue
  std::size_t kept_ = 0;  // names that are known
  resolver_statistics statistics_;
  bool closed_ = false;
};

bool look_up_operation::start(promise_base& p) {
  if (p.owner->canceled()) {
    set_outcome(outcome::canceled);
    return false;
  }
  loop& home = p.owner->home();
  const std::lock_guard guard(by_->lock_);
  remote_line* line = nullptr;
  answer_ = by_->ask(*host_, home.now(), line);
  if (answer_) return done_at_once(p);
  home_ = &home;
  home.external_started();
  return wait_in(*line, by_->lock_, p);
}

namespace {

result<std::vector<ip_address>> system_look_up(const std::string& host) {
  return look_up_host(host, false);
}

bool is_below(std::string_view name, std::string_view domain) noexcept {
  if (!name.ends_with(domain)) return false;
  name.remove_suffix(domain.size());
  return name.empty() || name.ends_with('.');
}

/// Is it the last label of an IPv4 address in one of the forms that systems read differently?
bool is_number(std::string_view label) noexcept {
  const bool hex = label.starts_with("0x");
  if (hex) label.remove_prefix(2);
  return (hex || !label.empty()) &&
         label.find_first_not_of(hex ? "0123456789abcdef" : "0123456789") == std::string_view::npos;
}

/// What is known of a host without asking anybody; nothing if somebody has to be asked.
std::optional<answer> known_at_once(const std::string& host) {
  constexpr std::size_t longest_name = 253;  // RFC 1035 section 2.3.4, as text
  if (const auto address = ip_address::parse(host)) return std::vector{*address};
  if (host.find(':') != std::string::npos) {
    // A zone by its name, which only the system knows.
    if (host.find('%') != std::string::npos && host.find('\0') == std::string::npos) {
      if (auto zoned = look_up_host(host, true)) return zoned;
    }
    return failure(errc::malformed, "it has a colon, and is no IPv6 address");
  }
  if (std::any_of(host.begin(), host.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return failure(errc::malformed, "a name outside of ASCII is given in its xn-- form");
  }
  if (auto checked = split_host_port(host, 0); !checked) return std::move(checked).error();
  std::string_view name = host;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > longest_name) return failure(errc::malformed, "longer than 253 bytes");
  if (is_number(name.substr(name.rfind('.') + 1))) {
    return failure(errc::malformed, "it ends in a number, and is no IPv4 address of four decimal numbers");
  }
  if (is_below(name, "localhost")) return std::vector{ip_address::loopback_v6(), ip_address::loopback_v4()};
  if (is_below(name, "invalid") || is_below(name, "onion")) {
    return failure(errc::host_not_found, "no name server knows names of this domain");
  }
  return std::nullopt;
}

error not_resolved(failure why, const std::string& host) {
  return error(why.during("resolve").with(host));
}

/// The addresses that are wanted, in their order.
std::vector<ip_address> chosen(address_preference prefer, std::vector<ip_address> from,
                               const std::string& host) {
  if (prefer == address_preference::system) return from;
  const bool v6_first = prefer == address_preference::v6_first || prefer == address_preference::v6_only;
  const bool both = prefer == address_preference::v4_first || prefer == address_preference::v6_first;
  std::vector<ip_address> wanted;
  for (const bool v6 : {v6_first, !v6_first}) {
    if (v6 != v6_first && !both) break;
    std::copy_if(from.begin(), from.end(), std::back_inserter(wanted),
                 [v6](const ip_address& each) { return each.is_v6() == v6; });
  }
  if (!wanted.empty()) return wanted;
  throw not_resolved(
      failure(errc::host_not_found, v6_first ? "it has no IPv6 address" : "it has no IPv4 address"), host);
}

/// The resolver of a loop, which goes when every task of it is gone.
struct resolver_of_loop final : loop_local {
  explicit resolver_of_loop(loop&)
      : state(std::make_shared<resolver_state>(resolver_options(), system_look_up)) {}
  ~resolver_of_loop() override { state->close(); }

  static const char key;
  std::shared_ptr<resolver_state> state;
};
const char resolver_of_loop::key = 0;

task<answer> answer_of(std::shared_ptr<resolver_state> by, const std::string& host) {
  if (!by) {
    const executor here = co_await this_executor();
    by = here.loop().local<resolver_of_loop>().state;
  }
  try {
    look_up_operation asking(std::move(by), host);
    const std::shared_ptr<const answer> found = co_await asking;
    co_return *found;
  } catch (const error& e) {
    throw not_resolved(e.failure(), host);
  }
}

task<std::vector<ip_address>> resolve_by(std::shared_ptr<resolver_state> by, std::string host,
                                         resolve_options options) {
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::optional<answer> found = known_at_once(host);
  if (!found) found = co_await with_timeout(options.timeout, answer_of(std::move(by), host));
  if (!*found) throw not_resolved(std::move(*found).error(), host);
  co_return chosen(options.prefer, **std::move(found), host);
}

}  // namespace
}  // namespace detail

resolver::resolver(resolver_options options) : resolver(options, detail::system_look_up) {}

resolver::resolver(resolver_options options, look_up_function look_up)
    : state_(std::make_shared<detail::resolver_state>(options, std::move(look_up))) {}

resolver::~resolver() {
  state_->close();
}

task<std::vector<ip_address>> resolver::resolve(std::string_view host, resolve_options options) const {
  return detail::resolve_by(state_, std::string(host), options);
}

void resolver::clear() noexcept {
  state_->clear();
}

resolver_statistics resolver::statistics() const noexcept {
  return state_->statistics();
}

task<std::vector<ip_address>> resolve(std::string_view host, resolve_options options) {
  return detail::resolve_by(nullptr, std::string(host), options);
}

}  // namespace tidewire
