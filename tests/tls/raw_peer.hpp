/// @file
/// OpenSSL by hand at the other end of a stream: for what our own side never does.
#pragma once

#include <tidewire/core/stream.hpp>
#include <tidewire/core/task.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

namespace tidewire::tls::testing {

class raw_peer {
 public:
  /// A client that verifies nothing, of that version.
  raw_peer(tidewire::stream below, int version) : below_(std::move(below)) {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    ssl_.reset(SSL_new(context));
    SSL_CTX_free(context);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }

  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
  [[nodiscard]] tidewire::stream& below() noexcept { return below_; }
  [[nodiscard]] unsigned long last_error() const noexcept { return last_error_; }

  /// Calls `act` until it needs no more input; gives what it returned.
  template <class Act>
  task<int> until_done(Act act) {
    for (;;) {
      ERR_clear_error();
      const int returned = act(ssl_.get());
      const int error = SSL_get_error(ssl_.get(), returned);
      last_error_ = ERR_peek_error();  // the queue is of the thread, and so of the other end too
      co_await send();
      if (error != SSL_ERROR_WANT_READ) co_return returned;
      std::array<char, 4096> buffer{};
      std::size_t n = 0;
      n = co_await below_.read_some(buffer);
      if (n == 0) co_return 0;
      BIO_write(SSL_get_rbio(ssl_.get()), buffer.data(), static_cast<int>(n));
    }
  }
  /// Sends what OpenSSL wrote.
  task<> send() {
    char* at = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &at);
    const std::string out(at, static_cast<std::size_t>(size));
    (void)BIO_reset(SSL_get_wbio(ssl_.get()));
    if (!out.empty()) co_await below_.write(out);
  }

 private:
  struct deleter {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  };
  tidewire::stream below_;
  std::unique_ptr<SSL, deleter> ssl_;
  unsigned long last_error_ = 0;
};

}  // namespace tidewire::tls::testing
