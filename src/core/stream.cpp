#include <tidewire/core/stream.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include "duration_text.hpp"

namespace tidewire {

transport::~transport() = default;

namespace detail {
namespace {

// The coarse clock may be late by a tick of the system, and a deadline must not come early.
constexpr duration coarse_tick = std::chrono::milliseconds(4);

steady_time deadline_after(const loop& home, duration limit) noexcept {
  const steady_time now = home.coarse_now() + coarse_tick;
  return limit < steady_time::max() - now ? now + limit : steady_time::max();
}

}  // namespace

stream_core::stream_core(std::unique_ptr<transport> transport) : below(std::move(transport)) {}

stream_core::~stream_core() {
  close();
  if (home() != nullptr) home()->disarm(*this);
}

// What is pending must be ended by the transport before this goes: until then somebody's buffer is in use.
void stream_core::dispose() noexcept {
  if (home() == nullptr || home()->ended() || idle()) {
    delete this;
    return;
  }
  const loop::held hold(*home());
  orphaned_ = true;
  ++using_;
  close();
  finish_use();
}

void stream_core::finish_use() noexcept {
  if (--using_ == 0 && orphaned_ && idle()) delete this;
}

std::string stream_core::peer_name() const {
  return below ? below->peer_name() : std::string();
}

bool stream_core::attach(loop& asking) {
  if (below->attach(asking)) return false;
  attach_to(asking);
  return true;
}

// The operations that were pending went with their tasks; a write may have been cut.
void stream_core::loop_ended() noexcept {
  if (writing_.busy) write_broken = true;
  reading_.busy = writing_.busy = false;
  reading_.by = nullptr;
  writing_.by = nullptr;
  if (orphaned_ && using_ == 0) delete this;
}

void stream_core::close() noexcept {
  if (std::exchange(open, false) && below) below->close();
}

// Deadlines move at each operation, the timer only when it must: it comes here at the time of an old one, and
// is set to the next that somebody waits for.
void stream_core::fired() noexcept {
  const steady_time now = home()->now();
  steady_time next = steady_time::max();
  if (reading_.by != nullptr && reading_.by->state_ == io_state::pending) {
    if (reading_.deadline <= now) {
      reading_.by->state_ = io_state::timed_out;
      below->cancel_read();
    } else {
      next = reading_.deadline;
    }
  }
  if (writing_.by != nullptr && writing_.by->state_ == io_state::pending) {
    if (writing_.deadline <= now) {
      writing_.by->state_ = io_state::timed_out;
      below->cancel_write();
    } else {
      next = std::min(next, writing_.deadline);
    }
  }
  if (next != steady_time::max()) home()->arm(*this, next);
}

void stream_core::reading::completed() noexcept {
  stream_core& stays = core;
  ++stays.using_;
  busy = false;
  if (by != nullptr) {  // else it was forgotten with its loop
    read_operation& operation = *std::exchange(by, nullptr);
    operation.take_over(*this);
    stays.give_back(operation);
  }
  stays.finish_use();
}

/// The operation has its outcome: its task goes on.
template <class Operation>
void stream_core::give_back(Operation& operation) noexcept {
  if (!open) operation.fail(errc::closed);
  operation.state_ = operation.state_ == io_state::pending ? io_state::fresh : operation.state_;
  if (orphaned_) operation.core_ = nullptr;
  operation.wake();
}

bool stream_core::write() {
  if (!writing_.from.empty()) {
    if (!below->start_write(writing_)) return false;
    wrote();
  }
  if (writing_.failed() || !writing_.then_shut_down) return true;
  writing_.then_shut_down = false;
  shut_down = true;
  return below->start_shutdown(writing_);
}

void stream_core::after_wrote() noexcept {
  if (writing_.failed()) {
    // A canceled write of which nothing left can be made again, unless what was staged is lost with it.
    write_broken = writing_.transferred > 0 || writing_.code() != condition::canceled || !leaving.empty();
  }
  leaving.clear();
}

void stream_core::writing::completed() noexcept {
  stream_core& stays = core;
  ++stays.using_;
  const bool wrote = !from.empty();
  if (wrote) stays.wrote();
  if (!wrote || !stays.open || by == nullptr || stays.write()) {
    busy = false;
    if (by != nullptr) {
      write_operation& operation = *std::exchange(by, nullptr);
      operation.transferred_ = transferred;
      if (failed()) operation.fail(code());
      stays.give_back(operation);
    }
  }
  stays.finish_use();
}

bool read_operation::start(promise_base& p) {
  loop& home = p.owner->home();
  if (core_ == nullptr) return refuse(errc::misuse, "the stream was moved from");
  stream_core& core = *core_;
  if (p.owner->canceled()) return refuse(errc::canceled, "");
  if (!core.open) return refuse(errc::closed, "the stream was closed on this side");
  if (!core.belongs_to(home)) return refuse(errc::misuse, "the stream belongs to another loop");
  if (core.reading_.busy) return refuse(errc::misuse, "another task is reading from this stream");
  if (filling()) {
    const std::size_t room = core.input.room();
    if (room == 0) return refuse(errc::limit_exceeded, "the read buffer is full");
    into_ = *core.input.prepare(std::min(room, room_));
  } else {
    if (into_.empty()) return refuse(errc::misuse, "there is no room in the buffer to read into");
    if (!core.input.empty()) {
      transferred_ = std::min(into_.size(), core.input.size());
      std::memcpy(into_.data(), core.input.data().data(), transferred_);
      core.input.consume(transferred_);
      return false;
    }
  }
  stream_core::reading& request = core.reading_;
  request.restart();
  request.into = into_;
  if (core.below->start_read(request)) {
    take_over(request);
    if (home.spend()) return false;
    enter(p);
    home.schedule_later(p);
    return true;
  }
  request.busy = true;
  request.by = this;
  state_ = io_state::pending;
  enter(p);
  if (core.read_timeout != no_timeout) {
    request.deadline = deadline_after(home, core.read_timeout);
    core.watch(request.deadline);
  }
  return true;
}

void read_operation::take_over(read_request& request) noexcept {
  transferred_ = request.transferred;
  if (request.failed()) fail(request.code());
  stream_core& core = *core_;
  core.statistics.bytes_read += transferred_;
  ++core.statistics.reads;
  if (filling()) core.input.commit(transferred_);
}

void read_operation::forget() noexcept {
  core_->reading_.by = nullptr;
}

void read_operation::cancel() noexcept {
  if (state_ == io_state::pending) core_->below->cancel_read();
}

void read_operation::raise() const {
  failure why(code());
  if (state_ == io_state::refused) {
    why.because(why_);
  } else if (state_ == io_state::timed_out && code() == condition::canceled) {
    why = failure(errc::timed_out, "nothing came within " + duration_text(core_->read_timeout));
  }
  why.during("read from");
  why.with(core_ != nullptr ? core_->peer_name() : "a stream that is gone");
  throw error(why);
}

bool write_operation::start(promise_base& p) {
  loop& home = p.owner->home();
  if (core_ == nullptr) return refuse(errc::misuse, "the stream was moved from");
  stream_core& core = *core_;
  if (p.owner->canceled()) return refuse(errc::canceled, "");
  if (!core.open) return refuse(errc::closed, "the stream was closed on this side");
  if (!core.belongs_to(home)) return refuse(errc::misuse, "the stream belongs to another loop");
  if (core.writing_.busy) return refuse(errc::misuse, "another task is writing to this stream");
  if (core.write_broken) return refuse(errc::closed, "an earlier write was cut in the middle");
  if (core.shut_down) {
    if (kind_ == kind::shutdown) return false;
    return refuse(errc::closed, "the stream was shut down for writing");
  }

  if (kind_ != kind::list) from_ = std::span(own() + 1, count_);
  if (!core.staged.empty()) put_staged_first(core);
  stream_core::writing& request = core.writing_;
  request.restart();
  request.from = from_;
  request.then_shut_down = kind_ == kind::shutdown;
  if (core.write()) {
    if (request.failed()) {
      transferred_ = request.transferred;
      fail(request.code());
    }
    if (home.spend()) return false;
    enter(p);
    home.schedule_later(p);
    return true;
  }
  request.busy = true;
  request.by = this;
  state_ = io_state::pending;
  enter(p);
  if (core.write_timeout != no_timeout) {
    request.deadline = deadline_after(home, core.write_timeout);
    core.watch(request.deadline);
  }
  return true;
}

void write_operation::put_staged_first(stream_core& core) {
  std::swap(core.staged, core.leaving);
  if (kind_ == kind::list) {
    core.joined.assign(1, core.leaving.data());
    core.joined.insert(core.joined.end(), from_.begin(), from_.end());
    from_ = core.joined;
  } else {
    put(0, core.leaving.data());
    from_ = std::span(own(), count_ + 1);
  }
}

void write_operation::forget() noexcept {
  core_->writing_.by = nullptr;
}

void write_operation::cancel() noexcept {
  if (state_ == io_state::pending) core_->below->cancel_write();
}

void write_operation::raise() const {
  failure why(code());
  if (state_ == io_state::refused) {
    why.because(why_);
  } else if (state_ == io_state::timed_out && code() == condition::canceled) {
    why =
        failure(errc::timed_out, "the peer took nothing more within " + duration_text(core_->write_timeout) +
                                     ", " + std::to_string(transferred_) + " bytes were sent");
  }
  why.during(kind_ == kind::shutdown ? "shut down" : "write to");
  why.with(core_ != nullptr ? core_->peer_name() : "a stream that is gone");
  throw error(why);
}

}  // namespace detail

namespace {

error ended_early(const stream& from, const char* operation, std::string detail) {
  failure why(errc::end_of_stream, std::move(detail));
  why.during(operation).with(from.peer_name());
  return error(why);
}

error too_long(const stream& from, const char* operation, std::string detail) {
  failure why(errc::limit_exceeded, std::move(detail));
  why.during(operation).with(from.peer_name());
  return error(why);
}

}  // namespace

stream::stream(std::unique_ptr<transport> below) : core_(new detail::stream_core(std::move(below))) {}

task<> stream::read_exactly(byte_span buffer) {
  while (core_->input.size() < buffer.size()) {
    // Large reads go past the buffer once it is empty.
    if (buffer.size() > core_->input.max_size()) break;
    const std::size_t n = co_await fill();
    if (n == 0) {
      throw ended_early(
          *this, "read from",
          std::to_string(core_->input.size()) + " of " + std::to_string(buffer.size()) + " bytes came");
    }
  }
  std::size_t have = 0;
  while (have < buffer.size()) {
    const std::size_t n = co_await read_some(buffer.subspan(have));
    if (n == 0) {
      throw ended_early(*this, "read from",
                        std::to_string(have) + " of " + std::to_string(buffer.size()) + " bytes came");
    }
    have += n;
  }
}

task<std::vector<std::byte>> stream::read_exactly(std::size_t count) {
  constexpr std::size_t step = 64 * 1024;
  std::vector<std::byte> bytes;
  while (bytes.size() < count) {
    const std::size_t have = bytes.size();
    bytes.resize(have + std::min(count - have, std::max(step, have)));
    co_await read_exactly(byte_span(bytes).subspan(have));
  }
  co_return bytes;
}

task<std::string> stream::read_until(std::string_view delimiter, until_options options) {
  const auto read = [](stream& self, std::string wanted, until_options limits) -> task<std::string> {
    std::size_t searched = 0;
    for (;;) {
      const std::string_view have = self.core_->input.text();
      if (const std::size_t at = have.find(wanted, searched); at != std::string_view::npos) {
        const std::size_t length = at + wanted.size();
        if (length > limits.limit) break;
        std::string taken(have.substr(0, length));
        self.consume(length);
        co_return taken;
      }
      if (have.size() >= limits.limit) break;
      searched = have.size() >= wanted.size() ? have.size() - wanted.size() + 1 : 0;
      const std::size_t n = co_await self.fill();
      if (n == 0) {
        throw ended_early(
            self, "read from",
            "the delimiter did not come; " + std::to_string(self.buffered().size()) + " bytes did");
      }
    }
    throw too_long(self, "read from", "no delimiter within " + std::to_string(limits.limit) + " bytes");
  };
  if (delimiter.empty()) {
    throw error(failure(errc::misuse, "the delimiter is empty").during("read from").with(peer_name()));
  }
  return read(*this, std::string(delimiter), options);
}

task<std::optional<std::string>> stream::line(line_options options, bool end_ends_a_line) {
  std::size_t searched = 0;
  for (;;) {
    const std::string_view have = core_->input.text();
    std::size_t length = have.find('\n', searched);
    std::size_t taken = length + 1;
    if (length == std::string_view::npos) {
      // One more than the limit: it may be the CR of the end that is to come.
      if (have.size() > options.limit + 1) break;
      searched = have.size();
      const std::size_t n = co_await fill();
      if (n != 0) continue;
      if (core_->input.empty()) co_return std::nullopt;
      if (!end_ends_a_line) throw ended_early(*this, "read a line from", "the last line has no end");
      length = taken = core_->input.size();
    }
    std::string_view found = core_->input.text().substr(0, length);
    if (found.ends_with('\r')) found.remove_suffix(1);
    if (found.size() > options.limit) break;
    std::string result(found);
    consume(taken);
    co_return result;
  }
  throw too_long(*this, "read a line from", "longer than " + std::to_string(options.limit) + " bytes");
}

task<std::optional<std::string>> stream::next_line(line_options options) {
  return line(options, true);
}

task<std::string> stream::read_line(line_options options) {
  auto found = co_await line(options, false);
  if (!found) throw ended_early(*this, "read a line from", "the peer sent nothing more");
  co_return std::move(*found);
}

task<std::string> stream::read_all(std::size_t limit) {
  std::string all(core_->input.text());
  consume(all.size());
  for (;;) {
    if (all.size() > limit) {
      throw too_long(*this, "read from", "more than " + std::to_string(limit) + " bytes");
    }
    const std::size_t have = all.size();
    all.resize(std::max<std::size_t>(have * 2, have + 16 * 1024));
    std::size_t n = 0;
    n = co_await read_some(std::span<char>(all).subspan(have));
    all.resize(have + n);
    if (n == 0) co_return all;
  }
}

void stream::stage_bytes(byte_view bytes) {
  if (const auto staged = core_->staged.append(bytes); !staged) {
    failure why(errc::limit_exceeded,
                "more than " + std::to_string(core_->staged.max_size()) + " bytes staged: flush more often");
    why.during("stage for").with(peer_name());
    throw error(why);
  }
}

std::pair<std::unique_ptr<transport>, byte_buffer> stream::release() {
  std::pair<std::unique_ptr<transport>, byte_buffer> parts(std::move(core_->below), std::move(core_->input));
  core_->open = false;
  core_.reset();
  return parts;
}

}  // namespace tidewire
