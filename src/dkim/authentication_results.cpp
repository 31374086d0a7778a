#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/dkim/verifier.hpp>

#include <algorithm>

#include "names.hpp"

namespace tidewire::dkim {

namespace {

constexpr std::size_t preferred_line = 78;

// A value as it stands, if it is a token or the like of an address; in quotes otherwise. Nothing if it cannot
// be written at all.
std::string pvalue(std::string_view text) {
  const auto plain = [](char c) { return ascii::is_alnum(c) || std::string_view("-._@+").find(c) != npos; };
  if (!text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
  const auto quotable = [](char c) { return ascii::is_visible(c) && c != '"' && c != '\\'; };
  if (!std::ranges::all_of(text, quotable)) return {};
  return '"' + std::string(text) + '"';
}

// So much of each signature that no two are alike (RFC 6008 section 4).
std::size_t prefix_size(const std::vector<std::string>& signatures) {
  std::size_t size = 8;
  for (std::size_t i = 0; i < signatures.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) {
      const auto [a, b] = std::ranges::mismatch(signatures[i], signatures[k]);
      const auto common = static_cast<std::size_t>(a - signatures[i].begin());
      if (a != signatures[i].end() && b != signatures[k].end()) size = std::max(size, common + 1);
    }
  return size;
}

class field_writer {
 public:
  void put(std::string_view word) {
    if (column_ + 1 + word.size() > preferred_line) {
      text_ += "\r\n";
      column_ = 0;
    }
    text_ += ' ';
    text_ += word;
    column_ += 1 + word.size();
  }
  void semicolon() {
    text_ += ';';
    ++column_;
  }
  [[nodiscard]] std::string finish() { return std::move(text_) + "\r\n"; }

 private:
  std::string text_ = "Authentication-Results:";
  std::size_t column_ = text_.size();
};

}  // namespace

std::string authentication_results(std::string_view authserv_id, std::span<const verification> results) {
  const auto name = detail::read_domain(authserv_id, true);
  if (!name) throw error(errc::misuse, "Authentication-Results: no name of a host");
  std::vector<std::string> signatures;
  for (const verification& one : results)
    signatures.push_back(one.signature ? base64::encode(one.signature->value) : std::string());
  const std::size_t shown = prefix_size(signatures);
  field_writer out;
  out.put(*name);
  out.semicolon();
  if (results.empty()) out.put("dkim=none");
  for (std::size_t i = 0; i < results.size(); ++i) {
    const verification& one = results[i];
    if (i > 0) out.semicolon();
    out.put("dkim=" + std::string(to_string(one.verdict)));
    if (one.reason != reason::none) out.put("reason=\"" + std::string(describe(one.reason)) + '"');
    if (!one.signature) continue;
    const auto property = [&](std::string_view what, std::string_view value) {
      if (const std::string text = pvalue(value); !text.empty()) out.put(std::string(what) + '=' + text);
    };
    property("header.d", detail::read_domain(one.signature->domain).value_or(std::string()));
    property("header.i", one.signature->identity);
    property("header.s", detail::read_domain(one.signature->selector, true).value_or(std::string()));
    property("header.a", to_string(one.signature->algorithm));
    property("header.b", signatures[i].substr(0, shown));
  }
  return out.finish();
}

}  // namespace tidewire::dkim
