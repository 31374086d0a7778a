#include <tidewire/core/offload.hpp>
#include <tidewire/core/send_file.hpp>
#include <tidewire/core/when.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "file.hpp"

namespace tidewire {
namespace {

/// One call of `send_file`, once the file is open.
class sending {
 public:
  sending(stream& to, const std::filesystem::path& path, const send_file_options& options,
          file_progress_function progress)
      : to_(to),
        name_(path.string()),
        file_(path),
        at_(options.offset),
        step_(std::clamp<std::size_t>(options.step, 1, std::size_t{1} << 30)),
        tell_(std::move(progress)) {
    const std::uint64_t size = file_.size();
    const std::uint64_t rest = size - std::min(options.offset, size);
    progress_.total = options.count.value_or(rest);
    if (options.offset <= size && progress_.total <= rest) return;
    throw error(
        failure(errc::misuse, "the part lies not in the file, which has " + std::to_string(size) + " bytes")
            .during("send")
            .with(name_));
  }

  task<std::uint64_t> all() {
    co_await to_.flush();
    if (to_.below().sends_files()) {
      while (left() > 0 && !copy_) co_await send_step();
    }
    if (left() > 0) co_await copy();
    co_return progress_.sent;
  }

 private:
  [[nodiscard]] std::uint64_t left() const noexcept { return progress_.total - progress_.sent; }
  [[nodiscard]] std::size_t next_step() const noexcept {
    return static_cast<std::size_t>(std::min<std::uint64_t>(left(), step_));
  }
  void advance(std::size_t count) {
    at_ += count;
    progress_.sent += count;
    if (tell_) tell_(progress_);
  }
  [[noreturn]] void fail_short() const {
    throw error(failure(errc::end_of_stream,
                        "the file became shorter while it was sent: " + std::to_string(progress_.sent) +
                            " of " + std::to_string(progress_.total) + " bytes were")
                    .during("send")
                    .with(name_));
  }

  task<> send_step() {
    const file_part part{file_.native(), at_, next_step()};
    auto step = to_.send_part(part);
    try {
      co_await step;
    } catch (const error& e) {
      // Some file systems cannot send from inside.
      if (e.code() != std::errc::invalid_argument && e.code() != std::errc::function_not_supported) throw;
      copy_ = true;
      co_return;
    }
    if (step.sent() == 0) fail_short();
    advance(step.sent());
  }

  /// Reads on while it writes.
  task<> copy() {
    constexpr std::size_t most = 256 * 1024;
    const std::size_t room = std::min(next_step(), most);
    std::vector<std::byte> now(room);
    std::vector<std::byte> next(room);
    std::size_t have = co_await read(at_, now);
    while (left() > 0) {
      if (have == 0) fail_short();
      const byte_view ready =
          byte_view(now).first(static_cast<std::size_t>(std::min<std::uint64_t>(have, left())));
      std::size_t ahead = 0;
      if (ready.size() < left()) {
        auto reading = read(at_ + ready.size(), next);
        auto writing = as_task(to_.write(ready));
        auto both = co_await when_all(std::move(reading), std::move(writing));
        ahead = std::get<0>(both);
      } else {
        co_await to_.write(ready);
      }
      advance(ready.size());
      std::swap(now, next);
      have = ahead;
    }
  }
  task<std::size_t> read(std::uint64_t offset, std::vector<std::byte>& into) {
    std::error_code failed;
    const auto call = [&] { return file_.read_at(offset, into, failed); };
    const std::size_t n = co_await offload(call);
    if (failed) throw error(failure(failed).during("read").with(name_));
    co_return n;
  }

  stream& to_;
  std::string name_;
  detail::file_reader file_;
  std::uint64_t at_;
  std::size_t step_;
  bool copy_ = false;
  file_progress progress_;
  file_progress_function tell_;
};

task<std::uint64_t> send(stream& to, std::filesystem::path file, send_file_options options,
                         file_progress_function progress) {
  sending act(to, file, options, std::move(progress));
  co_return co_await act.all();
}

}  // namespace

task<std::uint64_t> send_file(stream& to, const std::filesystem::path& file, send_file_options options,
                              file_progress_function progress) {
  return send(to, file, options, std::move(progress));
}

}  // namespace tidewire
