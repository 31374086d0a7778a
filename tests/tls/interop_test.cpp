// Our client and our server with those of others: openssl, curl, nginx.
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/crypto/random.hpp>

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support.hpp"
#include "support/child_process.hpp"
#include "support/oracle.hpp"

namespace tidewire::tls {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using tidewire::testing::child_process;
using tidewire::testing::find_program;

bool contains(std::string_view text, std::string_view wanted) {
  return text.find(wanted) != std::string_view::npos;
}

std::uint16_t free_port() {
  return tcp::listen(endpoint(ip_address::loopback_v4(), 0)).local_endpoint().port();
}

crypto::identity ada() {
  return authority().issue({"ada@example.org"}, {.purpose = crypto::certificate_purpose::client});
}

class TlsInterop : public ::testing::Test {
 protected:
  TlsInterop()
      : folder_(std::filesystem::temp_directory_path() / ("tidewire_interop_" + crypto::token_hex(8))) {
    std::filesystem::create_directory(folder_);
    write("ca.pem", authority().pem());
  }
  ~TlsInterop() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path(std::string_view name) const { return (folder_ / name).string(); }
  void write(std::string_view name, std::string_view text) const { std::ofstream(folder_ / name) << text; }
  /// As NAME.pem, with its chain, and NAME.key.
  void write(std::string_view name, const crypto::identity& who) const {
    write(std::string(name) + ".pem", who.chain_pem());
    write(std::string(name) + ".key", who.key.to_pem().reveal());
  }
  [[nodiscard]] child_process start(std::vector<std::string> command, std::string_view input = {}) const {
    return child_process(folder_, std::move(command), input);
  }

  std::filesystem::path folder_;
};

/// What our server saw of one client.
struct served {
  result<connection_report> report = tidewire::errc::misuse;
  std::string line;
  std::optional<crypto::certificate> client;
};

/// Serves one client: reads a line, and says `answer`.
task<served> serve_one(tcp::listener& listener, const server_context& context, std::string_view answer) {
  served saw;
  tidewire::stream plain = co_await listener.accept();
  const auto talk = [&]() -> task<> {
    stream client = co_await accept(std::move(plain), context);
    saw.report = client.report();
    saw.client = client.peer_certificate();
    saw.line = co_await client.read_line();
    co_await client.write(answer);
    co_await client.finish();
  };
  const auto outcome = co_await as_result(talk());
  if (!outcome && !saw.report) saw.report = outcome.error();
  co_return saw;
}

class TlsServerAndOpenSsl : public TlsInterop {
 protected:
  void SetUp() override {
    if (!find_program("openssl")) TIDEWIRE_SKIP_OR_FAIL("no openssl program");
  }
  /// A handshake with `openssl s_client`, which says hello.
  served connect(const server_context& context, std::vector<std::string> options = {}) {
    tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
    std::vector<std::string> command = {"openssl",      "s_client",
                                        "-ign_eof",     "-CAfile",
                                        path("ca.pem"), "-verify_return_error",
                                        "-connect",     listener.local_endpoint().to_string()};
    command.insert(command.end(), options.begin(), options.end());
    child_process client = start(command, "hello\n");
    served saw = run(with_timeout(20s, serve_one(listener, context, "good-bye\n")));
    status_ = client.wait();
    output_ = client.output();
    return saw;
  }

  int status_ = 0;
  std::string output_;
};

TEST_F(TlsServerAndOpenSsl, SpeakBothVersions) {
  for (const bool old : {true, false}) {
    const served saw =
        connect(server_context(localhost()), {old ? "-tls1_2" : "-tls1_3", "-verify_hostname", "localhost"});
    ASSERT_TRUE(saw.report.has_value()) << saw.report.error().message();
    EXPECT_EQ(saw.report->version, old ? version::tls1_2 : version::tls1_3);
    EXPECT_EQ(saw.line, "hello");
    EXPECT_TRUE(contains(output_, "good-bye")) << output_;
    EXPECT_EQ(status_, 0);
  }
}

TEST_F(TlsServerAndOpenSsl, AgreeOnAnApplicationProtocol) {
  server_context context(localhost());
  context.alpn("h2,http/1.1");
  EXPECT_EQ(connect(context, {"-alpn", "http/1.1,h2"}).report->alpn, "h2");
  EXPECT_TRUE(contains(output_, "ALPN protocol: h2")) << output_;
  EXPECT_EQ(connect(context, {"-alpn", "imap"}).report.code(), errc::no_common_application_protocol);
  EXPECT_TRUE(contains(output_, "no application protocol")) << output_;
}

TEST_F(TlsServerAndOpenSsl, ServeTheNameThatIsAskedFor) {
  server_context context(localhost());
  context.add(authority().issue({"second.test"}));
  EXPECT_EQ(
      connect(context, {"-servername", "second.test", "-verify_hostname", "second.test"}).report->server_name,
      "second.test");
  EXPECT_TRUE(contains(output_, "CN = second.test")) << output_;
}

TEST_F(TlsServerAndOpenSsl, KnowTheClientByItsCertificate) {
  server_context context(localhost());
  context.client_certificates(trusted());
  const crypto::identity who = ada();
  write("ada", who);
  EXPECT_EQ(connect(context, {"-cert", path("ada.pem"), "-key", path("ada.key")}).client, who.leaf());
  EXPECT_TRUE(contains(output_, "good-bye")) << output_;
  EXPECT_EQ(connect(context).report.code(), errc::client_certificate_missing);
  EXPECT_TRUE(contains(output_, "certificate required")) << output_;
}

TEST_F(TlsServerAndOpenSsl, StapleAStatement) {
  const server_context context(localhost());
  context.staple(localhost().leaf(), authority().status_of(localhost().leaf()));
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    EXPECT_EQ(connect(context, {version, "-status"}).line, "hello");
    EXPECT_TRUE(contains(output_, "Cert Status: good")) << output_;
  }
}

