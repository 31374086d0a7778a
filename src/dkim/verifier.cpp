#include <tidewire/base/bytes.hpp>
#include <tidewire/dkim/key_record.hpp>
#include <tidewire/dkim/verifier.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include "message_reader.hpp"
#include "names.hpp"
#include "tag_list.hpp"

namespace tidewire::dkim {

namespace {

constexpr unsigned min_rsa_bits = 1024;  // RFC 8301 section 3.2
constexpr std::size_t max_records = 8;

verdict verdict_of(reason why) noexcept {
  switch (why) {
    case reason::none: return verdict::pass;
    case reason::body_hash:
    case reason::signature:
    case reason::body_too_short:
    case reason::expired:
    case reason::from_the_future: return verdict::fail;
    case reason::weak_algorithm:
    case reason::weak_key:
    case reason::unsigned_content: return verdict::policy;
    case reason::malformed_signature:
    case reason::unsupported: return verdict::neutral;
    case reason::malformed_message:
    case reason::no_key:
    case reason::malformed_key:
    case reason::revoked_key:
    case reason::unsuitable_key: return verdict::permerror;
    case reason::key_unavailable: return verdict::temperror;
  }
  return verdict::permerror;
}

// The field of a signature with its b= empty (RFC 6376 section 3.7).
std::string without_signature(const detail::header_field& field) {
  std::string text = field.whole;
  const std::string_view value = field.value();
  if (const auto tags = detail::tag_list::parse(value, value.size()))
    if (const detail::tag* const found = tags->find("b"))
      text.erase(static_cast<std::size_t>(found->raw.data() - field.whole.data()), found->raw.size());
  return text;
}

crypto::key_kind kind_for(algorithm how) noexcept {
  return how == algorithm::ed25519_sha256 ? crypto::key_kind::ed25519 : crypto::key_kind::rsa;
}

// A signature of the message, and how far it is with it.
struct candidate {
  std::size_t field;  // which field of the header it is
  verification result;
  std::string key_name;
  detail::body_hash* hash = nullptr;

  void decide(reason why, std::string detail = {}) {
    result.reason = why;
    result.verdict = verdict_of(why);
    result.detail = std::move(detail);
  }
};

// A body hash that several signatures may share, and its digest at the end.
struct shared_hash {
  canonicalization how;
  std::optional<std::uint64_t> length;
  detail::body_hash hash;
  crypto::digest digest{};

  shared_hash(canonicalization form, std::optional<std::uint64_t> limit)
      : how(form), length(limit), hash(form, limit.value_or(std::numeric_limits<std::uint64_t>::max())) {}
};

}  // namespace

std::string_view to_string(verdict value) noexcept {
  switch (value) {
    case verdict::pass: return "pass";
    case verdict::fail: return "fail";
    case verdict::policy: return "policy";
    case verdict::neutral: return "neutral";
    case verdict::temperror: return "temperror";
    case verdict::permerror: return "permerror";
  }
  return "permerror";
}

std::string_view describe(reason value) noexcept {
  switch (value) {
    case reason::none: return "good";
    case reason::body_hash: return "the body was changed";
    case reason::signature: return "the header was changed, or the key is another";
    case reason::body_too_short: return "the body is shorter than what was signed";
    case reason::expired: return "expired";
    case reason::from_the_future: return "made in the future";
    case reason::weak_algorithm: return "rsa-sha1 is not accepted";
    case reason::weak_key: return "an RSA key of less than 1024 bits";
    case reason::unsigned_content: return "the end of the body is not signed";
    case reason::malformed_signature: return "malformed signature";
    case reason::unsupported: return "a signature of a kind that is not known";
    case reason::malformed_message: return "malformed header";
    case reason::no_key: return "no key";
    case reason::malformed_key: return "malformed key record";
    case reason::revoked_key: return "the key was revoked";
    case reason::unsuitable_key: return "the key is not for such a signature";
    case reason::key_unavailable: return "the key could not be looked up";
  }
  return "unknown reason";
}

struct verifier::impl final : detail::message_reader {
  explicit impl(const verifier_options& how) : options(how) {}

  using answer = result<std::vector<std::string>>;

  verifier_options options;
  std::vector<candidate> candidates;
  std::vector<std::unique_ptr<shared_hash>> hashes;
  std::map<std::string, answer, ascii::iless> answers;
  std::size_t ignored = 0;
  bool has_header = false;
  bool finished = false;

