// Sends a mail with text, HTML and attachments by any SMTP server.
//
//   mail_send --server HOST --from ADDRESS --to ADDRESS... --subject TEXT [--text TEXT] [--html HTML]
//   [--attach FILE]...
//             [--user NAME] [--implicit | --plaintext] [--port N] [--verbose]
//
// The connection is protected by STARTTLS (port 587), or by TLS from the beginning with --implicit (port
// 465). The password is taken from the environment, MAIL_PASSWORD. --plaintext is for a server on this very
// host. With
// --self-test it mails itself: a server in memory prints what it gets.
#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace tw = tidewire;
namespace smtp = tidewire::smtp;
namespace mime = tidewire::mime;

struct arguments {
  std::string server;
  std::string user;
  mime::message mail;
  smtp::client_options options;
  bool verbose = false;
  bool self_test = false;
};

class printing final : public smtp::transcript {
 public:
  void sent(std::string_view line) override { print("> ", line); }
  void received(std::string_view line) override { print("< ", line); }

 private:
  static void print(const char* mark, std::string_view line) {
    std::fprintf(stderr, "%s%.*s\n", mark, static_cast<int>(line.size()), line.data());
  }
};

// Nothing if the words cannot be understood.
std::optional<arguments> understand(int argc, char** argv) {
  arguments out;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--implicit") {
      out.options.security = smtp::security::implicit;
    } else if (word == "--plaintext") {
      out.options.security = smtp::security::plaintext_dangerous;
    } else if (word == "--verbose") {
      out.verbose = true;
    } else if (word == "--self-test") {
      out.self_test = true;
    } else if (i + 1 == argc) {
      return std::nullopt;
    } else {
      const char* const value = argv[++i];
      if (word == "--server") {
        out.server = value;
      } else if (word == "--port") {
        out.options.port = static_cast<std::uint16_t>(std::atoi(value));
      } else if (word == "--user") {
        out.user = value;
      } else if (word == "--from") {
        out.mail.from(value);
      } else if (word == "--to") {
        out.mail.to(value);
      } else if (word == "--subject") {
        out.mail.subject(value);
      } else if (word == "--text") {
        out.mail.text(value);
      } else if (word == "--html") {
        out.mail.html(value);
      } else if (word == "--attach") {
        out.mail.attach_file(value);
      } else {
        return std::nullopt;
      }
    }
  }
  if (out.server.empty() && !out.self_test) return std::nullopt;
  return out;
}

tw::task<> send(smtp::client& session, arguments& what) {
  if (const char* password = std::getenv("MAIL_PASSWORD"); !what.user.empty() && password != nullptr) {
    co_await session.login(what.user, password);
  }
  smtp::send_options options;
  options.return_report = true;  // who was refused is told below, one by one
  const smtp::send_report report = co_await session.send(what.mail, options);
  for (const smtp::recipient_result& one : report.recipients) {
    const char* const outcome = one.outcome == smtp::delivery::accepted  ? "accepted"
                                : one.outcome == smtp::delivery::refused ? "refused"
                                : one.outcome == smtp::delivery::unknown ? "perhaps accepted"
                                                                         : "not sent";
    std::printf("%s: %s (%s)\n", one.address.c_str(), outcome, one.answer.to_string().c_str());
  }
  co_await session.quit();
  if (!report.complete()) throw smtp::send_error(report);
}

tw::task<> send_to_server(arguments& what) {
  smtp::client session = co_await smtp::connect(what.server, what.options);
  co_await send(session, what);
}

tw::task<> send_to_itself(arguments& what) {
  what.mail.from("Robot <robot@example.org>").to("ada@example.org").subject("Tides of the day");
  what.mail.text("Low at six, high at noon.").html("<p>Low at six, <b>high</b> at noon.");
  what.mail.attach("tides.csv", std::string("time,height\n06:00,0.4\n12:00,3.1\n"));
  class printer final : public smtp::session_handler {
   public:
    tw::task<> body(const smtp::peer_info&, tw::byte_view piece) override {
      const std::string_view text = tw::as_text(piece);
      std::printf("%.*s", static_cast<int>(text.size()), text.data());
      co_return;
    }
  };
  auto ends = tw::memory_stream_pair();
  printer handler;
  const auto near = [&]() -> tw::task<> {
    what.options.security = smtp::security::plaintext_dangerous;
    smtp::client session = co_await smtp::open(std::move(ends.first), what.options);
    co_await send(session, what);
  };
  const auto far = [&]() -> tw::task<> { co_await smtp::serve_session(std::move(ends.second), handler); };
  co_await tw::when_all(near(), far());
}

int main(int argc, char** argv) {
  try {
    std::optional<arguments> what = understand(argc, argv);
    if (!what) {
      std::fprintf(stderr,
                   "usage: mail_send --server HOST --from ADDRESS --to ADDRESS... --subject TEXT ...\n");
      return 2;
    }
    printing lines;
    if (what->verbose) what->options.transcript = &lines;
    tw::run(what->self_test ? send_to_itself(*what) : send_to_server(*what));
  } catch (const tw::error& e) {
    std::fprintf(stderr, "mail_send: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
