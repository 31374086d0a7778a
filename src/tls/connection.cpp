#include "connection.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

namespace tidewire::tls::detail {
namespace {

// What has carried nothing for so long, to twice as long, gives back the memory of its records.
constexpr auto idle_after = std::chrono::seconds(1);
// Smaller buffers of one write are joined into records; it takes a copy, and saves a record's cost for each.
constexpr std::size_t joined_below = std::size_t{4} * 1024;

bool is_cancellation(const io_request& request) noexcept {
  return request.failed() && request.code() == condition::canceled;
}

}  // namespace

class connection::busy {
 public:
  explicit busy(connection& of) noexcept : of_(of) { ++of_.depth_; }
  busy(const busy&) = delete;
  busy& operator=(const busy&) = delete;
  ~busy() { --of_.depth_; }

 private:
  connection& of_;
};

connection::connection(std::unique_ptr<tidewire::transport> below, ssl_ptr ssl,
                       std::unique_ptr<peer_check> check, byte_buffer early)
    : below_(std::move(below)), check_(std::move(check)), engine_(std::move(ssl)) {
  check_->attach_to(engine_.ssl());
  if (check_->context().is_server) engine_.promise_tickets(check_->context().tickets);
  if (early.empty()) return;
  const byte_view came = std::as_const(early).data();
  filled_block input{buffer_block(came.size()), 0, came.size()};
  std::memcpy(input.block.data(), came.data(), came.size());
  engine_.feed(std::move(input));
}

connection::~connection() {
  if (home() != nullptr) home()->disarm(*this);
}

// A request below must be ended by the transport there before its memory goes.
void connection::dispose() noexcept {
  {
    const busy closing(*this);
    orphaned_ = true;
    handshaker_ = nullptr;
    reader_ = nullptr;
    writer_ = nullptr;
    close();
  }
  go_if_unneeded();
}

void connection::go_if_unneeded() noexcept {
  if (orphaned_ && !below_reading_ && !below_writing_ && !posted_ && depth_ == 0) delete this;
}

std::error_code connection::attach(tidewire::detail::loop& asking) {
  if (home() == &asking) return {};
  if (home() != nullptr) return tidewire::errc::misuse;
  if (const std::error_code refused = below_->attach(asking)) return refused;
  memory_ = &asking.local<memory>();
  engine_.use_memory(memory_);
  attach_to(asking);
  return {};
}

// The requests that were pending went with their tasks. What was in flight may have been cut.
void connection::loop_ended() noexcept {
  if (below_writing_) write_fault_ = tidewire::errc::closed;
  below_reading_ = below_writing_ = false;
  handshaker_ = nullptr;
  reader_ = nullptr;
  writer_ = nullptr;
  coming_ = filled_block();
  flying_ = filled_block();
  memory_ = nullptr;
  engine_.use_memory(nullptr);
  go_if_unneeded();
}

std::string connection::peer_name() const {
  return check_->peer_name(below_->peer_name());
}

bool connection::start_handshake(io_request& request) noexcept {
  const busy now(*this);
  handshaker_ = &request;
  if (!advance_handshake()) return false;
  handshaker_ = nullptr;
  return true;
}

bool connection::start_read(read_request& request) noexcept {
  const busy now(*this);
  reader_ = &request;
  if (!advance_read()) return false;
  reader_ = nullptr;
  return true;
}

bool connection::start_write(write_request& request) noexcept {
  const busy now(*this);
  writer_ = &request;
  cursor_.begin(request.from);
  went_out_ = 0;
  if (!advance_write()) return false;
  writer_ = nullptr;
  return true;
}

bool connection::start_shutdown(io_request& request) noexcept {
  const busy now(*this);
  writer_ = &request;
  shutting_down_ = true;
  (void)engine_.close_notify();
  if (!advance_write()) return false;
  writer_ = nullptr;
  return true;
}

void connection::cancel_handshake() noexcept {
  if (handshaker_ == nullptr) return;
  read_canceled_ = true;
  if (below_writing_) below_->cancel_write();
  if (handshaker_ == nullptr) return;
  if (below_reading_) {
    below_->cancel_read();
  } else {
    go_on_later();
  }
}

void connection::cancel_read() noexcept {
  if (reader_ == nullptr) return;
  read_canceled_ = true;
  if (below_reading_) {
    below_->cancel_read();
  } else {
    go_on_later();
  }
}

void connection::cancel_write() noexcept {
  if (writer_ != nullptr && below_writing_) below_->cancel_write();
}

void connection::close() noexcept {
  if (closed_) return;
  const busy now(*this);
  // RFC 5246 section 7.2.1: a close_notify is answered. Where the peer did not end, neither do we: to be
  // closed in the middle must look like that.
  if (engine_.peer_said_goodbye() && home() != nullptr && !below_writing_) {
    (void)engine_.close_notify();
    send();
  }
  closed_ = true;
  below_->close();
  if (handshaker_ != nullptr || reader_ != nullptr || writer_ != nullptr) go_on_later();
}

// True when the handshake is over, one way or the other; if it failed, the alert has been sent by then.
bool connection::advance_handshake() noexcept {
  io_request& request = *handshaker_;
  while (!handshake_over_) {
    if (closed_ || read_canceled_) break;
    const engine::outcome outcome = engine_.handshake();
    send();
    if (outcome != engine::outcome::starved) {
      handshake_over_ = true;
      break;
    }
    if (below_reading_) return false;
    // A write that failed tells less than what the peer said before it went.
    if (read_fault_) {
      request.fail(read_fault_);
      return true;
    }
    if (ended_below_) {
      request.fail(write_fault_ ? write_fault_ : make_error_code(errc::closed_in_handshake));
      return true;
    }
    if (!receive()) return false;
  }
  if (closed_) {
    request.fail(tidewire::errc::closed);
  } else if (engine_.failed()) {
    if (below_writing_) return false;
    request.fail(engine_.failure().code());
  } else if (!handshake_over_) {
    request.fail(tidewire::errc::canceled);
  }
  // What is in flight still, tickets or the last message, needs nobody to wait for it.
  return true;
}

bool connection::advance_read() noexcept {
  read_request& request = *reader_;
  for (;;) {
    if (closed_) {
      request.fail(tidewire::errc::closed);
      return true;
    }
    const engine::outcome outcome = engine_.read(request.into, request.transferred);
    if (engine_.has_output()) send();
    if (outcome == engine::outcome::failed) request.fail(engine_.failure().code());
    if (outcome != engine::outcome::starved) return true;
    if (below_reading_) return false;
    if (read_canceled_) {
      request.fail(tidewire::errc::canceled);
      return true;
    }
    if (read_fault_) {
      request.fail(read_fault_);
      return true;
    }
    if (ended_below_) {
      if (!check_->accepts_truncation()) request.fail(make_error_code(errc::truncated));
      return true;
    }
    if (!receive()) return false;
  }
}

bool connection::advance_write() noexcept {
  io_request& request = *writer_;
  for (;;) {
    if (below_writing_) return false;
    request.transferred = went_out_;
    if (closed_) {
      request.fail(tidewire::errc::closed);
      return true;
    }
    if (write_fault_) {
      request.fail(write_fault_);
      // The records that were cut cannot be sent again.
      write_fault_ = tidewire::errc::closed;
      return true;
    }
    if (engine_.has_output()) {
      send();
    } else if (shutting_down_) {
      if (std::exchange(shut_below_, true)) return true;
      writing_.restart();
      below_writing_ = !below_->start_shutdown(writing_);
      if (!below_writing_ && writing_.failed()) write_fault_ = writing_.code();
    } else {
      went_out_ = request.transferred = cursor_.taken();
      if (cursor_.done()) return true;
      if (!encrypt_some()) {
        send();
        request.fail(engine_.failure().code());
        return true;
      }
    }
  }
}

// What is next of the buffers, as many records as leave at once.
bool connection::encrypt_some() noexcept {
  for (std::size_t records = 0; records < memory::records_at_once && !cursor_.done();) {
    const std::size_t room = (memory::records_at_once - records) * memory::record_size;
    byte_view next = cursor_.next();
    buffer_block joined;
    if (next.size() < joined_below && cursor_.more()) {
      try {
        joined = memory_->acquire(memory::record_size);
      } catch (const std::bad_alloc&) {
        return engine_.write(next) == engine::outcome::done;
      }
      next = join(joined);
    } else {
      next = next.first(std::min(next.size(), room));
      cursor_.advance(next.size());
    }
    records += (next.size() + memory::record_size - 1) / memory::record_size;
    if (engine_.write(next) != engine::outcome::done) return false;
  }
  return true;
}

byte_view connection::join(buffer_block& into) noexcept {
  std::size_t size = 0;
  while (!cursor_.done() && size < memory::record_size) {
    const byte_view next = cursor_.next();
    const std::size_t count = std::min(next.size(), memory::record_size - size);
    std::memcpy(into.data() + size, next.data(), count);
    cursor_.advance(count);
    size += count;
  }
  return {into.data(), size};
}

// Asks the transport below for more. True if it came at once, or the end or an error did.
bool connection::receive() noexcept {
  try {
    coming_ = filled_block{memory_->acquire(expects_bulk_ ? memory::large_size : memory::small_size)};
    if (recent_ && !armed()) home()->arm(*this, home()->coarse_now() + idle_after);
  } catch (const std::bad_alloc&) {
    read_fault_ = make_error_code(errc::out_of_resources);
    return true;
  }
  reading_.restart();
  reading_.into = coming_.block.bytes();
  if (!below_->start_read(reading_)) {
    below_reading_ = true;
    return false;
  }
  received();
  return true;
}

void connection::received() noexcept {
  filled_block came = std::exchange(coming_, filled_block());
  if (reading_.failed()) {
    read_fault_ = reading_.code();
  } else if (reading_.transferred == 0) {
    ended_below_ = true;
  } else {
    came.end = reading_.transferred;
    expects_bulk_ = came.end == came.block.size() || came.end >= memory::record_size;
    engine_.feed(std::move(came));
  }
  recent_ = true;
}

// Sends what TLS has to say, unless something is in flight already.
void connection::send() noexcept {
  while (!below_writing_ && engine_.has_output()) {
    flying_ = engine_.take_output();
    if (write_fault_ || closed_) break;
    flying_view_ = flying_.data();
    writing_.restart();
    writing_.from = std::span(&flying_view_, 1);
    if (!below_->start_write(writing_)) {
      below_writing_ = true;
      return;
    }
    sent();
  }
  flying_ = filled_block();
}

void connection::sent() noexcept {
  flying_ = filled_block();
  if (writing_.failed()) write_fault_ = writing_.code();
  recent_ = true;
}

void connection::lower_read_ended() noexcept {
  below_reading_ = false;
  // What was taken back, by whoever waited or for the sake of its memory, took nothing.
  if (is_cancellation(reading_) && !closed_) {
    coming_ = filled_block();
  } else {
    received();
  }
  go_on();
}

void connection::lower_write_ended() noexcept {
  below_writing_ = false;
  sent();
  go_on();
}

void connection::go_on_later() noexcept {
  if (posted_ || home() == nullptr) return;
  posted_ = true;
  home()->post(*this);
}

// Nothing of this may be used after a request was completed: it may be gone.
void connection::go_on() noexcept {
  if (depth_ > 0) return go_on_later();
  io_request* handshaken = nullptr;
  io_request* read = nullptr;
  io_request* written = nullptr;
  {
    const busy now(*this);
    if (!orphaned_) send();
    if (handshaker_ != nullptr && advance_handshake()) handshaken = std::exchange(handshaker_, nullptr);
    if (reader_ != nullptr && advance_read()) read = std::exchange(reader_, nullptr);
    if (writer_ != nullptr && advance_write()) written = std::exchange(writer_, nullptr);
    if (handshaken != nullptr || read != nullptr) read_canceled_ = false;
  }
  if (orphaned_) return go_if_unneeded();
  if (handshaken != nullptr) handshaken->complete();
  if (read != nullptr) read->complete();
  if (written != nullptr) written->complete();
}

void connection::call() noexcept {
  posted_ = false;
  go_on();
}

void connection::abandon() noexcept {
  posted_ = false;
  go_if_unneeded();
}

void connection::fired() noexcept {
  if (std::exchange(recent_, false)) {
    home()->arm(*this, home()->coarse_now() + idle_after);
    return;
  }
  engine_.free_buffers();
  if (!below_reading_ || coming_.block.size() <= memory::small_size) return;
  expects_bulk_ = false;
  below_->cancel_read();  // to wait on with less
}

}  // namespace tidewire::tls::detail
