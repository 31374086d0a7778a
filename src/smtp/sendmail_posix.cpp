#include <tidewire/base/error.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "sendmail.hpp"

extern char** environ;

namespace tidewire::smtp {
namespace {

constexpr auto look_again_after = std::chrono::milliseconds(5);

struct file_closer {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

[[noreturn]] void fail(int code, const std::string& program) {
  throw error(failure(std::error_code(code, std::system_category())).during("start").with(program));
}

// What a child is started with: signals as by default, whatever the thread that starts it has done to them.
class spawn_settings {
 public:
  explicit spawn_settings(int input) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;
  ~spawn_settings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

int run_program(const std::vector<std::string>& command, const std::string& input,
                const std::stop_token& stop) {
  // A file without a name, not a pipe: the program may read as it likes, or not at all.
  const std::unique_ptr<std::FILE, file_closer> text(std::tmpfile());
  if (!text || std::fwrite(input.data(), 1, input.size(), text.get()) != input.size() ||
      std::fflush(text.get()) != 0 || std::fseek(text.get(), 0, SEEK_SET) != 0) {
    fail(errno, command[0]);
  }
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const spawn_settings settings(fileno(text.get()));
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, arguments[0], &settings.actions, &settings.attributes, arguments.data(), environ);
  if (failed != 0) fail(failed, command[0]);
  bool killed = false;
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) {
      if (killed) throw error(failure(tidewire::errc::canceled).during("wait for").with(command[0]));
      return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
    }
    if (ended < 0 && errno != EINTR) fail(errno, command[0]);
    if (stop.stop_requested() && !std::exchange(killed, true)) kill(child, SIGKILL);
    std::this_thread::sleep_for(look_again_after);
  }
}

}  // namespace tidewire::smtp
