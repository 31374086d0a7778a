// What a TLS stream refers to: an engine over the transport below. It stays where it is while the stream
// moves, and goes when nothing below is pending any more.
#pragma once

#include <tidewire/base/buffer.hpp>
#include <tidewire/core/detail/write_cursor.hpp>
#include <tidewire/core/transport.hpp>

#include <memory>
#include <string>
#include <system_error>

#include "engine.hpp"
#include "peer_check.hpp"

namespace tidewire::tls::detail {

class connection final : private tidewire::detail::loop_attachment,
                         private tidewire::detail::posted_call,
                         private tidewire::detail::timer {
 public:
  /// `early` is what the peer sent already.
  connection(std::unique_ptr<tidewire::transport> below, ssl_ptr ssl, std::unique_ptr<peer_check> check,
             byte_buffer early);
  /// Closes, and goes when nothing is pending any more.
  void dispose() noexcept;

  std::error_code attach(tidewire::detail::loop& asking);
  /// The handshake, to its end; before anything is read or written.
  bool start_handshake(io_request& request) noexcept;
  /// Whoever waits for the handshake is gone.
  void forget_handshake() noexcept { handshaker_ = nullptr; }
  void cancel_handshake() noexcept;
  bool start_read(read_request& request) noexcept;
  bool start_write(write_request& request) noexcept;
  bool start_shutdown(io_request& request) noexcept;
  void cancel_read() noexcept;
  void cancel_write() noexcept;
  void close() noexcept;

  [[nodiscard]] std::string peer_name() const;
  [[nodiscard]] engine& tls() noexcept { return engine_; }
  [[nodiscard]] const peer_check& check() const noexcept { return *check_; }

 private:
  // What is asked of the transport below.
  struct lower_read final : read_request {
    explicit lower_read(connection& of) noexcept : owner(of) {}
    void completed() noexcept override { owner.lower_read_ended(); }
    connection& owner;
  };
  struct lower_write final : write_request {
    explicit lower_write(connection& of) noexcept : owner(of) {}
    void completed() noexcept override { owner.lower_write_ended(); }
    connection& owner;
  };
  /// While one of these lives, what ends below is only noted: see `call`.
  class busy;

  ~connection();

  [[nodiscard]] bool advance_handshake() noexcept;
  [[nodiscard]] bool advance_read() noexcept;
  [[nodiscard]] bool advance_write() noexcept;
  void go_on() noexcept;
  void go_on_later() noexcept;
  bool receive() noexcept;
  void received() noexcept;
  void send() noexcept;
  void sent() noexcept;
  [[nodiscard]] bool encrypt_some() noexcept;
  [[nodiscard]] byte_view join(buffer_block& into) noexcept;
  void lower_read_ended() noexcept;
  void lower_write_ended() noexcept;
  void go_if_unneeded() noexcept;

  void call() noexcept override;
  void abandon() noexcept override;
  void fired() noexcept override;
  void loop_ended() noexcept override;

  std::unique_ptr<tidewire::transport> below_;
  std::unique_ptr<peer_check> check_;  // OpenSSL refers to it
  engine engine_;
  memory* memory_ = nullptr;

  // What was asked of this.
  io_request* handshaker_ = nullptr;
  read_request* reader_ = nullptr;
  io_request* writer_ = nullptr;  // a write or a shutdown
  tidewire::detail::write_cursor cursor_;
  std::size_t went_out_ = 0;  // of `cursor_`

  lower_read reading_{*this};
  lower_write writing_{*this};
  filled_block coming_;  // what `reading_` reads into
  filled_block flying_;  // what `writing_` writes
  byte_view flying_view_;

  std::error_code read_fault_;   // of the transport below, or of TLS
  std::error_code write_fault_;  // the same
  unsigned char depth_ = 0;
  bool below_reading_ = false;
  bool below_writing_ = false;
  bool ended_below_ = false;
  bool handshake_over_ = false;
  bool shutting_down_ = false;  // `writer_` is a shutdown
  bool shut_below_ = false;     // and the transport below was told
  bool expects_bulk_ = false;   // the last read filled much memory
  bool read_canceled_ = false;  // by whoever waits for it
  bool recent_ = false;         // something came or went since the timer was set
  bool posted_ = false;
  bool closed_ = false;
  bool orphaned_ = false;
};

struct connection_deleter {
  void operator()(connection* owned) const noexcept { owned->dispose(); }
};
using connection_ptr = std::unique_ptr<connection, connection_deleter>;

/// Under a `tls::stream`.
class tls_transport final : public tidewire::transport {
 public:
  explicit tls_transport(connection_ptr owned) noexcept : connection_(std::move(owned)) {}

  [[nodiscard]] connection& of() const noexcept { return *connection_; }

  std::error_code attach(tidewire::detail::loop& home) override { return connection_->attach(home); }
  bool start_read(read_request& request) noexcept override { return connection_->start_read(request); }
  bool start_write(write_request& request) noexcept override { return connection_->start_write(request); }
  bool start_shutdown(io_request& request) noexcept override { return connection_->start_shutdown(request); }
  void cancel_read() noexcept override { connection_->cancel_read(); }
  void cancel_write() noexcept override { connection_->cancel_write(); }
  void close() noexcept override { connection_->close(); }
  [[nodiscard]] std::string peer_name() const override { return connection_->peer_name(); }

 private:
  connection_ptr connection_;
};

}  // namespace tidewire::tls::detail
