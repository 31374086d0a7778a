#include <tidewire/base/base64.hpp>
#include <tidewire/base/hex.hpp>
#include <tidewire/crypto/hmac.hpp>
#include <tidewire/crypto/sasl.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "pem.hpp"
#include "scram.hpp"

namespace tidewire::crypto {
namespace {

constexpr std::array<std::string_view, 10> mechanisms{
    "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN",
    "OAUTHBEARER",        "XOAUTH2",          "EXTERNAL",
};

failure malformed(std::string_view mechanism, std::string_view what) {
  return failure(errc::malformed_message, std::string(mechanism) + ": " + std::string(what));
}

// A name or token that goes into a message as it is.
bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return ascii::is_control(c); });
}

}  // namespace

std::span<const std::string_view> sasl_mechanisms() noexcept {
  return mechanisms;
}

// One mechanism of the client. `first` and `reply` are called in the right order, with messages of a bounded
// size.
class sasl_client_state {
 public:
  sasl_client_state(std::string_view name, bool first) noexcept : name_(name), sends_first_(first) {}
  sasl_client_state(const sasl_client_state&) = delete;
  sasl_client_state& operator=(const sasl_client_state&) = delete;
  virtual ~sasl_client_state() = default;

  virtual result<secret> first() { return secret(); }
  virtual result<secret> reply(std::string_view challenge) = 0;
  // Is nothing to come, and the server proved to be it, where it has to?
  [[nodiscard]] virtual bool complete() const = 0;

  static result<std::unique_ptr<sasl_client_state>> make(std::string_view name,
                                                         const sasl_credentials& given);

  const std::string_view name_;
  const bool sends_first_;
  std::string server_error_;
  bool started_ = false;
  bool failed_ = false;
};

namespace {

// A mechanism that says all it has to say at once: PLAIN, EXTERNAL, and, until the server complains, those of
// OAuth.
class one_message : public sasl_client_state {
 public:
  one_message(std::string_view name, secret message,
              std::optional<std::string_view> answer_to_error = std::nullopt)
      : sasl_client_state(name, true), message_(std::move(message)), answer_to_error_(answer_to_error) {}

  result<secret> first() override { return std::exchange(message_, secret()); }
  result<secret> reply(std::string_view challenge) override {
    if (!answer_to_error_ || !server_error_.empty()) return malformed(name_, "a challenge where none is due");
    // RFC 7628 section 3.2.3: what follows is the end of a failure.
    server_error_ = challenge.empty() ? "{}" : challenge;
    return secret(*answer_to_error_);
  }
  [[nodiscard]] bool complete() const override { return server_error_.empty(); }

 private:
  secret message_;
  std::optional<std::string_view> answer_to_error_;
};

class login : public sasl_client_state {
 public:
  login(secret user, secret password)
      : sasl_client_state("LOGIN", false), user_(std::move(user)), password_(std::move(password)) {}

  // Servers differ in what they ask, but not in the order: the text is of no importance.
  result<secret> reply(std::string_view) override {
    if (asked_ == 2) return malformed(name_, "a third challenge");
    return std::exchange(asked_++ == 0 ? user_ : password_, secret());
  }
  [[nodiscard]] bool complete() const override { return asked_ == 2; }

 private:
  secret user_;
  secret password_;
  int asked_ = 0;
};

class cram_md5 : public sasl_client_state {
 public:
  cram_md5(secret user, secret password)
      : sasl_client_state("CRAM-MD5", false), user_(std::move(user)), password_(std::move(password)) {}

  result<secret> reply(std::string_view challenge) override {
    if (done_) return malformed(name_, "a second challenge");
    if (challenge.empty()) return malformed(name_, "an empty challenge");
    done_ = true;
    const digest tag = hmac<md5>(password_).update(challenge).finish();
    password_.clear();
    return secret(user_).append(" ").append(tag.hex());
  }
  [[nodiscard]] bool complete() const override { return done_; }