TEST_F(TlsServerAndOpenSsl, ResumeSessions) {
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const server_context context(localhost());
    EXPECT_FALSE(connect(context, {version, "-sess_out", path("session")}).report->resumed);
    EXPECT_TRUE(connect(context, {version, "-sess_in", path("session")}).report->resumed);
    EXPECT_TRUE(contains(output_, "Reused")) << output_;
    EXPECT_FALSE(
        connect(server_context(localhost()), {version, "-sess_in", path("session")}).report->resumed);
  }
}

TEST_F(TlsServerAndOpenSsl, RefuseToRenegotiate) {
  tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
  child_process client =
      start({"openssl", "s_client", "-tls1_2", "-connect", listener.local_endpoint().to_string()}, "R\n");
  const server_context context(localhost());
  (void)run(with_timeout(20s, serve_one(listener, context, "")));
  client.wait();
  EXPECT_TRUE(contains(client.output(), "no renegotiation")) << client.output();
}

class TlsClientAndOpenSsl : public TlsInterop {
 protected:
  void SetUp() override {
    if (!find_program("openssl")) TIDEWIRE_SKIP_OR_FAIL("no openssl program");
    write("localhost", localhost());
  }
  /// Starts `openssl s_server`, which sends back each line reversed.
  void serve(std::vector<std::string> options = {}) {
    std::vector<std::string> command = {
        "openssl", "s_server",           "-accept", "127.0.0.1:0", "-rev", "-cert", path("localhost.pem"),
        "-key",    path("localhost.key")};
    command.insert(command.end(), options.begin(), options.end());
    server_.emplace(folder_, command);
    const std::string line = server_->line_with("ACCEPT ");
    const std::size_t colon = line.rfind(':');
    ASSERT_NE(colon, std::string::npos) << server_->output();
    port_ = static_cast<std::uint16_t>(std::stoi(line.substr(colon + 1)));
  }
  /// Connects, and has a word reversed.
  result<connection_report> connect(const client_context& context, client_options how = {}) const {
    how.context = &context;
    how.timeout = 20s;
    const auto talk = [&]() -> task<connection_report> {
      stream server = co_await tls::connect("127.0.0.1", port_, how);
      co_await server.write("hello\n");
      EXPECT_EQ(co_await server.read_line(), "olleh");
      connection_report report = server.report();
      co_await server.finish();
      co_return report;
    };
    const auto outcome = [&]() -> task<result<connection_report>> { co_return co_await as_result(talk()); };
    return run(outcome());
  }

  std::optional<child_process> server_;
  std::uint16_t port_ = 0;
};

TEST_F(TlsClientAndOpenSsl, SpeakBothVersions) {
  for (const bool old : {true, false}) {
    ASSERT_NO_FATAL_FAILURE(serve({old ? "-tls1_2" : "-tls1_3"}));
    const auto report = connect(trusting_client());
    ASSERT_TRUE(report.has_value()) << report.error().message();
    EXPECT_EQ(report->version, old ? version::tls1_2 : version::tls1_3);
  }
}

TEST_F(TlsClientAndOpenSsl, AgreeOnAnApplicationProtocol) {
  ASSERT_NO_FATAL_FAILURE(serve({"-alpn", "h2"}));
  EXPECT_EQ(connect(trusting_client(), {.alpn = "http/1.1,h2"})->alpn, "h2");
  EXPECT_EQ(connect(trusting_client(), {.alpn = "imap"}).code(), alert::no_application_protocol);
}

