#include <tidewire/core/executor.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/tls/stream.hpp>

#include <array>
#include <memory>
#include <utility>

#include "connection.hpp"
#include "explain.hpp"

namespace tidewire::tls {
namespace detail {
namespace {

connection& connection_of(const stream& of) {
  return static_cast<tls_transport&>(of.below()).of();
}
SSL* ssl_of(const stream& of) {
  return connection_of(of).tls().ssl();
}

/// The default context of a loop.
struct default_client final : tidewire::detail::loop_local {
  explicit default_client(tidewire::detail::loop&) {}
  static const char key;
  client_context context;
};
const char default_client::key = 0;

/// Waits for `connection::start_handshake`.
class handshake_operation final : public tidewire::detail::leaf<handshake_operation>, private io_request {
 public:
  explicit handshake_operation(connection& of) noexcept : of_(of) {}
  handshake_operation(handshake_operation&& other) noexcept : leaf(other), io_request(), of_(other.of_) {}
  ~handshake_operation() {
    if (pending_) of_.forget_handshake();
  }

  bool start(tidewire::detail::promise_base& p) {
    if (p.owner->canceled()) {
      fail(tidewire::errc::canceled);
      return false;
    }
    if (const std::error_code refused = of_.attach(p.owner->home())) {
      fail(refused);
      return false;
    }
    if (of_.start_handshake(*this)) return false;
    pending_ = true;
    enter(p);
    return true;
  }
  [[nodiscard]] std::error_code await_resume() const noexcept { return code(); }

 private:
  void cancel() noexcept override {
    if (pending_) of_.cancel_handshake();
  }
  void completed() noexcept override {
    pending_ = false;
    wake();
  }

  connection& of_;
  bool pending_ = false;
};

/// Options, with memory of their own.
struct client_request {
  client_request(std::string_view to, const client_options& options)
      : host(to),
        server_name(options.server_name.empty() ? to : options.server_name),
        alpn(options.alpn),
        require_alpn(options.require_alpn),
        timeout(options.timeout),
        context(options.context != nullptr ? options.context->settled() : nullptr) {}

