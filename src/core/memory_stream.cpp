#include <tidewire/core/detail/write_cursor.hpp>
#include <tidewire/core/memory_stream.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "byte_ring.hpp"

namespace tidewire {
namespace detail {
namespace {

/// One direction. A reader waits only where nothing is held, a writer only where nothing more can be.
struct memory_pipe {
  explicit memory_pipe(std::size_t capacity) : held(capacity) {}

  byte_ring held;
  read_request* reader = nullptr;
  write_request* writer = nullptr;
  write_cursor left;    // of the write that waits, or is being started
  bool ended = false;   // nothing more will be written
  bool broken = false;  // nobody will read any more

  void hold_more() noexcept {
    while (!left.done()) {
      const std::size_t count = held.put(left.next());
      if (count == 0) return;
      left.advance(count);
    }
  }
  std::size_t hand_over(byte_span into) noexcept {
    std::size_t count = held.take(into);
    while (!left.done() && count < into.size()) {
      const byte_view from = left.next();
      const std::size_t fits = std::min(from.size(), into.size() - count);
      std::memcpy(into.data() + count, from.data(), fits);
      left.advance(fits);
      count += fits;
    }
    return count;
  }
  void end_read(std::error_code outcome, std::size_t bytes = 0) noexcept {
    std::exchange(reader, nullptr)->complete(outcome, bytes);
  }
  void end_write(std::error_code outcome) noexcept {
    const std::size_t taken = std::exchange(left, write_cursor()).taken();
    std::exchange(writer, nullptr)->complete(outcome, taken);
  }
};

// What both ends share. A request is completed last: that may start the next one, and what holds this link
// may be gone after it.
class memory_link final : public std::enable_shared_from_this<memory_link>,
                          private loop_attachment,
                          private posted_call {
 public:
  explicit memory_link(std::size_t capacity) : pipes_{memory_pipe(capacity), memory_pipe(capacity)} {}

  std::error_code attach(loop& asking) noexcept {
    if (home() == nullptr) attach_to(asking);
    return home() == &asking ? std::error_code() : make_error_code(errc::misuse);
  }

  bool start_read(int side, read_request& request) noexcept {
    memory_pipe& in = incoming(side);
    request.transferred = in.hand_over(request.into);
    if (request.transferred > 0) {
      if (in.writer == nullptr) return true;
      in.hold_more();
      if (in.left.done()) in.end_write({});
      return true;
    }
    if (in.ended) return true;
    in.reader = &request;
    return false;
  }

  bool start_write(int side, write_request& request) noexcept {
    memory_pipe& out = outgoing(side);
    out.left.begin(request.from);
    if (out.reader != nullptr && !out.left.done()) {
      // A reader that is served may ask for more at once, or close.
      const auto stays = shared_from_this();
      while (out.reader != nullptr && !out.left.done() && !out.broken) {
        out.end_read({}, out.hand_over(out.reader->into));
      }
    }
    if (!out.broken) out.hold_more();
    request.transferred = out.left.taken();
    if (out.broken) {
      out.left = write_cursor();
      request.fail(std::make_error_code(std::errc::broken_pipe));
    }
    if (out.left.done()) return true;
    out.writer = &request;
    return false;
  }

  bool start_shutdown(int side) noexcept {
    memory_pipe& out = outgoing(side);
    out.ended = true;
    if (out.reader != nullptr) out.end_read({});
    return true;
  }

  void cancel_read(int side) noexcept {
    memory_pipe& in = incoming(side);
    if (in.reader != nullptr) in.end_read(errc::canceled);
  }

  void cancel_write(int side) noexcept {
    memory_pipe& out = outgoing(side);
    if (out.writer != nullptr) out.end_write(errc::canceled);
  }

  void close(int side) noexcept {
    outgoing(side).ended = true;
    incoming(side).broken = true;
    incoming(side).held.clear();
    closed_[static_cast<std::size_t>(side)] = true;
    // Whoever waits is told soon and not now; when the loop is at its end, there is nobody any more.
    const bool awaited = std::ranges::any_of(
        pipes_, [](const memory_pipe& each) { return each.reader != nullptr || each.writer != nullptr; });
    if (awaited && stays_ == nullptr && !home()->ended()) {
      stays_ = shared_from_this();
      home()->post(*this);
    }
  }

 private:
  [[nodiscard]] memory_pipe& outgoing(int side) noexcept { return pipes_[static_cast<std::size_t>(side)]; }
  [[nodiscard]] memory_pipe& incoming(int side) noexcept { return outgoing(1 - side); }

  void call() noexcept override {
    const auto stays = std::exchange(stays_, nullptr);
    for (const int side : {0, 1}) {
      memory_pipe& in = incoming(side);
      memory_pipe& out = outgoing(side);
      const bool closed = closed_[static_cast<std::size_t>(side)];
      if (in.reader != nullptr && (closed || in.ended)) {
        in.end_read(closed ? make_error_code(errc::closed) : std::error_code());
      }
      if (out.writer != nullptr && (closed || out.broken)) {
        out.end_write(closed ? make_error_code(errc::closed) : std::make_error_code(std::errc::broken_pipe));
      }
    }
  }
  void abandon() noexcept override { stays_.reset(); }
  void loop_ended() noexcept override {
    for (memory_pipe& each : pipes_) {
      each.reader = nullptr;
      each.writer = nullptr;
      each.left = write_cursor();
    }
  }

  std::array<memory_pipe, 2> pipes_;  // by the side that writes
  std::array<bool, 2> closed_ = {};
  std::shared_ptr<memory_link> stays_;  // while a call is posted
};

class memory_transport final : public transport {
 public:
  memory_transport(std::shared_ptr<memory_link> link, int side) noexcept
      : link_(std::move(link)), side_(side) {}
  ~memory_transport() override { link_->close(side_); }

  std::error_code attach(loop& home) override { return link_->attach(home); }
  bool start_read(read_request& request) noexcept override { return link_->start_read(side_, request); }
  bool start_write(write_request& request) noexcept override { return link_->start_write(side_, request); }
  bool start_shutdown(io_request&) noexcept override { return link_->start_shutdown(side_); }
  void cancel_read() noexcept override { link_->cancel_read(side_); }
  void cancel_write() noexcept override { link_->cancel_write(side_); }
  void close() noexcept override { link_->close(side_); }
  [[nodiscard]] std::string peer_name() const override { return "memory"; }

 private:
  std::shared_ptr<memory_link> link_;
  int side_;
};

}  // namespace
}  // namespace detail

std::pair<stream, stream> memory_stream_pair(memory_stream_options options) {
  const auto link = std::make_shared<detail::memory_link>(std::max<std::size_t>(options.capacity, 1));
  return {stream(std::make_unique<detail::memory_transport>(link, 0)),
          stream(std::make_unique<detail::memory_transport>(link, 1))};
}

}  // namespace tidewire
