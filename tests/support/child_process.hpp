/// @file
/// A program that runs beside a test: a server or a client of somebody else's making.
#pragma once

#ifndef _WIN32

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;

namespace tidewire::testing {

/// Runs until it ends by itself or this goes; its standard input is a file, its output goes to another.
class child_process {
 public:
  /// @param folder Where the files of its input and output are put; of this child alone, or of one after
  /// another.
  child_process(const std::filesystem::path& folder, std::vector<std::string> command,
                std::string_view input = {})
      : output_(folder / "output") {
    const std::filesystem::path input_path = folder / "input";
    std::ofstream(input_path) << input;
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 0, input_path.c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, 1, output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_adddup2(&files, 1, 2);
    std::vector<char*> arguments;
    for (std::string& each : command) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    const int failed = ::posix_spawnp(&pid_, arguments[0], &files, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (failed != 0) throw std::system_error(failed, std::generic_category(), command.front());
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    wait();
  }

  /// Its exit status, when it has ended; minus the signal that ended it.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  /// What it has put out so far.
  [[nodiscard]] std::string output() const {
    std::ifstream file(output_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Waits until it has put out `text`; gives the line that begins there, or nothing after ten seconds.
  [[nodiscard]] std::string line_with(std::string_view text) const {
    for (int tries = 0; tries < 1000; ++tries) {
      const std::string all = output();
      const std::size_t at = all.find(text);
      const std::size_t end = at != std::string::npos ? all.find('\n', at) : at;
      if (end != std::string::npos) return all.substr(at, end - at);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
  }

 private:
  std::filesystem::path output_;
  pid_t pid_ = -1;
};

}  // namespace tidewire::testing

#endif
