#include <tidewire/core/detail/write_cursor.hpp>
#include <tidewire/core/faulty_stream.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "byte_ring.hpp"
#include "split_mix.hpp"

namespace tidewire {
namespace detail {
namespace {

constexpr std::size_t scratch_size = 16 * 1024;

/// One way of a link: the bytes on it, and when they arrive.
class lane {
 public:
  lane(const link_conditions& conditions, std::size_t window, std::uint64_t seed)
      : conditions_(conditions), held_(window), chance_(seed) {
    conditions_.shortest_piece = std::clamp<std::size_t>(conditions_.shortest_piece, 1,
                                                         std::max<std::size_t>(conditions_.longest_piece, 1));
  }

  std::uint64_t passed = 0;      // on the user's side
  std::uint64_t operations = 0;  // of the user
  bool silent = false;
  bool cut = false;
  std::error_code failing;  // of the next read or write

  [[nodiscard]] bool delays() const noexcept {
    return conditions_.latency > duration::zero() || conditions_.jitter > duration::zero() ||
           conditions_.bytes_per_second != 0;
  }
  [[nodiscard]] bool empty() const noexcept { return held_.empty(); }
  [[nodiscard]] std::size_t room() const noexcept { return held_.room(); }
  void clear() noexcept {
    held_.clear();
    first_mark_ = marks_ = 0;
    left_ = entered_;
  }
  void stall(steady_time until) noexcept { stalled_until_ = std::max(stalled_until_, until); }

  /// When what gets on its way now will arrive.
  [[nodiscard]] steady_time arrival(std::size_t bytes, steady_time now) noexcept {
    if (conditions_.bytes_per_second != 0) {
      const double seconds = static_cast<double>(bytes) / static_cast<double>(conditions_.bytes_per_second);
      free_at_ = std::max(free_at_, now) +
                 std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds));
      now = free_at_;
    }
    now += conditions_.latency;
    if (conditions_.jitter > duration::zero()) {
      now += duration(between(0, static_cast<std::uint64_t>(conditions_.jitter.count())));
    }
    return latest_ = std::max(latest_, now);
  }
  /// Puts bytes on their way: there must be room.
  void put(byte_view bytes, steady_time now) noexcept {
    const steady_time due = arrival(bytes.size(), now);
    held_.put(bytes);
    entered_ += bytes.size();
    if (marks_ != 0 && (marks_ == mark_.size() || last_mark().due == due)) {
      last_mark() = {entered_, due};
    } else {
      ++marks_;
      last_mark() = {entered_, due};
    }
  }
  /// The next piece of what has arrived, of at most `limit` bytes; says how many.
  std::size_t take(byte_span into, std::size_t limit, steady_time now) noexcept {
    std::size_t arrived = 0;
    if (stalled_until_ <= now) {
      for (std::size_t i = 0; i < marks_ && mark(i).due <= now; ++i) {
        arrived = static_cast<std::size_t>(mark(i).end - left_);
      }
    }
    std::size_t count = std::min({arrived, limit, into.size()});
    if (count > 0 && conditions_.longest_piece != 0) {
      count = std::min(
          count, static_cast<std::size_t>(between(conditions_.shortest_piece, conditions_.longest_piece)));
    }
    held_.take(into.first(count));
    left_ += count;
    while (marks_ != 0 && mark(0).end <= left_) {
      first_mark_ = (first_mark_ + 1) % mark_.size();
      --marks_;
    }
    return count;
  }
  /// When the next byte, or what comes at `otherwise` after all bytes, can be taken.
  [[nodiscard]] steady_time next_arrival(steady_time otherwise) const noexcept {
    const steady_time due = marks_ != 0 ? mark_[first_mark_].due : otherwise;
    return std::max(due, stalled_until_);
  }

 private:
  /// Bytes up to `end`, counted from the first that ever came, are there at `due`.
  struct arrival_mark {
    std::uint64_t end = 0;
    steady_time due{};
  };

  [[nodiscard]] arrival_mark& mark(std::size_t index) noexcept {
    return mark_[(first_mark_ + index) % mark_.size()];
  }
  [[nodiscard]] arrival_mark& last_mark() noexcept { return mark(marks_ - 1); }
  [[nodiscard]] std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept {
    return least + split_mix(chance_) % (most - least + 1);
  }