 private:
  secret user_;
  secret password_;
  bool done_ = false;
};

struct scram_setup {
  scram::kind kind;
  std::string user;
  std::string identity;
  std::string nonce;
  std::string binding_type;  // empty: none is known
  secret binding_data;
  secret password;
  std::uint32_t least;
  std::uint32_t most;
};

class scram_client : public sasl_client_state {
 public:
  scram_client(std::string_view name, scram_setup setup)
      : sasl_client_state(name, true), setup_(std::move(setup)) {
    // `y`: we could bind the channel, but the server did not offer to. One that did knows then that somebody
    // meddled.
    header_ = setup_.kind.plus ? "p=" + setup_.binding_type : setup_.binding_type.empty() ? "n" : "y";
    header_ += ',';
    if (!setup_.identity.empty()) header_ += "a=" + scram::escaped(setup_.identity);
    header_ += ',';
    first_bare_ = "n=" + scram::escaped(setup_.user) + ",r=" + setup_.nonce;
  }

  result<secret> first() override { return secret(header_ + first_bare_); }

  result<secret> reply(std::string_view challenge) override {
    switch (std::exchange(next_, static_cast<stage>(static_cast<int>(next_) + 1))) {
      case stage::challenge: return prove(challenge);
      case stage::proof: return check(challenge);
      case stage::ended: break;
    }
    next_ = stage::ended;
    return scram::malformed("a message after the last one");
  }
  [[nodiscard]] bool complete() const override { return proven_; }

 private:
  enum class stage { challenge, proof, ended };

  result<secret> prove(std::string_view challenge) {
    std::string_view rest = challenge;
    if (rest.starts_with("m=")) return scram::malformed("an extension that we do not know is mandatory");
    if (const auto why = scram::take_attribute(rest, 'e')) return refused(*why);
    const auto nonce = scram::take_attribute(rest, 'r');
    const auto salt_text = nonce ? scram::take_attribute(rest, 's') : std::nullopt;
    const auto count_text = salt_text ? scram::take_attribute(rest, 'i') : std::nullopt;
    if (!count_text) return scram::malformed("a challenge has to have nonce, salt and iterations");
    const auto salt = base64::decode(*salt_text);
    const auto count = scram::iterations(*count_text);
    if (!salt || salt->empty() || !count) return scram::malformed("a salt or iterations that are none");
    if (!scram::is_nonce(*nonce) || !nonce->starts_with(setup_.nonce) ||
        nonce->size() == setup_.nonce.size()) {
      return failure(errc::server_not_authentic, "SCRAM: the nonce of the server does not extend ours");
    }
    if (*count < setup_.least || *count > setup_.most) {
      return failure(tidewire::errc::limit_exceeded,
                     "SCRAM: the server asks for " + std::to_string(*count) + " iterations; we allow " +
                         std::to_string(setup_.least) + " to " + std::to_string(setup_.most));
    }
    const hash_algorithm hash = setup_.kind.hash;
    const scram::keys keys = scram::derive(hash, setup_.password, *salt, *count);
    setup_.password.clear();

    secret bound(header_);
    if (setup_.kind.plus) bound.append(setup_.binding_data.reveal());
    const std::string final_bare = "c=" + base64::encode(bound.reveal()) + ",r=" + std::string(*nonce);
    const std::string transcript = first_bare_ + "," + std::string(challenge) + "," + final_bare;
    const digest signature = scram::signature(hash, keys.stored_key.reveal_bytes(), transcript);
    server_signature_ = scram::signature(hash, keys.server_key.reveal_bytes(), transcript);
    const std::string proof = scram::exclusive_or(keys.client_key.reveal_bytes(), signature.bytes());
    return secret(final_bare).append(",p=").append(base64::encode(proof));
  }

  result<secret> check(std::string_view challenge) {
    std::string_view rest = challenge;
    if (const auto why = scram::take_attribute(rest, 'e')) return refused(*why);
    const auto verifier = scram::take_attribute(rest, 'v');
    if (!verifier) return scram::malformed("no signature of the server");
    const auto signature = base64::decode(*verifier);
    if (!signature || !equal_in_constant_time(*signature, server_signature_.bytes())) {
      return failure(errc::server_not_authentic, "SCRAM: the server does not know the password");
    }
    proven_ = true;
    return secret();
  }

