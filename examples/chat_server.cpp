// A chat server with rooms, in one loop.
//
//   chat_server [PORT]         then, for each who talks: nc localhost PORT
//
// The first line is your name. After that, "/join ROOM" goes to another room, "/who" tells who is here,
// "/quit" leaves, and anything else is said to the room. Nobody has to wait for a slow reader: each has a
// queue of 64 messages, and whoever lets it run full is put out.
#include <tidewire/core.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace tw = tidewire;
using namespace std::chrono_literals;

namespace {

using message = std::shared_ptr<const std::string>;  // the same for everyone in a room

struct member {
  std::string name;
  std::string room{};
  tw::channel<message> outbox{64};
  tw::event too_slow{};
};

// Who is in which room. One loop, so nothing is locked.
class hall {
 public:
  void enter(member& who, std::string room) {
    who.room = std::move(room);
    rooms_[who.room].insert(&who);
    say(who.room, "* " + who.name + " came to " + who.room);
  }
  void leave(member& who) {
    const auto room = rooms_.find(who.room);
    if (room == rooms_.end() || room->second.erase(&who) == 0) return;
    if (room->second.empty()) {
      rooms_.erase(room);
    } else {
      say(who.room, "* " + who.name + " left");
    }
  }
  void say(const std::string& room, std::string text) {
    const auto line = std::make_shared<const std::string>(std::move(text) + "\n");
    for (member* each : rooms_[room]) {
      if (!each->outbox.try_send(line)) each->too_slow.set();
    }
  }
  std::string who_is_in(const std::string& room) {
    std::string names = "* here:";
    for (const member* each : rooms_[room]) names += " " + each->name;
    return names;
  }

 private:
  std::map<std::string, std::set<member*>> rooms_;
};

// What others see on their terminals.
std::string printable(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

tw::task<> listen_to(tw::tcp::stream& peer, member& me, hall& all) {
  while (const auto line = co_await peer.next_line({.limit = 400})) {
    const std::string text = printable(*line);
    if (text == "/quit") co_return;
    if (text == "/who") {
      (void)me.outbox.try_send(std::make_shared<const std::string>(all.who_is_in(me.room) + "\n"));
    } else if (text.starts_with("/join ")) {
      all.leave(me);
      all.enter(me, text.substr(6, 40));
    } else {
      all.say(me.room, me.name + ": " + text);
    }
    co_await tw::yield();  // those who read are sent this before the next line can fill their queues
  }
}

tw::task<> deliver(tw::tcp::stream& peer, member& me) {
  while (const auto first = co_await me.outbox.receive()) {
    peer.stage(**first);
    while (const auto next = me.outbox.try_receive()) peer.stage(**next);  // in one call of the system
    co_await peer.flush();
  }
}

tw::task<> chat(tw::tcp::stream peer, tw::serving& server, hall& all) {
  peer.set_read_timeout(1h);
  peer.set_write_timeout(10s);
  co_await peer.write("* your name?\n");
  const std::string name = co_await tw::with_timeout(1min, peer.read_line({.limit = 40}));
  member me{printable(name)};
  all.enter(me, "lobby");
  struct leaving {
    hall& from;
    member& who;
    ~leaving() { from.leave(who); }
  } const at_last{all, me};
  const auto first =
      co_await tw::when_any(listen_to(peer, me, all), deliver(peer, me), me.too_slow.wait(), server.drain());
  if (first.index() == 3) co_await peer.write("* the server stops\n");
}

}  // namespace

int main(int argc, char** argv) try {
  std::uint16_t port = 7778;
  if (argc > 1) {
    const std::string_view text = argv[1];
    if (std::from_chars(text.data(), text.data() + text.size(), port).ec != std::errc()) {
      std::fprintf(stderr, "usage: chat_server [PORT]\n");
      return 2;
    }
  }
  // The system would hold megabytes for a reader that is slow.
  auto listener = tw::tcp::listen(port, {.options = {tw::option::send_buffer(32 * 1024)}});
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  hall all;
  const auto handler = [&all](tw::tcp::stream peer, tw::serving& server) {
    return chat(std::move(peer), server, all);
  };
  return tw::run(tw::serve(std::move(listener), handler, {.max_connections = 1000, .drain_timeout = 5s}));
} catch (const std::exception& e) {
  std::fprintf(stderr, "chat_server: %s\n", e.what());
  return 1;
}
