#include <tidewire/base/base64.hpp>
#include <tidewire/base/hex.hpp>
#include <tidewire/crypto/hmac.hpp>
#include <tidewire/crypto/random.hpp>
#include <tidewire/crypto/sasl.hpp>

#include <algorithm>
#include <utility>

#include "pem.hpp"
#include "scram.hpp"

namespace tidewire::crypto {
namespace {

// Iterations that are claimed for a user who does not exist.
constexpr std::uint32_t usual_iterations = 4096;

failure not_authenticated() {
  return failure(errc::authentication_failed, "the user does not exist, or did not prove to be it");
}

sasl_step ask(sasl_wants wants) {
  return {.wants = wants, .data = {}};
}

sasl_step challenge(std::string_view text) {
  return {.wants = sasl_wants::response, .data = secret(text)};
}

// Takes the text up to `end`, which has to come.
std::optional<std::string_view> take_until(std::string_view& text, char end) noexcept {
  const std::size_t at = text.find(end);
  if (at == npos) return std::nullopt;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + 1);
  return taken;
}

}  // namespace

// One mechanism of the server. Its answers are asked for only when it wanted them.
class sasl_server_state {
 public:
  explicit sasl_server_state(std::string_view name) noexcept : name_(name) {}
  sasl_server_state(const sasl_server_state&) = delete;
  sasl_server_state& operator=(const sasl_server_state&) = delete;
  virtual ~sasl_server_state() = default;

  virtual result<sasl_step> step(std::optional<std::string_view> response) = 0;
  virtual result<sasl_step> decide(bool accepted) {
    if (!accepted) return not_authenticated();
    return ask(sasl_wants::nothing);
  }
  virtual result<sasl_step> give_password(const std::optional<secret>&) { return not_authenticated(); }
  virtual result<sasl_step> give_record(const std::optional<scram_record>&) { return not_authenticated(); }

  [[nodiscard]] failure malformed(std::string_view what) const {
    return failure(errc::malformed_message, std::string(name_) + ": " + std::string(what));
  }
  // What the client sent, prepared.
  [[nodiscard]] result<void> set_user(std::string_view text) {
    const auto prepared = saslprep(text);
    if (!prepared || prepared->empty()) return malformed("a user that is none");
    user_ = prepared->reveal();
    return {};
  }
  [[nodiscard]] result<void> set_password(std::string_view text) {
    auto prepared = saslprep(text);
    if (!prepared) return malformed("a password that is none");
    password_ = *std::move(prepared);
    return {};
  }
  [[nodiscard]] result<void> set_identity(std::string_view text) {
    const auto prepared = saslprep(text);
    if (!prepared) return malformed("an identity that is none");
    identity_ = prepared->reveal();
    return {};
  }

  const std::string_view name_;
  std::string user_;
  std::string identity_;
  secret password_;
  sasl_wants wanted_ = sasl_wants::response;
  bool failed_ = false;
};

namespace {

class plain_server : public sasl_server_state {
 public:
  using sasl_server_state::sasl_server_state;
  result<sasl_step> step(std::optional<std::string_view> response) override {
    if (!response) return challenge("");
    std::string_view rest = *response;
    const auto identity = take_until(rest, '\0');
    const auto user = identity ? take_until(rest, '\0') : std::nullopt;
    if (!user || rest.empty() || rest.find('\0') != npos)
      return malformed("not identity NUL user NUL password");
    for (const auto& done : {set_identity(*identity), set_user(*user), set_password(rest)}) {
      if (!done) return done.error();
    }
    return ask(sasl_wants::password_check);
  }
};

class login_server : public sasl_server_state {
 public:
  using sasl_server_state::sasl_server_state;
  result<sasl_step> step(std::optional<std::string_view> response) override {
    if (!response && user_.empty()) return challenge("Username:");
    if (!response) return malformed("no password");
    if (user_.empty()) {
      if (const auto done = set_user(*response); !done) return done.error();
      return challenge("Password:");
    }
    if (const auto done = set_password(*response); !done) return done.error();
    return ask(sasl_wants::password_check);
  }
};

class cram_md5_server : public sasl_server_state {
 public:
  cram_md5_server(std::string_view name, const sasl_server_options& options)
      : sasl_server_state(name),
        // The msg-id of RFC 2195; `nonce_dangerous` is all of it.
        challenge_(!options.nonce_dangerous.empty()
                       ? std::string(options.nonce_dangerous)
                       : "<" + token_hex(16) + "@" + std::string(options.host_name) + ">") {}

