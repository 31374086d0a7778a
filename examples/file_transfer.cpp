// The demo: file_send and file_receive, two programs, over a link that is cut in the middle of the file. The
// sender goes on where the receiver left off. What goes over the link is TLS, with an authority made for this
// run; SHA-256 and HMAC are verified by the receiver, and at the end both files are compared, byte for byte.
//
//   file_transfer [MEBIBYTES]        (default: 64)
#include <tidewire/core.hpp>
#include <tidewire/crypto.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef _WIN32
#define popen _popen
#define pclose _pclose
#endif

namespace tw = tidewire;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

// A program that runs beside this one, and what it prints.
class program {
 public:
  program(std::string name, const std::string& command)
      : name_(std::move(name)), output_(popen(command.c_str(), "r")) {
    if (output_ == nullptr) throw std::runtime_error("cannot start " + command);
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() { finish(); }

  // Shows the next line that it prints; empty at the end.
  std::string line() {
    std::string text(200, '\0');
    if (std::fgets(text.data(), static_cast<int>(text.size()), output_) == nullptr) return {};
    text.resize(text.find('\0'));
    std::printf("%-12s  %s", name_.c_str(), text.c_str());
    return text;
  }
  // Shows the rest; true if it ended well.
  bool finish() {
    if (output_ == nullptr) return false;
    while (!line().empty()) continue;
    return pclose(std::exchange(output_, nullptr)) == 0;
  }

 private:
  std::string name_;
  std::FILE* output_;
};

// Carries bytes one way. After `most` of them, cuts the connection in both.
tw::task<> carry(tw::tcp::stream& from, tw::tcp::stream& to, std::uint64_t most) {
  std::vector<std::byte> buffer(64 * 1024);
  std::uint64_t carried = 0;
  while (const std::size_t n = co_await from.read_some(buffer)) {
    co_await to.write(tw::byte_view(buffer).first(n));
    carried += n;
    if (carried < most) continue;
    for (tw::tcp::stream* end : {&from, &to}) {
      end->set(tw::option::linger(0s));  // a reset, and what is under way is lost
      end->close();
    }
    throw tw::error(tw::errc::closed, "cut");
  }
  co_await to.shutdown();
}

// A link to the receiver, which is cut once.
tw::task<> link(tw::tcp::listener& here, tw::endpoint receiver, std::uint64_t cut_after) {
  for (std::uint64_t most = cut_after;; most = never) {
    auto sender_side = co_await here.accept();
    auto receiver_side = co_await tw::tcp::connect(receiver);
    const auto broke = co_await tw::as_result(
        tw::when_all(carry(sender_side, receiver_side, most), carry(receiver_side, sender_side, never)));
    if (!broke && most != never) std::puts("link          cut in the middle");
  }
}

void make_file(const fs::path& at, std::uint64_t mebibytes) {
  std::ofstream file(at, std::ios::binary);
  std::mt19937_64 random(mebibytes);
  std::vector<std::uint64_t> block((1 << 20) / sizeof(std::uint64_t));
  for (; mebibytes > 0; --mebibytes) {
    std::generate(block.begin(), block.end(), random);
    file.write(reinterpret_cast<const char*>(block.data()), 1 << 20);
  }
}

// What the two programs need: a key that they share, a certificate for the receiver, and whom the sender
// trusts.
void make_secrets(const fs::path& folder) {
  const auto write = [&](const char* name, std::string_view text) {
    std::ofstream(folder / name, std::ios::binary) << text;
  };
  const tw::crypto::authority authority;
  const tw::crypto::identity receiver = authority.issue({"localhost"});
  write("authority.pem", authority.pem());
  write("receiver.pem", receiver.chain_pem());
  write("receiver.key", receiver.key.to_pem().reveal());
  write("shared.key", tw::crypto::token_hex(32));
}

bool same_bytes(const fs::path& left, const fs::path& right) {
  std::ifstream a(left, std::ios::binary);
  std::ifstream b(right, std::ios::binary);
  std::vector<char> a_block(1 << 20);
  std::vector<char> b_block(1 << 20);
  while (a && b) {
    a.read(a_block.data(), 1 << 20);
    b.read(b_block.data(), 1 << 20);
    if (a.gcount() != b.gcount() || a_block != b_block) return false;
  }
  return a.eof() && b.eof();
}

tw::task<bool> transfer(fs::path programs, fs::path folder, std::uint64_t mebibytes) {
  const fs::path original = folder / "original.bin";
  const fs::path inbox = folder / "inbox";
  fs::create_directory(inbox);
  make_file(original, mebibytes);
  make_secrets(folder);

  const auto quoted = [](const fs::path& path) { return " \"" + path.string() + "\""; };
  program receiver("file_receive", quoted(programs / "file_receive") + quoted(inbox) +
                                       quoted(folder / "shared.key") + quoted(folder / "receiver.pem") +
                                       quoted(folder / "receiver.key"));
  const std::string listening = receiver.line();  // "listening on ADDRESS:PORT"
  const auto at = tw::endpoint::parse(listening.substr(13, listening.size() - 14)).value();

  auto here = tw::tcp::listen(tw::endpoint(tw::ip_address::loopback_v4(), 0));
  const std::string port = std::to_string(here.local_endpoint().port());
  program sender("file_send", quoted(programs / "file_send") + quoted(original) + " localhost " + port +
                                  quoted(folder / "shared.key") + quoted(folder / "authority.pem"));
  const auto first = co_await tw::when_any(tw::offload([&] { return sender.finish(); }),
                                           link(here, at, (mebibytes << 20) / 2));
  const bool sent = first.index() == 0 && std::get<0>(first);
  const bool received = receiver.finish();
  co_return sent&& received&& same_bytes(original, inbox / "original.bin");
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const std::uint64_t mebibytes = argc > 1 ? std::stoul(argv[1]) : 64;
  const fs::path folder =
      fs::temp_directory_path() / ("tidewire-demo-" + std::to_string(std::random_device()()));
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms::owner_all);  // there are keys in it
  const bool same = tw::run(transfer(fs::path(argv[0]).parent_path(), folder, mebibytes));
  fs::remove_all(folder);
  std::printf("file_transfer: %llu MiB over a link that was cut: %s\n",
              static_cast<unsigned long long>(mebibytes),
              same ? "the same at the other end, byte for byte" : "FAILED");
  return same ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "file_transfer: %s\n", e.what());
  return 1;
}