  link_conditions conditions_;
  byte_ring held_;
  std::uint64_t chance_;
  std::array<arrival_mark, 64> mark_{};  // where there are more, bytes wait for those after them
  std::size_t first_mark_ = 0;
  std::size_t marks_ = 0;
  std::uint64_t entered_ = 0;
  std::uint64_t left_ = 0;
  steady_time free_at_{};
  steady_time latest_{};
  steady_time stalled_until_{};
};

}  // namespace

// Between a stream and the transport of another one. It reads ahead where bytes take time, since what is on
// its way does not wait for a reader. It stays while anything is pending below, or on its way.
class faulty_link final : public std::enable_shared_from_this<faulty_link>,
                          private loop_attachment,
                          private posted_call,
                          private timer {
 public:
  faulty_link(std::pair<std::unique_ptr<transport>, byte_buffer> below, const fault_options& options)
      : below_(std::move(below.first)),
        early_(std::move(below.second)),
        window_(std::max({options.window, early_.size(), std::size_t{1}})),
        in_(options.reading, window_, options.seed),
        out_(options.writing, window_, ~options.seed),
        script_(options.script.begin(), options.script.end()) {}
  ~faulty_link() {
    if (home() != nullptr) home()->disarm(*this);
  }

  std::error_code attach(loop& asking) {
    if (home() != nullptr) return home() == &asking ? std::error_code() : make_error_code(errc::misuse);
    attach_to(asking);  // before the one below: what is told later that the loop ends has nothing pending
    if (const std::error_code refused = below_->attach(asking)) {
      detach();
      return refused;
    }
    if (!early_.empty()) in_.put(early_.data(), asking.now());
    early_.consume(early_.size());
    static_cast<void>(fill(/*wanted=*/false));
    return {};
  }

  bool start_read(read_request& request) noexcept {
    ++in_.operations;
    begin_operation(fault::way::reading, in_);
    if (read(request)) return true;
    reader_ = &request;
    watch();
    return false;
  }

  bool start_write(write_request& request) noexcept {
    ++out_.operations;
    begin_operation(fault::way::writing, out_);
    left_.begin(request.from);
    const bool done = write(request);
    if (!done) writer_ = &request;
    watch();
    return done;
  }

  bool start_shutdown(io_request& request) noexcept {
    if (broken_) {
      request.fail(broken_);
      return true;
    }
    end_writing();
    send();
    watch();
    if (!shutting_now_) {
      request.fail(shutting_.code());
      return true;
    }
    shutter_ = &request;
    return false;
  }

  void cancel_read() noexcept {
    if (reader_ != nullptr) std::exchange(reader_, nullptr)->complete(errc::canceled, 0);
  }

  void cancel_write() noexcept {
    if (writer_ != nullptr) {
      const std::size_t taken = std::exchange(left_, write_cursor()).taken();
      std::exchange(writer_, nullptr)->complete(errc::canceled, taken);
    } else if (shutter_ != nullptr) {
      below_->cancel_write();
    }
  }

  void close() noexcept {
    if (std::exchange(closed_, true)) return;
    in_.clear();
    lingering_ = !broken_ && !out_.silent && out_.delays() && (!out_.empty() || sending_now_ || ending_);
    if (!lingering_) below_->close();
    if (home() == nullptr || home()->ended()) return;
    if (lingering_) keep();
    if (reader_ != nullptr || writer_ != nullptr || shutter_ != nullptr) advance_soon();
    watch();
  }

  [[nodiscard]] std::string peer_name() const { return below_->peer_name(); }

  void add(fault more) {
    const lane& on = more.on == fault::way::reading ? in_ : out_;
    if (more.operation == 0) {
      more.after += on.passed;
    } else {
      more.operation += on.operations;
    }
    script_.push_back(more);
    if (home() != nullptr) advance();
  }
  [[nodiscard]] std::size_t happened() const noexcept { return happened_; }
  [[nodiscard]] std::size_t to_come() const noexcept { return script_.size(); }
  [[nodiscard]] std::uint64_t passed(fault::way on) const noexcept {
    return on == fault::way::reading ? in_.passed : out_.passed;
  }

 private:
  template <class Request, void (faulty_link::*Then)() noexcept>
  struct request_below final : Request {
    explicit request_below(faulty_link& of) noexcept : link(of) {}
    void completed() noexcept override { (link.*Then)(); }
    faulty_link& link;
  };
  // A class with the plain name, since an io_request itself cannot be made.
  struct plain_request : io_request {};

  // --- faults ---

  void begin_operation(fault::way on, lane& way) noexcept {
    for (std::size_t i = 0; i < script_.size();) {
      fault& each = script_[i];
      if (each.on != on || each.operation != way.operations) {
        ++i;
      } else if (each.what == fault::kind::corrupt) {
        each.operation = 0;
        each.after = way.passed;
      } else {
        happen(i);
      }
    }
  }
  /// Lets what is due at this point happen; true if something was.
  bool happen_here(fault::way on, const lane& way) noexcept {
    for (std::size_t i = 0; i < script_.size(); ++i) {
      const fault& each = script_[i];
      if (each.on != on || each.operation != 0 || each.what == fault::kind::corrupt) continue;
      if (each.after > way.passed) continue;
      happen(i);
      return true;
    }
    return false;
  }
  void happen(std::size_t index) noexcept {
    const fault what = script_[index];
    script_.erase(script_.begin() + static_cast<std::ptrdiff_t>(index));
    ++happened_;
    lane& on = what.on == fault::way::reading ? in_ : out_;
    switch (what.what) {
      case fault::kind::reset: break_off(what.code); break;
      case fault::kind::end:
        on.cut = true;
        if (what.on == fault::way::writing) end_writing();
        break;
      case fault::kind::silence: on.silent = true; break;
      case fault::kind::stall: on.stall(home()->now() + what.time); break;
      case fault::kind::corrupt: break;  // by `corrupt`
      case fault::kind::fail: on.failing = what.code; break;
    }
  }
  /// How many bytes may pass before something else happens.
  [[nodiscard]] std::size_t until_next(fault::way on, const lane& way) const noexcept {
    std::uint64_t least = std::numeric_limits<std::size_t>::max();
    for (const fault& each : script_) {
      if (each.on != on || each.operation != 0 || each.what == fault::kind::corrupt) continue;
      least = std::min(least, each.after - way.passed);
    }
    return static_cast<std::size_t>(least);
  }
  /// Bytes that pass next, where they may be changed.
  void corrupt(fault::way on, const lane& way, byte_span bytes) noexcept {
    std::erase_if(script_, [&](const fault& each) {
      if (each.what != fault::kind::corrupt || each.on != on || each.operation != 0) return false;
      if (each.after < way.passed || each.after - way.passed >= bytes.size()) return false;
      bytes[static_cast<std::size_t>(each.after - way.passed)] ^= each.mask;
      ++happened_;
      return true;
    });
  }
  void break_off(std::error_code why) noexcept {
    broken_ = why ? why : std::make_error_code(std::errc::connection_reset);
    in_.clear();
    out_.clear();
    below_->close();
    advance_soon();  // the other way may wait
  }

  // --- what comes ---

  /// True if the request is done.
  bool read(read_request& request) noexcept {
    for (;;) {
      if (closed_ || broken_) {
        request.fail(closed_ ? make_error_code(errc::closed) : broken_);
        return true;
      }
      if (in_.failing) {
        request.fail(std::exchange(in_.failing, {}));
        return true;
      }
      if (in_.silent) return false;
      if (in_.cut) return true;
      if (happen_here(fault::way::reading, in_)) continue;
      const steady_time now = home()->now();
      const std::size_t count = in_.take(request.into, until_next(fault::way::reading, in_), now);
      if (count > 0) {
        corrupt(fault::way::reading, in_, request.into.first(count));
        in_.passed += count;
        request.transferred = count;
        static_cast<void>(fill(/*wanted=*/false));
        return true;
      }
      if (ended_ && in_.empty() && in_.next_arrival(end_arrives_) <= now) {
        request.fail(end_);
        return true;
      }
      if (!fill(/*wanted=*/true)) return false;
    }
  }
  /// Reads from below: all there is where bytes take time, else only what is wanted. True if something came.
  bool fill(bool wanted) noexcept {
    bool came = false;
    while (!filling_now_ && !ended_ && !closed_ && !broken_ && in_.room() > 0 &&
           (in_.delays() || (wanted && in_.empty() && !came))) {
      filling_.restart();
      filling_.into = byte_span(arriving_).first(std::min(arriving_.size(), in_.room()));
      if (!below_->start_read(filling_)) {
        filling_now_ = true;
        keep();
        break;
      }
      arrived();
      came = true;
    }
    return came;
  }
  void arrived() noexcept {
    const steady_time now = home()->now();
    if (filling_.failed() || filling_.transferred == 0) {
      ended_ = true;
      end_ = filling_.code();
      end_arrives_ = in_.arrival(0, now);
    } else if (!closed_ && !broken_) {
      in_.put(filling_.into.first(filling_.transferred), now);
    }
  }
  void filled() noexcept {
    filling_now_ = false;
    arrived();
    advance();
  }

  // --- what goes ---

  [[nodiscard]] std::error_code why_not_write() noexcept {
    if (closed_) return errc::closed;
    if (broken_) return broken_;
    if (out_.failing) return std::exchange(out_.failing, {});
    if (sent_) return sent_;
    if (out_.cut && !left_.done()) return std::make_error_code(std::errc::broken_pipe);
    return {};
  }
  /// True if the request is done.
  bool write(write_request& request) noexcept {
    for (;;) {
      if (const std::error_code failed = why_not_write()) {
        request.fail(failed);
        request.transferred = std::exchange(left_, write_cursor()).taken();
        return true;
      }
      if (!left_.done()) {
        if (happen_here(fault::way::writing, out_)) continue;
        if (accept_some() > 0) continue;
      }
      send();
      if (closed_ || broken_ || sent_) continue;
      if (left_.done() && (out_.delays() || out_.silent || (out_.empty() && !sending_now_))) {
        request.transferred = std::exchange(left_, write_cursor()).taken();
        return true;
      }
      if (left_.done() || out_.silent || out_.room() == 0) return false;
    }
  }
  /// Takes bytes from the user as far as there is room.
  std::size_t accept_some() noexcept {
    const byte_view next = left_.next();
    std::size_t count = std::min({next.size(), until_next(fault::way::writing, out_), leaving_.size()});
    if (out_.silent) {
      count = std::min(count, window_ - swallowed_);
      swallowed_ += count;
    } else {
      count = std::min(count, out_.room());
      const byte_span copy = byte_span(leaving_).first(count);
      std::ranges::copy(next.first(count), copy.begin());
      corrupt(fault::way::writing, out_, copy);
      if (count > 0) out_.put(copy, home()->now());
    }
    out_.passed += count;
    left_.advance(count);
    return count;
  }
  /// Hands what has arrived to the stream below, piece by piece.
  void send() noexcept {
    while (!sending_now_ && !sent_ && !broken_ && !out_.empty()) {
      const std::size_t count = out_.take(sent_piece_, sent_piece_.size(), home()->now());
      if (count == 0) return;
      piece_ = byte_view(sent_piece_).first(count);
      sending_.restart();
      sending_.from = {&piece_, 1};
      if (!below_->start_write(sending_)) {
        sending_now_ = true;
        keep();
        return;
      }
      note_sent();
    }
    if (ending_ && !sending_now_ && !broken_ && !sent_ && out_.empty() && !shutting_now_ &&
        out_.next_arrival(ending_arrives_) <= home()->now()) {
      ending_ = false;
      shutting_.restart();
      if (!below_->start_shutdown(shutting_)) {
        shutting_now_ = true;
        keep();
      }
    }
  }
  void note_sent() noexcept {
    if (!sending_.failed()) return;
    sent_ = sending_.code();
    out_.clear();
  }
  void piece_sent() noexcept {
    sending_now_ = false;
    note_sent();
    advance();
  }
  void end_writing() noexcept {
    if (out_.silent || closed_) return;
    ending_ = true;
    ending_arrives_ = out_.arrival(0, home()->now());
  }
  void was_shut_down() noexcept {
    shutting_now_ = false;
    if (shutter_ != nullptr) {
      const auto stays = shared_from_this();
      std::exchange(shutter_, nullptr)
          ->complete(closed_ ? make_error_code(errc::closed) : shutting_.code(), 0);
    }
    advance();
  }

  // --- time ---

  /// Goes on with whatever can go on. Who waits is told last, and goes on after all of it.
  void advance() noexcept {
    const auto stays = shared_from_this();
    const loop::held hold(*home());
    static_cast<void>(fill(/*wanted=*/false));
    if (reader_ != nullptr && read(*reader_)) std::exchange(reader_, nullptr)->complete();
    send();
    if (writer_ != nullptr && write(*writer_)) std::exchange(writer_, nullptr)->complete();
    if (lingering_ && (sent_ || (out_.empty() && !sending_now_ && !ending_))) {
      lingering_ = false;
      below_->close();
    }
    watch();
    if (!filling_now_ && !sending_now_ && !shutting_now_ && !lingering_ && !posted_) stays_.reset();
  }
  void advance_soon() noexcept {
    if (home() == nullptr || std::exchange(posted_, true)) return;
    keep();
    home()->post(*this);
  }
  void keep() noexcept {
    if (stays_ == nullptr) stays_ = shared_from_this();
  }
  void watch() noexcept {
    steady_time next = steady_time::max();
    if (reader_ != nullptr && !in_.silent && (!in_.empty() || ended_)) {
      next = in_.next_arrival(end_arrives_);
    }
    if (!sending_now_ && !broken_ && !sent_ && (!out_.empty() || ending_)) {
      next = std::min(next, out_.next_arrival(ending_arrives_));
    }
    if (next == steady_time::max()) {
      home()->disarm(*this);
    } else {
      home()->arm(*this, next);
    }
  }
  void fired() noexcept override { advance(); }
  void call() noexcept override {
    posted_ = false;
    advance();
  }
  void abandon() noexcept override { posted_ = false; }
  void loop_ended() noexcept override {
    reader_ = nullptr;
    writer_ = nullptr;
    shutter_ = nullptr;
    left_ = write_cursor();
    filling_now_ = sending_now_ = shutting_now_ = posted_ = lingering_ = false;
    stays_.reset();
  }

  std::unique_ptr<transport> below_;
  byte_buffer early_;  // what the stream below had read already
  const std::size_t window_;
  lane in_;
  lane out_;
  std::vector<fault> script_;
  std::size_t happened_ = 0;

  read_request* reader_ = nullptr;
  write_request* writer_ = nullptr;
  io_request* shutter_ = nullptr;
  write_cursor left_;  // of the write that waits, or is being started
  std::size_t swallowed_ = 0;

  request_below<read_request, &faulty_link::filled> filling_{*this};
  request_below<write_request, &faulty_link::piece_sent> sending_{*this};
  request_below<plain_request, &faulty_link::was_shut_down> shutting_{*this};
  bool filling_now_ = false;
  bool sending_now_ = false;
  bool shutting_now_ = false;
  std::array<std::byte, scratch_size> arriving_;
  std::array<std::byte, scratch_size> leaving_;
  std::array<std::byte, scratch_size> sent_piece_;
  byte_view piece_;

  bool ended_ = false;  // below: with `end_`, if that was no orderly end
  std::error_code end_;
  steady_time end_arrives_{};
  bool ending_ = false;  // on our side, once all has been sent
  steady_time ending_arrives_{};
  std::error_code sent_;    // why nothing more can be sent
  std::error_code broken_;  // by a reset
  bool closed_ = false;
  bool lingering_ = false;  // closed, with bytes on their way
  bool posted_ = false;
  std::shared_ptr<faulty_link> stays_;
};

