// What a client refers to: it stays where it is while the client moves.
//
// Nothing reads between operations. Of the commands under way, one at a time reads: it hands what is not its
// own to the command or the handler that it is for, and passes the reading on when its own end has come. What
// has to be awaited (a sink that takes a body) is awaited by the task of the command that it belongs to,
// which is made the reader for that.
#pragma once

#include <tidewire/core/event.hpp>
#include <tidewire/core/mutex.hpp>
#include <tidewire/core/stream.hpp>
#include <tidewire/crypto/sasl.hpp>
#include <tidewire/imap/client.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap::detail {

// What is told apart by RFC 9051 section 5.5: a command may leave while others are under way whose answers
// cannot be taken for its own.
enum class command_kind : unsigned char {
  alone,   // nothing else may be under way: it changes what the session is, or the meaning of names
  plain,   // has no answer but its end
  fetch,   // FETCH responses: FETCH, STORE
  search,  // SEARCH, SORT, THREAD
  list,    // LIST
  status,  // STATUS
  other,   // answers that no other of these commands has: NAMESPACE, QUOTA, METADATA, ID
};

// A command under way, in the frame of the task that gave it.
class pending {
 public:
  explicit pending(command_kind kind) noexcept : kind_(kind) {}
  pending(const pending&) = delete;
  pending& operator=(const pending&) = delete;
  virtual ~pending() = default;

  // Is this untagged response an answer to this command? Then it keeps it.
  [[nodiscard]] virtual bool take(response&) { return false; }
  // Is this body, which is about to be streamed, for this command?
  [[nodiscard]] virtual bool wants(const body_literal&) { return false; }
  // Some of it; awaited by the task of the command.
  virtual task<> body(byte_view piece);
  // Awaited by the task of the command after each response that it took.
  [[nodiscard]] virtual bool has_work() const noexcept { return false; }
  virtual task<> work();

  [[nodiscard]] command_kind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& tag() const noexcept { return tag_; }
  [[nodiscard]] const std::optional<status_response>& end() const noexcept { return end_; }
  [[nodiscard]] bool sent() const noexcept { return sent_; }

 protected:
  // It is over without an end of its own.
  void finish() { end_.emplace(); }

 private:
  friend class client_session;

  command_kind kind_;
  bool sent_ = false;  // all of it
  std::string tag_;
  std::optional<status_response> end_;
  std::optional<continuation> challenge_;
  event wake_;  // something came for it, or it is its turn to read
};

// Is told of what happens in the mailbox that is selected.
class mailbox_observer {
 public:
  virtual void observe(const response& what) = 0;

 protected:
  ~mailbox_observer() = default;
};

class client_session {
 public:
  client_session(connector connect, const client_options& options, bool can_reconnect);
  client_session(const client_session&) = delete;
  client_session& operator=(const client_session&) = delete;
  ~client_session();

  // Connects, greets, and protects, as the options ask for it. `again`: signs in as before, too.
  task<> begin(bool again = false);
  // The same after the connection was lost; what is still under way ends first.
  task<> reconnect();
  [[nodiscard]] bool can_reconnect() const noexcept { return can_reconnect_; }

  task<> login(crypto::sasl_credentials credentials);
  task<> login(std::string user, token_provider provide);
  task<std::vector<std::string>> enable(std::vector<std::string> extensions);
  task<bool> compress();
  task<> logout();
  task<mailbox_info> select(std::string mailbox, select_options options);
  // `with_flags`: also the flags of all messages, if nothing was known.
  task<mailbox_changes> sync(std::string mailbox, mailbox_state known, select_options options,
                             bool with_flags);
  // CLOSE and UNSELECT.
  task<> leave_mailbox(command what, std::string_view doing);

  // Sends a command and waits for its end, whatever that says; its answers go to `mine`. `uploads` are sent
  // where the command has a source.
  task<status_response> run(pending& mine, command what, std::string doing,
                            std::vector<upload>* uploads = nullptr);
  // The same for one that has to succeed.
  task<status_response> succeed(pending& mine, command what, std::string doing,
                                std::vector<upload>* uploads = nullptr);

  // IDLE. Where it is refused, `begin_idle` throws that.
  task<> begin_idle(duration answer_timeout);
  [[nodiscard]] bool is_idling() const noexcept { return idling_ != nullptr; }
  // Waits until something came that set `news`, IDLE has to end or did, or it is `until`. True if the server
  // ended it.
  task<bool> idle(const bool& news, time_point until);
  // Lets whoever is in `idle` go on.
  void interrupt_idle() noexcept { interrupted_.set(); }
  // Never waits longer than that.
  task<> end_idle(duration answer_timeout);

  [[nodiscard]] bool is_open() const noexcept { return peer_ && peer_->is_open() && !broken_; }
  [[nodiscard]] bool is_secure() const noexcept { return secure_; }
  [[nodiscard]] bool is_authenticated() const noexcept { return authenticated_; }
  [[nodiscard]] const imap::capabilities& server() const noexcept { return server_; }
  [[nodiscard]] const status_response& greeting() const noexcept { return greeting_; }
  [[nodiscard]] const mailbox_info* selected() const noexcept { return selected_ ? &*selected_ : nullptr; }
  [[nodiscard]] const client_options& options() const noexcept { return options_; }
  // How often a mailbox was selected, on all connections: what was known of another time is void.
  [[nodiscard]] std::uint64_t selections() const noexcept { return selections_; }
  [[nodiscard]] mailbox_observer* observer() const noexcept { return observer_; }
  void set_observer(mailbox_observer* observer) noexcept { observer_ = observer; }

