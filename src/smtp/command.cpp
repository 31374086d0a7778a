#include <tidewire/base/bytes.hpp>
#include <tidewire/smtp/command.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "words.hpp"

namespace tidewire::smtp {
namespace {

struct named_verb {
  std::string_view name;
  verb what;
};

constexpr std::array<named_verb, 15> verbs{{{"HELO", verb::helo},
                                            {"EHLO", verb::ehlo},
                                            {"LHLO", verb::lhlo},
                                            {"MAIL", verb::mail},
                                            {"RCPT", verb::rcpt},
                                            {"DATA", verb::data},
                                            {"BDAT", verb::bdat},
                                            {"RSET", verb::rset},
                                            {"NOOP", verb::noop},
                                            {"QUIT", verb::quit},
                                            {"VRFY", verb::vrfy},
                                            {"EXPN", verb::expn},
                                            {"HELP", verb::help},
                                            {"STARTTLS", verb::starttls},
                                            {"AUTH", verb::auth}}};

failure malformed(const char* why) {
  return failure(errc::malformed_command, why);
}

// esmtp-keyword and esmtp-value of RFC 5321 section 4.1.2, the latter as RFC 6531 extends it.
bool is_keyword(std::string_view text) {
  return !text.empty() && ascii::is_alnum(text.front()) &&
         std::ranges::all_of(text, [](char c) { return ascii::is_alnum(c) || c == '-'; });
}
bool is_value(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (ascii::is_visible(c) && c != '=') || !ascii::is_ascii(c); });
}

result<void> append_others(std::string& wire, const std::vector<parameter>& others) {
  for (const parameter& one : others) {
    if (!is_keyword(one.keyword) || !is_value(one.value)) {
      return failure(tidewire::errc::misuse,
                     "a parameter of MAIL or RCPT with a character that is not allowed");
    }
    wire += ' ';
    wire += one.keyword;
    if (!one.value.empty()) {
      wire += '=';
      wire += one.value;
    }
  }
  return {};
}

// A line that is appended whole, or not at all.
class line_builder {
 public:
  explicit line_builder(std::string& wire) : wire_(wire), begin_(wire.size()) {}
  result<void> end(result<void> parameters) {
    if (parameters) {
      wire_ += "\r\n";
    } else {
      wire_.resize(begin_);
    }
    return parameters;
  }

 private:
  std::string& wire_;
  std::size_t begin_;
};

std::string_view text_of(body_type type) {
  switch (type) {
    case body_type::seven_bit: return " BODY=7BIT";
    case body_type::eight_bit: return " BODY=8BITMIME";
    case body_type::binary: return " BODY=BINARYMIME";
    case body_type::unspecified: break;
  }
  return {};
}

std::string text_of(dsn_notify when) {
  if (includes(when, dsn_notify::never)) return " NOTIFY=NEVER";
  std::string out;
  const auto add = [&](dsn_notify one, const char* name) {
    if (!includes(when, one)) return;
    out += out.empty() ? " NOTIFY=" : ",";
    out += name;
  };
  add(dsn_notify::success, "SUCCESS");
  add(dsn_notify::failure, "FAILURE");
  add(dsn_notify::delay, "DELAY");
  return out;
}

std::optional<dsn_notify> parse_notify(std::string_view text) {
  auto all = dsn_notify::unspecified;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view one = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (ascii::iequals(one, "NEVER")) {
      all = all | dsn_notify::never;
    } else if (ascii::iequals(one, "SUCCESS")) {
      all = all | dsn_notify::success;
    } else if (ascii::iequals(one, "FAILURE")) {
      all = all | dsn_notify::failure;
    } else if (ascii::iequals(one, "DELAY")) {
      all = all | dsn_notify::delay;
    } else {
      return std::nullopt;
    }
  }
  if (all == dsn_notify::unspecified || (includes(all, dsn_notify::never) && all != dsn_notify::never)) {
    return std::nullopt;
  }
  return all;
}

