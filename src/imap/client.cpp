#include <tidewire/core/offload.hpp>
#include <tidewire/core/tcp.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/imap/client.hpp>
#include <tidewire/mime/parser.hpp>

#include <algorithm>
#include <limits>
#include <utility>

#include "client_session.hpp"
#include "session_parts.hpp"
#include "watcher.hpp"

namespace tidewire::imap {
namespace {

using detail::answers;
using detail::client_session;
using detail::command_kind;
using detail::plain_command;

// Pieces that a decoder makes of what comes are of this size, or the last one is smaller.
constexpr std::size_t decoded_piece = 64 * 1024;

task<> do_plainly(client_session& session, command what, std::string doing) {
  plain_command mine;
  (void)co_await session.succeed(mine, std::move(what), std::move(doing));
}

std::string on(std::string_view doing, std::string_view mailbox) {
  return std::string(doing) + ' ' + std::string(mailbox);
}

task<> ask_capabilities(client_session& session) {
  answers<capability_response> mine(command_kind::other);
  (void)co_await session.succeed(mine, commands::capability(), "ask what the server can do");
}

// What the server does not know is left out, or asked in another way.
task<std::vector<listed_mailbox>> list_all(client_session& session, list_request what) {
  const std::string doing = "list mailboxes";
  const imap::capabilities& server = session.server();
  const bool plain = what.selected().empty() && what.returned().empty() && what.status() == status_item::none;
  const bool subscribed = std::ranges::find(what.selected(), "SUBSCRIBED") != what.selected().end();
  const status_item wanted = what.status();
  command asked = commands::list(what);
  if (!plain && !server.list_extended) {
    session.require(what.patterns().size() < 2, "LIST-EXTENDED", doing);
    const std::string pattern = what.patterns().empty() ? "*" : what.patterns().front();
    if (subscribed) {
      asked = commands::lsub(what.reference(), pattern);
    } else {
      session.require(what.selected().empty(), "LIST-EXTENDED", doing);
      list_request less(pattern);
      less.reference(what.reference());
      asked = commands::list(less);
    }
  } else if (wanted != status_item::none && !server.list_status) {
    what.return_status(status_item::none);
    asked = commands::list(what);
  }
  class list_command final : public detail::pending {
   public:
    list_command() noexcept : pending(command_kind::alone) {}
    bool take(response& what) override {
      if (auto* one = std::get_if<list_entry>(&what)) {
        found.push_back({std::move(*one), {}});
        return true;
      }
      auto* const status = std::get_if<mailbox_status>(&what);
      if (status == nullptr) return false;
      const auto its = std::ranges::find(found, status->mailbox, &listed_mailbox::name);
      if (its != found.end()) its->status = std::move(*status);
      return its != found.end();
    }
    std::vector<listed_mailbox> found;
  } mine;
  (void)co_await session.succeed(mine, std::move(asked), doing);
  if (wanted != status_item::none && !server.list_status) {
    for (listed_mailbox& one : mine.found) {
      if (!one.selectable()) continue;
      answers<mailbox_status> status(command_kind::status);
      (void)co_await session.succeed(status, commands::status(one.name, wanted), doing);
      if (!status.all().empty()) one.status = std::move(status.all().front());
    }
  }
  co_return std::move(mine.found);
}

task<std::optional<std::string>> find_by_use(client_session& session, mailbox_attribute use) {
  list_request what("*");
  if (session.server().list_extended && session.server().special_use) what.return_special_use();
  const std::vector<listed_mailbox> all = co_await list_all(session, what);
  const auto found = std::ranges::find_if(all, [use](const listed_mailbox& one) { return one.has(use); });
  if (found == all.end()) co_return std::nullopt;
  co_return found->name;
}

task<mailbox_status> ask_status(client_session& session, std::string mailbox, status_item items) {
  const std::string doing = on("ask the status of", mailbox);
  answers<mailbox_status> mine(command_kind::status);
  (void)co_await session.succeed(mine, commands::status(mailbox, items), doing);
  if (mine.all().empty()) {
    session.fail(failure(make_error_code(errc::unexpected_response), "the server told none"), doing);
  }
  co_return std::move(mine.all().front());
}

status_item all_items_of(const imap::capabilities& server) {
  status_item items =
      status_item::messages | status_item::uid_next | status_item::uid_validity | status_item::unseen;
  if (server.status_size) items = items | status_item::size;
  if (server.condstore) items = items | status_item::highest_modseq;
  if (server.object_id) items = items | status_item::mailbox_id;
  return items;
}

task<identity> exchange_ids(client_session& session, identity own) {
  session.require(session.server().id, "ID", "tell who is there");
  answers<identity> mine(command_kind::other);
  (void)co_await session.succeed(mine, commands::id(own), "tell who is there");
  co_return mine.all().empty() ? identity() : std::move(mine.all().front());
}

task<imap::name_spaces> ask_name_spaces(client_session& session) {
  session.require(session.server().name_spaces, "NAMESPACE", "ask for name spaces");
  answers<imap::name_spaces> mine(command_kind::other);
  (void)co_await session.succeed(mine, commands::name_space(), "ask for name spaces");
  co_return mine.all().empty() ? imap::name_spaces() : std::move(mine.all().front());
}

task<std::vector<quota>> ask_quotas(client_session& session, std::string mailbox) {
  const std::string doing = on("ask for the quota of", mailbox);
  session.require(session.server().quota, "QUOTA", doing);
  class quota_command final : public detail::pending {
   public:
    quota_command() noexcept : pending(command_kind::other) {}
    bool take(response& what) override {
      if (auto* one = std::get_if<quota>(&what)) found.push_back(std::move(*one));
      return std::holds_alternative<quota>(what) || std::holds_alternative<quota_roots>(what);
    }
    std::vector<quota> found;
  } mine;
  (void)co_await session.succeed(mine, commands::get_quota_root(mailbox), doing);
  co_return std::move(mine.found);
}

task<metadata> ask_metadata(client_session& session, std::string mailbox, std::vector<std::string> entries) {
  const std::string doing = on("get annotations of", mailbox.empty() ? "the server" : mailbox);
  const imap::capabilities& server = session.server();
  session.require(server.metadata || (mailbox.empty() && server.metadata_server), "METADATA", doing);
  answers<metadata> mine(command_kind::other);
  (void)co_await session.succeed(mine, commands::get_metadata(mailbox, entries), doing);
  metadata out;
  out.mailbox = mailbox;
  for (metadata& one : mine.all()) std::ranges::move(one.entries, std::back_inserter(out.entries));
  co_return out;
}

task<found> search_for(client_session& session, search_key what) {
  detail::search_command mine;
  search_return how;
  how.all = session.server().esearch;
  (void)co_await session.succeed(mine, commands::search(what, how), session.in_mailbox("search"));
  co_return found{mine.sorted(), mine.modseq()};
}

task<std::vector<std::uint32_t>> sort_by(client_session& session, std::vector<sort_key> order,
                                         search_key what) {
  const std::string doing = session.in_mailbox("sort");
  session.require(session.server().sort, "SORT", doing);
  detail::search_command mine;
  (void)co_await session.succeed(mine, commands::sort(order, what), doing);
  co_return mine.numbers();
}

task<thread_forest> thread_by(client_session& session, std::string algorithm, search_key what) {
  const std::string doing = session.in_mailbox("find threads");
  session.require(session.server().offers_thread(algorithm), "THREAD=" + algorithm, doing);
  detail::search_command mine;
  (void)co_await session.succeed(mine, commands::thread(algorithm, what), doing);
  co_return std::move(mine.threads());
}

task<std::vector<message_data>> fetch_all(client_session& session, sequence_set uids, fetch_request what) {
  if (uids.empty()) co_return std::vector<message_data>();
  const std::string doing = session.in_mailbox("fetch");
  detail::fetch_command mine(uids, what, session.options().limits.literal);
  (void)co_await session.succeed(mine, commands::fetch(uids, what), doing);
  if (mine.too_large())
    session.fail(failure(tidewire::errc::limit_exceeded, "a body is too large: download it"), doing);
  co_return std::move(mine.messages());
}

task<> fetch_each(client_session& session, sequence_set uids, fetch_request what,
                  std::function<task<>(message_data&)> each) {
  if (uids.empty()) co_return;
  const std::string doing = session.in_mailbox("fetch");
  detail::fetch_each_command mine(uids, what, session.options().limits.literal, each);
  (void)co_await session.succeed(mine, commands::fetch(uids, what), doing);
  if (mine.too_large())
    session.fail(failure(tidewire::errc::limit_exceeded, "a body is too large: download it"), doing);
}

task<std::uint64_t> download_into(client_session& session, std::uint32_t uid, section what, body_sink sink,
                                  std::uint64_t limit) {
  const std::string doing = session.in_mailbox("download message " + std::to_string(uid));
  fetch_request asked;
  asked.body(what);
  detail::download_command mine(uid, what, sink, limit);
  (void)co_await session.succeed(mine, commands::fetch(uid, asked), doing);
  if (mine.too_large()) {
    session.fail(
        failure(tidewire::errc::limit_exceeded, "it has more than " + std::to_string(limit) + " bytes"),
        doing);
  }
  if (!mine.came()) session.fail(failure(make_error_code(errc::message_missing)), doing);
  co_return mine.size();
}

task<std::string> download_whole(client_session& session, std::uint32_t uid, section what,
                                 std::size_t limit) {
  std::string out;
  const body_sink sink = [&out](byte_view piece) -> task<> {
    out += as_text(piece);
    co_return;
  };
  (void)co_await download_into(session, uid, std::move(what), sink, limit);
  co_return out;
}

task<std::uint64_t> download_decoded(client_session& session, std::uint32_t uid, section what,
                                     mime::transfer_encoding encoding, body_sink sink, std::uint64_t limit) {
  mime::body_decoder decoder(encoding);
  std::string decoded;
  std::uint64_t size = 0;
  const body_sink decode = [&](byte_view piece) -> task<> {
    decoder.update(as_text(piece), decoded);
    if (decoded.size() < decoded_piece) co_return;
    size += decoded.size();
    co_await sink(as_bytes(decoded));
    decoded.clear();
  };
  (void)co_await download_into(session, uid, std::move(what), decode, limit);
  decoder.finish(decoded);
  size += decoded.size();
  if (!decoded.empty()) co_await sink(as_bytes(decoded));
  co_return size;
}

task<std::string> download_decoded_whole(client_session& session, std::uint32_t uid, section what,
                                         mime::transfer_encoding encoding, std::size_t limit) {
  std::string out;
  const body_sink sink = [&out](byte_view piece) -> task<> {
    out += as_text(piece);
    co_return;
  };
  (void)co_await download_decoded(session, uid, std::move(what), encoding, sink, limit);
  co_return out;
}

section section_of(const body_part& part) {
  if (part.is_multipart()) {
    throw error(failure(tidewire::errc::misuse, "a multipart has no content of its own")
                    .during("download a part of a message"));
  }
  return section(part.section.empty() ? "1" : part.section);
}

task<store_result> store_flags(client_session& session, sequence_set uids, store_action action,
                               imap::flags which, store_options options) {
  const std::string doing = session.in_mailbox("store flags");
  store_result out;
  if (uids.empty()) co_return out;
  if (options.unchanged_since) session.require(session.server().condstore, "CONDSTORE", doing);
  fetch_request answer;
  answer.flags().modseq();
  detail::fetch_command mine(uids, answer, 0);
  const status_response end =
      co_await session.succeed(mine, commands::store(uids, action, which, options), doing);
  out.messages = std::move(mine.messages());
  if (end.code.what == code::modified) out.modified = end.code.uids;
  co_return out;
}

task<copy_result> copy_to(client_session& session, sequence_set uids, std::string mailbox, bool moves) {
  const std::string doing = session.in_mailbox(on(moves ? "move to" : "copy to", mailbox));
  if (uids.empty()) co_return copy_result();
  const bool by_move = moves && session.server().move;
  if (moves && !by_move) session.require(session.server().uidplus, "MOVE and no UIDPLUS", doing);
  detail::copy_command mine;
  command what = by_move ? commands::move(uids, mailbox) : commands::copy(uids, mailbox);
  const status_response end = co_await session.succeed(mine, std::move(what), doing);
  mine.note(end.code);
  if (moves && !by_move) {
    store_options silently;
    silently.silent = true;
    (void)co_await store_flags(session, uids, store_action::add, flag::deleted, silently);
    co_await do_plainly(session, commands::uid_expunge(uids), doing);
  }
  co_return mine.result();
}

task<> expunge_only(client_session& session, sequence_set uids) {
  const std::string doing = session.in_mailbox("expunge");
  if (uids.empty()) co_return;
  session.require(session.server().uidplus, "UIDPLUS", doing);
  co_await do_plainly(session, commands::uid_expunge(uids), doing);
}

append_message header_of(const upload& one) {
  append_message out = append_message::streamed(one.size());
  out.flags(one.flags());
  if (one.received()) out.internal_date(*one.received());
  return out;
}

task<append_result> append_now(client_session& session, std::string mailbox, std::vector<upload> messages) {
  const std::string doing = on("append to", mailbox);
  append_result out;
  if (messages.empty()) co_return out;
  const std::optional<std::uint64_t> limit = session.server().append_limit;
  std::vector<append_message> headers;
  for (const upload& one : messages) {
    if (limit && one.size() > *limit) {
      session.fail(
          failure(make_error_code(errc::message_too_large),
                  std::to_string(one.size()) + " bytes, and the server takes " + std::to_string(*limit)),
          doing);
    }
    headers.push_back(header_of(one));
  }
  plain_command mine(command_kind::alone);
  status_response end;
  try {
    end = co_await session.succeed(mine, commands::append(mailbox, headers), doing, &messages);
  } catch (const error& e) {
    const bool unknown = mine.sent() && !mine.end() && e.code() != condition::canceled;
    if (!unknown) throw;
    session.fail(failure(make_error_code(errc::outcome_unknown), e.failure().message()), doing);
  }
  if (end.code.what == code::append_uid) {
    out.uid_validity = static_cast<std::uint32_t>(end.code.number);
    out.uids = end.code.uids;
  }
  co_return out;
}

task<append_result> append_all(client_session& session, std::string mailbox, std::vector<upload> messages) {
  if (session.server().multiappend) co_return co_await append_now(session, mailbox, std::move(messages));
  append_result out;
  for (upload& one : messages) {
    std::vector<upload> single;
    single.push_back(std::move(one));
    const append_result done = co_await append_now(session, mailbox, std::move(single));
    out.uid_validity = done.uid_validity;
    for (const sequence_set::range& each : done.uids.ranges()) out.uids.add(each.first, each.last);
  }
  co_return out;
}

task<command_result> run_any(client_session& session, command what) {
  detail::raw_command mine;
  const std::string doing = "run " + what.name();
  command_result out;
  out.status = co_await session.run(mine, std::move(what), doing);
  out.responses = std::move(mine.responses());
  co_return out;
}

}  // namespace

unsolicited_handler::~unsolicited_handler() = default;

client::client(std::unique_ptr<client_session> session) noexcept : session_(std::move(session)) {}
client::client(client&& other) noexcept = default;
client& client::operator=(client&& other) noexcept = default;
client::~client() = default;

bool client::is_open() const noexcept {
  return session_ && session_->is_open();
}

bool client::is_secure() const noexcept {
  return session_->is_secure();
}

bool client::is_authenticated() const noexcept {
  return session_->is_authenticated();
}

const imap::capabilities& client::capabilities() const noexcept {
  return session_->server();
}

const status_response& client::greeting() const noexcept {
  return session_->greeting();
}

const mailbox_info* client::selected() const noexcept {
  return session_->selected();
}

task<> client::login(std::string_view user, secret password) {
  return session_->login(crypto::sasl_credentials(user, std::move(password)));
}

task<> client::login(crypto::sasl_credentials credentials) {
  return session_->login(std::move(credentials));
}

task<> client::login(std::string_view user, token_provider provide) {
  return session_->login(std::string(user), std::move(provide));
}

task<> client::refresh_capabilities() {
  return ask_capabilities(*session_);
}

task<std::vector<std::string>> client::enable(std::vector<std::string> extensions) {
  return session_->enable(std::move(extensions));
}

task<identity> client::id(identity own) {
  return exchange_ids(*session_, std::move(own));
}

task<bool> client::compress() {
  return session_->compress();
}

task<> client::noop() {
  return do_plainly(*session_, commands::noop(), "ask whether the server is there");
}

task<> client::logout() {
  return session_->logout();
}

task<mailbox_info> client::select(std::string_view mailbox, select_options options) {
  return session_->select(std::string(mailbox), options);
}

task<> client::close_mailbox() {
  return session_->leave_mailbox(commands::close(), "close the mailbox");
}

task<> client::unselect() {
  session_->require(session_->server().unselect, "UNSELECT", "leave the mailbox");
  return session_->leave_mailbox(commands::unselect(), "leave the mailbox");
}

task<std::vector<listed_mailbox>> client::list(std::string_view pattern) {
  return list_all(*session_, list_request(std::string(pattern)));
}

task<std::vector<listed_mailbox>> client::list(list_request what) {
  return list_all(*session_, std::move(what));
}

task<std::optional<std::string>> client::find_special(mailbox_attribute use) {
  return find_by_use(*session_, use);
}

task<mailbox_status> client::status(std::string_view mailbox) {
  return ask_status(*session_, std::string(mailbox), all_items_of(session_->server()));
}

task<mailbox_status> client::status(std::string_view mailbox, status_item items) {
  return ask_status(*session_, std::string(mailbox), items);
}

task<> client::create(std::string_view mailbox, mailbox_attribute use) {
  return do_plainly(*session_, commands::create(mailbox, use), on("create", mailbox));
}

task<> client::remove(std::string_view mailbox) {
  return do_plainly(*session_, commands::remove(mailbox), on("delete", mailbox));
}

task<> client::rename(std::string_view from, std::string_view to) {
  return do_plainly(*session_, commands::rename(from, to), on("rename", from));
}

task<> client::subscribe(std::string_view mailbox) {
  return do_plainly(*session_, commands::subscribe(mailbox), on("subscribe to", mailbox));
}

task<> client::unsubscribe(std::string_view mailbox) {
  return do_plainly(*session_, commands::unsubscribe(mailbox), on("unsubscribe from", mailbox));
}

task<imap::name_spaces> client::name_spaces() {
  return ask_name_spaces(*session_);
}

task<std::vector<quota>> client::quotas(std::string_view mailbox) {
  return ask_quotas(*session_, std::string(mailbox));
}

task<metadata> client::get_metadata(std::string_view mailbox, std::vector<std::string> entries) {
  return ask_metadata(*session_, std::string(mailbox), std::move(entries));
}

task<> client::set_metadata(std::string_view mailbox, std::vector<metadata_entry> entries) {
  return do_plainly(*session_, commands::set_metadata(mailbox, entries), on("set annotations of", mailbox));
}

task<found> client::search(search_key what) {
  return search_for(*session_, std::move(what));
}

task<std::vector<std::uint32_t>> client::sort(std::vector<sort_key> order, search_key what) {
  return sort_by(*session_, std::move(order), std::move(what));
}

task<thread_forest> client::thread(std::string_view algorithm, search_key what) {
  return thread_by(*session_, std::string(algorithm), std::move(what));
}

task<std::vector<message_data>> client::fetch(sequence_set uids, fetch_request what) {
  return fetch_all(*session_, std::move(uids), std::move(what));
}

task<> client::fetch(sequence_set uids, fetch_request what, std::function<task<>(message_data& one)> each) {
  return fetch_each(*session_, std::move(uids), std::move(what), std::move(each));
}

task<std::string> client::download(std::uint32_t uid, section what, std::size_t limit) {
  return download_whole(*session_, uid, std::move(what), limit);
}

task<std::uint64_t> client::download(std::uint32_t uid, section what, body_sink sink) {
  constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
  return download_into(*session_, uid, std::move(what), std::move(sink), any);
}

task<std::string> client::download(std::uint32_t uid, const body_part& part, std::size_t limit) {
  return download_decoded_whole(*session_, uid, section_of(part), part.transfer_encoding(), limit);
}

task<std::uint64_t> client::download(std::uint32_t uid, const body_part& part, body_sink sink) {
  constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
  return download_decoded(*session_, uid, section_of(part), part.transfer_encoding(), std::move(sink), any);
}

task<store_result> client::store(sequence_set uids, store_action action, imap::flags which,
                                 store_options options) {
  return store_flags(*session_, std::move(uids), action, std::move(which), options);
}

task<copy_result> client::copy(sequence_set uids, std::string_view mailbox) {
  return copy_to(*session_, std::move(uids), std::string(mailbox), false);
}

task<copy_result> client::move(sequence_set uids, std::string_view mailbox) {
  return copy_to(*session_, std::move(uids), std::string(mailbox), true);
}

task<> client::expunge() {
  return do_plainly(*session_, commands::expunge(), session_->in_mailbox("expunge"));
}

task<> client::expunge(sequence_set uids) {
  return expunge_only(*session_, std::move(uids));
}

task<append_result> client::append(std::string_view mailbox, upload message) {
  std::vector<upload> one;
  one.push_back(std::move(message));
  return append_now(*session_, std::string(mailbox), std::move(one));
}

task<append_result> client::append(std::string_view mailbox, std::vector<upload> messages) {
  return append_all(*session_, std::string(mailbox), std::move(messages));
}

task<mailbox_changes> client::sync(std::string_view mailbox, mailbox_state known, select_options options) {
  return session_->sync(std::string(mailbox), std::move(known), options, true);
}

mailbox_watch client::watch(std::string_view mailbox, watch_options options) {
  return mailbox_watch(std::make_unique<detail::watcher>(*session_, mailbox, options));
}

task<command_result> client::run(command what) {
  return run_any(*session_, std::move(what));
}

task<client> client::opened(std::unique_ptr<client_session> session) {
  co_await with_timeout(session->options().timeout, session->begin());
  co_return client(std::move(session));
}

task<client> open(stream peer, client_options options) {
  // It is given away once; whoever asks for another one is told that there is none.
  const auto only = std::make_shared<stream>(std::move(peer));
  const connector once = [only]() -> task<stream> { co_return std::move(*only); };
  return client::opened(std::make_unique<client_session>(once, options, false));
}

task<client> open(connector connect, client_options options) {
  return client::opened(std::make_unique<client_session>(std::move(connect), options, true));
}

task<client> connect(std::string_view host, client_options options) {
  const std::string to(host);
  const std::uint16_t standard = options.security == security::implicit ? 993 : 143;
  const std::uint16_t port = options.port != 0 ? options.port : standard;
  tcp::connect_options how;
  how.timeout = options.timeout;
  const connector dial = [to, port, how]() -> task<stream> {
    tcp::stream peer = co_await tcp::connect(to, port, how);
    co_return stream(std::move(peer));
  };
  if (options.host.empty()) options.host = host;
  options.port = port;
  return client::opened(std::make_unique<client_session>(dial, options, true));
}

}  // namespace tidewire::imap
