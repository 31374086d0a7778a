// What a connection knows about its peer beyond OpenSSL: who it should be, and what was found.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/tls/context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "context_state.hpp"
#include "openssl.hpp"

namespace tidewire::tls::detail {

class peer_check {
 public:
  /// Of the peer of a server: nobody in particular.
  explicit peer_check(std::shared_ptr<const context_state> context);
  /// Of a server. Throws misuse if `host` is neither a name nor an address.
  peer_check(std::shared_ptr<const context_state> context, std::string_view host);

  [[nodiscard]] static peer_check* of(const SSL* ssl) noexcept;
  /// A new connection for OpenSSL, told of all this.
  [[nodiscard]] ssl_ptr make_ssl() const;
  void attach_to(SSL* ssl) noexcept;

  /// OpenSSL's question, what it thinks of a chain.
  [[nodiscard]] bool verify(X509_STORE_CTX* chain) noexcept;
  /// OpenSSL's other question of a client, what it thinks of the OCSP response, or that there is none.
  [[nodiscard]] bool check_status(SSL* ssl) noexcept;
  /// A ticket came.
  void keep_session(SSL_SESSION* session) noexcept;
  /// Offers a session of an earlier connection to the same server; `service` tells servers of one host apart.
  void resume(SSL* ssl, std::string_view service);

  [[nodiscard]] const context_state& context() const noexcept { return *context_; }
  [[nodiscard]] const ssl_contexts& contexts() const noexcept { return *contexts_; }
  [[nodiscard]] bool accepts_truncation() const noexcept { return context_->accepts_truncation; }
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  /// "mail.example.org (192.0.2.1:25)", of what the transport below calls its peer.
  [[nodiscard]] std::string peer_name(std::string below) const;

  /// Why we refused the peer.
  std::optional<failure> refusal;

 private:
  static int collect(int good, X509_STORE_CTX* chain) noexcept;
  void judge(X509_STORE_CTX* chain);
  void judge_status(SSL* ssl);

  std::shared_ptr<const context_state> context_;
  std::shared_ptr<const ssl_contexts> contexts_;
  std::string host_;         // as it is verified
  bool is_address_ = false;  // and not a name
  std::string session_key_;
  std::vector<crypto::verification_failure> problems_;
  int first_code_ = X509_V_OK;  // OpenSSL's, of the first problem
};

}  // namespace tidewire::tls::detail
