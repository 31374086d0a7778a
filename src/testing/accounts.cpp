#include "accounts.hpp"

#include <algorithm>
#include <utility>

namespace tidewire::testing::detail {

void accounts::add_password(std::string_view user, secret password) {
  const std::lock_guard guard(lock_);
  passwords_.insert_or_assign(std::string(user), std::move(password));
}

void accounts::add_token(std::string_view user, secret token) {
  const std::lock_guard guard(lock_);
  tokens_.emplace(std::string(user), std::move(token));
}

std::optional<secret> accounts::password_of(std::string_view user) const {
  const std::lock_guard guard(lock_);
  const auto found = passwords_.find(user);
  if (found == passwords_.end()) return std::nullopt;
  return found->second;
}

bool accounts::is_token(std::string_view user, const secret& token) const {
  const std::lock_guard guard(lock_);
  const auto [first, last] = tokens_.equal_range(user);
  return std::any_of(first, last, [&](const auto& one) { return one.second == token; });
}

}  // namespace tidewire::testing::detail
