// The main function of every benchmark: refuses to measure a build that is not optimised, and fails if a case
// reported an error (a wrong answer, a rival that broke).

#include <benchmark/benchmark.h>

#include <cstdio>
#include <type_traits>
#include <vector>

namespace {

// Google Benchmark 1.8 made one enumeration of the flag.
template <class Run>
bool reported_an_error(const Run& run) {
  if constexpr (requires { run.error_occurred; }) {
    return run.error_occurred;
  } else {
    return run.skipped == std::remove_cvref_t<decltype(run.skipped)>::SkippedWithError;
  }
}

class failing_reporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) failed_ = failed_ || reported_an_error(run);
    ConsoleReporter::ReportRuns(runs);
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  bool failed_ = false;
};

}  // namespace

int main(int argc, char** argv) {
#ifndef NDEBUG
  std::fputs("Built without NDEBUG: nothing that this could measure would be worth reading.\n", stderr);
  return 2;
#endif
#ifdef __VERSION__
  benchmark::AddCustomContext("compiler", __VERSION__);
#endif
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  failing_reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  return reporter.failed() ? 1 : 0;
}
