// Receives one file from file_send into a folder, over as many connections as it takes: what came before a
// connection broke is kept, and the next one goes on from there.
//
//   file_receive FOLDER [ADDRESS:PORT]        (default: 127.0.0.1, at a port that the system chooses)
//
// The sender says "put SIZE NAME", is answered "at OFFSET", sends the file from there, and is told "done".
#include <tidewire/core.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tw = tidewire;
namespace fs = std::filesystem;

namespace {

// One connection, to the end of the file.
tw::task<> receive_rest(tw::tcp::stream& peer, const fs::path& folder) {
  std::istringstream announced(co_await peer.read_line());  // "put SIZE NAME"
  std::string verb;
  std::string name;
  std::uint64_t size = 0;
  announced >> verb >> size >> std::ws;
  // A name is where we write to: it must not lead out of the folder.
  if (verb != "put" || !std::getline(announced, name) || fs::path(name) != fs::path(name).filename() ||
      name == "." || name == "..") {
    throw tw::error(tw::errc::malformed, "the sender did not announce a file");
  }
  const fs::path part = folder / (name + ".part");
  if (fs::exists(part) && fs::file_size(part) > size) fs::remove(part);  // of another file of that name
  std::uint64_t have = fs::exists(part) ? fs::file_size(part) : 0;
  const std::string answer = "at " + std::to_string(have) + "\n";
  co_await peer.write(answer);

  std::ofstream file(part, std::ios::binary | std::ios::app);
  std::vector<char> buffer(256 * 1024);
  while (have < size) {
    const std::size_t n = co_await peer.read_some(buffer);
    if (n == 0) throw tw::error(tw::errc::end_of_stream, "the sender left");
    file.write(buffer.data(), static_cast<std::streamsize>(n));
    have += n;
  }
  file.close();
  if (!file || have != size) throw tw::error(tw::errc::malformed, "not what was announced, or not written");
  fs::rename(part, folder / name);
  std::printf("%s is complete\n", name.c_str());
  co_await peer.write("done\n");
}

tw::task<> receive(tw::endpoint at, fs::path folder) {
  auto listener = tw::tcp::listen(at);
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  for (;;) {
    auto peer = co_await listener.accept();
    const auto received = co_await tw::as_result(receive_rest(peer, folder));
    if (received) co_return;
    if (received.error() == tw::condition::canceled) throw tw::error(received.error());
    std::printf("%s; waiting for the rest\n", received.error().message().c_str());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  if (argc < 2 || argc > 3) {
    std::fputs("usage: file_receive FOLDER [ADDRESS:PORT]\n", stderr);
    return 2;
  }
  tw::run(receive(tw::endpoint::parse(argc > 2 ? argv[2] : "127.0.0.1:0").value(), argv[1]));
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "file_receive: %s\n", e.what());
  return 1;
}