namespace {

class faulty_transport final : public transport {
 public:
  explicit faulty_transport(std::shared_ptr<faulty_link> link) noexcept : link_(std::move(link)) {}
  ~faulty_transport() override { link_->close(); }

  std::error_code attach(loop& home) override { return link_->attach(home); }
  bool start_read(read_request& request) noexcept override { return link_->start_read(request); }
  bool start_write(write_request& request) noexcept override { return link_->start_write(request); }
  bool start_shutdown(io_request& request) noexcept override { return link_->start_shutdown(request); }
  void cancel_read() noexcept override { link_->cancel_read(); }
  void cancel_write() noexcept override { link_->cancel_write(); }
  void close() noexcept override { link_->close(); }
  [[nodiscard]] std::string peer_name() const override { return link_->peer_name(); }

 private:
  std::shared_ptr<faulty_link> link_;
};

}  // namespace
}  // namespace detail

fault_control::fault_control(std::shared_ptr<detail::faulty_link> link) noexcept : link_(std::move(link)) {}
fault_control::fault_control(const fault_control&) noexcept = default;
fault_control::fault_control(fault_control&&) noexcept = default;
fault_control& fault_control::operator=(const fault_control&) noexcept = default;
fault_control& fault_control::operator=(fault_control&&) noexcept = default;
fault_control::~fault_control() = default;

void fault_control::add(const fault& more) {
  link_->add(more);
}

std::size_t fault_control::happened() const noexcept {
  return link_->happened();
}

std::size_t fault_control::to_come() const noexcept {
  return link_->to_come();
}

std::uint64_t fault_control::passed(fault::way on) const noexcept {
  return link_->passed(on);
}

std::pair<stream, fault_control> faulty(stream below, fault_options options) {
  auto link = std::make_shared<detail::faulty_link>(below.release(), options);
  stream near(std::make_unique<detail::faulty_transport>(link));
  return {std::move(near), fault_control(std::move(link))};
}

}  // namespace tidewire