  std::string host;
  std::string server_name;
  std::string alpn;
  bool require_alpn;
  duration timeout;
  std::shared_ptr<const context_state> context;
};

failure named(failure why, const connection& with) {
  why.during("start TLS with");
  return why.with(with.peer_name());
}

task<stream> shake_hands(connection_ptr made) {
  const std::error_code code = co_await handshake_operation(*made);
  if (code) {
    const engine& tls = made->tls();
    throw error(named(tls.failed() && tls.failure().code() == code ? tls.failure() : failure(code), *made));
  }
  co_return stream(std::make_unique<tls_transport>(std::move(made)));
}

// What is buffered came in plaintext: RFC 3207 section 4.2, and what became of those that did not heed it.
void refuse_plaintext(const tidewire::stream& plain) {
  const byte_view early = plain.buffered();
  if (early.empty()) return;
  failure why(make_error_code(errc::plaintext_before_tls),
              std::to_string(early.size()) +
                  " bytes were read before the handshake: somebody may have put them there");
  why.during("start TLS with").with(plain.peer_name());
  throw error(why.peer_said(as_text(early)));
}

/// What tells the servers of one host apart: the port, where there is one.
std::string service_of(const std::string& peer) {
  const std::size_t colon = peer.rfind(':');
  return colon == std::string::npos ? std::string() : peer.substr(colon + 1);
}

task<stream> client(tidewire::stream plain, client_request request) {
  refuse_plaintext(plain);
  if (request.context == nullptr) {
    const executor here = co_await this_executor();
    request.context = here.loop().local<default_client>().context.settled();
  }
  auto check = std::make_unique<peer_check>(request.context, request.server_name);
  ssl_ptr ssl = check->make_ssl();
  const std::vector<unsigned char> alpn = alpn_on_wire(request.alpn);
  if (!alpn.empty() && SSL_set_alpn_protos(ssl.get(), alpn.data(), static_cast<unsigned>(alpn.size())) != 0) {
    throw error(openssl_failure(errc::out_of_resources, "cannot offer application protocols"));
  }
  check->resume(ssl.get(), service_of(plain.peer_name()));
  auto parts = plain.release();
  connection_ptr made(
      new connection(std::move(parts.first), std::move(ssl), std::move(check), std::move(parts.second)));
  stream secure = co_await shake_hands(std::move(made));
  if (request.require_alpn && secure.alpn().empty()) {
    failure why(make_error_code(errc::no_common_application_protocol),
                "the server chose none of " + request.alpn);
    throw error(named(why, connection_of(secure)));
  }
  co_return secure;
}

task<stream> server(tidewire::stream plain, std::shared_ptr<const context_state> context,
                    bool after_plaintext) {
  if (after_plaintext) refuse_plaintext(plain);
  auto check = std::make_unique<peer_check>(std::move(context));
  ssl_ptr ssl = check->make_ssl();
  auto parts = plain.release();
  connection_ptr made(
      new connection(std::move(parts.first), std::move(ssl), std::move(check), std::move(parts.second)));
  co_return co_await shake_hands(std::move(made));
}

task<stream> client_within(tidewire::stream plain, client_request request) {
  const duration limit = request.timeout;
  co_return co_await with_timeout(limit, client(std::move(plain), std::move(request)));
}

task<stream> server_within(tidewire::stream plain, std::shared_ptr<const context_state> context,
                           duration limit, bool after_plaintext) {
  co_return co_await with_timeout(limit, server(std::move(plain), std::move(context), after_plaintext));
}

task<stream> connect_and_start(client_request request, std::uint16_t port) {
  tcp::connect_options how;
  how.timeout = request.timeout;
  tidewire::stream plain = co_await tcp::connect(request.host, port, how);
  co_return co_await client(std::move(plain), std::move(request));
}

task<stream> connect_within(client_request request, std::uint16_t port) {
  const duration limit = request.timeout;
  co_return co_await with_timeout(limit, connect_and_start(std::move(request), port));
}

task<bool> say_goodbye(stream& secure) {
  co_await secure.shutdown();
  std::array<std::byte, 4096> dropped;
  for (;;) {
    std::size_t n = 0;
    n = co_await secure.read_some(dropped);
    if (n == 0) co_return true;
  }
}

std::vector<std::byte> exported(const SSL* ssl, std::string_view label, byte_view context, std::size_t length,
                                bool with_context) {
  std::vector<std::byte> bytes(length);
  ERR_clear_error();
  if (SSL_export_keying_material(const_cast<SSL*>(ssl), reinterpret_cast<unsigned char*>(bytes.data()),
                                 length, label.data(), label.size(), raw(context), context.size(),
                                 with_context ? 1 : 0) != 1) {
    throw error(openssl_failure(errc::handshake_failed, "cannot derive keying material"));
  }
  return bytes;
}

std::vector<std::byte> finished_message(SSL* ssl) {
  if (SSL_version(ssl) >= TLS1_3_VERSION) return {};
  std::array<std::byte, EVP_MAX_MD_SIZE> message{};
  // The first one of the handshake: the client's, or the server's where a session was resumed.
  const bool client_first = SSL_session_reused(ssl) == 0;
  const bool ours = client_first == (SSL_is_server(ssl) == 0);
  const std::size_t size = ours ? SSL_get_finished(ssl, message.data(), message.size())
                                : SSL_get_peer_finished(ssl, message.data(), message.size());
  return {message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size)};
}

// RFC 5929 section 4.1: by the hash of the signature, but no weaker than SHA-256.
std::vector<std::byte> end_point_digest(SSL* ssl) {
  const certificate_ptr peer(SSL_is_server(ssl) == 1 ? nullptr : SSL_get1_peer_certificate(ssl));
  X509* const certificate = SSL_is_server(ssl) == 1 ? SSL_get_certificate(ssl) : peer.get();
  int hash = NID_undef;
  if (certificate == nullptr || X509_get_signature_info(certificate, &hash, nullptr, nullptr, nullptr) != 1) {
    return {};
  }
  if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
  const EVP_MD* const digest = EVP_get_digestbynid(hash);
  std::array<std::byte, EVP_MAX_MD_SIZE> value{};
  unsigned size = 0;
  if (digest == nullptr ||
      X509_digest(certificate, digest, reinterpret_cast<unsigned char*>(value.data()), &size) != 1) {
    return {};
  }
  return {value.begin(), value.begin() + size};
}

std::vector<crypto::certificate> all_of(const STACK_OF(X509) * chain) {
  std::vector<crypto::certificate> all;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    auto each = crypto::certificate::adopt(share(sk_X509_value(chain, i)).release());
    if (each) all.push_back(std::move(*each));
  }
  return all;
}

std::string group_of(SSL* ssl) {
  const int group = static_cast<int>(SSL_get_negotiated_group(ssl));
  const char* const name = group != 0 ? SSL_group_to_name(ssl, group) : nullptr;
  return name != nullptr ? name : "";
}

std::string signature_of(SSL* ssl) {
  int hash = NID_undef;
  int kind = NID_undef;
  const bool known =
      SSL_is_server(ssl) == 1
          ? SSL_get_signature_nid(ssl, &hash) == 1 && SSL_get_signature_type_nid(ssl, &kind) == 1
          : SSL_get_peer_signature_nid(ssl, &hash) == 1 && SSL_get_peer_signature_type_nid(ssl, &kind) == 1;
  if (!known || kind == NID_undef) return {};
  std::string text = kind == EVP_PKEY_EC ? "ECDSA" : OBJ_nid2sn(kind);
  if (hash != NID_undef) {
    text += '-';
    text += OBJ_nid2sn(hash);
  }
  return text;
}

}  // namespace
}  // namespace detail

