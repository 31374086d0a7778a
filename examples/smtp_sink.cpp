// An SMTP server that takes every message and prints it: for looking at what a program sends.
//
//   smtp_sink [PORT]          listens on 127.0.0.1, port 2525 unless told otherwise; Ctrl-C ends it
//   smtp_sink --self-test     sends a message to itself, prints it, and ends
//
// Try: curl smtp://127.0.0.1:2525 --mail-from a@example.org --mail-rcpt b@example.org -T message.eml
#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tw = tidewire;
namespace smtp = tidewire::smtp;

// Prints a message when it is whole.
class printer final : public smtp::session_handler {
 public:
  tw::task<> body(const smtp::peer_info&, tw::byte_view piece) override {
    text_ += tw::as_text(piece);
    co_return;
  }
  tw::task<smtp::reply> message(const smtp::peer_info& peer, std::size_t) override {
    std::printf("--- from <%s>, who says that it is %s\n", peer.sender.path.text().c_str(),
                std::string(peer.name).c_str());
    for (const smtp::command& one : peer.recipients) std::printf("--- to <%s>\n", one.path.text().c_str());
    std::printf("%s", text_.c_str());
    std::fflush(stdout);
    text_.clear();
    co_return smtp::reply{250, smtp::enhanced_code{2, 0, 0}, "printed"};
  }
  void discarded() noexcept override { text_.clear(); }

 private:
  std::string text_;
};

tw::task<> serve(tw::tcp::stream peer) {
  printer handler;
  const auto served = co_await tw::as_result(smtp::serve_session(std::move(peer), handler));
  if (!served) std::fprintf(stderr, "%s\n", served.error().message().c_str());
}

tw::task<> accept_all(tw::tcp::listener& listener) {
  const auto accept = [&](tw::task_group& connections) -> tw::task<> {
    for (;;) {
      co_await connections.wait_below(1000);
      tw::tcp::stream peer = co_await listener.accept();
      connections.spawn(serve(std::move(peer)));
    }
  };
  co_await tw::with_group(accept);
}

tw::task<> send_to_itself(tw::endpoint where) {
  tw::tcp::stream peer = co_await tw::tcp::connect(where);
  smtp::client_options options;
  options.security = smtp::security::plaintext_dangerous;
  smtp::client session = co_await smtp::open(std::move(peer), options);
  smtp::envelope mail("robot@example.org");
  mail.to("ada@example.org");
  const smtp::send_report report = co_await session.send(mail, "Subject: A test\n\nIt works.\n");
  std::printf("--- answered: %s\n", report.answer.to_string().c_str());
  co_await session.quit();
}

int main(int argc, char** argv) {
  const std::string_view argument = argc > 1 ? argv[1] : "2525";
  const bool self_test = argument == "--self-test";
  try {
    const std::string where = "127.0.0.1:" + std::string(self_test ? "0" : argument);
    tw::tcp::listener listener = tw::tcp::listen(tw::endpoint::parse(where).value());
    if (self_test) {
      tw::run(tw::when_any(accept_all(listener), send_to_itself(listener.local_endpoint())));
      return EXIT_SUCCESS;
    }
    std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
    tw::run(accept_all(listener));
  } catch (const tw::error& e) {
    if (e.code() == tw::condition::canceled) return EXIT_SUCCESS;
    std::fprintf(stderr, "smtp_sink: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
