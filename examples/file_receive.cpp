// Receives one file from file_send into a folder, over as many connections as it takes: what came before a
// connection broke is kept, and the next one goes on from there. It is NAME.part until it is proven to be
// what the sender sealed; only then does it get its name.
//
//   file_receive FOLDER KEY_FILE CHAIN.pem KEY.pem [ADDRESS:PORT]
//
// KEY_FILE holds what both sides share, CHAIN.pem and KEY.pem are for TLS. Default: 127.0.0.1, at a port that
// the system chooses.
//
// The sender says "put SIZE SHA256 HMAC NAME", is answered "at OFFSET", sends the file from there, and is
// told "done", or "no" and why.
#include <tidewire/core.hpp>
#include <tidewire/tls.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "file_seal.hpp"

namespace tw = tidewire;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

struct announcement {
  std::uint64_t size = 0;
  file_seal seal;
  std::string name;
};

announcement parse(const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::string sha256;
  std::string hmac;
  announcement file;
  words >> verb >> file.size >> sha256 >> hmac >> std::ws;
  std::getline(words, file.name);
  // A name is where we write to, and what we print: it must not lead out of the folder, nor steer the
  // terminal.
  const bool harmless = fs::path(file.name) == fs::path(file.name).filename() && file.name != "." &&
                        file.name != ".." &&
                        std::none_of(file.name.begin(), file.name.end(), tw::ascii::is_control);
  const auto digest = tw::crypto::digest::from_hex(sha256);
  const auto tag = tw::crypto::digest::from_hex(hmac);
  if (!words || verb != "put" || !harmless || !digest || !tag) {
    throw tw::error(tw::errc::malformed, "the sender did not announce a file");
  }
  file.seal = {*digest, *tag};
  return file;
}

class receiver {
 public:
  receiver(fs::path folder, tw::secret key) : folder_(std::move(folder)), key_(std::move(key)) {}

  // One connection, to the end of the file.
  tw::task<> serve(tw::stream plain, const tw::tls::server_context& context) {
    tw::tls::stream sender = co_await tw::tls::accept(std::move(plain), context, {.timeout = 10s});
    sender.set_timeout(30s);
    const std::string line = co_await sender.read_line();
    const announcement file = parse(line);
    if (line != complete_) {
      co_await receive_rest(sender, file);
      complete_ = line;
    } else {  // our "done" was lost with the connection before
      const std::string answer = "at " + std::to_string(file.size) + "\n";
      co_await sender.write(answer);
    }
    co_await sender.write("done\n");
    if (!co_await sender.finish())
      throw tw::error(tw::errc::end_of_stream, "the sender may not know that all came");
  }
  [[nodiscard]] bool is_complete() const { return !complete_.empty(); }

 private:
  tw::task<> receive_rest(tw::tls::stream& sender, const announcement& file) {
    const fs::path part = folder_ / (file.name + ".part");
    if (fs::exists(part) && fs::file_size(part) > file.size)
      fs::remove(part);  // of another file of that name
    file_sealer sealer(key_, file.name);
    if (fs::exists(part)) co_await tw::offload([&] { sealer.update_from(part); });
    const std::string answer = "at " + std::to_string(sealer.size()) + "\n";
    co_await sender.write(answer);

    std::ofstream out(part, std::ios::binary | std::ios::app);
    std::vector<char> buffer(256 * 1024);
    while (sealer.size() < file.size) {
      const auto most = std::min<std::uint64_t>(buffer.size(), file.size - sealer.size());
      const std::size_t n = co_await sender.read_some(std::span(buffer).first(most));
      if (n == 0) throw tw::error(tw::errc::end_of_stream, "the sender left");
      out.write(buffer.data(), static_cast<std::streamsize>(n));
      sealer.update(tw::as_bytes(std::span(buffer).first(n)));
    }
    out.close();
    if (!out) throw tw::error(std::make_error_code(std::errc::io_error), "cannot write " + part.string());

    const file_seal came = sealer.finish();
    if (came.sha256 != file.seal.sha256)
      co_await refuse(sender, part, "its SHA-256 is not what was announced");
    if (came.hmac != file.seal.hmac)
      co_await refuse(sender, part, "its HMAC is not of the key that we share");
    fs::rename(part, folder_ / file.name);
    std::printf("%s is complete: SHA-256 and HMAC are right\n", file.name.c_str());
  }

  // Nothing is kept of what cannot be trusted.
  static tw::task<> refuse(tw::tls::stream& sender, const fs::path& part, std::string why) {
    fs::remove(part);
    co_await sender.write("no, ", why, "\n");
    co_await sender.finish();
    throw tw::error(tw::crypto::errc::wrong_tag, part.stem().string() + " was dropped: " + why);
  }

  fs::path folder_;
  tw::secret key_;
  std::string complete_;  // how the file was announced that we have
};

tw::task<> receive(tw::endpoint at, const tw::tls::server_context& context, receiver into) {
  auto listener = tw::tcp::listen(at);
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  for (;;) {
    auto plain = co_await tw::as_result(tw::with_timeout(1min, listener.accept()));
    if (!plain && into.is_complete()) co_return;  // and the sender knows, or does not want to
    const auto received = co_await tw::as_result(into.serve(std::move(plain).value(), context));
    if (received) co_return;
    // A connection that broke is no reason to end; one that was tampered with is.
    const bool broke = received.error() == tw::condition::transient || received.error() == tw::condition::eof;
    if (!broke) throw tw::error(received.error());
    std::printf("%s; waiting for the rest\n", received.error().message().c_str());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  if (argc < 5 || argc > 6) {
    std::fputs("usage: file_receive FOLDER KEY_FILE CHAIN.pem KEY.pem [ADDRESS:PORT]\n", stderr);
    return 2;
  }
  receiver into(argv[1], read_key(argv[2]));
  const tw::tls::server_context context(tw::tls::load_identity(argv[3], argv[4]));
  const tw::endpoint at = tw::endpoint::parse(argc > 5 ? argv[5] : "127.0.0.1:0").value();
  tw::run(receive(at, context, std::move(into)));
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "file_receive: %s\n", e.what());
  return 1;
}