result<void> take(mail_parameters& into, parameter one) {
  const auto xtext = [&]() { return one.value.empty() ? std::nullopt : xtext_decode(one.value); };
  if (one.keyword == "SIZE") {
    into.size = ascii::parse_unsigned<std::uint64_t>(one.value);
    if (!into.size) return malformed("SIZE is no number");
  } else if (one.keyword == "BODY") {
    if (ascii::iequals(one.value, "7BIT")) {
      into.body = body_type::seven_bit;
    } else if (ascii::iequals(one.value, "8BITMIME")) {
      into.body = body_type::eight_bit;
    } else if (ascii::iequals(one.value, "BINARYMIME")) {
      into.body = body_type::binary;
    } else {
      return malformed("BODY is none that is known");
    }
  } else if (one.keyword == "SMTPUTF8" && one.value.empty()) {
    into.smtputf8 = true;
  } else if (one.keyword == "REQUIRETLS" && one.value.empty()) {
    into.require_tls = true;
  } else if (one.keyword == "RET") {
    if (ascii::iequals(one.value, "HDRS")) {
      into.returned = dsn_return::headers;
    } else if (ascii::iequals(one.value, "FULL")) {
      into.returned = dsn_return::full;
    } else {
      return malformed("RET is neither FULL nor HDRS");
    }
  } else if (one.keyword == "ENVID") {
    auto decoded = xtext();
    if (!decoded) return malformed("ENVID is no xtext");
    into.envelope_id = std::move(*decoded);
  } else if (one.keyword == "AUTH") {
    into.auth = xtext();
    if (!into.auth) return malformed("AUTH is no xtext");
    if (*into.auth == "<>") into.auth->clear();
  } else {
    into.others.push_back(std::move(one));
  }
  return {};
}

result<void> take(rcpt_parameters& into, parameter one) {
  if (one.keyword == "NOTIFY") {
    const auto when = parse_notify(one.value);
    if (!when) return malformed("NOTIFY is none that is known");
    into.notify = *when;
  } else if (one.keyword == "ORCPT") {
    auto decoded = xtext_decode(one.value);
    if (!decoded || decoded->find(';') == std::string::npos)
      return malformed("ORCPT is no address with a type");
    into.original_recipient = std::move(*decoded);
  } else {
    into.others.push_back(std::move(one));
  }
  return {};
}

// "FROM:<path> parameters", or the same with "TO:".
template <class Parameters>
result<void> parse_path_command(std::string_view rest, std::string_view preposition, address& path,
                                Parameters& into) {
  rest = ascii::trim_blank_left(rest);
  if (!ascii::istarts_with(rest, preposition)) return malformed("neither FROM: nor TO: behind the command");
  rest = ascii::trim_blank_left(rest.substr(preposition.size()));
  const auto size = parse_path(rest, path);
  if (!size) return failure(make_error_code(errc::malformed_command), std::string(size.error().detail()));
  rest.remove_prefix(*size);
  if (!rest.empty() && !ascii::is_blank(rest.front())) return malformed("something directly behind a path");
  for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) {
    const std::size_t equals = std::min(word.find('='), word.size());
    parameter one{ascii::upper(word.substr(0, equals)),
                  std::string(word.substr(std::min(equals + 1, word.size())))};
    if (!is_keyword(one.keyword) || !is_value(one.value) || equals + 1 == word.size()) {
      return malformed("a parameter that is none");
    }
    if (auto taken = take(into, std::move(one)); !taken) return taken;
  }
  return {};
}

result<void> parse_bdat(std::string_view rest, command& into) {
  const auto size = ascii::parse_unsigned<std::uint64_t>(take_word(rest));
  if (!size) return malformed("BDAT without a size");
  into.chunk_size = *size;
  const std::string_view last = take_word(rest);
  if (!last.empty() && !ascii::iequals(last, "LAST")) return malformed("BDAT with something other than LAST");
  into.last_chunk = !last.empty();
  return take_word(rest).empty() ? result<void>() : malformed("BDAT with something behind LAST");
}

result<void> parse_auth(std::string_view rest, command& into) {
  into.argument = ascii::upper(take_word(rest));
  if (into.argument.empty()) return malformed("AUTH without a mechanism");
  if (const std::string_view response = take_word(rest); !response.empty()) into.initial_response = response;
  return take_word(rest).empty() ? result<void>() : malformed("AUTH with something behind the response");
}

