#include <tidewire/core/event.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/rate_limiter.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/smtp/pool.hpp>

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

namespace tidewire::smtp {
namespace detail {
namespace {

constexpr duration longest_pause = std::chrono::minutes(1);

// A message, from `send` until its fate is known. Whoever sends it and whoever waits for it share it: either
// may go first.
struct job {
  submission what;
  std::unique_ptr<message_source> content;
  event finished;
  std::size_t attempts = 0;
  bool begun = false;
};

}  // namespace

class pool_state {
 public:
  pool_state(session_opener open, const pool_options& options) : open_(std::move(open)), options_(options) {
    options_.connections = std::max<std::size_t>(options_.connections, 1);
    if (options_.rate != 0)
      rate_.emplace(rate_limiter_options{.rate = options_.rate, .per = options_.per, .burst = 1});
  }

  void attach(task_group& group) noexcept { group_ = &group; }
  task<send_report> send(envelope mail, std::unique_ptr<message_source> content, send_options options);
  task<> finish();
  [[nodiscard]] pool_statistics statistics() const noexcept {
    pool_statistics out = statistics_;
    out.waiting = waiting_.size();
    return out;
  }

 private:
  class connection;

  task<> serve();
  task<> serve_session(connection& on);
  void take_on(std::shared_ptr<job> one);
  void concluded(std::shared_ptr<job> one);
  void finish_job(job& one);
  void opening_failed(const failure& why);

  session_opener open_;
  pool_options options_;
  std::optional<rate_limiter> rate_;
  task_group* group_ = nullptr;
  std::deque<std::shared_ptr<job>> waiting_;
  event work_;         // set while messages wait, or the end has come
  event quiet_{true};  // set while no connection is served
  pool_statistics statistics_;
  std::size_t serving_ = 0;
  std::size_t idle_ = 0;
  std::size_t failed_openings_ = 0;  // in a row
  bool finishing_ = false;
};

// One connection, and the messages on it.
class pool_state::connection final : public submission_queue {
 public:
  explicit connection(pool_state& of) noexcept : of_(of) {}

  submission* next() override {
    if (of_.waiting_.empty() || allowance_ == 0) return nullptr;
    --allowance_;
    std::shared_ptr<job> one = std::move(of_.waiting_.front());
    of_.waiting_.pop_front();
    if (of_.waiting_.empty() && !of_.finishing_) of_.work_.reset();
    one->begun = true;
    ++one->attempts;
    ++sent_;
    under_way_.push_back(one);
    return &under_way_.back()->what;
  }

  void done(submission& of) override {
    const auto found = std::ranges::find_if(under_way_, [&](const auto& one) { return &one->what == &of; });
    std::shared_ptr<job> one = std::move(*found);
    under_way_.erase(found);
    of_.concluded(std::move(one));
  }

  // How many messages the next `submit` may take.
  void allow(std::size_t messages) noexcept { allowance_ = messages; }

  std::optional<client> session;
  time_point opened_at{};
  // How many more messages may go over this connection, by our limit and by the server's (RFC 9422).
  [[nodiscard]] std::size_t messages_left() const noexcept {
    std::uint64_t most = of_.options_.messages_per_connection;
    const std::uint64_t theirs = session ? session->capabilities().max_messages : 0;
    if (most == 0 || (theirs != 0 && theirs < most)) most = theirs;
    return most == 0 ? std::numeric_limits<std::size_t>::max()
                     : static_cast<std::size_t>(most - std::min<std::uint64_t>(most, sent_));
  }
  void restart() noexcept { sent_ = 0; }

