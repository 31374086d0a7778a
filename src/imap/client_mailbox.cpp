// Selecting a mailbox, and what changed in it since it was known (RFC 7162).
#include <algorithm>
#include <utility>
#include <variant>

#include "client_session.hpp"
#include "session_parts.hpp"
#include "uid_list.hpp"

namespace tidewire::imap::detail {

// SELECT and EXAMINE: all that comes is about the mailbox.
class client_session::select_command final : public pending {
 public:
  // `after_closed`: what comes before CLOSED is about another mailbox (RFC 7162 section 3.2.11).
  explicit select_command(bool after_closed) noexcept : pending(command_kind::alone), ignore_(after_closed) {}

  bool take(response& what) override {
    if (auto* status = std::get_if<status_response>(&what)) return take_code(*status);
    if (ignore_) return true;
    if (const auto* exists = std::get_if<exists_response>(&what)) {
      info_.exists = exists->count;
    } else if (auto* all = std::get_if<flags_response>(&what)) {
      info_.flags = std::move(all->flags);
    } else if (auto* gone = std::get_if<vanished_response>(&what)) {
      for (const sequence_set::range& one : gone->uids.ranges()) vanished_.add(one.first, one.last);
    } else if (auto* one = std::get_if<message_data>(&what)) {
      changed_.push_back(std::move(*one));
    } else {
      return std::holds_alternative<recent_response>(what) || std::holds_alternative<list_entry>(what);
    }
    return true;
  }

  [[nodiscard]] mailbox_info& info() noexcept { return info_; }
  [[nodiscard]] const sequence_set& vanished() const noexcept { return vanished_; }
  [[nodiscard]] std::vector<message_data>& changed() noexcept { return changed_; }

 private:
  bool take_code(status_response& status) {
    const auto number = static_cast<std::uint32_t>(status.code.number);
    if (status.code.what == code::closed) {
      ignore_ = false;
      return true;
    }
    if (ignore_) return false;
    switch (status.code.what) {
      case code::uid_validity: info_.uid_validity = number; break;
      case code::uid_next: info_.uid_next = number; break;
      case code::unseen: break;
      case code::highest_modseq: info_.highest_modseq = status.code.number; break;
      case code::no_modseq: info_.highest_modseq.reset(); break;
      case code::permanent_flags: info_.permanent_flags = std::move(status.code.flags); break;
      case code::mailbox_id: info_.mailbox_id = std::move(status.code.text); break;
      default: return false;
    }
    return true;
  }