result<void> parse_arguments(std::string_view rest, command& into) {
  const std::string_view text = ascii::trim_blank(rest);
  switch (into.what) {
    case verb::mail: return parse_path_command(rest, "FROM:", into.path, into.mail);
    case verb::rcpt: {
      auto parsed = parse_path_command(rest, "TO:", into.path, into.rcpt);
      if (parsed && into.path.empty()) return malformed("RCPT with an empty path");
      return parsed;
    }
    case verb::bdat: return parse_bdat(rest, into);
    case verb::auth: return parse_auth(rest, into);
    case verb::helo:
    case verb::ehlo:
    case verb::lhlo:
      if (text.empty()) return malformed("a greeting without a name");
      break;
    case verb::data:
    case verb::rset:
    case verb::quit:
    case verb::starttls:
      if (!text.empty()) return malformed("an argument where none is allowed");
      break;
    case verb::vrfy:
    case verb::expn:
      if (text.empty()) return malformed("nothing to look up");
      break;
    case verb::noop:
    case verb::help:
    case verb::unknown: break;
  }
  into.argument = text;
  return {};
}

}  // namespace

result<void> append_hello(std::string& wire, verb which, std::string_view name) {
  if (!is_domain_or_literal(name)) {
    return failure(tidewire::errc::misuse,
                   "the name for EHLO is neither a domain nor an address in brackets");
  }
  wire += which == verb::helo ? "HELO " : which == verb::lhlo ? "LHLO " : "EHLO ";
  wire += name;
  wire += "\r\n";
  return {};
}

result<void> append_mail(std::string& wire, const address& from, const mail_parameters& parameters) {
  line_builder line(wire);
  wire += "MAIL FROM:<";
  wire += from.text();
  wire += '>';
  if (parameters.size) {
    wire += " SIZE=";
    wire += std::to_string(*parameters.size);
  }
  wire += text_of(parameters.body);
  if (parameters.smtputf8) wire += " SMTPUTF8";
  if (parameters.require_tls) wire += " REQUIRETLS";
  if (parameters.returned == dsn_return::headers) wire += " RET=HDRS";
  if (parameters.returned == dsn_return::full) wire += " RET=FULL";
  if (!parameters.envelope_id.empty()) wire += " ENVID=" + xtext_encode(parameters.envelope_id);
  if (parameters.auth) wire += " AUTH=" + (parameters.auth->empty() ? "<>" : xtext_encode(*parameters.auth));
  return line.end(append_others(wire, parameters.others));
}

result<void> append_rcpt(std::string& wire, const address& to, const rcpt_parameters& parameters) {
  line_builder line(wire);
  wire += "RCPT TO:<";
  wire += to.text();
  wire += '>';
  if (parameters.notify != dsn_notify::unspecified) wire += text_of(parameters.notify);
  if (!parameters.original_recipient.empty()) {
    wire += " ORCPT=" + xtext_encode(parameters.original_recipient);
  }
  return line.end(append_others(wire, parameters.others));
}

void append_bdat(std::string& wire, std::uint64_t size, bool last) {
  wire += "BDAT ";
  wire += std::to_string(size);
  wire += last ? " LAST\r\n" : "\r\n";
}

result<void> append_line(std::string& wire, std::string_view line) {
  if (std::ranges::any_of(line, [](char c) { return ascii::is_control(c) && c != '\t'; })) {
    return failure(tidewire::errc::misuse, "a control character in a command");
  }
  wire += line;
  wire += "\r\n";
  return {};
}

result<command> parse_command(std::string_view line) {
  command out;
  if (std::ranges::any_of(line, [](char c) { return ascii::is_control(c) && c != '\t'; })) {
    return malformed("a control character in a command");
  }
  std::string_view rest = line;
  const std::string_view word = take_word(rest);
  for (const named_verb& one : verbs) {
    if (ascii::iequals(one.name, word)) out.what = one.what;
  }
  if (out.what == verb::unknown) {
    out.argument = word;
    return out;
  }
  if (auto parsed = parse_arguments(rest, out); !parsed) return parsed.error();
  return out;
}

std::string xtext_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (ascii::is_visible(c) && c != '+' && c != '=') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '+';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

std::optional<std::string> xtext_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      if (text.size() - at < 3) return std::nullopt;
      const int high = ascii::hex_value(text[at + 1]);
      const int low = ascii::hex_value(text[at + 2]);
      if (high < 0 || low < 0 || ascii::is_lower(text[at + 1]) || ascii::is_lower(text[at + 2]))
        return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      at += 2;
    } else if (ascii::is_visible(text[at]) && text[at] != '=') {
      out += text[at];
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace tidewire::smtp
