// User instructions of a server per message of 64 bytes, counted by callgrind: the same on each run, however
// busy the machine is.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace {

/// All instructions of the server for so many messages; 0 if that went wrong.
double instructions(const std::string& server, std::size_t messages) {
  const std::string out = TIDEWIRE_SCRATCH "/callgrind." + server;
  const std::string command = TIDEWIRE_VALGRIND " -q --tool=callgrind --callgrind-out-file=" + out + ".%p " +
                              TIDEWIRE_ECHO_COUNTED " " + server + " " + std::to_string(messages) + " > " +
                              out + ".pid";
  if (std::system(command.c_str()) != 0) return 0;
  std::string pid;
  std::ifstream(out + ".pid") >> pid;
  std::ifstream counted(out + "." + pid);
  double total = 0;
  for (std::string line; std::getline(counted, line);) {
    if (line.starts_with("summary: ")) total = std::stod(line.substr(9));
  }
  return total;
}

void count(benchmark::State& state, const char* server) {
  constexpr std::size_t few = 1'000;
  constexpr std::size_t many = 11'000;
  for (auto _ : state) {
    const double less = instructions(server, few);
    const double more = instructions(server, many);
    if (less == 0 || more <= less) return state.SkipWithError("callgrind failed, or a wrong answer");
    state.counters["cost"] = (more - less) / static_cast<double>(many - few);
  }
  state.SetLabel("instructions");
}

BENCHMARK_CAPTURE(count, ours, "ours")->Name("core/echo/instructions/ours")->Iterations(1)->Repetitions(1);
BENCHMARK_CAPTURE(count, asio, "asio")->Name("core/echo/instructions/asio")->Iterations(1)->Repetitions(1);
BENCHMARK_CAPTURE(count, epoll, "epoll")->Name("core/echo/instructions/epoll")->Iterations(1)->Repetitions(1);

}  // namespace
