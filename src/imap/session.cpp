#include <tidewire/base/words.hpp>
#include <tidewire/imap/session.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace tidewire::imap {
namespace {

// When a command may be given, and which capability it is of; any of two.
struct rule {
  std::string_view name;
  bool needs_sign_in = true;
  bool needs_mailbox = false;
  std::string_view capability{};
  std::string_view or_capability{};
};

constexpr std::string_view rev2 = "IMAP4rev2";
constexpr auto rules = std::to_array<rule>({
    {"NOOP", false},
    {"ID", false, false, "ID"},
    {"ENABLE", true, false, "ENABLE", rev2},
    {"SELECT"},
    {"EXAMINE"},
    {"CREATE"},
    {"DELETE"},
    {"RENAME"},
    {"SUBSCRIBE"},
    {"UNSUBSCRIBE"},
    {"LIST"},
    {"LSUB", true, false, "IMAP4rev1"},
    {"NAMESPACE", true, false, "NAMESPACE", rev2},
    {"STATUS"},
    {"APPEND"},
    {"IDLE", true, false, "IDLE", rev2},
    {"CHECK", true, true, "IMAP4rev1"},
    {"CLOSE", true, true},
    {"UNSELECT", true, true, "UNSELECT", rev2},
    {"EXPUNGE", true, true},
    {"SEARCH", true, true},
    {"FETCH", true, true},
    {"STORE", true, true},
    {"COPY", true, true},
    {"MOVE", true, true, "MOVE", rev2},
    {"SORT", true, true, "SORT"},
    {"UID SEARCH", true, true},
    {"UID FETCH", true, true},
    {"UID STORE", true, true},
    {"UID COPY", true, true},
    {"UID MOVE", true, true, "MOVE", rev2},
    {"UID EXPUNGE", true, true, "UIDPLUS", rev2},
    {"UID SORT", true, true, "SORT"},
});

// The command without what nobody should see.
std::string masked(const received_command& command, const std::string& shown) {
  if (command.name == "LOGIN") return command.tag + " LOGIN ***";
  if (command.name == "AUTHENTICATE" && command.arguments.size() > 1) {
    return command.tag + " AUTHENTICATE " + command.arguments[0].text() + " ***";
  }
  return shown;
}

}  // namespace

session::session(const session_options& options)
    : options_(options),
      capabilities_(options.capabilities),
      mechanisms_(options.mechanisms),
      reader_(options.limits) {
  options_.capabilities = capabilities_;
  options_.mechanisms = mechanisms_;
}

bool session::offers(std::string_view capability) const noexcept {
  return ascii::has_word(capabilities_, capability);
}

bool session::may_sign_in() const noexcept {
  return tls_ || !options_.sign_in_needs_tls;
}

