#include <tidewire/testing/smtp_server.hpp>

#include <memory>
#include <utility>

#include "smtp_core.hpp"

namespace tidewire::testing {
namespace {

detail::smtp_core& smtp(detail::server_core& core) {
  return static_cast<detail::smtp_core&>(core);
}

task<std::vector<received_message>> wait(detail::smtp_core& core, std::size_t count, duration within) {
  const auto missing = [&core, count] {
    return std::to_string(core.messages().size()) + " of " + std::to_string(count) + " messages came";
  };
  const auto enough = [&core, count] { return core.messages().size() >= count; };
  const std::function<std::string()> why(missing);
  const std::function<bool()> done(enough);
  co_await core.wait_until(done, within, why);
  const std::lock_guard guard(core.lock());
  co_return core.messages();
}

}  // namespace

smtp_server::smtp_server(const smtp_server_options& options)
    : local_server(std::make_unique<detail::smtp_core>(options)) {}

smtp_server::~smtp_server() = default;

void smtp_server::add_user(std::string_view name, secret password) {
  smtp(core()).users().add_password(name, std::move(password));
}

void smtp_server::add_token(std::string_view name, secret token) {
  smtp(core()).users().add_token(name, std::move(token));
}

void smtp_server::add_fault(const smtp_fault& fault) {
  detail::require_possible(fault);
  core().add_fault(detail::plan(fault), detail::name_of(fault.at));
}

void smtp_server::on_message(std::function<void(const received_message&)> call) {
  smtp(core()).on_message(std::move(call));
}

std::vector<received_message> smtp_server::messages() const {
  const std::lock_guard guard(core().lock());
  return smtp(core()).messages();
}

void smtp_server::clear_messages() {
  const std::lock_guard guard(core().lock());
  smtp(core()).messages().clear();
}

task<std::vector<received_message>> smtp_server::wait_for(std::size_t count, duration within) {
  return wait(smtp(core()), count, within);
}

}  // namespace tidewire::testing