  bool ignore_;
  mailbox_info info_;
  sequence_set vanished_;
  std::vector<message_data> changed_;
};

// For whoever has the turn to send.
task<mailbox_info> client_session::select_now(select_command& mine, command what, std::string mailbox,
                                              select_options options) {
  const std::string doing = "select " + mailbox;
  selected_.reset();
  ++selections_;
  const status_response end = co_await exchange_well(mine, std::move(what), doing);
  mailbox_info& info = mine.info();
  info.name = mailbox;
  info.read_only = options.read_only || end.code.what == code::read_only;
  if (info.highest_modseq == std::uint64_t{0}) info.highest_modseq.reset();
  selected_ = info;
  const std::uint32_t before = std::exchange(validities_[mailbox], info.uid_validity);
  for (const std::uint32_t known : {options.uid_validity, before}) {
    if (known == 0 || known == info.uid_validity) continue;
    fail(failure(make_error_code(errc::uid_validity_changed),
                 "UIDVALIDITY was " + std::to_string(known) + " and is " + std::to_string(info.uid_validity)),
         doing);
  }
  co_return info;
}

task<mailbox_info> client_session::select(std::string mailbox, select_options options) {
  std::optional<failure> failed;
  try {
    const mutex_guard turn = co_await turn_to_send(command_kind::alone);
    select_command mine(selected_ && has_enabled("QRESYNC"));
    command what = commands::select(mailbox, options.read_only, server_.condstore);
    co_return co_await select_now(mine, std::move(what), mailbox, options);
  } catch (const error& e) {
    failed = e.failure();
  }
  fail(*failed, "select " + mailbox);
}

task<> client_session::leave_mailbox(command what, std::string_view doing) {
  const std::string full(in_mailbox(doing));
  const mutex_guard turn = co_await turn_to_send(command_kind::alone);
  plain_command mine(command_kind::alone);
  (void)co_await exchange_well(mine, std::move(what), full);
  selected_.reset();
  ++selections_;
}

// The UIDs of all messages; for whoever has the turn to send.
task<sequence_set> client_session::search_all() {
  search_command mine;
  search_return how;
  how.all = server_.esearch;
  (void)co_await exchange_well(mine, commands::search(search::all(), how), in_mailbox("search"));
  co_return mine.sorted();
}

namespace {

// The flags that were told, of messages that have a UID.
void take_flags(mailbox_changes& into, std::vector<message_data>& told) {
  for (message_data& one : told) {
    if (!one.uid || !one.flags) continue;
    into.flags.push_back({*one.uid, std::move(*one.flags), one.modseq.value_or(0)});
  }
}

}  // namespace

task<mailbox_changes> client_session::sync(std::string mailbox, mailbox_state known, select_options options,
                                           bool with_flags) {
  const std::string doing = "find out what changed in " + mailbox;
  std::optional<failure> failed;
  try {
    const mutex_guard turn = co_await turn_to_send(command_kind::alone);
    const bool quickly = server_.qresync && server_.enable;
    if (quickly && !has_enabled("QRESYNC")) {
      const std::string names[] = {"QRESYNC"};
      plain_command enabling(command_kind::alone);
      (void)co_await exchange_well(enabling, commands::enable(names), "enable QRESYNC");
    }
    const bool resync = quickly && has_enabled("QRESYNC") && known.uid_validity != 0 && known.modseq != 0;
    select_command mine(selected_ && has_enabled("QRESYNC"));
    command what = commands::select(mailbox, options.read_only, server_.condstore);
    if (resync) {
      what = commands::select(mailbox, options.read_only, qresync_state(known.uid_validity, known.modseq));
    }
    validities_.erase(mailbox);  // what is told by `reset`
    const std::uint32_t expected = std::exchange(options.uid_validity, 0);
    const mailbox_info info = co_await select_now(mine, std::move(what), mailbox, options);

    mailbox_changes out;
    out.reset = known.uid_validity != 0 && known.uid_validity != info.uid_validity;
    if (out.reset) known = {};
    uid_list before(known.uids);
    uid_list now;
    if (resync && !out.reset) {
      out.vanished = before.common(uid_list(mine.vanished()));
      take_flags(out, mine.changed());
      now = uid_list(before.without(uid_list(out.vanished)));
      for (const message_flags& one : out.flags) now.add(one.uid);
      out.flags_complete = info.highest_modseq.has_value();
    }
    // What does not add up is asked for.
    if (!resync || out.reset || now.size() != info.exists) {
      now = uid_list(co_await search_all());
      out.vanished = before.without(now);
    }
    out.arrived = now.without(before);
    const bool all_flags = known.uid_validity == 0;
    fetch_request flags;
    flags.flags();
    if (info.highest_modseq) flags.modseq();
    sequence_set asked = all_flags ? sequence_set() : out.arrived;
    if (all_flags && with_flags && !now.empty()) asked = sequence_set::all();
    if (!resync || out.reset) {
      out.flags_complete = all_flags;
      if (!all_flags && info.highest_modseq && known.modseq != 0) {
        flags.changed_since(known.modseq);
        asked = sequence_set::all();
        out.flags_complete = true;
      }
    } else {
      asked = {};  // they came with SELECT
    }
    if (!asked.empty() && !now.empty()) {
      fetch_command fetching(asked, flags, options_.limits.literal);
      (void)co_await exchange_well(fetching, commands::fetch(asked, flags), doing);
      take_flags(out, fetching.messages());
    }
    out.state = {info.uid_validity, info.highest_modseq.value_or(0), now.to_set()};
    if (expected != 0 && expected != info.uid_validity) out.reset = true;
    co_return out;
  } catch (const error& e) {
    failed = e.failure();
  }
  fail(*failed, doing);
}

}  // namespace tidewire::imap::detail