  failure refused(std::string_view why) {
    server_error_ = why;
    return failure(errc::authentication_failed, "SCRAM: refused by the server").peer_said(why);
  }

  scram_setup setup_;
  std::string header_;
  std::string first_bare_;
  digest server_signature_;
  stage next_ = stage::challenge;
  bool proven_ = false;
};

}  // namespace

sasl_credentials sasl_credentials::bearer(std::string_view user, secret token) {
  sasl_credentials credentials(user, std::move(token));
  credentials.kind_ = kind::bearer;
  return credentials;
}

sasl_credentials sasl_credentials::external() {
  sasl_credentials credentials;
  credentials.kind_ = kind::external;
  return credentials;
}

result<std::unique_ptr<sasl_client_state>> sasl_client_state::make(std::string_view name,
                                                                   const sasl_credentials& given) {
  using kind = decltype(given.kind_);
  const auto wants = name == "EXTERNAL"                           ? kind::external
                     : name == "XOAUTH2" || name == "OAUTHBEARER" ? kind::bearer
                                                                  : kind::password;
  if (given.kind_ != wants) {
    constexpr std::array<std::string_view, 3> words{"a password", "a token", "the identity of the channel"};
    return failure(tidewire::errc::misuse,
                   std::string(name) + " wants " + std::string(words[static_cast<std::size_t>(wants)]));
  }
  if (!is_clean(given.identity_) || !is_clean(given.host_)) {
    return failure(errc::prohibited_character, "a control character in an identity or a host");
  }
  if (wants == kind::external) return std::make_unique<one_message>(name, secret(given.identity_));
  if (given.user_.empty()) return failure(tidewire::errc::misuse, std::string(name) + " wants a user");

  if (wants == kind::bearer) {
    const std::string_view token = given.password_.reveal();
    const bool visible = std::ranges::all_of(token, [](char c) { return ascii::is_visible(c); });
    if (token.empty() || !visible || !is_clean(given.user_)) {
      return failure(errc::prohibited_character,
                     "a token is visible ASCII, and a user has no control character");
    }
    secret message;
    if (name == "XOAUTH2") {
      message.append("user=").append(given.user_).append("\x01");
    } else {
      const std::string& identity = given.identity_.empty() ? given.user_ : given.identity_;
      message.append("n,a=").append(scram::escaped(identity)).append(",\x01");
      if (!given.host_.empty()) message.append("host=").append(given.host_).append("\x01");
      if (given.port_ != 0) message.append("port=").append(std::to_string(given.port_)).append("\x01");
    }
    message.append("auth=Bearer ").append(token).append("\x01\x01");
    // The server's complaint wants an answer before it fails.
    return std::make_unique<one_message>(name, std::move(message), name == "XOAUTH2" ? "" : "\x01");
  }

  const auto user = saslprep(given.user_);
  if (!user) return failure(user.error()).because("the user: " + std::string(user.error().detail()));
  auto password = saslprep(given.password_.reveal());
  if (!password)
    return failure(password.error()).because("the password: " + std::string(password.error().detail()));
  if (user->empty()) return failure(tidewire::errc::misuse, std::string(name) + " wants a user");
  if (name == "PLAIN") {
    secret message(given.identity_);
    message.append(std::string_view("\0", 1)).append(user->reveal());
    message.append(std::string_view("\0", 1)).append(password->reveal());
    return std::make_unique<one_message>(name, std::move(message));
  }
  if (name == "LOGIN") return std::make_unique<login>(*user, *std::move(password));
  if (name == "CRAM-MD5") return std::make_unique<cram_md5>(*user, *std::move(password));

  const auto kind_of_scram = scram::kind_of(name);
  if (kind_of_scram->plus && given.binding_type_.empty()) {
    return failure(tidewire::errc::misuse, std::string(name) + " wants a channel binding");
  }
  if (!given.nonce_.empty() && !scram::is_nonce(given.nonce_)) {
    return failure(errc::prohibited_character, "a nonce with a comma, or with what is not visible");
  }
  return std::make_unique<scram_client>(
      name, scram_setup{.kind = *kind_of_scram,
                        .user = std::string(user->reveal()),
                        .identity = given.identity_,
                        .nonce = given.nonce_.empty() ? scram::random_nonce() : given.nonce_,
                        .binding_type = given.binding_type_,
                        .binding_data = given.binding_data_,
                        .password = *std::move(password),
                        .least = given.least_iterations_,
                        .most = given.most_iterations_});
}

