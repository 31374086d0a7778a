// Says how a server speaks TLS, and what is wrong with it.
//
//   tls_probe HOST PORT [--starttls smtp|imap] [--roots FILE.pem]
//
// Versions, cipher suite, key exchange, the chain with its dates, and every problem that a client would stop
// at. Ends with 0 if all is well, with 1 if something is wrong, with 2 if it was called wrongly. Looks at
// everything, and so connects without verifying: it sends nothing but what STARTTLS needs.
#include <tidewire/core.hpp>
#include <tidewire/crypto/certificate.hpp>
#include <tidewire/tls.hpp>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tw = tidewire;
namespace tls = tidewire::tls;

struct arguments {
  std::string host;
  std::uint16_t port = 0;
  std::string starttls;
  std::string roots;
};

std::optional<arguments> parse(int argc, char** argv) {
  if (argc < 3) return std::nullopt;
  arguments parsed;
  parsed.host = argv[1];
  const std::string_view port = argv[2];
  const auto read = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
  if (read.ec != std::errc() || read.ptr != port.data() + port.size() || parsed.port == 0)
    return std::nullopt;
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--starttls") {
      parsed.starttls = argv[i + 1];
      if (parsed.starttls != "smtp" && parsed.starttls != "imap") return std::nullopt;
    } else if (option == "--roots") {
      parsed.roots = argv[i + 1];
    } else {
      return std::nullopt;
    }
  }
  if (argc % 2 == 0) return std::nullopt;
  return parsed;
}

// A reply of SMTP has as many lines as have a hyphen behind the code, and one more.
tw::task<> smtp_reply(tw::stream& server, std::string_view wanted) {
  for (;;) {
    const std::string line = co_await server.read_line();
    if (!line.starts_with(wanted)) throw std::runtime_error("the server said: " + line);
    if (line.size() < 4 || line[3] != '-') co_return;
  }
}

tw::task<> ask_for_tls(tw::stream& server, const std::string& protocol) {
  if (protocol == "smtp") {
    co_await smtp_reply(server, "220");
    co_await server.write("EHLO tls-probe.invalid\r\n");
    co_await smtp_reply(server, "250");
    co_await server.write("STARTTLS\r\n");
    co_await smtp_reply(server, "220");
  } else if (protocol == "imap") {
    co_await server.read_line();
    co_await server.write("a STARTTLS\r\n");
    std::string line = "*";
    while (line.starts_with("*")) line = co_await server.read_line();
    if (!line.starts_with("a OK")) throw std::runtime_error("the server said: " + line);
  }
}

tw::task<tls::connection_report> probe(const arguments& asked, const tls::client_context& context) {
  tw::stream plain = co_await tw::tcp::connect(asked.host, asked.port);
  co_await ask_for_tls(plain, asked.starttls);
  tls::client_options options;
  options.context = &context;
  tls::stream secure = co_await tls::start_tls(std::move(plain), asked.host, options);
  tls::connection_report report = secure.report();
  co_await secure.finish();
  co_return report;
}

std::string text_of(std::chrono::sys_seconds time) {
  const std::time_t number = std::chrono::system_clock::to_time_t(time);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", std::gmtime(&number));
  return text;
}

bool offers(const arguments& asked, tls::version version) {
  tls::client_context context;
  context.versions(version, version).accept_any_certificate_dangerous();
  const auto attempt = [&]() -> tw::task<bool> {
    const auto outcome = co_await tw::as_result(probe(asked, context));
    co_return outcome.has_value();
  };
  return tw::run(attempt());
}

int main(int argc, char** argv) {
  const auto asked = parse(argc, argv);
  if (!asked) {
    std::fputs("usage: tls_probe HOST PORT [--starttls smtp|imap] [--roots FILE.pem]\n", stderr);
    return 2;
  }
  try {
    tls::verification seen;
    tls::client_context context;
    if (!asked->roots.empty()) context.trust(tls::trust_store::from_file(asked->roots));
    context.verify_dangerous([&](const tls::verification& peer) -> tw::result<void> {
      seen = peer;
      return {};
    });
    const tls::connection_report report = tw::run(probe(*asked, context));
    std::printf("version       %s\n", report.version == tls::version::tls1_3 ? "TLS 1.3" : "TLS 1.2");
    std::printf("suite         %s\n", report.cipher_suite.c_str());
    std::printf("key exchange  %s\n", report.group.c_str());
    std::printf("signature     %s\n", report.signature.c_str());
    std::printf("offers        %s%s\n", offers(*asked, tls::version::tls1_2) ? "TLS 1.2 " : "",
                offers(*asked, tls::version::tls1_3) ? "TLS 1.3" : "");
    for (const tw::crypto::certificate& each : seen.sent) {
      std::printf("certificate   %s\n", each.subject().c_str());
      std::printf("              issued by %s\n", each.issuer().c_str());
      const auto key = each.key();
      const std::string described = key ? key->description() : key.error().message();
      std::printf("              %s, valid until %s\n", described.c_str(), text_of(each.not_after()).c_str());
    }
    for (const auto& each : seen.problems) std::printf("problem       %s\n", each.detail.c_str());
    if (seen.problems.empty()) std::puts("verified      yes");
    return seen.problems.empty() ? 0 : 1;
  } catch (const std::exception& failed) {
    std::printf("problem       %s\n", failed.what());
    return 1;
  }
}
