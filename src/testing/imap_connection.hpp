// One connection of an imap_server: the protocol in `imap::session`, what it has selected, and its faults.
#pragma once

#include <tidewire/core/mailbox.hpp>
#include <tidewire/core/mutex.hpp>
#include <tidewire/crypto/sasl.hpp>
#include <tidewire/imap/section.hpp>
#include <tidewire/imap/sequence_set.hpp>
#include <tidewire/imap/session.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imap_core.hpp"

namespace tidewire::testing::detail {

// A message as the client knows of it; its place is its number.
struct known_message {
  std::uint32_t uid = 0;
  std::uint64_t modseq = 0;  // of the flags that it was told
};

// What FETCH is asked for.
struct fetch_item {
  enum class kind_type : unsigned char {
    flags,
    uid,
    envelope,
    body,
    body_structure,
    internal_date,
    size,
    modseq,
    section,
    binary_size
  };
  kind_type kind;
  imap::section section{};
  bool peek = true;
  bool is_partial = false;
  std::uint64_t origin = 0;
  std::uint64_t count = 0;
};

class imap_connection {
 public:
  imap_connection(imap_core& core, connection& on, stream peer);

  task<> run();

 private:
  using arguments = std::vector<imap::token>;

  // The conversation: imap_connection.cpp.
  task<> converse();
  task<> tell_news(mailbox<int>& news);
  task<bool> handle(imap::session_event event);
  // Commits what comes first; true: it has answered.
  task<bool> pass_faults(imap_stage at);
  task<> send(imap_stage at);
  task<> begin_tls();
  task<> starttls();
  void authenticate(bool first);
  crypto::sasl_step settle(crypto::sasl_wants wants, bool& failed);
  void sign_in(std::string user);
  void log(speaker from, std::string_view lines);

  // Commands, with the lock held. Those that are not answered when this returns are answered by OK.
  void execute();
  // What others changed, and whoever idles is to know.
  void report_changes(bool may_expunge);
  // Of the mailboxes: imap_mailbox_commands.cpp.
  void select(bool read_only);
  void resynchronise(const imap::token& state);
  void unselect(bool expunge_first);
  void create();
  void remove();
  void rename();
  void subscribe(bool is);
  void list(bool only_subscribed);
  void list_one(const mailbox_store& box, bool with_subscribed, const std::optional<arguments>& status);
  void status();
  void append();
  void enable();
  void identify();
  // Of the messages: imap_message_commands.cpp.
  void fetch(bool by_uid);
  void store(bool by_uid);
  void copy(bool by_uid, bool then_remove);
  void expunge(const imap::token* uids);
  // imap_search.cpp
  void search(bool by_uid, bool sorted);

  [[nodiscard]] arguments& args() noexcept { return session_.command().arguments; }
  [[nodiscard]] std::string name_from(const imap::token& text) const;
  [[nodiscard]] std::string name_to(std::string_view name) const;
  // The mailbox of an argument; answers NO if there is none.
  mail_store::mailbox mailbox_named(const imap::token& text, std::string_view code);
  // The places of the messages that a set names; answers BAD if it is none.
  std::optional<std::vector<std::size_t>> chosen(const imap::token& set, bool by_uid);
  [[nodiscard]] std::string fetch_response(std::size_t place, const std::vector<fetch_item>& items);
  void tell_flags(std::size_t place, bool with_uid, bool with_flags = true);
  [[nodiscard]] std::string status_of(const mailbox_store& box, const arguments& items);
  [[nodiscard]] bool is_answered() const noexcept { return answered_; }
  void ok(std::string_view text, std::string_view code = {});
  void no(std::string_view text, std::string_view code = {});
  void bad(std::string_view text);
  void use_condstore() noexcept { condstore_ = true; }

  imap_core& core_;
  connection& on_;
  stream peer_;
  mutex writing_;
  imap::session session_;
  std::string user_;
  std::optional<crypto::sasl_server> sasl_;
  std::vector<std::byte> binding_;  // of TLS
  std::string_view binding_name_;
  std::vector<planned_fault> now_;  // of the stage that was reached last

  mail_store::mailbox selected_;
  std::vector<known_message> view_;
  std::vector<std::uint32_t> saved_;  // `$`, by UIDs
  bool read_only_ = false;
  bool condstore_ = false;
  bool qresync_ = false;
  bool rev2_ = false;
  bool utf8_ = false;
  bool answered_ = false;
};

}  // namespace tidewire::testing::detail