sasl_client::sasl_client(std::unique_ptr<sasl_client_state> state) noexcept : state_(std::move(state)) {}
sasl_client::sasl_client(sasl_client&&) noexcept = default;
sasl_client& sasl_client::operator=(sasl_client&&) noexcept = default;
sasl_client::~sasl_client() = default;

result<sasl_client> sasl_client::make(std::string_view mechanism, const sasl_credentials& credentials) {
  const auto known = std::ranges::find_if(
      mechanisms, [&](std::string_view name) { return ascii::iequals(name, mechanism); });
  if (known == mechanisms.end()) {
    return failure(errc::unknown_algorithm, "no mechanism is called '" + shown(mechanism, 40) + "'");
  }
  return sasl_client_state::make(*known, credentials).transform([](std::unique_ptr<sasl_client_state> state) {
    return sasl_client(std::move(state));
  });
}

result<sasl_client> sasl_client::strongest(std::span<const std::string_view> offered,
                                           const sasl_credentials& credentials) {
  const auto is_offered = [&](std::string_view name) {
    return std::ranges::any_of(offered, [&](std::string_view each) { return ascii::iequals(each, name); });
  };
  using kind = decltype(credentials.kind_);
  bool wants_encryption = false;
  for (const std::string_view name : mechanisms) {
    const bool bearer = name == "OAUTHBEARER" || name == "XOAUTH2";
    const kind fits = name == "EXTERNAL" ? kind::external : bearer ? kind::bearer : kind::password;
    if (!is_offered(name) || fits != credentials.kind_) continue;
    if (name.ends_with("-PLUS") && credentials.binding_type_.empty()) continue;
    if (!credentials.encrypted_ && (bearer || name == "PLAIN" || name == "LOGIN")) {
      wants_encryption = true;
      continue;
    }
    return make(name, credentials);
  }
  std::string offer;
  for (const std::string_view name : offered.first(std::min<std::size_t>(offered.size(), 20))) {
    offer += (offer.empty() ? "" : ", ") + shown(name, 40);
  }
  return failure(errc::no_common_mechanism,
                 "the server offers " + (offer.empty() ? "none" : offer) +
                     (wants_encryption ? "; those that we know need an encrypted channel" : ""));
}

std::string_view sasl_client::mechanism() const noexcept {
  return state_->name_;
}

bool sasl_client::sends_first() const noexcept {
  return state_->sends_first_;
}

result<secret> sasl_client::first() {
  if (!state_->sends_first_) {
    return failure(tidewire::errc::misuse, std::string(mechanism()) + ": the server has the first word");
  }
  if (std::exchange(state_->started_, true)) {
    return failure(tidewire::errc::misuse,
                   std::string(mechanism()) + ": the first message was given already");
  }
  return state_->first();
}

result<secret> sasl_client::reply(std::string_view challenge) {
  if (state_->failed_)
    return failure(tidewire::errc::misuse, std::string(mechanism()) + " has failed before");
  if (state_->sends_first_ && !state_->started_) {
    return failure(tidewire::errc::misuse, std::string(mechanism()) + ": the first message is the client's");
  }
  auto answer = challenge.size() > max_sasl_message
                    ? failure(tidewire::errc::limit_exceeded,
                              "a challenge of " + std::to_string(challenge.size()) + " bytes; " +
                                  std::to_string(max_sasl_message) + " are allowed")
                    : state_->reply(challenge);
  state_->failed_ = !answer;
  return answer;
}

result<void> sasl_client::finish() {
  if (!state_->failed_ && state_->started_ == state_->sends_first_ && state_->complete()) return {};
  return failure(
      errc::server_not_authentic,
      std::string(mechanism()) + ": the server says that we are authenticated before that was shown");
}

std::string_view sasl_client::server_error() const noexcept {
  return state_->server_error_;
}

}  // namespace tidewire::crypto
