// What imap_ls, imap_fetch and inbox_watch share: whose mail, and on which server.
#pragma once

#include <tidewire/core.hpp>
#include <tidewire/imap.hpp>
#include <tidewire/tls.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tw = tidewire;
namespace imap = tidewire::imap;

// The words of the command line, one after the other.
class arguments {
 public:
  arguments(int argc, char** argv) : rest_(argv + 1), end_(argv + argc) {}

  [[nodiscard]] bool more() const { return rest_ != end_; }
  [[nodiscard]] std::string_view peek() const { return more() ? *rest_ : ""; }
  std::string next() { return more() ? *rest_++ : ""; }

 private:
  char** rest_;
  char** end_;
};

class account {
 public:
  // Takes the next word, and its value, if it is about the account.
  bool take(arguments& words) {
    const std::string_view word = words.peek();
    if (word == "--starttls") {
      options_.security = imap::security::starttls;
    } else if (word == "--plaintext") {
      options_.security = imap::security::plaintext_dangerous;
    } else if (word != "--server" && word != "--user" && word != "--port" && word != "--ca") {
      return false;
    }
    const std::string name = words.next();
    if (name == "--server") server_ = words.next();
    if (name == "--user") user_ = words.next();
    if (name == "--port") options_.port = static_cast<std::uint16_t>(std::atoi(words.next().c_str()));
    if (name == "--ca") {
      context_.trust(tw::tls::trust_store::from_file(words.next()));
      options_.tls = &context_;
    }
    return true;
  }
  [[nodiscard]] bool complete() const { return !server_.empty() && !user_.empty(); }

  // Connects and signs in; the password is in the environment, MAIL_PASSWORD.
  [[nodiscard]] tw::task<imap::client> sign_in() const {
    const char* const password = std::getenv("MAIL_PASSWORD");
    if (password == nullptr) throw tw::error(tw::errc::misuse, "the environment has no MAIL_PASSWORD");
    imap::client mail = co_await imap::connect(server_, options_);
    co_await mail.login(user_, password);
    co_return mail;
  }

 private:
  std::string server_;
  std::string user_;
  tw::tls::client_context context_;
  imap::client_options options_;
};
