// Sends a file to file_receive over TLS and shows how far it is. When the connection breaks, it connects
// again and goes on where the receiver left off. The receiver is told beforehand by which SHA-256 and HMAC to
// know the file.
//
//   file_send FILE HOST PORT KEY_FILE [ROOTS.pem]
//
// KEY_FILE holds what both sides share. The receiver's certificate has to be for HOST, of an authority in
// ROOTS.pem, or else of one that the system trusts.
#include <tidewire/core.hpp>
#include <tidewire/tls.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

#include "file_seal.hpp"

namespace tw = tidewire;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

// A line at each tenth of the way.
class progress_display {
 public:
  explicit progress_display(std::uint64_t total) : total_(total) {}
  void show(std::uint64_t sent) {
    const auto tenths = static_cast<int>(total_ > 0 ? sent * 10 / total_ : 10);
    if (tenths == shown_) return;
    shown_ = tenths;
    std::printf("sent %d %% of %.1f MiB\n", tenths * 10, static_cast<double>(total_) / (1 << 20));
  }

 private:
  std::uint64_t total_;
  int shown_ = -1;
};

// A file as it was when it was sealed: if it changes later, the receiver notices.
struct sealed_file {
  fs::path path;
  std::uint64_t size;
  std::string announced;
};

sealed_file sealed(const fs::path& path, const tw::secret& key) {
  const std::string name = path.filename().string();
  file_sealer sealer(key, name);
  sealer.update_from(path);
  const file_seal seal = sealer.finish();
  std::printf("SHA-256 %s\n", seal.sha256.hex().c_str());
  return {path, sealer.size(),
          "put " + std::to_string(sealer.size()) + ' ' + seal.sha256.hex() + ' ' + seal.hmac.hex() + ' ' +
              name + '\n'};
}

tw::error refused(const std::string& answer) {
  tw::failure why(tw::crypto::errc::wrong_tag, "the receiver did not take it");
  return tw::error(why.during("send").peer_said(answer));
}

// One connection: all of the file that the receiver does not have yet.
tw::task<> send_rest(const sealed_file& file, const std::string& host, std::uint16_t port,
                     const tw::tls::client_context& context) {
  tw::tls::stream peer = co_await tw::tls::connect(host, port, {.context = &context, .timeout = 10s});
  peer.set_timeout(30s);
  co_await peer.write(file.announced);

  const std::string answer = co_await peer.read_line();  // "at OFFSET"
  const auto at = tw::ascii::parse_unsigned<std::uint64_t>(answer.starts_with("at ") ? answer.substr(3) : "");
  if (!at || *at > file.size) throw refused(answer);
  std::printf("going on at %.1f MiB\n", static_cast<double>(*at) / (1 << 20));

  progress_display display(file.size);
  const auto progress = [&](const tw::file_progress& now) { display.show(*at + now.sent); };
  co_await tw::send_file(peer, file.path, {.offset = *at, .count = file.size - *at}, progress);
  const std::string verdict = co_await peer.read_line();
  if (verdict != "done") throw refused(verdict);
  co_await peer.finish();
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const auto port = tw::ascii::parse_unsigned<std::uint16_t>(argc > 3 ? argv[3] : "");
  if (argc < 5 || argc > 6 || !port) {
    std::fputs("usage: file_send FILE HOST PORT KEY_FILE [ROOTS.pem]\n", stderr);
    return 2;
  }
  const std::string host = argv[2];
  tw::tls::client_context context;
  if (argc > 5) context.trust(tw::tls::trust_store::from_file(argv[5]));
  const sealed_file file = sealed(argv[1], read_key(argv[4]));
  tw::run(tw::retry(
      {.attempts = 10, .longest_delay = 1s, .timeout = tw::duration::max()},
      [&] { return send_rest(file, host, *port, context); },
      [](const tw::retry_notice& broke) { std::printf("%s; trying again\n", broke.why.message().c_str()); }));
  std::puts("the receiver has all of it");
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "file_send: %s\n", e.what());
  return 1;
}