  result<sasl_step> step(std::optional<std::string_view> response) override {
    if (!std::exchange(asked_, true)) {
      if (response) return malformed("the server has the first word");
      return challenge(challenge_);
    }
    const std::size_t space = response ? response->rfind(' ') : npos;
    if (space == npos) return malformed("not a user and a digest");
    const auto tag = digest::from_hex(response->substr(space + 1));
    if (!tag || tag->size() != md5::size) return malformed("the digest is none");
    tag_ = *tag;
    if (const auto done = set_user(response->substr(0, space)); !done) return done.error();
    return ask(sasl_wants::password);
  }
  result<sasl_step> give_password(const std::optional<secret>& password) override {
    if (!password || !hmac<md5>(*password).update(challenge_).verify(tag_)) return not_authenticated();
    return ask(sasl_wants::nothing);
  }

 private:
  std::string challenge_;
  digest tag_;
  bool asked_ = false;
};

class external_server : public sasl_server_state {
 public:
  using sasl_server_state::sasl_server_state;
  result<sasl_step> step(std::optional<std::string_view> response) override {
    if (!response) return challenge("");
    if (const auto done = set_identity(*response); !done) return done.error();
    return ask(sasl_wants::identity_check);
  }
};

// XOAUTH2 and OAUTHBEARER: after a refusal the client has to answer once more before it has failed.
class oauth_server : public sasl_server_state {
 public:
  using sasl_server_state::sasl_server_state;
  result<sasl_step> step(std::optional<std::string_view> response) override {
    if (refused_) return not_authenticated();
    if (!response) return challenge("");
    std::string_view rest = *response;
    if (name_ == "XOAUTH2") {
      const auto user = take_until(rest, '\x01');
      if (!user || !user->starts_with("user=")) return malformed("not user= and auth=");
      if (const auto done = set_user(user->substr(5)); !done) return done.error();
    } else {
      const auto header = take_until(rest, '\x01');
      if (!header || !header->starts_with("n,") || !header->ends_with(','))
        return malformed("a header that is none");
      std::string_view identity = header->substr(2, header->size() - 3);
      if (!identity.empty()) {
        const auto name = identity.starts_with("a=") ? scram::unescaped(identity.substr(2)) : std::nullopt;
        if (!name || name->find(',') != npos) return malformed("an identity that is none");
        if (const auto done = set_user(*name); !done) return done.error();
      }
    }
    return take_token(rest);
  }
  result<sasl_step> decide(bool accepted) override {
    if (accepted) return ask(sasl_wants::nothing);
    refused_ = true;
    return challenge(R"({"status":"invalid_token"})");
  }

 private:
  // NAME=VALUE pairs, each with a ^A after it, and one more at the end.
  result<sasl_step> take_token(std::string_view rest) {
    bool found = false;
    while (!rest.starts_with('\x01')) {
      const auto pair = take_until(rest, '\x01');
      if (!pair || pair->find('=') == npos) return malformed("a pair that is none");
      if (!pair->starts_with("auth=")) continue;
      std::string_view value = pair->substr(5);
      if (found || !ascii::istarts_with(value, "Bearer ")) return malformed("no bearer token");
      value.remove_prefix(7);
      const bool visible = std::ranges::all_of(value, [](char c) { return ascii::is_visible(c); });
      if (value.empty() || !visible) return malformed("a token that is none");
      password_ = secret(value);
      found = true;
    }
    if (!found || rest.size() != 1) return malformed("no bearer token, or something after it");
    return ask(sasl_wants::token_check);
  }

  bool refused_ = false;
};

class scram_server : public sasl_server_state {
 public:
  scram_server(std::string_view name, scram::kind kind, const sasl_server_options& options)
      : sasl_server_state(name),
        kind_(kind),
        binding_type_(options.binding.type),
        binding_data_(options.binding.data),
        nonce_(options.nonce_dangerous.empty() ? scram::random_nonce()
                                               : std::string(options.nonce_dangerous)),
        unknown_key_(!options.unknown_user_key.empty() ? secret(options.unknown_user_key)
                                                       : random_secret(32)) {}

