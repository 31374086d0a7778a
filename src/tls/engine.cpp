#include "engine.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "explain.hpp"

namespace tidewire::tls::detail {

const char memory::key = 0;

/// OpenSSL's way in and out.
struct engine_bio {
  static engine& of(BIO* bio) noexcept { return *static_cast<engine*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
    BIO_clear_retry_flags(bio);
    *got = of(bio).take(std::as_writable_bytes(std::span(into, size)));
    if (*got > 0) return 1;
    BIO_set_retry_read(bio);
    return -1;
  }

  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* written) {
    BIO_clear_retry_flags(bio);
    if (!of(bio).put(std::as_bytes(std::span(from, size)))) return -1;
    *written = size;
    return 1;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static BIO_METHOD* method() {
    static const openssl_ptr<BIO_METHOD, BIO_meth_free> made = [] {
      openssl_ptr<BIO_METHOD, BIO_meth_free> method(
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tidewire"));
      if (method == nullptr) throw std::bad_alloc();
      BIO_meth_set_read_ex(method.get(), &read);
      BIO_meth_set_write_ex(method.get(), &write);
      BIO_meth_set_ctrl(method.get(), &control);
      BIO_meth_set_create(method.get(), &create);
      return method;
    }();
    return made.get();
  }
};

engine::engine(ssl_ptr ssl) : ssl_(std::move(ssl)) {
  BIO* const bio = BIO_new(engine_bio::method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
}

void engine::use_memory(memory* source) noexcept {
  memory_ = source;
  if (source != nullptr) return;
  // The loop is gone: what is kept must not be of its memory, to which other threads may give back.
  for (filled_block* each : {&input_, &output_}) {
    if (each->empty()) {
      *each = filled_block();
      continue;
    }
    const byte_view kept = each->data();
    buffer_block own(kept.size());
    std::memcpy(own.data(), kept.data(), kept.size());
    *each = filled_block{std::move(own), 0, kept.size()};
  }
}

void engine::feed(filled_block input) noexcept {
  input_ = std::move(input);
  const byte_view came = input_.data();
  if (first_size_ < first_.size()) {
    const std::size_t count = std::min(came.size(), first_.size() - first_size_);
    std::memcpy(first_.data() + first_size_, came.data(), count);
    first_size_ = static_cast<unsigned char>(first_size_ + count);
  }
}

std::size_t engine::take(byte_span into) noexcept {
  const byte_view have = input_.data();
  const std::size_t count = std::min(into.size(), have.size());
  if (count == 0) return 0;
  std::memcpy(into.data(), have.data(), count);
  input_.begin += count;
  if (input_.empty()) input_ = filled_block();
  return count;
}

bool engine::reserve(std::size_t bytes) noexcept {
  if (output_.block.size() - output_.end >= bytes) return true;
  const byte_view have = output_.data();
  if (have.size() + bytes > output_limit) {
    flooded_ = true;
    return false;
  }
  try {
    // Beyond what blocks are for, it grows by doubling.
    std::size_t needed = have.size() + bytes;
    if (needed > memory::large_size) needed = std::max(needed, 2 * have.size());
    buffer_block larger = memory_ != nullptr ? memory_->acquire(needed) : buffer_block(needed);
    if (!have.empty()) std::memcpy(larger.data(), have.data(), have.size());
    output_ = filled_block{std::move(larger), 0, have.size()};
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool engine::put(byte_view bytes) noexcept {
  if (!reserve(bytes.size())) return false;
  std::memcpy(output_.block.data() + output_.end, bytes.data(), bytes.size());
  output_.end += bytes.size();
  return true;
}

engine::outcome engine::handshake() noexcept {
  if (failed()) return outcome::failed;
  ERR_clear_error();
  return after(SSL_do_handshake(ssl_.get()));
}

engine::outcome engine::read(byte_span into, std::size_t& got) noexcept {
  got = 0;
  if (failed()) return outcome::failed;
  ERR_clear_error();
  for (;;) {
    std::size_t n = 0;
    const int returned = SSL_read_ex(ssl_.get(), into.data() + got, into.size() - got, &n);
    got += n;
    if (returned == 1 && got < into.size()) continue;
    if (returned == 1) return outcome::done;
    // A failure or the end behind what was read is told the next time.
    const outcome last = after(returned);
    return got > 0 ? outcome::done : last;
  }
}

// Until TLS 1.3 a ticket is a part of the handshake. What was resumed gets one in exchange.
void engine::add_tickets() noexcept {
  unsigned count = std::exchange(tickets_, 0);
  if (SSL_version(ssl_.get()) < TLS1_3_VERSION) return;
  if (SSL_session_reused(ssl_.get()) == 1) count = std::min(count, 1u);
  for (; count > 0; --count) SSL_new_session_ticket(ssl_.get());
}

engine::outcome engine::write(byte_view from) noexcept {
  if (failed()) return outcome::failed;
  ERR_clear_error();
  if (tickets_ > 0) add_tickets();
  const std::size_t records = (from.size() + memory::record_size - 1) / memory::record_size;
  if (!reserve(from.size() + records * memory::record_overhead)) return fail();
  std::size_t written = 0;
  return after(SSL_write_ex(ssl_.get(), from.data(), from.size(), &written));
}

engine::outcome engine::close_notify() noexcept {
  if (failed() || goodbye_said_ || !handshake_done()) return outcome::done;
  goodbye_said_ = true;
  ERR_clear_error();
  const int returned = SSL_shutdown(ssl_.get());  // 0: sent, and the peer's is still to come
  return returned >= 0 ? outcome::done : after(returned);
}

engine::outcome engine::after(int returned) noexcept {
  if (returned > 0) return outcome::done;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ: return outcome::starved;
    case SSL_ERROR_ZERO_RETURN: return outcome::ended;
    default: return fail();
  }
}

engine::outcome engine::fail() noexcept {
  try {
    failure_ = flooded_ ? tidewire::failure(tidewire::errc::limit_exceeded,
                                            "the peer asks for answers and does not read them")
                        : explain(ssl_.get(), first_bytes());
  } catch (...) {
    failure_ = tidewire::failure(make_error_code(errc::out_of_resources));
  }
  ERR_clear_error();
  return outcome::failed;
}

}  // namespace tidewire::tls::detail
