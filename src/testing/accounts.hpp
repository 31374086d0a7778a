// The users of a server and what they sign in by. May be asked from any thread.
#pragma once

#include <tidewire/base/secret.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace tidewire::testing::detail {

class accounts {
 public:
  void add_password(std::string_view user, secret password);
  void add_token(std::string_view user, secret token);
  [[nodiscard]] std::optional<secret> password_of(std::string_view user) const;
  [[nodiscard]] bool is_token(std::string_view user, const secret& token) const;

 private:
  mutable std::mutex lock_;
  std::map<std::string, secret, std::less<>> passwords_;
  std::multimap<std::string, secret, std::less<>> tokens_;
};

}  // namespace tidewire::testing::detail
