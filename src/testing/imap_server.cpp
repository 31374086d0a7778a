#include <tidewire/testing/imap_server.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "imap_core.hpp"

namespace tidewire::testing {
namespace {

detail::imap_core& imap_of(detail::server_core& core) {
  return static_cast<detail::imap_core&>(core);
}

void require_user(detail::imap_core& core, std::string_view user) {
  if (core.store().has_user(user)) return;
  throw error(errc::misuse, "no user " + std::string(user));
}

detail::kept_message& message_of(detail::mailbox_store& box, std::uint32_t uid) {
  detail::kept_message* const found = box.find(uid);
  if (found == nullptr) throw error(errc::misuse, "no message of UID " + std::to_string(uid));
  return *found;
}

task<std::vector<mailbox_message>> wait(detail::imap_core& core, std::string user, std::size_t count,
                                        std::string mailbox, duration within) {
  const auto there = [&core, &user, &mailbox] {
    const auto box = core.store().find(user, mailbox);
    return box != nullptr ? box->messages().size() : 0;
  };
  const std::function<bool()> done([&there, count] { return there() >= count; });
  const std::function<std::string()> missing([&there, count] {
    return std::to_string(there()) + " of " + std::to_string(count) + " messages came";
  });
  co_await core.wait_until(done, within, missing);
  const std::lock_guard guard(core.lock());
  co_return core.messages(user, mailbox);
}

}  // namespace

imap_server::imap_server(const imap_server_options& options)
    : local_server(std::make_unique<detail::imap_core>(options)) {}

imap_server::~imap_server() = default;

void imap_server::add_user(std::string_view name, secret password) {
  detail::imap_core& mine = imap_of(core());
  mine.users().add_password(name, std::move(password));
  const std::lock_guard guard(mine.lock());
  mine.store().add_user(name);
}

void imap_server::add_token(std::string_view name, secret token) {
  detail::imap_core& mine = imap_of(core());
  mine.users().add_token(name, std::move(token));
  const std::lock_guard guard(mine.lock());
  mine.store().add_user(name);
}

void imap_server::add_fault(const imap_fault& fault) {
  detail::require_possible(fault);
  core().add_fault(detail::plan(fault), detail::name_of(fault.at));
}

std::uint32_t imap_server::deliver(std::string_view user, std::string_view content, deliver_options options) {
  detail::imap_core& mine = imap_of(core());
  std::uint32_t uid = 0;
  {
    const std::lock_guard guard(mine.lock());
    require_user(mine, user);
    auto box = mine.store().find(user, options.mailbox);
    if (box == nullptr) box = mine.store().create(user, options.mailbox);
    if (box == nullptr) throw error(errc::misuse, "that is no name of a mailbox");
    const date_time when = options.internal_date.value_or(date::from(std::chrono::system_clock::now()));
    auto kept = std::make_shared<const std::string>(content);
    uid = box->append(std::move(kept), detail::flags_of(options.flags), when).uid;
  }
  mine.changed();
  return uid;
}

std::vector<mailbox_message> imap_server::messages(std::string_view user, std::string_view mailbox) const {
  const std::lock_guard guard(core().lock());
  return imap_of(core()).messages(user, mailbox);
}

void imap_server::set_flags(std::string_view user, std::string_view mailbox, std::uint32_t uid,
                            std::string_view flags) {
  detail::imap_core& mine = imap_of(core());
  {
    const std::lock_guard guard(mine.lock());
    detail::mailbox_store& box = mine.mailbox_of(user, mailbox);
    box.set_flags(message_of(box, uid), detail::flags_of(flags));
  }
  mine.changed();
}

void imap_server::remove_message(std::string_view user, std::string_view mailbox, std::uint32_t uid) {
  detail::imap_core& mine = imap_of(core());
  {
    const std::lock_guard guard(mine.lock());
    detail::mailbox_store& box = mine.mailbox_of(user, mailbox);
    box.expunge(message_of(box, uid).uid);
  }
  mine.changed();
}

void imap_server::create_mailbox(std::string_view user, std::string_view name, std::string_view special_use) {
  detail::imap_core& mine = imap_of(core());
  const std::lock_guard guard(mine.lock());
  require_user(mine, user);
  if (mine.store().create(user, name, special_use) == nullptr) {
    throw error(errc::misuse, "a mailbox that is there already, or no name");
  }
}

void imap_server::remove_mailbox(std::string_view user, std::string_view name) {
  detail::imap_core& mine = imap_of(core());
  const std::lock_guard guard(mine.lock());
  detail::mailbox_store& box = mine.mailbox_of(user, name);
  box.remove();
  const std::string key = box.name();
  mine.store().of(user).erase(key);
}

std::vector<std::string> imap_server::mailboxes(std::string_view user) const {
  detail::imap_core& mine = imap_of(core());
  const std::lock_guard guard(mine.lock());
  require_user(mine, user);
  std::vector<std::string> names;
  for (const auto& [name, box] : mine.store().of(user)) names.push_back(name);
  return names;
}

void imap_server::renumber(std::string_view user, std::string_view mailbox) {
  detail::imap_core& mine = imap_of(core());
  const std::lock_guard guard(mine.lock());
  mine.mailbox_of(user, mailbox).renumber(mine.store().next_uid_validity());
}

task<std::vector<mailbox_message>> imap_server::wait_for(std::string_view user, std::size_t count,
                                                         std::string_view mailbox, duration within) {
  return wait(imap_of(core()), std::string(user), count, std::string(mailbox), within);
}

}  // namespace tidewire::testing
