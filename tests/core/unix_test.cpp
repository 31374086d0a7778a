#include <tidewire/core.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#ifndef _WIN32
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "support/cancellation.hpp"

namespace tidewire {
namespace {

using namespace std::chrono_literals;

/// A folder of its own, short enough for the path of a socket, removed with what is in it.
class scratch {
 public:
  scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tidewire-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

struct pair {
  unix_socket::stream client;
  unix_socket::stream server;
};

task<pair> connected(unix_socket::listener& listener) {
  unix_socket::stream client = co_await unix_socket::connect(listener.local_address());
  unix_socket::stream server = co_await listener.accept();
  co_return pair{std::move(client), std::move(server)};
}

/// What an error says, or nothing.
template <class F>
std::string thrown_by(F act) {
  try {
    act();
    return "nothing";
  } catch (const error& e) {
    return e.what();
  }
}

TEST(UnixAddress, IsAPathAnAbstractNameOrNone) {
  const unix_socket::address none;
  EXPECT_TRUE(none.is_unnamed());
  EXPECT_EQ(none.to_string(), "unix:(unnamed)");
  const unix_socket::address path("/run/x.sock");
  EXPECT_TRUE(path.is_path());
  EXPECT_EQ(path.name(), "/run/x.sock");
  EXPECT_EQ(path.to_string(), "unix:/run/x.sock");
  const auto name = unix_socket::address::abstract("/run/x.sock");
  EXPECT_TRUE(name.is_abstract());
  EXPECT_EQ(name.to_string(), "unix:@/run/x.sock");
  EXPECT_NE(path, name);
  EXPECT_EQ(path, unix_socket::address(std::string("/run/x.sock")));
  EXPECT_EQ(unix_socket::address::abstract(std::string("a\0b\n", 4)).to_string(), "unix:@a@b?");
}

TEST(UnixAddress, RefusesWhatNoSystemTakes) {
  EXPECT_EQ(thrown_by([] { (void)unix_socket::address(""); }),
            "name a Unix socket: not allowed here: the name is empty");
  EXPECT_EQ(thrown_by([] { (void)unix_socket::address(std::string_view("a\0b", 3)); }),
            "name a Unix socket: not allowed here: the path has a NUL in it");
#ifdef __linux__
  EXPECT_EQ(unix_socket::address(std::string(107, 'x')).name().size(), 107u);
  EXPECT_EQ(thrown_by([] { (void)unix_socket::address(std::string(108, 'x')); }),
            "name a Unix socket: limit exceeded: the name has 108 bytes, and the system takes 107");
  EXPECT_THROW((void)unix_socket::address(std::string(100'000, 'x')), error);
#endif
}

TEST(UnixStream, SendsAndReceives) {
  const scratch folder;
  const auto check = [&]() -> task<> {
    unix_socket::listener listener = unix_socket::listen(folder.file("s"));
    pair p = co_await connected(listener);
    EXPECT_EQ(p.client.remote_address(), unix_socket::address(folder.file("s")));
    EXPECT_EQ(p.server.local_address(), unix_socket::address(folder.file("s")));
    EXPECT_TRUE(p.server.remote_address().is_unnamed());
    EXPECT_TRUE(p.client.local_address().is_unnamed());
    EXPECT_EQ(p.client.peer_name(), "unix:" + folder.file("s"));
    EXPECT_EQ(p.server.peer_name(), "a client of unix:" + folder.file("s"));
    co_await p.client.write("hello\n");
    EXPECT_EQ(co_await p.server.read_line(), "hello");
    co_await p.server.write("bye");
    co_await p.server.shutdown();
    EXPECT_EQ(co_await p.client.read_all(), "bye");
    p.client.close();
    EXPECT_EQ(co_await p.server.read_all(), "");
    EXPECT_THROW((void)p.client.local_address(), error);
    EXPECT_THROW((void)p.client.peer_credentials(), error);
  };
  run(check());
}

TEST(UnixStream, MovesMoreThanTheSocketBuffersHold) {
  const auto check = []() -> task<> {
    auto both = unix_socket::stream_pair();
    const std::string data(4 << 20, 'x');
    const auto writes = [&]() -> task<> {
      co_await both.first.write(data);
      co_await both.first.shutdown();
    };
    std::string got;
    const auto reads = [&]() -> task<> { got = co_await both.second.read_all(); };
    co_await when_all(writes(), reads());
    EXPECT_EQ(got, data);
  };
  run(check());
}

TEST(UnixStream, APairIsConnectedBothWaysAndHasNoName) {
  const auto check = []() -> task<> {
    auto both = unix_socket::stream_pair();
    EXPECT_TRUE(both.first.local_address().is_unnamed());
    EXPECT_EQ(both.first.peer_name(), "unix:(unnamed)");
    co_await both.first.write("there\n");
    EXPECT_EQ(co_await both.second.read_line(), "there");
    co_await both.second.write("and back\n");
    EXPECT_EQ(co_await both.first.read_line(), "and back");
  };
  run(check());
}

#ifdef __linux__
TEST(UnixStream, SocketsThatAreAlwaysReadyLeaveTimersTheirTurn) {
  constexpr int pairs = 300;  // more than the loop takes up at once
  constexpr int most_exchanges = 200'000;
  int exchanges = 0;
  bool enough = false;
  const auto asks = [&](unix_socket::stream peer) -> task<> {
    std::array<char, 1> byte{'x'};
    while (!enough && ++exchanges < most_exchanges) {
      co_await peer.write(byte);
      co_await peer.read_exactly(std::as_writable_bytes(std::span(byte)));
    }
  };
  const auto answers = [](unix_socket::stream peer) -> task<> {
    std::array<char, 1> byte;
    while (co_await peer.read_some(byte) != 0) co_await peer.write(byte);
  };
  const auto check = [&]() -> task<> {
    co_await with_group([&](task_group& group) -> task<> {
      for (int i = 0; i < pairs; ++i) {
        auto both = unix_socket::stream_pair();
        group.spawn(asks(std::move(both.first)));
        group.spawn(answers(std::move(both.second)));
      }
      for (int i = 0; i < 10; ++i) co_await sleep_for(1ms);  // the first while they only begin
      enough = true;
    });
  };
  run(check());
  EXPECT_LT(exchanges, most_exchanges) << "the timer came when nobody was busy any more";
}

TEST(UnixStream, AnAbstractNameIsNoFileAndEndsWithItsListener) {
  const auto check = []() -> task<> {
    const auto name =
        unix_socket::address::abstract("tidewire/test/" + std::to_string(::getpid()) + std::string(1, '\0'));
    {
      unix_socket::listener listener = unix_socket::listen(name);
      pair p = co_await connected(listener);
      EXPECT_EQ(p.server.local_address(), name);
      EXPECT_EQ(thrown_by([&] { (void)unix_socket::listen(name); }),
                "listen on " + name.to_string() + ": Address already in use");
    }
    const auto r = co_await as_result(unix_socket::connect(name));
    EXPECT_EQ(r.code(), std::errc::connection_refused);
  };
  run(check());
}
#endif

TEST(UnixStream, ThePeersCredentialsAreOurs) {
  const auto check = []() -> task<> {
    const scratch folder;
    unix_socket::listener listener = unix_socket::listen(folder.file("s"));
    pair p = co_await connected(listener);
    for (const unix_socket::stream* each : {&p.client, &p.server}) {
      const unix_socket::credentials who = each->peer_credentials();
      EXPECT_EQ(who.user, ::geteuid());
      EXPECT_EQ(who.group, ::getegid());
      EXPECT_EQ(who.process, ::getpid());
    }
  };
  run(check());
}

TEST(UnixListener, ItsFileGoesWhenItIsClosed) {
  const scratch folder;
  unix_socket::listener listener = unix_socket::listen(folder.file("s"));
  EXPECT_TRUE(std::filesystem::is_socket(folder.file("s")));
  listener.close();
  EXPECT_FALSE(std::filesystem::exists(folder.file("s")));
  EXPECT_FALSE(listener.is_open());
  listener.close();
}

TEST(UnixListener, AFileThatTookItsPlaceStays) {
  const scratch folder;
  unix_socket::listener first = unix_socket::listen(folder.file("s"));
  std::filesystem::remove(folder.file("s"));
  unix_socket::listener second = unix_socket::listen(folder.file("s"));
  first.close();
  EXPECT_TRUE(std::filesystem::is_socket(folder.file("s")));
  unix_socket::stream client = run(unix_socket::connect(folder.file("s")));
  EXPECT_TRUE(client.is_open());
}

/// The file of a socket whose program ended without removing it.
void leave_stale(const std::string& path) {
  unix_socket::listener listener = unix_socket::listen(path);
  std::filesystem::rename(path, path + ".kept");  // so that it is not removed
  listener.close();
  std::filesystem::rename(path + ".kept", path);
}

TEST(UnixListener, ReplacesTheFileOfASocketThatNobodyListensOn) {
  const scratch folder;
  leave_stale(folder.file("s"));
  const auto r = run(as_task(as_result(unix_socket::connect(folder.file("s")))));
  EXPECT_EQ(r.error().message(),
            "connect to unix:" + folder.file("s") + ": Connection refused: nobody listens there any more");
  EXPECT_EQ(thrown_by([&] { (void)unix_socket::listen(folder.file("s"), {.replace_stale = false}); }),
            "listen on unix:" + folder.file("s") +
                ": Address already in use: the file of a socket that nobody listens on any more is there");
  unix_socket::listener listener = unix_socket::listen(folder.file("s"));
  EXPECT_TRUE(run(connected(listener)).client.is_open());
}

TEST(UnixListener, LeavesAnotherListenerAndAnotherKindOfFileAlone) {
  const scratch folder;
  unix_socket::listener first = unix_socket::listen(folder.file("s"));
  EXPECT_EQ(thrown_by([&] { (void)unix_socket::listen(folder.file("s")); }),
            "listen on unix:" + folder.file("s") + ": Address already in use: another program is there");
  std::ofstream(folder.file("data")) << "precious";
  EXPECT_EQ(thrown_by([&] { (void)unix_socket::listen(folder.file("data")); }),
            "listen on unix:" + folder.file("data") +
                ": Address already in use: a file that is no socket is there");
  EXPECT_EQ(std::filesystem::file_size(folder.file("data")), 8u);
  EXPECT_EQ(thrown_by([&] { (void)unix_socket::listen(folder.file("no/folder")); }),
            "listen on unix:" + folder.file("no/folder") + ": No such file or directory");
  EXPECT_EQ(thrown_by([&] { (void)unix_socket::listen({}); }),
            "listen on unix:(unnamed): not allowed here: the address has no name");
}

TEST(UnixListener, ItsFileHasTheAccessRightsThatWereAskedFor) {
  const scratch folder;
  for (const unsigned wanted : {0600u, 0666u}) {
    unix_socket::listener listener = unix_socket::listen(folder.file("s"), {.permissions = wanted});
    struct stat found{};
    ASSERT_EQ(::lstat(folder.file("s").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777u, wanted);
  }
}

TEST(UnixListener, AcceptIsCanceledRefusedAndClosedAsThatOfTcp) {
  const scratch folder;
  const auto check = [&]() -> task<> {
    std::optional<unix_socket::listener> listener(unix_socket::listen(folder.file("s")));
    const auto accept = [&] { return listener->accept(); };
    const auto before = co_await testing::outcome_if_canceled_before(accept);
    EXPECT_EQ(before.error(), condition::canceled);
    const auto midway = co_await testing::outcome_if_canceled_midway(accept);
    EXPECT_EQ(midway.error(), condition::canceled);
    EXPECT_EQ(midway.error().peer(), "unix:" + folder.file("s"));
    const auto waits = [&]() -> task<> {
      const auto r = co_await as_result(listener->accept());
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto destroys = [&]() -> task<> {
      const auto second = co_await as_result(listener->accept());
      EXPECT_EQ(second.error(), condition::misuse);
      listener.reset();
    };
    co_await when_all(waits(), destroys());
  };
  run(check());
}

TEST(UnixStream, ConnectWaitsForAFullBacklogAndItsDeadline) {
  const scratch folder;
  const auto check = [&]() -> task<> {
    unix_socket::listener listener = unix_socket::listen(folder.file("s"), {.backlog = 0});
    std::vector<unix_socket::stream> waiting;
    std::optional<failure> full;
    while (!full && waiting.size() < 100) {
      auto r = co_await as_result(unix_socket::connect(folder.file("s"), {.timeout = 20ms}));
      if (r) {
        waiting.push_back(std::move(*r));
      } else {
        full = r.error();
      }
    }
    EXPECT_TRUE(full);
    if (!full) co_return;
    EXPECT_EQ(*full, condition::timeout);
    const auto connects = [&]() -> task<> {
      unix_socket::stream late = co_await unix_socket::connect(folder.file("s"));
      EXPECT_TRUE(late.is_open());
    };
    const auto accepts = [&]() -> task<> {
      co_await sleep_for(2ms);
      for (std::size_t i = 0; i < waiting.size(); ++i) (void)co_await listener.accept();
    };
    co_await when_all(connects(), accepts());
  };
  run(check());
}

TEST(UnixStream, ConnectNamesWhatIsNotThere) {
  const scratch folder;
  const auto connect = [&] { return unix_socket::connect(folder.file("nothing")); };
  const auto r = run(as_task(as_result(connect())));
  EXPECT_EQ(r.error().message(), "connect to unix:" + folder.file("nothing") + ": No such file or directory");
  const auto before = run(testing::outcome_if_canceled_before(connect));
  EXPECT_EQ(before.error(), condition::canceled);
}

/// How many descriptors this process has open.
std::size_t open_descriptors() {
  std::size_t count = 0;
  for (int each = 0; each < 1024; ++each) count += ::fcntl(each, F_GETFD) != -1 ? 1 : 0;
  return count;
}

/// Both ends of a pipe, to be passed.
struct pipe_ends {
  pipe_ends() {
    std::array<int, 2> made{};
    if (::pipe(made.data()) != 0) throw std::system_error(errno, std::system_category());
    out = unix_socket::descriptor(made[0]);
    in = unix_socket::descriptor(made[1]);
  }
  unix_socket::descriptor out;
  unix_socket::descriptor in;
};

TEST(UnixDescriptors, APipeWorksAtTheOtherEnd) {
  const auto check = []() -> task<> {
    auto both = unix_socket::stream_pair();
    pipe_ends passed;
    const std::array list = {passed.out.get(), passed.in.get()};
    co_await both.first.send_descriptors(list, as_bytes("two ends"));
    passed = pipe_ends();  // those that were passed are closed here
    std::array<std::byte, 100> bytes;
    unix_socket::received_descriptors got = co_await both.second.receive_descriptors(bytes);
    EXPECT_EQ(as_text(std::span(bytes).first(got.size)), "two ends");
    EXPECT_EQ(got.descriptors.size(), 2u);
    char letter = 0;
    EXPECT_EQ(::write(got.descriptors[1].get(), "x", 1), 1);
    EXPECT_EQ(::read(got.descriptors[0].get(), &letter, 1), 1);
    EXPECT_EQ(letter, 'x');
    EXPECT_NE(::fcntl(got.descriptors[0].get(), F_GETFD) & FD_CLOEXEC, 0);
  };
  run(check());
}

TEST(UnixDescriptors, SocketsOfEachKindAreAdoptedByWhoReceivesThem) {
  const auto check = []() -> task<> {
    const endpoint loopback(ip_address::loopback_v4(), 0);
    auto both = unix_socket::stream_pair();
    auto another = unix_socket::stream_pair();
    std::optional<tcp::listener> listener(tcp::listen(loopback));
    std::optional<udp::socket> socket(udp::bind(loopback));
    const endpoint listens_at = listener->local_endpoint();
    const endpoint bound_at = socket->local_endpoint();
    tcp::stream client = co_await tcp::connect(listens_at);
    std::optional<tcp::stream> accepted(co_await listener->accept());
    const std::array passed = {listener->native_handle(), socket->native_handle(), accepted->native_handle(),
                               another.first.native_handle()};
    co_await both.first.send_descriptors(passed, as_bytes("all"));
    listener.reset();
    socket.reset();
    accepted.reset();
    another.first.close();

    std::array<std::byte, 10> bytes;
    unix_socket::received_descriptors got = co_await both.second.receive_descriptors(bytes);
    EXPECT_EQ(got.descriptors.size(), 4u);
    if (got.descriptors.size() != 4) co_return;
    EXPECT_THROW((void)tcp::adopt(got.descriptors[0].get()), error);
    EXPECT_THROW((void)tcp::adopt_listener(got.descriptors[2].get()), error);
    EXPECT_THROW((void)unix_socket::adopt(got.descriptors[2].get()), error);
    tcp::listener listener_again = tcp::adopt_listener(got.descriptors[0].release());
    udp::socket socket_again = udp::adopt(got.descriptors[1].release());
    tcp::stream accepted_again = tcp::adopt(got.descriptors[2].release());
    unix_socket::stream stream_again = unix_socket::adopt(got.descriptors[3].release());

    EXPECT_EQ(listener_again.local_endpoint(), listens_at);
    tcp::stream second = co_await tcp::connect(listens_at);
    (void)co_await listener_again.accept();
    EXPECT_EQ(socket_again.local_endpoint(), bound_at);
    EXPECT_EQ(accepted_again.remote_endpoint(), client.local_endpoint());
    co_await client.write("hello\n");
    EXPECT_EQ(co_await accepted_again.read_line(), "hello");
    co_await another.second.write("there\n");
    EXPECT_EQ(co_await stream_again.read_line(), "there");
  };
  run(check());
}

TEST(UnixDescriptors, AReceiveThatWaitsGetsThemAndBytesWithoutAnyComeToo) {
  const auto check = []() -> task<> {
    auto both = unix_socket::stream_pair();
    const pipe_ends passed;
    std::array<std::byte, 4> bytes;
    const auto receives = [&]() -> task<> {
      unix_socket::received_descriptors with = co_await both.second.receive_descriptors(bytes, 1);
      EXPECT_EQ(with.size, 4u);
      EXPECT_EQ(with.descriptors.size(), 1u);
      unix_socket::received_descriptors without = co_await both.second.receive_descriptors(bytes, 1);
      EXPECT_EQ(without.size, 4u);
      EXPECT_TRUE(without.descriptors.empty());
      unix_socket::received_descriptors end = co_await both.second.receive_descriptors(bytes, 1);
      EXPECT_EQ(end.size, 0u);
    };
    const auto sends = [&]() -> task<> {
      co_await yield();
      both.first.stage("");
      co_await both.first.send_descriptors(passed.out.get(), as_bytes("withwout"));
      co_await both.first.shutdown();
    };
    co_await when_all(receives(), sends());
  };
  run(check());
}

TEST(UnixDescriptors, WhatWasStagedGoesBeforeThem) {
  const auto check = []() -> task<> {
    auto both = unix_socket::stream_pair();
    const pipe_ends passed;
    both.first.stage("before\n");
    co_await both.first.send_descriptors(passed.out.get(), as_bytes("with"));
    std::array<std::byte, 7> line;
    std::array<std::byte, 100> bytes;
    co_await both.second.read_exactly(line);
    EXPECT_EQ(as_text(line), "before\n");
    if (!both.second.buffered().empty()) co_return;  // the system joined both writes
    unix_socket::received_descriptors got = co_await both.second.receive_descriptors(bytes);
    EXPECT_EQ(got.descriptors.size(), 1u);
  };
  run(check());
}

TEST(UnixDescriptors, WhatIsNotTakenIsClosed) {
  const auto check = []() -> task<> {
    auto both = unix_socket::stream_pair();
    const pipe_ends passed;
    const std::array list = {passed.out.get(), passed.in.get(), passed.out.get()};
    std::array<std::byte, 100> bytes;
    (void)co_await as_result(with_timeout(1ms, both.second.read_some(bytes)));  // the loop has its own now
    const std::size_t before = open_descriptors();
    for (const std::size_t limit : {std::size_t{1}, std::size_t{2}}) {
      co_await both.first.send_descriptors(list, as_bytes("three"));
      const auto r = co_await as_result(both.second.receive_descriptors(bytes, limit));
      EXPECT_FALSE(r);
      EXPECT_EQ(r.error(), condition::limit_exceeded);
      EXPECT_EQ(r.error().detail(), "more than " + std::to_string(limit) + " descriptors came");
      EXPECT_EQ(open_descriptors(), before);
    }
    // Dropped by who received them.
    co_await both.first.send_descriptors(list, as_bytes("three"));
    (void)co_await both.second.receive_descriptors(bytes, 3);
    EXPECT_EQ(open_descriptors(), before);
    // Read by who does not expect any.
    co_await both.first.send_descriptors(list, as_bytes("three"));
    EXPECT_EQ(co_await both.second.read_some(bytes), 5u);
    EXPECT_EQ(open_descriptors(), before);
    // Never read.
    co_await both.first.send_descriptors(list, as_bytes("three"));
    both.second.close();
    both.first.close();
    EXPECT_EQ(open_descriptors(), before - 2);
  };
  run(check());
}

TEST(UnixDescriptors, ThatThisProcessHasNoneLeftIsTold) {
  const auto check = []() -> task<> {
    auto both = unix_socket::stream_pair();
    const pipe_ends passed;
    const std::array list = {passed.out.get(), passed.in.get()};
    std::array<std::byte, 100> bytes;
    (void)co_await as_result(with_timeout(1ms, both.second.read_some(bytes)));  // so that it is watched
    co_await both.first.send_descriptors(list, as_bytes("two"));
    // UndefinedBehaviorSanitizer needs descriptors to look at a class that it has not seen.
    const failure expected = std::error_code(EMFILE, std::system_category());
    EXPECT_EQ(expected, condition::limit_exceeded) << expected.message();
    ::rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const int lowest = ::dup(0);
    ::close(lowest);
    ::rlimit tight = limit;
    tight.rlim_cur = static_cast<rlim_t>(lowest) + 1;  // one is left, and two come
    ::setrlimit(RLIMIT_NOFILE, &tight);
    const auto r = co_await as_result(both.second.receive_descriptors(bytes));
    ::setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_FALSE(r);
    EXPECT_EQ(r.code(), std::errc::too_many_files_open);
    EXPECT_EQ(r.error().operation(), "receive descriptors from");
    EXPECT_EQ(::fcntl(lowest, F_GETFD), -1);  // the one that came was closed
  };
  run(check());
}

TEST(UnixDescriptors, MisuseIsRefusedAndHarmsNothing) {
  const auto check = []() -> task<> {
    auto both = unix_socket::stream_pair();
    const pipe_ends passed;
    std::array<std::byte, 100> bytes;
    std::array<std::byte, 100> others;
    const int one = passed.out.get();
    const std::vector<native_socket> many(254, one);
    const auto none = co_await as_result(both.first.send_descriptors(std::span<const int>(), as_bytes("x")));
    EXPECT_EQ(none.error(), condition::misuse);
    const auto too_many = co_await as_result(both.first.send_descriptors(many, as_bytes("x")));
    EXPECT_EQ(too_many.error(), condition::misuse);
    const auto no_byte = co_await as_result(both.first.send_descriptors(one, byte_view()));
    EXPECT_EQ(no_byte.error(), condition::misuse);
    const auto no_limit = co_await as_result(both.second.receive_descriptors(bytes, 0));
    EXPECT_EQ(no_limit.error(), condition::misuse);

    // Another one that receives meanwhile is refused, and takes nothing from the first.
    const auto first = [&]() -> task<> {
      unix_socket::received_descriptors got = co_await both.second.receive_descriptors(bytes);
      EXPECT_EQ(got.descriptors.size(), 1u);
    };
    const auto second = [&]() -> task<> {
      const auto r = co_await as_result(both.second.receive_descriptors(others));
      EXPECT_EQ(r.error(), condition::misuse);
      co_await both.first.send_descriptors(one, as_bytes("x"));
    };
    co_await when_all(first(), second());

    co_await both.first.write("one\ntwo");
    EXPECT_EQ(co_await both.second.read_line(), "one");
    const auto buffered = co_await as_result(both.second.receive_descriptors(bytes));
    EXPECT_EQ(buffered.error().detail(), "there are bytes that were read and not taken");
    both.second.close();
    const auto closed = co_await as_result(both.second.receive_descriptors(bytes));
    EXPECT_EQ(closed.code(), errc::closed);
  };
  run(check());
}

TEST(UnixDescriptors, ACanceledReceiveLosesNone) {
  const auto check = []() -> task<> {
    auto both = unix_socket::stream_pair();
    const pipe_ends passed;
    std::array<std::byte, 100> bytes;
    const auto receive = [&] { return both.second.receive_descriptors(bytes); };
    const auto midway = co_await testing::outcome_if_canceled_midway(receive);
    EXPECT_EQ(midway.error(), condition::canceled);
    co_await both.first.send_descriptors(passed.out.get(), as_bytes("x"));
    const auto before = co_await testing::outcome_if_canceled_before(receive);
    EXPECT_EQ(before.error(), condition::canceled);
    unix_socket::received_descriptors got = co_await receive();
    EXPECT_EQ(got.descriptors.size(), 1u);
  };
  run(check());
}

TEST(UnixDatagram, GoesToANameAndTellsTheSendersName) {
  const scratch folder;
  const auto check = [&]() -> task<> {
    unix_socket::datagram_socket a = unix_socket::bind_datagram(folder.file("a"));
    unix_socket::datagram_socket b = unix_socket::bind_datagram(folder.file("b"), {.permissions = 0600});
    std::array<char, 8> bytes;
    co_await a.send_to("ping", b.local_address());
    const unix_socket::received ping = co_await b.recv_from(bytes);
    EXPECT_EQ(std::string(bytes.data(), ping.size), "ping");
    EXPECT_EQ(ping.from, a.local_address());
    co_await b.send_to("longer than that", ping.from);
    const unix_socket::received cut = co_await a.recv_from(bytes);
    EXPECT_EQ(std::string(bytes.data(), cut.size), "longer t");
    EXPECT_TRUE(cut.truncated());
#ifdef __linux__
    EXPECT_EQ(cut.full_size, 16u);
#endif
    unix_socket::datagram_socket c = unix_socket::connect_datagram(folder.file("a"));
    EXPECT_EQ(c.remote_address(), a.local_address());
    co_await c.send("no name");
    EXPECT_TRUE((co_await a.recv_from(bytes)).from.is_unnamed());
    EXPECT_EQ(a.socket_name(), "the socket at unix:" + folder.file("a"));
    a.close();
    EXPECT_FALSE(std::filesystem::exists(folder.file("a")));
    const auto r = co_await as_result(b.send_to("anybody?", folder.file("a")));
    EXPECT_EQ(r.error().message(), "send to unix:" + folder.file("a") + ": No such file or directory");
  };
  run(check());
  EXPECT_FALSE(std::filesystem::exists(folder.file("b")));
}

TEST(UnixDatagram, AnswersGoToALocalName) {
  const scratch folder;
  const auto check = [&]() -> task<> {
    unix_socket::datagram_socket server = unix_socket::bind_datagram(folder.file("server"));
    unix_socket::datagram_socket client =
        unix_socket::connect_datagram(folder.file("server"), folder.file("client"));
    std::array<char, 8> bytes;
    co_await client.send("hello");
    const unix_socket::received got = co_await server.recv_from(bytes);
    co_await server.send_to("welcome", got.from);
    EXPECT_EQ((co_await client.recv_from(bytes)).size, 7u);
  };
  run(check());
}

TEST(UnixDatagram, AConnectedSenderWaitsForAReceiverThatIsBehind) {
  const auto check = []() -> task<> {
    auto both = unix_socket::datagram_pair();
    constexpr int count = 2000;
    int sent = 0;
    const auto sends = [&]() -> task<> {
      for (; sent < count; ++sent) co_await both.first.send(std::to_string(sent));
    };
    // Two tasks send: who comes while the other waits stands behind it.
    int others = 0;
    const auto sends_too = [&]() -> task<> {
      for (; others < count; ++others) co_await both.first.send("-");
    };
    const auto receives = [&]() -> task<> {
      co_await sleep_for(2ms);
      EXPECT_LT(sent, count);
      std::array<char, 16> bytes;
      int next = 0;
      for (int i = 0; i < 2 * count; ++i) {
        const unix_socket::received got = co_await both.second.recv_from(bytes);
        const std::string text(bytes.data(), got.size);
        if (text != "-") {
          EXPECT_EQ(text, std::to_string(next++));
        }
      }
      EXPECT_EQ(next, count);
    };
    co_await when_all(sends(), sends_too(), receives());
  };
  run(check());
}

TEST(UnixDatagram, SendersInLineAreCanceledAndClosedOneByOne) {
  const auto check = []() -> task<> {
    auto both = unix_socket::datagram_pair();
    std::size_t held = 0;
    for (;; ++held) {
      const auto r = co_await as_result(with_timeout(1ms, both.first.send("fill")));
      if (!r) break;
    }
    const auto send = [&] { return both.first.send("more"); };
    const auto canceled_behind = [&]() -> task<> {
      const auto r = co_await testing::outcome_if_canceled_midway(send);
      EXPECT_EQ(r.error(), condition::canceled);
    };
    const auto canceled_first = [&]() -> task<> {
      const auto r = co_await as_result(with_timeout(3ms, send()));
      EXPECT_EQ(r.error(), condition::timeout);
    };
    const auto closed = [&]() -> task<> {
      const auto r = co_await as_result(send());
      EXPECT_EQ(r.code(), errc::closed);
    };
    const auto closes = [&]() -> task<> {
      co_await sleep_for(6ms);
      both.first.close();
    };
    co_await when_all(canceled_first(), canceled_behind(), closed(), closed(), closes());
    std::array<char, 16> bytes;
    for (std::size_t i = 0; i < held; ++i) EXPECT_EQ((co_await both.second.recv_from(bytes)).size, 4u);
    const auto r = co_await as_result(with_timeout(2ms, both.second.recv_from(bytes)));
    EXPECT_FALSE(r);
  };
  run(check());
}

TEST(UnixDatagram, AnUnconnectedSenderIsToldThatTheReceiverIsBehind) {
  const scratch folder;
  const auto check = [&]() -> task<> {
    unix_socket::datagram_socket receiver = unix_socket::bind_datagram(folder.file("r"));
    unix_socket::datagram_socket sender = unix_socket::bind_datagram(folder.file("s"));
    std::optional<failure> behind;
    for (int i = 0; i < 100'000 && !behind; ++i) {
      const auto r = co_await as_result(with_timeout(5s, sender.send_to("x", receiver.local_address())));
      if (!r) behind = r.error();
    }
    EXPECT_TRUE(behind);
    if (!behind) co_return;
    EXPECT_EQ(*behind, condition::transient);
    EXPECT_NE(*behind, condition::timeout);
    EXPECT_EQ(behind->peer(), receiver.local_address().to_string());
  };
  run(check());
}

}  // namespace
}  // namespace tidewire
