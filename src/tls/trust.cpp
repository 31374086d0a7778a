#include <tidewire/tls/trust.hpp>

#include <array>
#include <cstdlib>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "context_state.hpp"
#include "explain.hpp"

namespace tidewire::tls {
namespace {

using detail::trust_state;

// Where systems have their trusted certificates, besides where OpenSSL looks.
constexpr std::array<const char*, 6> known_files = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/ssl/cert.pem",                                  // macOS, BSD
    "/usr/local/etc/openssl/cert.pem",                    // Homebrew
};
constexpr const char* windows_store = "org.openssl.winstore://";  // OpenSSL 3.2 and newer, on Windows

std::shared_ptr<trust_state> make_state() {
  auto state = std::make_shared<trust_state>();
  state->store.reset(X509_STORE_new());
  if (state->store == nullptr) throw std::bad_alloc();
  return state;
}

std::string from_environment(const char* variable, const char* otherwise) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

bool add_system(X509_STORE* store) {
  std::error_code ignored;
  const std::string file = from_environment(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  const std::string folder = from_environment(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  bool found = std::filesystem::exists(file, ignored) && X509_STORE_load_file(store, file.c_str()) == 1;
  if (std::filesystem::is_directory(folder, ignored) && !std::filesystem::is_empty(folder, ignored)) {
    found |= X509_STORE_load_path(store, folder.c_str()) == 1;
  }
  for (const char* each : known_files) {
    if (found) break;
    found = std::filesystem::exists(each, ignored) && X509_STORE_load_file(store, each) == 1;
  }
  if (!found) found = X509_STORE_load_store(store, windows_store) == 1;
  ERR_clear_error();
  return found;
}

std::shared_ptr<trust_state> make_system_state() {
  auto state = make_state();
  state->system = true;
  if (!add_system(state->store.get())) {
    throw error(failure(make_error_code(errc::bad_trust),
                        "this system has none; install its package of CA certificates, or name a file")
                    .during("read the system's trusted certificates"));
  }
  return state;
}

// There is nobody in it who could be trusted.
failure without_trust(const failure& why) {
  failure made(make_error_code(errc::bad_trust), std::string(why.detail()));
  made.during("read trusted certificates");
  return made.with(std::string(why.peer()));
}

void add_to(trust_state& state, const crypto::certificate& trusted) {
  if (X509_STORE_add_cert(state.store.get(), trusted.native_handle()) != 1) throw std::bad_alloc();
  state.further.push_back(trusted);
}

}  // namespace

trust_store::trust_store() : state_(make_state()) {}

trust_store trust_store::system() {
  static const std::shared_ptr<trust_state> read = make_system_state();
  return trust_store(read);
}

trust_store trust_store::from_file(const std::filesystem::path& pem) {
  const auto all = crypto::certificate::all_from_file(pem);
  if (!all)
    throw error(all.code() == crypto::errc::malformed_certificate ? without_trust(all.error()) : all.error());
  trust_store made;
  for (const crypto::certificate& each : *all) add_to(*made.state_, each);
  return made;
}

trust_store& trust_store::add(const crypto::certificate& trusted) {
  add_to(own(), trusted);
  return *this;
}

trust_store& trust_store::add_pem(std::string_view pem) {
  const auto all = crypto::certificate::all_from_pem(pem);
  if (!all) throw error(without_trust(all.error()));
  trust_state& mine = own();
  for (const crypto::certificate& each : *all) add_to(mine, each);
  return *this;
}

// Copies share what was read, so a change is made on a copy of its own.
detail::trust_state& trust_store::own() {
  if (state_.use_count() > 1) {
    const auto copy = state_->system ? make_system_state() : make_state();
    for (const crypto::certificate& each : state_->further) add_to(*copy, each);
    state_ = copy;
  }
  return *state_;
}

}  // namespace tidewire::tls
