// Tells which of a list of ports can be connected to, within one deadline for the whole list.
//
//   port_checker SECONDS HOST:PORT...
#include <tidewire/core.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace tw = tidewire;

namespace {

struct target {
  tw::host_port where;
  std::string state = "no answer in time";
};

tw::task<> check(target& one) {
  const auto connected = co_await tw::as_result(tw::tcp::connect(one.where.host, one.where.port));
  if (connected) {
    one.state = "open at " + connected->remote_endpoint().to_string();
  } else if (connected.error() != tw::condition::canceled) {
    one.state = connected.error().message();
  }
}

tw::task<> check_all(std::vector<target>& targets) {
  co_await tw::with_group([&](tw::task_group& checks) -> tw::task<> {
    for (target& one : targets) {
      co_await checks.wait_below(100);  // so many at a time
      checks.spawn(check(one));
    }
  });
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::fputs("usage: port_checker SECONDS HOST:PORT...\n", stderr);
    return 2;
  }
  std::vector<target> targets;
  for (int i = 2; i < argc; ++i) targets.push_back({tw::split_host_port(argv[i]).value()});
  const std::chrono::seconds limit(std::stoi(argv[1]));
  const auto done = tw::run(tw::as_result(tw::with_timeout(limit, check_all(targets))));
  if (!done && done.error() != tw::condition::timeout) throw tw::error(done.error());

  bool all_open = true;
  for (const target& one : targets) {
    std::printf("%s:%d  %s\n", one.where.host.c_str(), one.where.port, one.state.c_str());
    all_open = all_open && one.state.starts_with("open");
  }
  return all_open ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "port_checker: %s\n", e.what());
  return 2;
}