  void on_header() override {
    has_header = true;
    const auto& fields = header().all();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!ascii::iequals(fields[i].name(), "DKIM-Signature")) continue;
      if (candidates.size() < options.max_signatures) {
        candidates.push_back(read(i));
      } else {
        ++ignored;
      }
    }
  }
  void on_body(std::string_view piece) override {
    for (const auto& one : hashes) one->hash.update(piece);
  }

  // Looks at a signature as far as its field alone goes.
  candidate read(std::size_t index) {
    candidate made{index, {}, {}, nullptr};
    auto parsed = parse_signature(header().all()[index].value());
    if (!malformed().empty()) {
      made.decide(reason::malformed_message, std::string(malformed()));
    } else if (!parsed) {
      made.decide(
          parsed.error().code() == errc::unsupported ? reason::unsupported : reason::malformed_signature,
          std::string(parsed.error().detail()));
    } else if (parsed->algorithm == algorithm::rsa_sha1) {
      made.decide(reason::weak_algorithm);
    } else {
      made.decide(reason::key_unavailable);
      made.key_name = parsed->key_name();
      made.hash = &hash_for(*parsed);
    }
    if (parsed) made.result.signature = std::move(*parsed);
    return made;
  }

  detail::body_hash& hash_for(const signature& of) {
    for (const auto& one : hashes)
      if (one->how == of.body && one->length == of.body_length) return one->hash;
    hashes.push_back(std::make_unique<shared_hash>(of.body, of.body_length));
    return hashes.back()->hash;
  }

  void end() {
    if (std::exchange(finished, true)) return;
    message_reader::finish();
    for (const auto& one : hashes) one->digest = one->hash.finish();
  }

  // Decides a signature that was waiting for its key.
  void check(candidate& one) const {
    if (one.hash == nullptr) return;
    const signature& what = *one.result.signature;
    if (const reason why = check_time(what); why != reason::none) return one.decide(why);
    const shared_hash& body =
        **std::ranges::find(hashes, one.hash, [](const auto& each) { return &each->hash; });
    if (what.body_length && *what.body_length > body.hash.size()) return one.decide(reason::body_too_short);
    if (!std::ranges::equal(body.digest.bytes(), what.body_hash)) return one.decide(reason::body_hash);
    one.result.unsigned_bytes = what.body_length ? body.hash.size() - *what.body_length : 0;
    const auto found = answers.find(one.key_name);
    if (found == answers.end()) return one.decide(reason::key_unavailable, "no look-up was made");
    if (!found->second)
      return one.decide(reason::key_unavailable, std::string(found->second.error().detail()));
    check_key(one, *found->second);
  }

  [[nodiscard]] reason check_time(const signature& what) const {
    const auto now =
        options.now.value_or(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    if (what.expires_at && now - options.clock_skew > *what.expires_at) return reason::expired;
    if (what.signed_at && now + options.clock_skew < *what.signed_at) return reason::from_the_future;
    return reason::none;
  }

  void check_key(candidate& one, const std::vector<std::string>& records) const {
    one.decide(reason::no_key);
    for (std::size_t i = 0; i < std::min(records.size(), max_records); ++i) {
      const auto record = parse_key_record(records[i]);
      if (!record) {
        one.decide(reason::malformed_key, std::string(record.error().detail()));
        continue;
      }
      one.result.testing = record->testing;
      if (const auto unfit = why_unfit(*one.result.signature, *record); unfit.first != reason::none) {
        one.decide(unfit.first, std::string(unfit.second));
        continue;
      }
      return check_signature(one, *record->key);
    }
  }

  [[nodiscard]] std::pair<reason, std::string_view> why_unfit(const signature& what,
                                                              const key_record& record) const {
    if (!record.key) return {reason::revoked_key, {}};
    if (record.key->kind() != kind_for(what.algorithm))
      return {reason::unsuitable_key, "of another algorithm"};
    if (!record.allows_sha256) return {reason::unsuitable_key, "not for SHA-256"};
    if (!record.is_for_mail) return {reason::unsuitable_key, "not for mail"};
    if (record.exact_domain && !detail::is_within(what.identity, what.domain, true))
      return {reason::unsuitable_key, "not for subdomains"};
    if (record.key->kind() == crypto::key_kind::rsa && record.key->bits() > options.max_rsa_bits)
      return {reason::unsuitable_key, "an RSA key larger than the limit"};
    return {reason::none, {}};
  }

  void check_signature(candidate& one, const crypto::public_key& key) const {
    const signature& what = *one.result.signature;
    const detail::header_field& own = header().all()[one.field];
    const std::string text =
        header().signed_text(what.fields, what.header, without_signature(own), one.field);
    const bool rsa = key.kind() == crypto::key_kind::rsa;
    if (rsa) one.result.key_bits = key.bits();
    if (rsa && key.bits() < min_rsa_bits) return one.decide(reason::weak_key);
    const bool good = rsa ? key.verify(text, what.value).has_value()
                          : key.verify(crypto::sha256(text).finish().bytes(), what.value).has_value();
    if (!good) return one.decide(reason::signature);
    if (one.result.unsigned_bytes > 0 && !options.allow_unsigned_content_dangerous)
      return one.decide(reason::unsigned_content);
    one.decide(reason::none);
  }
};

verifier::verifier(const verifier_options& options) : impl_(std::make_unique<impl>(options)) {}
verifier::verifier(verifier&&) noexcept = default;
verifier& verifier::operator=(verifier&&) noexcept = default;
verifier::~verifier() = default;

void verifier::update(std::string_view bytes) {
  impl_->update(bytes);
}

void verifier::finish() {
  impl_->end();
}

std::vector<std::string> verifier::wanted() const {
  std::vector<std::string> names;
  for (const candidate& one : impl_->candidates) {
    if (one.hash == nullptr || impl_->answers.contains(one.key_name)) continue;
    if (std::ranges::find(names, one.key_name) == names.end()) names.push_back(one.key_name);
  }
  return names;
}

bool verifier::has_header() const noexcept {
  return impl_->has_header;
}

void verifier::give(std::string_view name, const result<std::vector<std::string>>& records) {
  for (const candidate& one : impl_->candidates)
    if (ascii::iequals(one.key_name, name)) {
      impl_->answers.insert_or_assign(one.key_name, records);
      return;
    }
}

std::vector<verification> verifier::results() const {
  if (!impl_->finished) throw error(errc::misuse, "DKIM: the message has not ended");
  std::vector<verification> list;
  for (candidate one : impl_->candidates) {
    impl_->check(one);
    list.push_back(std::move(one.result));
  }
  return list;
}

std::size_t verifier::ignored() const noexcept {
  return impl_->ignored;
}

std::vector<verification> verify(std::string_view message, const key_source& keys,
                                 const verifier_options& options) {
  verifier in(options);
  in.update(message);
  in.finish();
  for (const std::string& name : in.wanted()) in.give(name, keys(name));
  return in.results();
}

}  // namespace tidewire::dkim
