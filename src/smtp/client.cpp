#include <tidewire/core/tcp.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/smtp/client.hpp>

#include <algorithm>
#include <utility>

#include "client_session.hpp"

namespace tidewire::smtp {
namespace {

// A queue of one.
class single final : public submission_queue {
 public:
  explicit single(submission& one) noexcept : one_(&one) {}
  submission* next() override { return std::exchange(one_, nullptr); }
  void done(submission&) override {}
  // Was it asked for? If not, the session refused to do anything.
  [[nodiscard]] bool begun() const noexcept { return one_ == nullptr; }

 private:
  submission* one_;
};

task<send_report> send_one(detail::client_session& session, envelope mail,
                           std::unique_ptr<message_source> owned, message_source* content,
                           send_options options) {
  submission one;
  one.envelope = std::move(mail);
  one.content = owned ? owned.get() : content;
  one.options = options;
  for (const recipient& to : one.envelope.recipients())
    one.report.recipients.push_back({.address = to.to.text()});
  single queue(one);
  std::optional<failure> broken;
  try {
    co_await with_timeout(options.timeout, session.submit(queue));
  } catch (const error& e) {
    if (!queue.begun() && e.code() == condition::misuse) throw;
    broken = e.failure();
  }
  if (broken) one.report.broken = *broken;
  if (one.report.complete()) co_return std::move(one.report);
  const bool canceled = broken && *broken == condition::canceled;
  if (options.return_report && !canceled) co_return std::move(one.report);
  throw send_error(std::move(one.report));
}

task<> login_with_token(detail::client_session& session, std::string user, token_provider provide) {
  for (const bool again : {false, true}) {
    secret token = co_await provide(again);
    auto credentials = crypto::sasl_credentials::bearer(user, std::move(token));
    const auto done = co_await as_result(session.login(std::move(credentials)));
    if (done) co_return;
    if (again || done.code() != make_error_code(errc::auth_refused)) throw error(done.error());
  }
}

task<> require_positive(detail::client_session& session, std::string line, const char* operation) {
  const reply answer = co_await session.command(std::move(line));
  if (!answer.positive()) throw error(answer.to_failure().during(operation));
}

}  // namespace

submission_queue::~submission_queue() = default;

client::client(std::unique_ptr<detail::client_session> session) noexcept : session_(std::move(session)) {}
client::client(client&& other) noexcept = default;
client& client::operator=(client&& other) noexcept = default;
client::~client() = default;

bool client::is_open() const noexcept {
  return session_ && session_->is_open();
}

const smtp::capabilities& client::capabilities() const noexcept {
  return session_->server();
}

const reply& client::greeting() const noexcept {
  return session_->greeting();
}

bool client::is_secure() const noexcept {
  return session_->is_secure();
}

task<> client::login(std::string_view user, secret password) {
  return session_->login(crypto::sasl_credentials(user, std::move(password)));
}

task<> client::login(crypto::sasl_credentials credentials) {
  return session_->login(std::move(credentials));
}

task<> client::login(std::string_view user, token_provider provide) {
  return login_with_token(*session_, std::string(user), std::move(provide));
}

task<send_report> client::send(envelope mail, std::string content, send_options options) {
  return send_one(*session_, std::move(mail), std::make_unique<memory_source>(std::move(content)), nullptr,
                  options);
}

task<send_report> client::send(envelope mail, message_source& content, send_options options) {
  return send_one(*session_, std::move(mail), nullptr, &content, options);
}

task<send_report> client::send(const mime::message& message, send_options options) {
  const smtp::capabilities& server = session_->server();
  const bool binary = options.chunking == chunking::when_offered && server.chunking && server.binary_mime;
  const mime::serialize_options what{.eight_bit = server.eight_bit_mime,
                                     .binary = binary,
                                     .utf8 = server.smtputf8 && message.needs_smtputf8()};
  return send_one(*session_, envelope_of(message), std::make_unique<mime_source>(message, what), nullptr,
                  options);
}

task<> client::submit(submission_queue& queue) {
  return session_->submit(queue);
}

task<> client::noop() {
  return require_positive(*session_, "NOOP\r\n", "ask whether the server is there");
}

task<> client::reset() {
  return require_positive(*session_, "RSET\r\n", "reset the session");
}

task<reply> client::command(std::string_view line) {
  std::string wire;
  const auto written = append_line(wire, line);
  if (!written) throw error(failure(written.error()).during("send a command"));
  return session_->command(std::move(wire));
}

task<> client::quit() {
  return session_->quit();
}

task<client> client::opened(std::unique_ptr<detail::client_session> session) {
  co_await with_timeout(session->opening_timeout(), session->begin());
  co_return client(std::move(session));
}

namespace {

std::uint16_t port_of(const client_options& options) {
  if (options.port != 0) return options.port;
  if (options.protocol == dialect::lmtp) return 24;
  switch (options.security) {
    case security::implicit: return 465;
    case security::starttls:
    case security::opportunistic: return 587;
    case security::plaintext_dangerous: break;
  }
  return 25;
}

// Our own address, as EHLO wants it.
std::string name_from(const ip_address& own) {
  return (own.is_v6() ? "[IPv6:" : "[") + own.to_string() + ']';
}

task<client> connect_and_open(std::string host, std::string name, std::string checked,
                              client_options options) {
  const executor here = co_await this_executor();
  const time_point begin = here.now();
  tcp::connect_options how;
  how.timeout = options.timeout;
  tcp::stream peer = co_await tcp::connect(host, port_of(options), how);
  if (name.empty()) name = name_from(peer.local_endpoint().address());
  options.name = name;
  options.host = checked.empty() ? host : checked;
  if (options.timeout != no_timeout) options.timeout -= std::min(here.now() - begin, options.timeout);
  co_return co_await open(std::move(peer), options);
}

}  // namespace

task<client> connect(std::string_view host, client_options options) {
  return connect_and_open(std::string(host), std::string(options.name), std::string(options.host), options);
}

task<client> open(stream peer, client_options options) {
  return client::opened(std::make_unique<detail::client_session>(std::move(peer), options));
}

}  // namespace tidewire::smtp
