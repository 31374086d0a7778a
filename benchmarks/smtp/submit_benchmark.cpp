// Messages of 4.5 KB into Postfix's smtp-sink: our client and pool, and Postfix's own smtp-source. What a
// case costs is the time a message takes, in nanoseconds.
#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>

#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace {

using namespace tidewire;
using namespace std::chrono_literals;

constexpr std::size_t messages = 10'000;
constexpr std::size_t payload = 4500;

pid_t start(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  return posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) == 0 ? pid : 0;
}

// A smtp-sink of our own on a free port, as long as the object lives.
class sink {
 public:
  sink() {
    port_ = free_port();
    pid_ = start({TIDEWIRE_SMTP_SINK, "-u", "nobody", address(), "200"});
    for (int i = 0; i < 200 && !answers(); ++i) std::this_thread::sleep_for(10ms);
  }
  sink(const sink&) = delete;
  sink& operator=(const sink&) = delete;
  ~sink() {
    if (pid_ == 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] endpoint where() const { return endpoint::parse(address()).value(); }

 private:
  static std::uint16_t free_port() {
    return tcp::listen(endpoint::parse("127.0.0.1:0").value()).local_endpoint().port();
  }
  bool answers() const {
    const auto asked = run(as_result(tcp::connect(where())));
    return asked.has_value();
  }

  std::uint16_t port_ = 0;
  pid_t pid_ = 0;
};

// What smtp-source sends: headers and lines of 80 characters.
const std::string& text() {
  static const std::string made = [] {
    std::string out = "From: <a@example.org>\r\nTo: <b@example.org>\r\nSubject: load\r\n\r\n";
    while (out.size() < payload) out += std::string(78, 'X') + "\r\n";
    return out;
  }();
  return made;
}

task<smtp::client> open(endpoint where) {
  tcp::stream peer = co_await tcp::connect(where);
  smtp::client_options options;
  options.security = smtp::security::plaintext_dangerous;
  co_return co_await smtp::open(std::move(peer), options);
}

// The same message again and again.
class load final : public smtp::submission_queue {
 public:
  load() {
    for (smtp::submission& one : turns_) {
      one.envelope = smtp::envelope("a@example.org");
      one.envelope.to("b@example.org");
      one.content = &content_;
    }
  }
  smtp::submission* next() override { return given_ == messages ? nullptr : &turns_[given_++ % 2]; }
  void done(smtp::submission& one) override { accepted += one.report.complete() ? 1 : 0; }

  std::size_t accepted = 0;

 private:
  smtp::memory_source content_{text()};
  smtp::submission turns_[2];
  std::size_t given_ = 0;
};

template <class Send>
void measure(benchmark::State& state, Send send) {
  const sink target;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    if (!send(target)) return state.SkipWithError("not every message was accepted");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(took.count() / static_cast<double>(messages));
  }
}

bool submit_ours(const sink& to) {
  load queue;
  const auto send = [&]() -> task<> {
    smtp::client session = co_await open(to.where());
    co_await session.submit(queue);
    co_await session.quit();
  };
  run(send());
  return queue.accepted == messages;
}

bool pool_ours(const sink& to) {
  std::size_t accepted = 0;
  const smtp::session_opener opener = [&]() { return open(to.where()); };
  const auto send_all = [&](smtp::pool& pool) -> task<> {
    smtp::envelope mail("a@example.org");
    mail.to("b@example.org");
    const auto sender = [&]() -> task<> {
      for (std::size_t i = 0; i < messages / 50; ++i) {
        const smtp::send_report report = co_await pool.send(mail, text());
        accepted += report.complete() ? 1 : 0;
      }
    };
    const auto senders = [&](task_group& group) -> task<> {
      for (int i = 0; i < 50; ++i) group.spawn(sender());
      co_return;
    };
    co_await with_group(senders);
  };
  smtp::pool_options options;
  options.connections = 10;
  options.messages_per_connection = 0;
  run(smtp::with_pool(opener, options, send_all));
  return accepted == messages;
}

bool source(const sink& to, const char* sessions) {
  const pid_t pid = start({TIDEWIRE_SMTP_SOURCE, "-s", sessions, "-d", "-m", std::to_string(messages), "-l",
                           std::to_string(payload), to.address()});
  int status = 1;
  return pid != 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

void add(const char* name, bool (*send)(const sink&)) {
  benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { measure(state, send); })
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kNanosecond);
}

[[maybe_unused]] const bool added = [] {
  add("smtp/submit/ours", submit_ours);
  add("smtp/submit/smtp-source", [](const sink& to) { return source(to, "1"); });
  add("smtp/pool/ours", pool_ours);
  add("smtp/pool/smtp-source", [](const sink& to) { return source(to, "10"); });
  return true;
}();

}  // namespace
