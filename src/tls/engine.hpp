// TLS over bytes in memory: no socket and no loop is known here. What came from the peer is put in, what is
// to go to the peer is taken out; between, OpenSSL works on a BIO of ours.
//
//   plaintext   write() -->  SSL  --> output   ciphertext
//               read()  <--       <-- input
#pragma once

#include <tidewire/base/buffer.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/error.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "memory.hpp"
#include "openssl.hpp"

namespace tidewire::tls::detail {

/// Bytes in a block of memory, from somewhere in it on.
struct filled_block {
  buffer_block block;
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] bool empty() const noexcept { return begin == end; }
  [[nodiscard]] byte_view data() const noexcept { return {block.data() + begin, end - begin}; }
};

class engine {
 public:
  enum class outcome : unsigned char {
    done,
    starved,  ///< More input is needed.
    ended,    ///< The peer's close_notify was read.
    failed,   ///< See `failure`; there may be an alert in the output.
  };

  /// `ssl` is a client or a server already.
  explicit engine(ssl_ptr ssl);

  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
  /// From where blocks of memory come from now on; null: from the heap.
  void use_memory(memory* source) noexcept;
  /// A server's: so many tickets go out in front of what is written first. They would cost a write of their
  /// own at the end of the handshake, and the connection, if the client ends it without reading them.
  void promise_tickets(unsigned count) noexcept { tickets_ = count; }

  /// Goes on with the handshake.
  outcome handshake() noexcept;
  /// Reads as much as fits in `into` (not empty) and has come.
  outcome read(byte_span into, std::size_t& got) noexcept;
  /// Encrypts all of `from` (not empty, at most what a large block takes) into the output.
  outcome write(byte_view from) noexcept;
  /// Puts the close_notify into the output, once, if there was a handshake.
  outcome close_notify() noexcept;
  /// Frees OpenSSL's own buffers, if there is nothing in them.
  void free_buffers() noexcept { SSL_free_buffers(ssl_.get()); }

  [[nodiscard]] bool handshake_done() const noexcept { return SSL_is_init_finished(ssl_.get()) == 1; }
  [[nodiscard]] bool peer_said_goodbye() const noexcept {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

  /// What came from the peer. Only when it is starved, that is, all before was taken.
  void feed(filled_block input) noexcept;
  /// What is to go to the peer.
  [[nodiscard]] bool has_output() const noexcept { return !output_.empty(); }
  [[nodiscard]] filled_block take_output() noexcept { return std::exchange(output_, filled_block()); }

  /// Why it failed.
  [[nodiscard]] const tidewire::failure& failure() const noexcept { return *failure_; }
  [[nodiscard]] bool failed() const noexcept { return failure_.has_value(); }
  /// The first bytes of the peer, for the message of one that does not speak TLS.
  [[nodiscard]] std::string_view first_bytes() const noexcept { return {first_.data(), first_size_}; }

 private:
  friend struct engine_bio;

  /// What the peer can make us answer while it does not read, at most: then it is given up.
  static constexpr std::size_t output_limit = std::size_t{512} * 1024;

  bool reserve(std::size_t bytes) noexcept;
  bool put(byte_view bytes) noexcept;
  std::size_t take(byte_span into) noexcept;
  void add_tickets() noexcept;
  outcome after(int returned) noexcept;
  outcome fail() noexcept;

  ssl_ptr ssl_;
  memory* memory_ = nullptr;
  filled_block input_;
  filled_block output_;
  std::optional<tidewire::failure> failure_;
  unsigned tickets_ = 0;
  std::array<char, 64> first_{};
  unsigned char first_size_ = 0;
  bool flooded_ = false;
  bool goodbye_said_ = false;
};

}  // namespace tidewire::tls::detail