  // "search in INBOX": what is being done, and where.
  [[nodiscard]] std::string in_mailbox(std::string_view doing) const;
  // Throws it, with what was being done and with whom.
  [[noreturn]] void fail(const failure& why, std::string_view doing) const;
  // Throws unless the server offers an extension.
  void require(bool offered, std::string_view extension, std::string_view doing) const;

 private:
  class under_way;
  class idle_command;
  class select_command;

  // What one step of reading came to.
  enum class progress : unsigned char { event, needs_more, body_piece, handed_over };

  task<> open_and_greet();
  task<> starttls();
  task<> begin_tls();
  task<> sign_in_again();
  task<> sign_in(crypto::sasl_credentials credentials);
  task<> sign_in(const std::string& user, const token_provider& provide);
  task<status_response> authenticate(crypto::sasl_client& sasl);
  task<status_response> log_in_plainly(crypto::sasl_client& plain);
  task<> ask_capabilities();
  task<> compress_now();
  void take_capabilities(const imap::capabilities& server);
  void enabled(const std::vector<std::string>& extensions);
  [[nodiscard]] bool has_enabled(std::string_view extension) const noexcept;
  task<mailbox_info> select_now(select_command& mine, command what, std::string mailbox,
                                select_options options);
  task<sequence_set> search_all();

  // The turn to send: nothing is under way that this may not join. Held until all of a command has left.
  task<mutex_guard> turn_to_send(command_kind kind);
  [[nodiscard]] bool may_join(command_kind kind) const noexcept;
  // The whole of one command; `turn` is given up when it has left, if there is one.
  task<status_response> exchange(pending& mine, command what, std::string doing,
                                 std::vector<upload>* uploads = nullptr, mutex_guard* turn = nullptr);
  task<status_response> exchange_well(pending& mine, command what, std::string doing);
  task<> write_segments(pending& mine, const encoded_command& wire, std::vector<upload>* uploads);
  task<> write_upload(upload& one);
  // Writes a line, which shows in no transcript, and reads until there is an answer.
  task<> ask_secretly(pending& mine, secret line, std::string_view shown);
  task<> stop_idle();

  // Reads until the condition holds of `mine`; for the task that gave that command.
  task<> read_until(pending& mine, bool (*holds)(const pending& mine));
  [[nodiscard]] static bool has_ended(const pending& mine) { return mine.end_.has_value(); }
  [[nodiscard]] static bool was_answered(const pending& mine) { return mine.challenge_ || mine.end_; }
  task<> fill();
  [[nodiscard]] progress advance(const pending* mine, read_step& step);
  void take_early();
  void route(response what);
  void route(status_response what);
  void note(const response& what);
  void note_code(const response_code& what);
  void tell(const response& what);
  void remove(const pending& mine) noexcept;
  void pass_on_reading(const pending& mine) noexcept;
  void break_off(failure why) noexcept;
  [[nodiscard]] failure named(const failure& why, std::string_view doing) const;
  void log_sent(std::string_view shown) const;
  void log_received(byte_view bytes, const read_step& step);

  connector connect_;
  client_options options_;
  std::string host_;
  bool can_reconnect_;

  std::optional<stream> peer_;
  std::string peer_name_;
  response_reader reader_;
  std::vector<pending*> pending_;  // under way, in the order in which they were sent
  pending* reading_ = nullptr;     // whose task reads
  pending* challenged_ = nullptr;  // who waits for a continuation
  pending* body_for_ = nullptr;    // for whom a body is streamed; null: nobody
  bool in_body_ = false;
  mutex sending_;
  event ended_;  // a command ended, since somebody began to wait for that
  std::optional<failure> broken_;
  std::uint64_t next_tag_ = 1;

  std::unique_ptr<idle_command> idling_;
  event interrupted_;     // somebody wants IDLE to end
  event idle_left_;       // nobody is in `idle` any more
  bool in_idle_ = false;  // somebody is
  bool ending_idle_ = false;

  imap::capabilities server_;
  bool knows_server_ = false;  // `server_` is of the present state of the session
  std::vector<std::string> enabled_;
  wire_options wire_;
  status_response greeting_;
  std::optional<mailbox_info> selected_;
  std::map<std::string, std::uint32_t, std::less<>> validities_;  // of the mailboxes that were selected
  std::uint64_t selections_ = 0;
  mailbox_observer* observer_ = nullptr;

  std::optional<crypto::sasl_credentials> credentials_;  // for the next connection
  std::string user_;
  token_provider provide_;
  std::vector<std::byte> binding_;  // of TLS, for SCRAM-...-PLUS
  std::string_view binding_name_;
  std::string received_;  // for the transcript
  bool hide_challenges_ = false;
  bool secure_ = false;
  bool authenticated_ = false;
  bool compressed_ = false;
  bool opening_ = false;
  bool leaving_ = false;  // BYE is expected
};

// Registers a command for as long as it is under way; one that is left without its end takes the connection
// with it, as nobody knows any more whose the next answer is.
class client_session::under_way {
 public:
  under_way(client_session& of, pending& mine) : of_(of), mine_(&mine) { of_.pending_.push_back(&mine); }
  under_way(const under_way&) = delete;
  under_way& operator=(const under_way&) = delete;
  ~under_way() {
    if (mine_ == nullptr) return;
    if (!mine_->end()) {
      of_.break_off(failure(tidewire::errc::closed, "a command was given up before its end"));
    }
    of_.remove(*mine_);
  }
  // It stays under way.
  void release() noexcept { mine_ = nullptr; }

 private:
  client_session& of_;
  pending* mine_;
};

}  // namespace tidewire::imap::detail