std::string session::capabilities() const {
  std::string out = capabilities_;
  if (state_ != session_state::not_authenticated) return out;
  if (options_.starttls && !tls_) out += " STARTTLS";
  if (!options_.login || !may_sign_in()) out += " LOGINDISABLED";
  if (!may_sign_in()) return out;
  std::string_view rest = mechanisms_;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (end > 0) out.append(" AUTH=").append(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

void session::greet(std::string_view text, bool preauth) {
  if (preauth) state_ = session_state::authenticated;
  const std::string offered = capabilities();
  output_.append(preauth ? "* PREAUTH [CAPABILITY " : "* OK [CAPABILITY ").append(offered).append("] ");
  output_.append(text).append("\r\n");
}

void session::bye(std::string_view text) {
  output_.append("* BYE ").append(text).append("\r\n");
  state_ = session_state::over;
}

void session::untagged(std::string_view text) {
  output_.append("* ").append(text).append("\r\n");
}

void session::finish(status_kind how, std::string_view text, std::string_view code) {
  output_.append(command_.tag.empty() ? std::string_view("*") : command_.tag);
  output_.append(how == status_kind::ok ? " OK " : how == status_kind::no ? " NO " : " BAD ");
  if (!code.empty()) output_.append("[").append(code).append("] ");
  output_.append(text).append("\r\n");
  waits_for_answer_ = false;
  authenticating_ = false;
}

void session::bad(std::string_view text, std::string_view code) {
  finish(status_kind::bad, text, code);
}

void session::challenge(std::string_view base64) {
  output_.append("+ ").append(base64).append("\r\n");
  reader_.expect_line();
  waits_for_answer_ = false;
  authenticating_ = true;
}

void session::begin_idle() {
  output_ += "+ idling\r\n";
  reader_.expect_line();
  waits_for_answer_ = false;
  idling_ = true;
}

void session::signed_in() {
  state_ = session_state::authenticated;
  ok("welcome", "CAPABILITY " + capabilities());
}

void session::select(bool selected) noexcept {
  state_ = selected ? session_state::selected : session_state::authenticated;
}

session_event session::ask(session_event what) noexcept {
  waits_for_answer_ = true;
  return what;
}

session_event session::complain(std::string_view text) {
  finish(status_kind::bad, text, {});
  if (++errors_ <= options_.max_errors) return session_event::more;
  bye("too many errors");
  return session_event::closed;
}

session_event session::next(byte_view shown) {
  taken_ = 0;
  for (;;) {
    if (state_ == session_state::over) return session_event::closed;
    if (waits_for_answer_) return session_event::more;
    const command_event found = reader_.next(shown.subspan(taken_));
    taken_ += reader_.taken();
    if (found == command_event::more) return session_event::more;
    const session_event event = on_command_event(found);
    if (event != session_event::more) return event;
  }
}

void session::heard(std::string what) {
  shown_ = std::move(what);
  if (listener_) listener_(shown_);
}

session_event session::on_command_event(command_event event) {
  switch (event) {
    case command_event::more: break;
    case command_event::literal: output_ += "+ go on\r\n"; break;
    case command_event::line:
      if (authenticating_) {
        heard("***");
        return ask(session_event::auth_response);
      }
      idling_ = false;
      heard(reader_.line());
      if (!ascii::iequals(reader_.line(), "DONE")) return complain("DONE ends IDLE, and nothing else");
      return ask(session_event::idle_done);
    case command_event::malformed:
      command_ = std::move(reader_.command());
      heard(command_.tag + " (malformed)");
      return complain(reader_.problem());
    case command_event::too_large:
      command_ = std::move(reader_.command());
      heard(command_.tag + " (too large)");
      no(reader_.problem(), "TOOBIG");
      break;
    case command_event::broken:
      heard("(broken)");
      bye("where commands begin is not certain any more: " + reader_.problem());
      return session_event::closed;
    case command_event::command:
      command_ = std::move(reader_.command());
      heard(masked(command_, reader_.shown()));
      return on_command();
  }
  return session_event::more;
}

session_event session::on_command() {
  const std::string& name = command_.name;
  if (name == "CAPABILITY") {
    untagged("CAPABILITY " + capabilities());
    ok("these");
    return session_event::more;
  }
  if (name == "LOGOUT") {
    output_ += "* BYE good-bye\r\n";
    ok("done");
    state_ = session_state::over;
    return session_event::logout;
  }
  if (name == "STARTTLS") {
    if (!options_.starttls || tls_) return complain("no STARTTLS here");
    if (state_ != session_state::not_authenticated) return complain("STARTTLS comes first");
    return ask(session_event::starttls);
  }
  if (name == "LOGIN" || name == "AUTHENTICATE") return on_sign_in();
  const auto known = std::ranges::find(rules, std::string_view(name), &rule::name);
  if (known == rules.end() || (!known->capability.empty() && !offers(known->capability) &&
                               (known->or_capability.empty() || !offers(known->or_capability)))) {
    return complain("unknown command");
  }
  if (known->needs_sign_in && state_ == session_state::not_authenticated) return complain("sign in first");
  if (known->needs_mailbox && state_ != session_state::selected) return complain("no mailbox is selected");
  if (name == "IDLE") {
    if (!command_.arguments.empty()) return complain("IDLE has no arguments");
    return ask(session_event::idle);
  }
  return ask(session_event::command);
}

session_event session::on_sign_in() {
  if (state_ != session_state::not_authenticated) return complain("somebody is signed in already");
  const bool by_login = command_.name == "LOGIN";
  if (!may_sign_in() || (by_login && !options_.login)) {
    no("not without TLS", "PRIVACYREQUIRED");
    return session_event::more;
  }
  const std::vector<token>& arguments = command_.arguments;
  const bool all_texts =
      std::ranges::none_of(arguments, [](const token& one) { return one.is_list() || one.is_nil(); });
  if (by_login) {
    if (arguments.size() != 2 || !all_texts) return complain("LOGIN has a user and a password");
    return ask(session_event::login);
  }
  if (arguments.empty() || arguments.size() > 2 || !all_texts)
    return complain("AUTHENTICATE has a mechanism");
  if (arguments.size() == 2 && !offers("SASL-IR") && !offers(rev2)) {
    return complain("an initial response was not offered");
  }
  if (!ascii::has_word(mechanisms_, arguments.front().text())) {
    no("unknown mechanism", "CANNOT");
    return session_event::more;
  }
  return ask(session_event::authenticate);
}

}  // namespace tidewire::imap
