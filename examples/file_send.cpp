// Sends a file to file_receive and shows how far it is. When the connection breaks, it connects again and
// goes on where the receiver left off.
//
//   file_send FILE HOST PORT
#include <tidewire/core.hpp>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

namespace tw = tidewire;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

// A line at each tenth of the way.
class progress_display {
 public:
  explicit progress_display(std::uint64_t total) : total_(total) {}
  void show(std::uint64_t sent) {
    const auto tenths = static_cast<int>(sent * 10 / total_);
    if (tenths == shown_) return;
    shown_ = tenths;
    std::printf("sent %d %% of %.1f MiB\n", tenths * 10, static_cast<double>(total_) / (1 << 20));
  }

 private:
  std::uint64_t total_;
  int shown_ = -1;
};

// One connection: all of the file that the receiver does not have yet.
tw::task<> send_rest(const fs::path& file, const std::string& host, std::uint16_t port) {
  const std::uint64_t size = fs::file_size(file);
  const std::string announced = "put " + std::to_string(size) + " " + file.filename().string() + "\n";
  auto peer = co_await tw::tcp::connect(host, port, {.timeout = 10s});
  co_await peer.write(announced);

  const std::string answer = co_await peer.read_line();  // "at OFFSET"
  std::uint64_t at = 0;
  if (!answer.starts_with("at ") ||
      std::from_chars(answer.data() + 3, answer.data() + answer.size(), at).ec != std::errc() || at > size) {
    throw tw::error(tw::errc::malformed, "the receiver answered: " + answer);
  }
  std::printf("going on at %.1f MiB\n", static_cast<double>(at) / (1 << 20));

  progress_display display(size);
  const auto progress = [&](const tw::file_progress& now) { display.show(at + now.sent); };
  co_await tw::send_file(peer, file, {.offset = at}, progress);
  const std::string done = co_await peer.read_line();
  if (done != "done") throw tw::error(tw::errc::malformed, "the receiver answered: " + done);
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  if (argc != 4) {
    std::fputs("usage: file_send FILE HOST PORT\n", stderr);
    return 2;
  }
  const fs::path file = argv[1];
  const std::string host = argv[2];
  const auto port = static_cast<std::uint16_t>(std::stoi(argv[3]));
  tw::run(tw::retry(
      {.attempts = 10}, [&] { return send_rest(file, host, port); },
      [](const tw::retry_notice& broke) { std::printf("%s; trying again\n", broke.why.message().c_str()); }));
  std::puts("the receiver has all of it");
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "file_send: %s\n", e.what());
  return 1;
}