 private:
  pool_state& of_;
  std::vector<std::shared_ptr<job>> under_way_;  // two at the most
  std::size_t allowance_ = 0;
  std::size_t sent_ = 0;
};

void pool_state::take_on(std::shared_ptr<job> one) {
  waiting_.push_back(std::move(one));
  work_.set();
  if (idle_ == 0 && serving_ < options_.connections) {
    ++serving_;
    quiet_.reset();
    group_->spawn(serve());
  }
}

void pool_state::finish_job(job& one) {
  ++statistics_.done;
  one.finished.set();
}

// A connection is done with a message: again, or for good?
void pool_state::concluded(std::shared_ptr<job> one) {
  const send_report& report = one->what.report;
  const bool untouched = report.count(delivery::not_sent) == report.recipients.size();
  const bool may_pass = report.broken && is_transient(report.broken->code());
  if (!untouched || !may_pass || one->attempts >= options_.attempts) {
    finish_job(*one);
    return;
  }
  ++statistics_.retried;
  one->begun = false;
  waiting_.push_front(std::move(one));
  work_.set();
}

// No connection was to be had: the message that waits longest has had an attempt; all, if none will be had.
void pool_state::opening_failed(const failure& why) {
  const bool may_pass = is_transient(why.code());
  if (may_pass) ++failed_openings_;
  while (!waiting_.empty()) {
    const std::shared_ptr<job> one = waiting_.front();
    if (may_pass && ++one->attempts < options_.attempts) return;
    waiting_.pop_front();
    one->what.report.broken = why;
    finish_job(*one);
    if (may_pass) break;
  }
  if (waiting_.empty() && !finishing_) work_.reset();
}

task<> pool_state::serve() {
  connection on(*this);
  // It ends by being canceled, or because there is no more to do: what befell it is in the reports.
  (void)co_await as_result(serve_session(on));
  if (on.session) {
    co_await on.session->quit();
    --statistics_.open;
  }
  if (--serving_ == 0) quiet_.set();
  // A message may have come while the good-bye was said.
  if (!waiting_.empty() && serving_ == 0 && !group_->canceled()) {
    ++serving_;
    quiet_.reset();
    group_->spawn(serve());
  }
}

task<> pool_state::serve_session(connection& on) {
  const executor here = co_await this_executor();
  bool rested = false;
  for (;;) {
    if (waiting_.empty()) {
      if (finishing_) co_return;
      ++idle_;
      const auto came = co_await as_result(with_timeout(options_.max_idle, work_.wait()));
      --idle_;
      if (!came) co_return;
      rested = true;
      continue;
    }
    const std::size_t left = on.messages_left();
    const bool worn =
        on.session && (!on.session->is_open() || left == 0 || here.now() - on.opened_at > options_.max_age);
    bool dead = false;
    if (on.session && !worn && rested) {
      // What the server did meanwhile is found out before a message depends on it.
      const auto alive = co_await as_result(on.session->reset());
      dead = !alive.has_value();
    }
    rested = false;
    if (worn || dead) {
      co_await on.session->quit();
      on.session.reset();
      --statistics_.open;
      continue;
    }
    if (!on.session) {
      auto opened = co_await as_result(open_());
      if (co_await is_canceled()) co_return;
      if (!opened) {
        opening_failed(opened.error());
        if (failed_openings_ > 0) {
          const std::size_t doublings = std::min<std::size_t>(failed_openings_ - 1, 16);
          co_await sleep_for(std::min<duration>(options_.pause * (1LL << doublings), longest_pause));
        }
        continue;
      }
      failed_openings_ = 0;
      on.session.emplace(std::move(*opened));
      on.opened_at = here.now();
      on.restart();
      ++statistics_.opened;
      ++statistics_.open;
      continue;
    }
    if (rate_) co_await rate_->acquire();
    on.allow(rate_ ? 1 : left);
    (void)co_await as_result(on.session->submit(on));
    if (co_await is_canceled()) co_return;
  }
}

task<send_report> pool_state::send(envelope mail, std::unique_ptr<message_source> content,
                                   send_options options) {
  if (finishing_)
    throw error(failure(tidewire::errc::closed, "the pool is finishing").during("send a message"));
  if (waiting_.size() >= options_.queue_limit) {
    throw error(failure(tidewire::errc::limit_exceeded, "too many messages wait").during("send a message"));
  }
  const auto one = std::make_shared<job>();
  one->what.envelope = std::move(mail);
  one->what.options = options;
  one->content = std::move(content);
  one->what.content = one->content.get();
  for (const recipient& to : one->what.envelope.recipients()) {
    one->what.report.recipients.push_back({.address = to.to.text()});
  }
  take_on(one);
  const auto waited = co_await as_result(with_timeout(options.timeout, one->finished.wait()));
  send_report report = one->what.report;
  if (!waited && !one->finished.is_set()) {
    report.broken = waited.error();
    if (one->begun) {
      for (recipient_result& each : report.recipients) each.outcome = delivery::unknown;
    } else {
      std::erase(waiting_, one);
      if (waiting_.empty() && !finishing_) work_.reset();
    }
  }
  if (report.complete()) co_return report;
  const bool canceled = report.broken && *report.broken == condition::canceled;
  if (options.return_report && !canceled) co_return report;
  throw send_error(std::move(report));
}

task<> pool_state::finish() {
  finishing_ = true;
  work_.set();
  while (serving_ > 0) co_await quiet_.wait();
}

}  // namespace detail

pool::pool(session_opener open, const pool_options& options)
    : state_(std::make_unique<detail::pool_state>(std::move(open), options)) {}
pool::~pool() = default;

task<send_report> pool::send(envelope mail, std::string content, send_options options) {
  return state_->send(std::move(mail), std::make_unique<memory_source>(std::move(content)), options);
}

task<send_report> pool::send(envelope mail, std::unique_ptr<message_source> content, send_options options) {
  return state_->send(std::move(mail), std::move(content), options);
}

task<send_report> pool::send(const mime::message& message, send_options options) {
  const mime::serialize_options what{.utf8 = message.needs_smtputf8()};
  return state_->send(envelope_of(message), std::make_unique<mime_source>(message, what), options);
}

pool_statistics pool::statistics() const noexcept {
  return state_->statistics();
}

void pool::attach(task_group& group) noexcept {
  state_->attach(group);
}

task<> pool::finish() {
  return state_->finish();
}

}  // namespace tidewire::smtp
