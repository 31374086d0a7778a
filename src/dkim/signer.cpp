#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/crypto/hash.hpp>
#include <tidewire/dkim/signature.hpp>
#include <tidewire/dkim/signer.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "message_reader.hpp"
#include "names.hpp"
#include "signature_field.hpp"

namespace tidewire::dkim {

namespace {

constexpr std::size_t max_keys = 4;
constexpr unsigned min_rsa_bits = 1024;  // RFC 8301 section 3.2
constexpr std::chrono::seconds longest_lifetime = std::chrono::years(100);
constexpr std::chrono::seconds latest_time{
    900'000'000'000};  // t= and x= have 12 digits (RFC 6376 section 3.5)
constexpr std::size_t read_size = std::size_t{64} * 1024;

// How many of a field are signed: those that there are, and one more, which stands for none.
enum class more : unsigned char { none, if_any, always };

struct field_rule {
  std::string_view name;
  more one_more;
};

// RFC 6376 section 5.4.1. Servers on the way may add what is missing of the second kind.
constexpr field_rule recommended[] = {{"From", more::always},
                                      {"Reply-To", more::always},
                                      {"Subject", more::always},
                                      {"To", more::always},
                                      {"Cc", more::always},
                                      {"Date", more::if_any},
                                      {"Sender", more::if_any},
                                      {"Message-ID", more::if_any},
                                      {"In-Reply-To", more::if_any},
                                      {"References", more::if_any},
                                      {"MIME-Version", more::if_any},
                                      {"Content-Type", more::if_any},
                                      {"Content-Transfer-Encoding", more::if_any},
                                      {"Content-Disposition", more::if_any},
                                      {"Content-ID", more::if_any},
                                      {"Content-Description", more::if_any},
                                      {"List-Id", more::if_any},
                                      {"List-Help", more::if_any},
                                      {"List-Unsubscribe", more::if_any},
                                      {"List-Unsubscribe-Post", more::if_any},
                                      {"List-Subscribe", more::if_any},
                                      {"List-Post", more::if_any},
                                      {"List-Owner", more::if_any},
                                      {"List-Archive", more::if_any},
                                      {"Resent-Date", more::none},
                                      {"Resent-From", more::none},
                                      {"Resent-Sender", more::none},
                                      {"Resent-To", more::none},
                                      {"Resent-Cc", more::none},
                                      {"Resent-Message-ID", more::none}};

// The dkim-quoted-printable of section 2.11.
std::string encode_quoted(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (ascii::is_visible(c) && c != ';' && c != '=') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '=';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

failure misuse(std::string_view what) {
  return failure(errc::misuse, "DKIM: " + std::string(what));
}

struct signing_key {
  std::string selector;
  crypto::private_key key;
  dkim::algorithm algorithm;
};

signing_key read_key(std::string_view domain, std::string_view selector, crypto::private_key key) {
  auto name = detail::read_domain(selector, true);
  if (!name) throw error(misuse("no selector"));
  const std::size_t size = name->size() + std::string_view("._domainkey.").size() + domain.size();
  if (size > 253) throw error(misuse("the selector and the domain are longer than any domain"));
  const crypto::key_kind kind = key.kind();
  const bool rsa = kind == crypto::key_kind::rsa && key.bits() >= min_rsa_bits;
  if (!rsa && kind != crypto::key_kind::ed25519)
    throw error(misuse("a key that is neither RSA of 1024 bits nor Ed25519: " + key.description()));
  return {std::move(*name), std::move(key), rsa ? algorithm::rsa_sha256 : algorithm::ed25519_sha256};
}

// Ed25519 signs the hash of the header (RFC 8463 section 3), RSA the header, which it hashes by itself.
std::vector<std::byte> make_signature(const signing_key& with, std::string_view text) {
  if (with.algorithm == algorithm::rsa_sha256) return with.key.sign(text);
  return with.key.sign(crypto::sha256(text).finish().bytes());
}

}  // namespace

// --- what is signed, and by whom -----------------------------------------------------------------------

struct signer::impl {
  std::string domain;
  std::vector<signing_key> keys;
  std::string identity;
  std::vector<std::string> fields;  // empty: the recommended ones
  signer_options options;           // without its views

  // The names of h=, of a name as often as it is there and once more.
  [[nodiscard]] std::vector<std::string> names(const detail::header_fields& header) const {
    std::vector<std::string> list;
    const auto add = [&](std::string_view name, more one_more) {
      const std::size_t there = header.count(name);
      const bool extra =
          options.oversign && (one_more == more::always || (one_more == more::if_any && there > 0));
      list.insert(list.end(), there + (extra ? 1 : 0), std::string(name));
    };
    if (fields.empty()) {
      for (const field_rule& rule : recommended) add(rule.name, rule.one_more);
    } else {
      for (const std::string& name : fields) add(name, more::always);
    }
    return list;
  }
};

signer::signer(std::string_view domain, std::string_view selector, crypto::private_key key,
               const signer_options& options) {
  auto made = std::make_shared<impl>();
  auto name = detail::read_domain(domain);
  if (!name) throw error(misuse("no domain"));
  made->domain = std::move(*name);
  made->keys.push_back(read_key(made->domain, selector, std::move(key)));
  made->identity = options.identity;
  if (!made->identity.empty()) {
    const std::size_t at = made->identity.rfind('@');
    if (!detail::is_within(made->identity, made->domain, false) || at > 64)
      throw error(misuse("an identity that is not within the domain"));
  }
  for (const std::string_view one : options.fields) {
    if (!detail::is_field_name(one)) throw error(misuse("no name of a field"));
    const auto same = [&](std::string_view other) { return ascii::iequals(one, other); };
    if (std::ranges::none_of(made->fields, same)) made->fields.emplace_back(one);
  }
  const auto is_from = [](std::string_view one) { return ascii::iequals(one, "from"); };
  if (!made->fields.empty() && std::ranges::none_of(made->fields, is_from))
    throw error(misuse("From has to be signed"));
  if (made->fields.size() > max_signed_fields) throw error(misuse("too many fields"));
  if (options.lifetime < std::chrono::seconds(0) || options.lifetime > longest_lifetime)
    throw error(misuse("a lifetime that is negative, or more than a hundred years"));
  made->options = options;
  made->options.identity = {};
  made->options.fields = {};
  impl_ = std::move(made);
}

signer::signer(const signer&) = default;
signer::signer(signer&&) noexcept = default;
signer& signer::operator=(const signer&) = default;
signer& signer::operator=(signer&&) noexcept = default;
signer::~signer() = default;

signer& signer::add_key(std::string_view selector, crypto::private_key key) {
  if (impl_->keys.size() == max_keys) throw error(misuse("more than 4 keys"));
  auto made = std::make_shared<impl>(*impl_);
  made->keys.push_back(read_key(made->domain, selector, std::move(key)));
  impl_ = std::move(made);
  return *this;
}

std::string signer::sign(std::string_view message, std::optional<std::chrono::sys_seconds> now) const {
  signing in(*this);
  in.update(message);
  return in.finish(now);
}

std::string signer::sign(mime::serializer& message) const {
  signing in(*this);
  std::vector<char> piece(read_size);
  while (const std::size_t size = message.read(piece)) in.update({piece.data(), size});
  return in.finish();
}

// --- one message ---------------------------------------------------------------------------------------

struct signing::impl final : detail::message_reader {
  explicit impl(std::shared_ptr<const signer::impl> how) : who(std::move(how)), hash(who->options.body) {}

  std::shared_ptr<const signer::impl> who;
  detail::body_hash hash;

  void on_header() override {}
  void on_body(std::string_view piece) override { hash.update(piece); }

  std::string make(std::optional<std::chrono::sys_seconds> now) {
    message_reader::finish();
    if (!malformed().empty()) throw error(misuse(malformed()));
    if (header().count("from") == 0) throw error(misuse("a message without From"));
    const std::vector<std::string> names = who->names(header());
    if (names.size() > max_signed_fields) throw error(misuse("too many fields"));
    const crypto::digest body = hash.finish();
    const auto when =
        now.value_or(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    if (when.time_since_epoch() < std::chrono::seconds(0) || when.time_since_epoch() > latest_time)
      throw error(misuse("a time that no signature can tell"));
    std::string fields;
    for (const signing_key& with : who->keys) {
      detail::signature_field made;
      write(made, with, when, names, body);
      const std::string text = header().signed_text(names, who->options.header, made.text());
      made.add_base64(base64::encode(make_signature(with, text)));
      fields += made.text();
      fields += "\r\n";
    }
    return fields;
  }

  // All but the signature itself.
  void write(detail::signature_field& out, const signing_key& with, std::chrono::sys_seconds when,
             const std::vector<std::string>& names, const crypto::digest& body) const {
    const signer_options& options = who->options;
    out.tag("v", "1");
    out.tag("a", to_string(with.algorithm));
    out.tag("c", std::string(to_string(options.header)) + '/' + std::string(to_string(options.body)));
    out.tag("d", who->domain);
    out.tag("s", with.selector);
    if (!who->identity.empty()) out.tag("i", encode_quoted(who->identity));
    const auto seconds = [](std::chrono::sys_seconds time) {
      return std::to_string(time.time_since_epoch().count());
    };
    if (options.timestamp) out.tag("t", seconds(when));
    if (options.lifetime > std::chrono::seconds(0)) out.tag("x", seconds(when + options.lifetime));
    if (options.allow_appending_dangerous) out.tag("l", std::to_string(hash.size()));
    out.list("h", names);
    out.tag("bh", body.base64());
    out.last("b");
  }
};

signing::signing(const signer& who) : impl_(std::make_unique<impl>(who.impl_)) {}
signing::signing(signing&&) noexcept = default;
signing& signing::operator=(signing&&) noexcept = default;
signing::~signing() = default;

void signing::update(std::string_view bytes) {
  impl_->update(bytes);
}

std::string signing::finish(std::optional<std::chrono::sys_seconds> now) {
  return impl_->make(now);
}

}  // namespace tidewire::dkim
