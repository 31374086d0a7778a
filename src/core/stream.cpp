#include <tidewire/core/stream.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include "duration_text.hpp"

namespace tidewire {

transport::~transport() = default;

bool transport::start_send_file(io_request& request, const file_part&) noexcept {
  request.fail(errc::unsupported);
  return true;
}

namespace detail {
namespace {

// The coarse clock may be late by a tick of the system, and a deadline must not come early.
constexpr duration coarse_tick = std::chrono::milliseconds(4);

steady_time deadline_after(const loop& home, duration limit) noexcept {
  return home.coarse_now() + (coarse_tick + limit);
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
  orphaned_ = disposing_ = true;
  close();
  disposing_ = false;
  if (idle()) delete this;
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
  if (is(writing_now)) set(write_broken);
  writing_.file = {};
  clear(writing_now);
  clear(reading_now);
  reading_.by = nullptr;
  writing_.by = nullptr;
  if (orphaned_) delete this;
}

void stream_core::close() noexcept {
  if (is(closed)) return;
  set(closed);
  if (below) below->close();
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
  core.clear(reading_now);
  read_operation* const operation = std::exchange(by, nullptr);
  if (operation != nullptr) operation->take_over(*this);
  core.give_back(operation);
}

// The operation, unless it was forgotten with its loop, has its outcome: its task goes on, and may destroy
// the stream by that.
template <class Operation>
void stream_core::give_back(Operation* operation) noexcept {
  if (operation != nullptr) {
    if (is(closed)) operation->fail(errc::closed);
    if (operation->state_ == io_state::pending) operation->state_ = io_state::fresh;
  }
  if (orphaned_) [[unlikely]] {
    if (operation != nullptr) operation->core_ = nullptr;
    if (!disposing_ && idle()) delete this;
  }
  if (operation != nullptr) operation->wake();
}

bool stream_core::write() {
  if (!writing_.from.empty()) {
    if (!below->start_write(writing_)) return false;
    wrote();
  } else if (writing_.file.count > 0) {
    if (!below->start_send_file(writing_, writing_.file)) return false;
    sent_of_file();
  }
  if (writing_.failed() || !writing_.then_shut_down) return true;
  writing_.then_shut_down = false;
  set(shut_down);
  return below->start_shutdown(writing_);
}

// Whatever went out went out whole: a failure leaves nothing cut.
void stream_core::sent_of_file() noexcept {
  statistics.bytes_written += writing_.transferred;
  ++statistics.writes;
  writing_.file = {};
}

void stream_core::after_wrote() noexcept {
  if (writing_.failed()) {
    // A canceled write of which nothing left can be made again, unless what was staged is lost with it.
    if (writing_.transferred > 0 || writing_.code() != condition::canceled || !leaving.empty()) {
      set(write_broken);
    }
  }
  leaving.clear();
}

void stream_core::writing::completed() noexcept {
  if (!from.empty()) {
    core.wrote();
    if (!core.is(closed) && by != nullptr && !core.write()) return;
  } else if (file.count > 0) {
    core.sent_of_file();
  }
  core.clear(writing_now);
  write_operation* const operation = std::exchange(by, nullptr);
  if (operation != nullptr) {
    operation->transferred_ = transferred;
    if (failed()) operation->fail(code());
  }
  core.give_back(operation);
}

bool read_operation::start(promise_base& p) {
  if (core_ == nullptr || p.owner->canceled() || filling() || into_.empty()) [[unlikely]]
    return prepare(p);
  stream_core& core = *core_;
  if (core.is(stream_core::closed | stream_core::reading_now) || core.home() != &p.owner->home() ||
      !core.input.empty()) {
    return prepare(p);
  }
  core.reading_.into = into_;
  return begin(p);
}

// What is not the next read of a socket into a buffer.
bool read_operation::prepare(promise_base& p) {
  if (core_ == nullptr) return refuse(errc::misuse, "the stream was moved from");
  stream_core& core = *core_;
  if (p.owner->canceled()) return refuse(errc::canceled, "");
  if (core.is(stream_core::closed)) return refuse(errc::closed, "the stream was closed on this side");
  if (!core.belongs_to(p.owner->home())) return refuse(errc::misuse, "the stream belongs to another loop");
  if (core.is(stream_core::reading_now))
    return refuse(errc::misuse, "another task is reading from this stream");
  if (filling()) {
    const std::size_t room = core.input.room();
    if (room == 0) return refuse(errc::limit_exceeded, "the read buffer is full");
    core.reading_.into = *core.input.prepare(std::min(room, room_));
  } else {
    if (into_.empty()) return refuse(errc::misuse, "there is no room in the buffer to read into");
    if (!core.input.empty()) {
      transferred_ = std::min(into_.size(), core.input.size());
      std::memcpy(into_.data(), core.input.data().data(), transferred_);
      core.input.consume(transferred_);
      return false;
    }
    core.reading_.into = into_;
  }
  return begin(p);
}

inline bool read_operation::begin(promise_base& p) {
  stream_core& core = *core_;
  loop& home = p.owner->home();
  stream_core::reading& request = core.reading_;
  request.restart();
  if (core.below->start_read(request)) {
    take_over(request);
    if (home.spend()) return false;
    enter(p);
    home.schedule_later(p);
    return true;
  }
  core.set(stream_core::reading_now);
  request.by = this;
  state_ = io_state::pending;
  enter(p);
  request.deadline = deadline_after(home, core.read_timeout);
  core.watch(request.deadline);
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
  if (core_ == nullptr || p.owner->canceled() || kind_ != kind::buffers) [[unlikely]]
    return prepare(p);
  stream_core& core = *core_;
  constexpr unsigned any =
      stream_core::closed | stream_core::writing_now | stream_core::write_broken | stream_core::shut_down;
  if (core.is(any) || core.home() != &p.owner->home() || !core.staged.empty()) {
    return prepare(p);
  }
  core.writing_.from = std::span(own() + 1, count_);
  core.writing_.then_shut_down = false;
  return begin(p);
}

// What is not the next write of a few buffers.
bool write_operation::prepare(promise_base& p) {
  if (core_ == nullptr) return refuse(errc::misuse, "the stream was moved from");
  stream_core& core = *core_;
  if (p.owner->canceled()) return refuse(errc::canceled, "");
  if (core.is(stream_core::closed)) return refuse(errc::closed, "the stream was closed on this side");
  if (!core.belongs_to(p.owner->home())) return refuse(errc::misuse, "the stream belongs to another loop");
  if (core.is(stream_core::writing_now))
    return refuse(errc::misuse, "another task is writing to this stream");
  if (core.is(stream_core::write_broken))
    return refuse(errc::closed, "an earlier write was cut in the middle");
  if (core.is(stream_core::shut_down)) {
    if (kind_ == kind::shutdown) return false;
    return refuse(errc::closed, "the stream was shut down for writing");
  }
  if (kind_ == kind::file) {
    core.writing_.from = {};
    core.writing_.file = *part_;
    core.writing_.then_shut_down = false;
    const bool waits = begin(p);
    if (state_ != io_state::pending) transferred_ = core.writing_.transferred;
    return waits;
  }
  core.writing_.from = kind_ == kind::list ? std::span(list_, count_) : std::span(own() + 1, count_);
  if (!core.staged.empty()) put_staged_first(core);
  core.writing_.then_shut_down = kind_ == kind::shutdown;
  return begin(p);
}

inline bool write_operation::begin(promise_base& p) {
  stream_core& core = *core_;
  loop& home = p.owner->home();
  stream_core::writing& request = core.writing_;
  request.restart();
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
  core.set(stream_core::writing_now);
  request.by = this;
  state_ = io_state::pending;
  enter(p);
  request.deadline = deadline_after(home, core.write_timeout);
  core.watch(request.deadline);
  return true;
}

void write_operation::put_staged_first(stream_core& core) {
  std::swap(core.staged, core.leaving);
  if (kind_ == kind::list) {
    core.joined.assign(1, core.leaving.data());
    core.joined.insert(core.joined.end(), list_, list_ + count_);
    core.writing_.from = core.joined;
  } else {
    put(0, core.leaving.data());
    core.writing_.from = std::span(own(), count_ + 1);
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
  core_->set(detail::stream_core::closed);
  core_.reset();
  return parts;
}

}  // namespace tidewire
