// Passwords of users in a file, as a server keeps them: scrypt, a salt for each, nothing that lets anybody
// log in.
//
//   password_store FILE add USER < PASSWORD       puts the password down
//   password_store FILE check USER < PASSWORD     exit status 0 if it is right, 1 if not
#include <tidewire/crypto.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

namespace crypto = tidewire::crypto;

namespace {

// Lines of a user, a space, and what `hash_password` gave.
class store {
 public:
  explicit store(std::filesystem::path path) : path_(std::move(path)) {
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) {
      const std::size_t space = line.find(' ');
      if (space != std::string::npos) records_[line.substr(0, space)] = line.substr(space + 1);
    }
  }

  void add(const std::string& user, const tidewire::secret& password) {
    records_[user] = crypto::hash_password(password);
    save();
  }

  bool check(const std::string& user, const tidewire::secret& password) {
    const auto found = records_.find(user);
    if (found == records_.end()) {
      // As much work as for a user who exists: the time does not tell who does.
      (void)crypto::hash_password(password);
      return false;
    }
    if (!crypto::password_matches(password, found->second)) return false;
    // The costs went up since? He is here with his password: the moment to follow.
    if (crypto::password_needs_rehash(found->second)) add(user, password);
    return true;
  }

 private:
  // A new file in the place of the old one: whoever reads meanwhile sees one of them whole.
  void save() const {
    std::filesystem::path fresh = path_;
    fresh += ".new";
    std::ofstream file(fresh);
    for (const auto& [user, record] : records_) file << user << ' ' << record << '\n';
    file.close();
    if (!file) throw tidewire::error(tidewire::errc::misuse, "cannot write " + fresh.string());
    std::filesystem::permissions(fresh,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::rename(fresh, path_);
  }

  std::filesystem::path path_;
  std::map<std::string, std::string> records_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 4 ? argv[2] : "";
  const std::string user = argc == 4 ? argv[3] : "";
  if ((what != "add" && what != "check") || user.empty() ||
      user.find_first_of(" \r\n") != std::string::npos) {
    std::cerr << "usage: password_store FILE add|check USER < PASSWORD\n";
    return 2;
  }
  try {
    std::string line;
    std::getline(std::cin, line);
    const auto password = tidewire::secret::take(std::move(line));
    store users(argv[1]);
    if (what == "add") {
      users.add(user, password);
      std::cout << "stored " << user << '\n';
      return 0;
    }
    const bool right = users.check(user, password);
    std::cout << (right ? "right\n" : "wrong user or password\n");
    return right ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "password_store: " << error.what() << '\n';
    return 2;
  }
}