TEST_F(TlsClientAndOpenSsl, AskForTheName) {
  write("second", authority().issue({"second.test"}));
  ASSERT_NO_FATAL_FAILURE(
      serve({"-servername", "second.test", "-cert2", path("second.pem"), "-key2", path("second.key")}));
  EXPECT_TRUE(connect(trusting_client(), {.server_name = "second.test"}).has_value());
  EXPECT_EQ(connect(trusting_client(), {.server_name = "third.test"}).code(), errc::wrong_host);
  EXPECT_TRUE(connect(trusting_client()).has_value());
}

TEST_F(TlsClientAndOpenSsl, ShowTheirCertificate) {
  ASSERT_NO_FATAL_FAILURE(serve({"-Verify", "2", "-verify_return_error", "-CAfile", path("ca.pem")}));
  client_context known = trusting_client();
  known.identity(ada());
  EXPECT_TRUE(connect(known).has_value());
  EXPECT_EQ(connect(trusting_client()).code(), alert::certificate_required);
}

TEST_F(TlsClientAndOpenSsl, ReadAStapledStatement) {
  const auto status = [&](crypto::certificate_status of) {
    const auto response = authority().status_of(localhost().leaf(), {.status = of});
    write("status.der", as_text(response.der()));
  };
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    status(crypto::certificate_status::good);
    client_context strict = trusting_client();
    strict.require_status();
    ASSERT_NO_FATAL_FAILURE(serve({version, "-status_file", path("status.der")}));
    const auto report = connect(strict);
    EXPECT_TRUE(report.has_value()) << report.error().message();
    status(crypto::certificate_status::revoked);
    ASSERT_NO_FATAL_FAILURE(serve({version, "-status_file", path("status.der")}));
    EXPECT_EQ(connect(trusting_client()).code(), errc::certificate_revoked);
  }
}

TEST_F(TlsClientAndOpenSsl, ResumeSessions) {
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    ASSERT_NO_FATAL_FAILURE(serve({version}));
    const client_context context = trusting_client();
    EXPECT_FALSE(connect(context)->resumed);
    EXPECT_TRUE(connect(context)->resumed);
    EXPECT_TRUE(connect(context)->resumed);
  }
}

