#include <tidewire/tls/session_store.hpp>

#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace tidewire::tls {

session_store::~session_store() = default;

struct session_cache::state {
  struct entry {
    std::string server;
    std::deque<secret> sessions;  // the latest last
  };

  session_cache_options options;
  mutable std::mutex lock;
  std::list<entry> entries;  // the one that was used last first
  std::unordered_map<std::string_view, std::list<entry>::iterator> places;
};

session_cache::session_cache(session_cache_options options) : state_(std::make_unique<state>()) {
  state_->options = options;
}

session_cache::~session_cache() = default;

void session_cache::put(std::string_view server, secret session) {
  state& s = *state_;
  if (s.options.servers == 0 || s.options.sessions_of_each == 0) return;
  const std::scoped_lock hold(s.lock);
  if (const auto found = s.places.find(server); found != s.places.end()) {
    s.entries.splice(s.entries.begin(), s.entries, found->second);
  } else {
    if (s.entries.size() >= s.options.servers) {
      s.places.erase(s.entries.back().server);
      s.entries.pop_back();
    }
    s.entries.push_front({std::string(server), {}});
    s.places.emplace(s.entries.front().server, s.entries.begin());
  }
  std::deque<secret>& sessions = s.entries.front().sessions;
  if (sessions.size() >= s.options.sessions_of_each) sessions.pop_front();
  sessions.push_back(std::move(session));
}

std::optional<secret> session_cache::take(std::string_view server) {
  state& s = *state_;
  const std::scoped_lock hold(s.lock);
  const auto found = s.places.find(server);
  if (found == s.places.end()) return std::nullopt;
  const auto place = found->second;
  secret session = std::move(place->sessions.back());
  place->sessions.pop_back();
  if (place->sessions.empty()) {
    s.places.erase(found);
    s.entries.erase(place);
  } else {
    s.entries.splice(s.entries.begin(), s.entries, place);
  }
  return session;
}

std::size_t session_cache::size() const {
  const std::scoped_lock hold(state_->lock);
  std::size_t all = 0;
  for (const auto& each : state_->entries) all += each.sessions.size();
  return all;
}

void session_cache::clear() {
  const std::scoped_lock hold(state_->lock);
  state_->places.clear();
  state_->entries.clear();
}

}  // namespace tidewire::tls
