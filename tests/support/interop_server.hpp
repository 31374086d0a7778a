/// @file
/// A server of somebody else's making, which a script of tests/interop starts for a test.
#pragma once

#ifndef _WIN32

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "support/child_process.hpp"
#include "support/source_folder.hpp"
#include "support/temporary_folder.hpp"

namespace tidewire::testing {

/// Runs as long as this object lives.
class interop_server {
 public:
  /// @param script Its name in tests/interop: "dovecot.sh".
  explicit interop_server(std::string_view script)
      : script_(std::filesystem::path(source_folder) / "tests" / "interop" / script) {
    is_running_ = call("start");
    std::istringstream lines(output_);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t equals = line.find('=');
      if (equals != std::string::npos) settings_[line.substr(0, equals)] = line.substr(equals + 1);
    }
  }
  interop_server(const interop_server&) = delete;
  interop_server& operator=(const interop_server&) = delete;
  ~interop_server() { call("stop"); }

  /// Could it be started? If not, `output` says why.
  [[nodiscard]] bool is_running() const { return is_running_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  /// What the script says about it: "CA_FILE", for one. Throws if it says nothing.
  [[nodiscard]] const std::string& operator[](const std::string& name) const { return settings_.at(name); }
  [[nodiscard]] std::uint16_t port(const std::string& name) const {
    return static_cast<std::uint16_t>(std::stoi(settings_.at(name)));
  }

 private:
  bool call(std::string what) {
    child_process running(folder_.path(), {script_.string(), std::move(what), folder_.path("server")});
    const bool good = running.wait() == 0;
    output_ = running.output();
    return good;
  }

  std::filesystem::path script_;
  temporary_folder folder_;
  std::string output_;
  std::map<std::string, std::string> settings_;
  bool is_running_ = false;
};

}  // namespace tidewire::testing

#endif
