#include <tidewire/crypto/random.hpp>
#include <tidewire/tls/context.hpp>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <system_error>
#include <utility>

#include "context_state.hpp"
#include "explain.hpp"

namespace tidewire::tls {
namespace detail {
namespace {

// Lines of several threads do not mix: each is one write.
class key_log_file {
 public:
  explicit key_log_file(const std::filesystem::path& path) {
    std::error_code ignored;
    const bool fresh = !std::filesystem::exists(path, ignored);
    out_.open(path, std::ios::app | std::ios::binary);
    if (!out_) {
      throw error(failure(make_error_code(errc::key_log_failed)).during("open").with(path.string()));
    }
    if (fresh) {
      using std::filesystem::perms;
      std::filesystem::permissions(path, perms::owner_read | perms::owner_write, ignored);
    }
  }
  void write(std::string_view line) {
    const std::scoped_lock hold(lock_);
    out_ << line << '\n' << std::flush;
  }

 private:
  std::mutex lock_;
  std::ofstream out_;
};

}  // namespace

std::shared_ptr<const context_state> context_base::settled() const {
  state_->settled = true;
  return state_;
}

context_state& context_base::open() const {
  if (state_->settled) {
    throw error(
        failure(tidewire::errc::misuse, "it is in use: a context is set up before its first connection")
            .during("change a TLS context"));
  }
  return *state_;
}

void context_base::set_versions(version lowest, version highest) const {
  context_state& state = open();
  if (lowest > highest) {
    throw error(failure(tidewire::errc::misuse, "the lowest version is above the highest")
                    .during("set the versions of TLS"));
  }
  state.lowest = lowest;
  state.highest = highest;
}

void context_base::set_cipher_suites(std::string_view tls1_3, std::string_view tls1_2) const {
  context_state& state = open();
  std::string before = std::exchange(state.suites, tls1_3.empty() ? state.suites : std::string(tls1_3));
  std::string old_before =
      std::exchange(state.old_suites, tls1_2.empty() ? state.old_suites : std::string(tls1_2));
  try {
    (void)make_plain_context(state);
  } catch (...) {
    state.suites = std::move(before);
    state.old_suites = std::move(old_before);
    throw;
  }
}

void context_base::set_groups(std::string_view names) const {
  context_state& state = open();
  std::string before = std::exchange(state.groups, std::string(names));
  try {
    (void)make_plain_context(state);
  } catch (...) {
    state.groups = std::move(before);
    throw;
  }
}

void context_base::set_verify(verify_function check, bool instead) const {
  context_state& state = open();
  state.verify = std::move(check);
  state.verify_decides = instead;
}

void context_base::set_key_log(key_log_function log) const {
  open().key_log = std::move(log);
}

void context_base::set_key_log_file(const std::filesystem::path& path) const {
  context_state& state = open();
  const auto file = std::make_shared<key_log_file>(path);
  state.key_log = [file](std::string_view line) { file->write(line); };
}

void context_base::set_key_log_from_environment() const {
  const char* const path = std::getenv("SSLKEYLOGFILE");
  if (path != nullptr && *path != '\0') set_key_log_file(path);
}

void context_base::allow_weak_keys() const {
  open().allows_weak_keys = true;
}

void context_base::accept_truncation() const {
  open().accepts_truncation = true;
}

}  // namespace detail

client_context::client_context() : context_of(std::make_shared<detail::context_state>(false)) {
  state_->sessions = std::make_shared<session_cache>();
}

client_context& client_context::trust(const trust_store& authorities) {
  open().trust = authorities;
  return *this;
}

client_context& client_context::identity(const crypto::identity& who) {
  open().use_identities({who});
  return *this;
}

client_context& client_context::sessions(std::shared_ptr<session_store> store) {
  open().sessions = std::move(store);
  return *this;
}

client_context& client_context::accept_any_certificate_dangerous() {
  open().accepts_any_certificate = true;
  return *this;
}

client_context& client_context::accept_any_host_dangerous() {
  open().accepts_any_host = true;
  return *this;
}

client_context& client_context::require_status() {
  open().requires_status = true;
  return *this;
}

client_context& client_context::ignore_status_dangerous() {
  open().ignores_status = true;
  return *this;
}

server_context::server_context(const crypto::identity& first)
    : context_of(std::make_shared<detail::context_state>(true)) {
  state_->use_identities({first});
  state_->ticket_keys = crypto::random_secret(detail::ticket_keys_size);
}

server_context& server_context::add(const crypto::identity& further) {
  open().identities.push_back(further);
  return *this;
}

server_context& server_context::refuse_unknown_names() {
  open().refuses_unknown_names = true;
  return *this;
}

server_context& server_context::alpn(std::string_view protocols, bool required) {
  detail::context_state& state = open();
  state.alpn = detail::alpn_on_wire(protocols);
  state.requires_alpn = required;
  return *this;
}

server_context& server_context::client_certificates(const trust_store& authorities, bool required) {
  detail::context_state& state = open();
  state.trust = authorities;
  state.requires_certificate = required;
  return *this;
}

server_context& server_context::tickets(unsigned count) {
  if (count > detail::max_tickets) {
    throw error(
        failure(tidewire::errc::misuse, "a client gets at most 16").during("set the session tickets"));
  }
  open().tickets = count;
  return *this;
}

server_context& server_context::ticket_keys(const secret& keys) {
  if (keys.size() != detail::ticket_keys_size) {
    throw error(
        failure(tidewire::errc::misuse, "the keys of tickets are 80 bytes").during("set the ticket keys"));
  }
  open().ticket_keys = keys;
  return *this;
}

void server_context::reload(const std::vector<crypto::identity>& certificates) const {
  state_->use_identities(certificates);
}

void server_context::staple(const crypto::certificate& of, const crypto::ocsp_response& response) const {
  state_->staple(of, response);
}

}  // namespace tidewire::tls