std::string_view name_of(binding kind) noexcept {
  switch (kind) {
    case binding::exporter: return "tls-exporter";
    case binding::unique: return "tls-unique";
    case binding::server_end_point: return "tls-server-end-point";
  }
  return "";
}

connection_report stream::report() const {
  SSL* const ssl = detail::ssl_of(*this);
  connection_report made;
  made.version = version();
  made.cipher_suite = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl));
  made.group = detail::group_of(ssl);
  made.alpn = alpn();
  made.resumed = resumed();
  if (!made.resumed) made.signature = detail::signature_of(ssl);
  if (const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) made.server_name = name;
  return made;
}

tls::version stream::version() const noexcept {
  return static_cast<tls::version>(SSL_version(detail::ssl_of(*this)));
}

std::string_view stream::alpn() const noexcept {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(detail::ssl_of(*this), &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

bool stream::resumed() const noexcept {
  return SSL_session_reused(detail::ssl_of(*this)) == 1;
}

std::optional<crypto::certificate> stream::peer_certificate() const {
  detail::certificate_ptr peer(SSL_get1_peer_certificate(detail::ssl_of(*this)));
  if (peer == nullptr) return std::nullopt;
  return crypto::certificate::adopt(peer.release()).value();
}

std::vector<crypto::certificate> stream::peer_chain() const {
  SSL* const ssl = detail::ssl_of(*this);
  std::vector<crypto::certificate> all = detail::all_of(SSL_get_peer_cert_chain(ssl));
  auto own = peer_certificate();
  // OpenSSL leaves the client's own out of what the server sees, and all but it out of a session.
  if (own && (all.empty() || all.front() != *own)) all.insert(all.begin(), std::move(*own));
  return all;
}

std::vector<crypto::certificate> stream::verified_chain() const {
  return detail::all_of(SSL_get0_verified_chain(detail::ssl_of(*this)));
}

std::vector<std::byte> stream::export_keying_material(std::string_view label, byte_view context,
                                                      std::size_t length) const {
  return detail::exported(detail::ssl_of(*this), label, context, length, true);
}

std::vector<std::byte> stream::channel_binding(binding kind) const {
  SSL* const ssl = detail::ssl_of(*this);
  switch (kind) {
    case binding::exporter:
      // RFC 9266 section 4.2: without the extended master secret, another connection could have the same.
      if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return {};
      return detail::exported(ssl, "EXPORTER-Channel-Binding", {}, 32, false);
    case binding::unique: return detail::finished_message(ssl);
    case binding::server_end_point: return detail::end_point_digest(ssl);
  }
  return {};
}

task<bool> stream::finish(duration within) {
  const auto end = [](stream& self, duration limit) -> task<bool> {
    const auto answered = co_await as_result(with_timeout(limit, detail::say_goodbye(self)));
    self.close();
    // To have no answer is common, and no fault of ours.
    if (!answered && (answered.error() == condition::canceled || answered.error() == condition::misuse)) {
      throw error(answered.error());
    }
    co_return answered.has_value();
  };
  return end(*this, within);
}

task<stream> connect(std::string_view host, std::uint16_t port, client_options options) {
  return detail::connect_within(detail::client_request(host, options), port);
}

task<stream> start_tls(tidewire::stream plain, std::string_view host, client_options options) {
  return detail::client_within(std::move(plain), detail::client_request(host, options));
}

task<stream> start_tls(tidewire::stream plain, const server_context& context, server_options options) {
  return detail::server_within(std::move(plain), context.settled(), options.timeout, true);
}

task<stream> accept(tidewire::stream plain, const server_context& context, server_options options) {
  return detail::server_within(std::move(plain), context.settled(), options.timeout, false);
}

}  // namespace tidewire::tls
