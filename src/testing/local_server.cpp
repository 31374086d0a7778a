#include <tidewire/testing/local_server.hpp>

#include <utility>

#include "server_core.hpp"

namespace tidewire::testing {

local_server::local_server(std::unique_ptr<detail::server_core> core) : core_(std::move(core)) {}

local_server::~local_server() {
  try {
    allow_unfired_faults();
    core_->stop();
  } catch (...) {  // NOLINT: nobody is there to be told
  }
}

std::uint16_t local_server::port() const noexcept {
  return core_->where().port();
}

const endpoint& local_server::where() const noexcept {
  return core_->where();
}

const crypto::authority& local_server::authority() const noexcept {
  return core_->authority();
}

tls::client_context local_server::client_tls() const {
  tls::trust_store roots;
  roots.add(core_->authority().own_certificate());
  tls::client_context context;
  context.trust(roots);
  return context;
}

task<> local_server::accept_all(task_group& sessions) {
  return core_->accept_all(sessions);
}

void local_server::start() {
  core_->start(*this);
}

void local_server::stop() {
  core_->stop();
}

stream local_server::connect() {
  return core_->connect();
}

std::vector<fault_report> local_server::faults() const {
  const std::lock_guard guard(core_->lock());
  std::vector<fault_report> reports;
  for (const detail::planned_fault& one : core_->book().all()) reports.push_back({one.name, one.fired});
  return reports;
}

std::size_t local_server::faults_fired() const {
  std::size_t count = 0;
  for (const fault_report& one : faults()) count += one.fired;
  return count;
}

std::vector<std::string> local_server::unfired_faults() const {
  const std::lock_guard guard(core_->lock());
  return core_->book().unfired();
}

void local_server::require_faults_fired() const {
  {
    const std::lock_guard guard(core_->lock());
    if (core_->unfired_allowed()) return;
  }
  const std::vector<std::string> missing = unfired_faults();
  if (missing.empty()) return;
  std::string names;
  for (const std::string& one : missing) names.append(names.empty() ? "" : "; ").append(one);
  throw error(failure(errc::misuse, "faults that did not happen: " + names).during("test with faults"));
}

void local_server::allow_unfired_faults() noexcept {
  const std::lock_guard guard(core_->lock());
  core_->allow_unfired();
}

void local_server::clear_faults() {
  const std::lock_guard guard(core_->lock());
  core_->book().clear();
}

std::vector<log_entry> local_server::log() const {
  const std::lock_guard guard(core_->lock());
  return core_->entries();
}

std::vector<std::string> local_server::requests() const {
  const std::lock_guard guard(core_->lock());
  std::vector<std::string> lines;
  for (const log_entry& one : core_->entries()) {
    if (one.from == speaker::client) lines.push_back(one.text);
  }
  return lines;
}

std::string local_server::transcript() const {
  const std::lock_guard guard(core_->lock());
  std::string out;
  for (const log_entry& one : core_->entries()) {
    out.append("#").append(std::to_string(one.connection));
    out.append(one.from == speaker::client ? " C: " : one.from == speaker::server ? " S: " : " -- ");
    out.append(one.text).append("\n");
  }
  return out;
}

std::size_t local_server::connection_count() const {
  const std::lock_guard guard(core_->lock());
  return core_->connections();
}

}  // namespace tidewire::testing