  result<sasl_step> step(std::optional<std::string_view> response) override {
    switch (stage_) {
      case stage::first:
        if (!response) return challenge("");
        return read_first(*response);
      case stage::proof:
        if (!response) return malformed("no proof");
        return read_proof(*response);
      case stage::end: break;
    }
    if (response && !response->empty()) return malformed("a message after the last one");
    if (identity_.empty() || identity_ == user_) return ask(sasl_wants::nothing);
    return ask(sasl_wants::identity_check);
  }

  // Who does not exist gets a salt too, and fails where others with a wrong password fail.
  result<sasl_step> give_record(const std::optional<scram_record>& record) override {
    const bool usable =
        record && record->hash == kind_.hash && record->iterations > 0 && !record->salt.empty();
    known_ = usable;
    record_ = usable ? *record : invented();
    server_first_ =
        "r=" + nonce_ + ",s=" + base64::encode(record_.salt) + ",i=" + std::to_string(record_.iterations);
    stage_ = stage::proof;
    return challenge(server_first_);
  }

 private:
  enum class stage { first, proof, end };

  [[nodiscard]] scram_record invented() const {
    scram_record record;
    record.hash = kind_.hash;
    record.iterations = usual_iterations;
    const digest salt = hmac<sha256>(unknown_key_).update("salt ").update(user_).finish();
    record.salt.assign(salt.bytes().begin(), salt.bytes().begin() + 16);
    record.stored_key = secret(salt.bytes().first(digest_size(kind_.hash)));
    record.server_key = record.stored_key;
    return record;
  }

  // gs2-header, which says what the client thinks of channel binding.
  result<void> read_header(std::string_view& rest) {
    const auto flag = take_until(rest, ',');
    const auto identity = flag ? take_until(rest, ',') : std::nullopt;
    if (!identity) return malformed("no header");
    if (kind_.plus) {
      if (!flag->starts_with("p=")) return malformed("the client does not bind the channel");
      if (binding_type_.empty() || flag->substr(2) != binding_type_) {
        return malformed("a kind of channel binding that is not here: " + shown(flag->substr(2), 40));
      }
    } else if (*flag == "y" && !binding_type_.empty()) {
      return failure(errc::authentication_failed,
                     "the client did not see that channel binding is offered: somebody "
                     "took it out of the offer");
    } else if (*flag != "n" && *flag != "y") {
      return malformed("a header that is none");
    }
    if (identity->empty()) return {};
    const auto name = identity->starts_with("a=") ? scram::unescaped(identity->substr(2)) : std::nullopt;
    if (!name) return malformed("an identity that is none");
    return set_identity(*name);
  }

  result<sasl_step> read_first(std::string_view message) {
    std::string_view rest = message;
    if (const auto done = read_header(rest); !done) return done.error();
    header_ = message.substr(0, message.size() - rest.size());
    client_first_bare_ = rest;
    if (rest.starts_with("m=")) return malformed("an extension that we do not know is mandatory");
    const auto name = scram::take_attribute(rest, 'n');
    const auto nonce = name ? scram::take_attribute(rest, 'r') : std::nullopt;
    if (!nonce || !scram::is_nonce(*nonce)) return malformed("not a user and a nonce");
    const auto plain = scram::unescaped(*name);
    if (!plain) return malformed("a user that is none");
    if (const auto done = set_user(*plain); !done) return done.error();
    nonce_.insert(0, *nonce);
    return ask(sasl_wants::record);
  }

  result<sasl_step> read_proof(std::string_view message) {
    std::string_view rest = message;
    const auto bound = scram::take_attribute(rest, 'c');
    const auto nonce = bound ? scram::take_attribute(rest, 'r') : std::nullopt;
    const std::size_t proof_at = message.rfind(",p=");
    if (!nonce || proof_at == npos) return malformed("not a binding, a nonce and a proof");
    const auto proof = base64::decode(message.substr(proof_at + 3));
    const std::size_t size = digest_size(kind_.hash);
    if (!proof || proof->size() != size) return malformed("a proof that is none");
    secret expected(header_);
    if (kind_.plus) expected.append(binding_data_.reveal());
    if (*nonce != nonce_) return malformed("another nonce");
    const auto sent = base64::decode(*bound);
    if (!sent || !equal_in_constant_time(*sent, expected.reveal_bytes())) {
      return failure(errc::authentication_failed, "SCRAM: the channel of the client is not this one");
    }
    const std::string transcript =
        client_first_bare_ + "," + server_first_ + "," + std::string(message.substr(0, proof_at));
    const digest signature = scram::signature(kind_.hash, record_.stored_key.reveal_bytes(), transcript);
    const secret client_key = secret::take(scram::exclusive_or(*proof, signature.bytes()));
    const digest stored = hasher(kind_.hash).update(client_key.reveal_bytes()).finish();
    const bool proven = equal_in_constant_time(stored.bytes(), record_.stored_key.reveal_bytes());
    if (!proven || !known_) return not_authenticated();
    stage_ = stage::end;
    const digest mine = scram::signature(kind_.hash, record_.server_key.reveal_bytes(), transcript);
    return challenge("v=" + mine.base64());
  }

