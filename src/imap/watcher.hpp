// What a `mailbox_watch` refers to: the mailbox as it is known, and the changes that wait to be given.
#pragma once

#include <tidewire/core/retry.hpp>
#include <tidewire/imap/watch.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "client_session.hpp"
#include "uid_list.hpp"

namespace tidewire::imap::detail {

class watcher final : public mailbox_observer {
 public:
  watcher(client_session& session, std::string_view mailbox, const watch_options& options);
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;
  ~watcher();

  task<std::optional<change>> next();
  void stop() noexcept {
    stopped_ = news_ = true;
    session_.interrupt_idle();
  }
  [[nodiscard]] mailbox_state state() const;
  [[nodiscard]] std::size_t reconnects() const noexcept { return reconnects_; }
  void observe(const response& what) override;

 private:
  // Is what was selected last what this knows?
  [[nodiscard]] bool follows() const noexcept {
    return selection_ != 0 && selection_ == session_.selections();
  }
  void add(change one);
  [[nodiscard]] bool has_room() noexcept;
  [[nodiscard]] std::optional<change> take();
  task<> go_on();
  task<> pause(const failure& why);
  task<> catch_up();
  task<> ask_for_arrived();
  task<> wait();

  client_session& session_;
  std::string mailbox_;
  watch_options options_;
  mailbox_state known_;  // without its UIDs, which are in `list_`
  uid_list list_;
  std::map<std::uint32_t, std::uint64_t> told_;  // at which mod-sequence flags were told
  std::deque<change> ready_;
  std::optional<tidewire::detail::retry_schedule> schedule_;
  std::uint64_t selection_ = 0;  // which one is followed; 0: none
  std::size_t reconnects_ = 0;
  time_point began_{};  // IDLE
  int short_ones_ = 0;
  bool news_ = false;             // something came
  bool unknown_arrived_ = false;  // messages came whose UIDs are not known
  bool lost_track_ = false;       // too much came: it has to be found out anew
  bool recounted_ = false;
  bool polls_ = false;  // this server's IDLE is of no use
  bool stopped_ = false;
  bool busy_ = false;
};

}  // namespace tidewire::imap::detail
