// Seconds of user time to compile a 20-line echo client at -O2, and the size of the stripped program.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>

namespace {

double user_seconds_of_children() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  return static_cast<double>(used.ru_utime.tv_sec) + 1e-6 * static_cast<double>(used.ru_utime.tv_usec);
}

bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

std::string object_of(const std::string& which) {
  return TIDEWIRE_SCRATCH "/echo_client_" + which;
}

bool compile(const std::string& which) {
  return run("CCACHE_DISABLE=1 " TIDEWIRE_COMPILER " -std=c++20 -O2 " TIDEWIRE_INCLUDES
             " -c " TIDEWIRE_SOURCES "/echo_client_" +
             which + ".cpp -o " + object_of(which) + ".o");
}

void compile(benchmark::State& state, const char* which) {
  for (auto _ : state) {
    const double before = user_seconds_of_children();
    if (!compile(which)) return state.SkipWithError("it does not compile");
    state.counters["cost"] = user_seconds_of_children() - before;
  }
  state.SetLabel("s");
}

void size(benchmark::State& state, const char* which, const char* libraries) {
  for (auto _ : state) {
    const std::string program = object_of(which);
    if (!compile(which) || !run(TIDEWIRE_COMPILER " -s -Wl,--gc-sections " + program + ".o -o " + program +
                                " " + libraries + " -pthread")) {
      return state.SkipWithError("it does not link");
    }
    struct stat file{};
    if (::stat(program.c_str(), &file) != 0) return state.SkipWithError("no program");
    state.counters["cost"] = static_cast<double>(file.st_size) / 1024;
  }
  state.SetLabel("KiB");
}

BENCHMARK_CAPTURE(compile, ours, "tidewire")->Name("core/compile/ours")->Iterations(1);
BENCHMARK_CAPTURE(compile, asio, "asio")->Name("core/compile/asio")->Iterations(1);
BENCHMARK_CAPTURE(size, ours, "tidewire", TIDEWIRE_LIBRARIES)
    ->Name("core/compile-size/ours")
    ->Iterations(1)
    ->Repetitions(1);
BENCHMARK_CAPTURE(size, asio, "asio", "")->Name("core/compile-size/asio")->Iterations(1)->Repetitions(1);

}  // namespace