  scram::kind kind_;
  std::string binding_type_;
  secret binding_data_;
  std::string nonce_;  // the server's part; the whole from the first message on
  secret unknown_key_;
  std::string header_;
  std::string client_first_bare_;
  std::string server_first_;
  scram_record record_;
  bool known_ = false;
  stage stage_ = stage::first;
};

std::unique_ptr<sasl_server_state> state_of(std::string_view name, const sasl_server_options& options) {
  if (name == "PLAIN") return std::make_unique<plain_server>(name);
  if (name == "LOGIN") return std::make_unique<login_server>(name);
  if (name == "CRAM-MD5") return std::make_unique<cram_md5_server>(name, options);
  if (name == "EXTERNAL") return std::make_unique<external_server>(name);
  if (name == "XOAUTH2" || name == "OAUTHBEARER") return std::make_unique<oauth_server>(name);
  return std::make_unique<scram_server>(name, *scram::kind_of(name), options);
}

}  // namespace

sasl_server::sasl_server(std::unique_ptr<sasl_server_state> state) noexcept : state_(std::move(state)) {}
sasl_server::sasl_server(sasl_server&&) noexcept = default;
sasl_server& sasl_server::operator=(sasl_server&&) noexcept = default;
sasl_server::~sasl_server() = default;

result<sasl_server> sasl_server::make(std::string_view mechanism, const sasl_server_options& options) {
  for (const std::string_view name : sasl_mechanisms()) {
    if (ascii::iequals(name, mechanism)) return sasl_server(state_of(name, options));
  }
  return failure(errc::unknown_algorithm, "no mechanism is called '" + shown(mechanism, 40) + "'");
}

std::string_view sasl_server::mechanism() const noexcept {
  return state_->name_;
}

namespace {

// Runs one step, if it is the one that is due, and notes what comes next.
template <class F>
result<sasl_step> run(sasl_server_state& state, bool due, F&& once) {
  if (state.failed_) return failure(tidewire::errc::misuse, std::string(state.name_) + " has failed before");
  if (!due) return failure(tidewire::errc::misuse, std::string(state.name_) + ": another call is due");
  result<sasl_step> next = once();
  state.failed_ = !next;
  if (next) state.wanted_ = next->wants;
  return next;
}

}  // namespace

result<sasl_step> sasl_server::step(std::optional<std::string_view> response) {
  return run(*state_, state_->wanted_ == sasl_wants::response, [&]() -> result<sasl_step> {
    if (response && response->size() > max_sasl_message) {
      return failure(tidewire::errc::limit_exceeded, "a message of " + std::to_string(response->size()) +
                                                         " bytes; " + std::to_string(max_sasl_message) +
                                                         " are allowed");
    }
    return state_->step(response);
  });
}

result<sasl_step> sasl_server::decide(bool accepted) {
  const bool due = state_->wanted_ == sasl_wants::password_check ||
                   state_->wanted_ == sasl_wants::token_check ||
                   state_->wanted_ == sasl_wants::identity_check;
  return run(*state_, due, [&] { return state_->decide(accepted); });
}

result<sasl_step> sasl_server::give_password(const std::optional<secret>& password) {
  return run(*state_, state_->wanted_ == sasl_wants::password,
             [&] { return state_->give_password(password); });
}

result<sasl_step> sasl_server::give_record(const std::optional<scram_record>& record) {
  return run(*state_, state_->wanted_ == sasl_wants::record, [&] { return state_->give_record(record); });
}

std::string_view sasl_server::user() const noexcept {
  return state_->user_;
}

std::string_view sasl_server::identity() const noexcept {
  return state_->identity_;
}

const secret& sasl_server::password() const noexcept {
  return state_->password_;
}

}  // namespace tidewire::crypto