TEST_F(TlsInterop, CurlTrustsOurServerAndNoOther) {
  if (!find_program("curl")) TIDEWIRE_SKIP_OR_FAIL("no curl program");
  const auto fetch = [&](const crypto::identity& who) {
    const server_context context(who);
    tcp::listener listener = tcp::listen(endpoint(ip_address::loopback_v4(), 0));
    const std::string url = "https://" + listener.local_endpoint().to_string() + "/";
    child_process curl = start({"curl", "--silent", "--show-error", "--max-time", "20", "--noproxy", "*",
                                "--cacert", path("ca.pem"), url});
    const served saw = run(
        with_timeout(20s, serve_one(listener, context, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")));
    const int status = curl.wait();
    EXPECT_EQ(status == 0, saw.line == "GET / HTTP/1.1");
    return std::pair(status, curl.output());
  };
  EXPECT_EQ(fetch(localhost()), std::pair(0, std::string("hello")));
  EXPECT_EQ(fetch(authority().issue({"other.test"})).first, 60);
  EXPECT_EQ(fetch(crypto::authority().issue({"127.0.0.1"})).first, 60);
}

class TlsClientAndNginx : public TlsInterop {
 protected:
  void SetUp() override {
    if (!find_program("nginx")) TIDEWIRE_SKIP_OR_FAIL("no nginx program");
    const crypto::authority between = authority().intermediate();
    crypto::identity good = between.issue({"localhost", "127.0.0.1"});
    write("good", good);
    write("expired", between.issue_expired({"127.0.0.1"}));
    write("other", between.issue({"other.test"}));
    write("stray", crypto::authority::self_signed({"127.0.0.1"}));
    good.chain.erase(good.chain.begin() + 1, good.chain.end());
    write("alone", good);
    plain_ = add("", "");
    good_ = add(" ssl", "good");
    old_ = add(" ssl", "good", "ssl_protocols TLSv1.2;");
    fresh_ = add(" ssl", "good", "ssl_protocols TLSv1.3;");
    h2_ = add(" ssl http2", "good");
    asking_ = add(" ssl", "good", "ssl_verify_client on; ssl_verify_depth 2; ssl_client_certificate ca.pem;");
    expired_ = add(" ssl", "expired");
    other_ = add(" ssl", "other");
    stray_ = add(" ssl", "stray");
    alone_ = add(" ssl", "alone");
    std::filesystem::create_directory(folder_ / "tmp");
    write("nginx.conf",
          "daemon off; master_process off; pid nginx.pid; error_log error.log; events {}\n"
          "http { ssl_protocols TLSv1.2 TLSv1.3; access_log off; client_body_temp_path tmp; proxy_temp_path "
          "tmp; fastcgi_temp_path tmp;\n"
          "uwsgi_temp_path tmp; scgi_temp_path tmp; ssl_session_cache shared:one:1m;\n" +
              servers_ + "}\n");
    const std::string nginx = find_program("nginx")->string();
    server_.emplace(folder_, std::vector<std::string>{nginx, "-e", path("error.log"), "-p", folder_.string(),
                                                      "-c", path("nginx.conf")});
    for (int tries = 0; tries < 500 && !answers(alone_); ++tries) std::this_thread::sleep_for(10ms);
  }
  std::uint16_t add(std::string_view ssl, std::string_view certificate, std::string_view more = {}) {
    const std::uint16_t port = free_port();
    servers_ += "server { listen 127.0.0.1:" + std::to_string(port);
    servers_ += ssl;
    servers_ += "; ";
    if (!certificate.empty()) {
      servers_ += "ssl_certificate " + path(std::string(certificate) + ".pem") + "; ssl_certificate_key " +
                  path(std::string(certificate) + ".key") + "; ";
    }
    servers_ += more;
    servers_ += " location / { return 200 hello; } }\n";
    return port;
  }
  static bool answers(std::uint16_t port) {
    const auto attempt = [&]() -> task<bool> {
      const auto outcome = co_await as_result(tcp::connect(endpoint(ip_address::loopback_v4(), port)));
      co_return outcome.has_value();
    };
    return run(attempt());
  }
  /// Asks for a page; gives what comes of it and how it was secured.
  static result<connection_report> get(std::uint16_t port, const client_context& context,
                                       std::string_view alpn = {}) {
    client_options how;
    how.context = &context;
    how.alpn = alpn;
    const auto talk = [&]() -> task<connection_report> {
      stream server = co_await connect("127.0.0.1", port, how);
      connection_report report = server.report();
      if (report.alpn == "h2") co_return report;
      co_await server.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      const std::string page = co_await server.read_all();
      EXPECT_TRUE(page.starts_with("HTTP/1.1 200 OK\r\n") || page.starts_with("HTTP/1.1 400 ")) << page;
      if (contains(page, "No required SSL certificate was sent")) {
        throw error(make_error_code(errc::client_certificate_missing), "nginx says so");
      }
      EXPECT_TRUE(page.ends_with("hello")) << page;
      co_return report;
    };
    const auto outcome = [&]() -> task<result<connection_report>> {
      co_return co_await as_result(with_timeout(20s, talk()));
    };
    return run(outcome());
  }

  std::string servers_;
  std::optional<child_process> server_;
  std::uint16_t plain_ = 0;
  std::uint16_t good_ = 0;
  std::uint16_t old_ = 0;
  std::uint16_t fresh_ = 0;
  std::uint16_t h2_ = 0;
  std::uint16_t asking_ = 0;
  std::uint16_t expired_ = 0;
  std::uint16_t other_ = 0;
  std::uint16_t stray_ = 0;
  std::uint16_t alone_ = 0;
};

TEST_F(TlsClientAndNginx, AgreeOnTheGoodPortsAndNotOnTheBadOnes) {
  const client_context client = trusting_client();
  const auto good = get(good_, client);
  ASSERT_TRUE(good.has_value()) << good.error().message() << server_->output();
  EXPECT_EQ(good->version, version::tls1_3);
  EXPECT_EQ(get(old_, client)->version, version::tls1_2);
  EXPECT_EQ(get(fresh_, client)->version, version::tls1_3);
  EXPECT_EQ(get(h2_, client, "h2,http/1.1")->alpn, "h2");
  EXPECT_EQ(get(h2_, client, "http/1.1")->alpn, "http/1.1");
  EXPECT_TRUE(get(good_, client)->resumed);

  EXPECT_EQ(get(plain_, client).code(), errc::not_tls);
  EXPECT_EQ(get(expired_, client).code(), errc::certificate_expired);
  EXPECT_EQ(get(other_, client).code(), errc::wrong_host);
  EXPECT_EQ(get(stray_, client).code(), errc::self_signed);
  EXPECT_EQ(get(alone_, client).code(), errc::missing_issuer);

  EXPECT_EQ(get(asking_, client).code(), errc::client_certificate_missing);
  client_context known = trusting_client();
  known.identity(ada());
  EXPECT_TRUE(get(asking_, known).has_value());
}

}  // namespace
}  // namespace tidewire::tls
