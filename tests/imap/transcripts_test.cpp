// What real servers and the RFCs say: transcripts of MailKit's tests, dialogues of imap-codec.
#include <tidewire/mime/header.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reading.hpp"
#include "support/conformance.hpp"
#include "support/json.hpp"

namespace tidewire::imap {
namespace {

using testing::outcome;
using testing::read_every_way;
using testing::read_one;
using testing::read_pieces;
using tidewire::testing::conformance_path;
using tidewire::testing::json;
using tidewire::testing::json_reader;
using tidewire::testing::read_file;

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' && !out.ends_with('\r')) out += '\r';
    out += c;
  }
  return out;
}

// The files have hashes where the tag of the command was.
std::string with_tags(std::string text) {
  for (std::size_t at = 0; (at = text.find("########", at)) != std::string::npos;)
    text.replace(at, 8, "00000001");
  return text;
}

std::vector<std::string> problems_of(const outcome& out) {
  std::vector<std::string> problems;
  if (!out.end.empty()) problems.push_back(out.end);
  for (const response& one : out.responses) {
    const auto* unknown = std::get_if<unknown_response>(&one);
    if (unknown != nullptr) problems.push_back(unknown->name + ' ' + unknown->text + ": " + unknown->problem);
  }
  return problems;
}

// Byte by byte, in odd slices, and split once at some places: all of them would take minutes.
void expect_same_in_slices(std::string_view input, const outcome& whole, const reader_options& options) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{1021}}) {
    if (size == 1 && input.size() > 20'000) continue;
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < input.size(); at += size) pieces.push_back(input.substr(at, size));
    EXPECT_EQ(read_pieces(pieces, options), whole) << "in slices of " << size;
  }
}

TEST(Transcripts, OfServersParseWithNothingLeftOver) {
  TIDEWIRE_NEEDS_CONFORMANCE("mailkit-imap/transcripts");
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(conformance_path("mailkit-imap/transcripts"))) {
    if (!entry.is_regular_file()) continue;
    // A line break behind the literal, where neither a line nor a response can end.
    if (entry.path().filename() == "headers.1+unsolicited-info.txt") continue;
    ++files;
    SCOPED_TRACE(entry.path().filename().string());
    const std::string input = with_tags(with_crlf(read_file(entry.path())));
    for (const std::size_t inline_body : {std::size_t{1} << 20, std::size_t{0}}) {
      reader_options options;
      options.inline_body = inline_body;
      const outcome whole = read_pieces({input}, options);
      for (const std::string& problem : problems_of(whole)) ADD_FAILURE() << problem;
      EXPECT_FALSE(whole.responses.empty());
      expect_same_in_slices(input, whole, options);
    }
  }
  EXPECT_EQ(files, 270U);
}

TEST(Transcripts, OfTheRfcsParse) {
  TIDEWIRE_NEEDS_CONFORMANCE("imap-codec/traces.json");
  const json traces = json_reader(read_file(conformance_path("imap-codec/traces.json"))).read();
  for (const json& trace : traces.items()) {
    SCOPED_TRACE(trace["name"].string());
    std::string input;
    for (const json& line : trace["lines"].items()) {
      if (line.items()[0].string() == "S") input += line.items()[1].string() + "\r\n";
    }
    const outcome whole = read_every_way(input);
    for (const std::string& problem : problems_of(whole)) ADD_FAILURE() << problem;
  }
}

// As MailKit writes mailboxes.
std::string written(const mime::mailbox& one) {
  if (one.name.empty()) return one.address;
  std::string out = "\"";
  for (const char c : one.name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\" <" + one.address + '>';
}

std::string written(const std::vector<mime::address_entry>& entries) {
  std::string out;
  for (const mime::address_entry& entry : entries) {
    if (!out.empty()) out += ", ";
    if (const auto* one = std::get_if<mime::mailbox>(&entry)) {
      out += written(*one);
      continue;
    }
    const auto& group = std::get<mime::group>(entry);
    out += group.name + ": ";
    for (const mime::mailbox& member : group.members) {
      if (&member != &group.members.front()) out += ", ";
      out += written(member);
    }
    out += ';';
  }
  return out;
}

// The value of a fact about an envelope, as it is written there; nothing for what is not told that way.
std::optional<std::string> fact_of(const envelope& found, std::string_view name) {
  const auto list = [&](std::string_view member, const std::vector<mime::address_entry>& entries) {
    return name == "envelope." + std::string(member) ||
                   name == "envelope." + std::string(member) + ".ToString ()"
               ? std::optional(written(entries))
               : std::nullopt;
  };
  const auto without_brackets = [](const std::string& id) {
    const std::vector<std::string> ids = mime::parse_message_ids(id);
    return ids.empty() ? std::string() : ids.front();
  };
  if (name == "envelope.Date.HasValue") return found.date ? "True" : "False";
  if (name.starts_with("DateUtils.FormatDate")) return date::format_rfc5322(found.date.value());
  if (name == "envelope.Subject") return found.subject;
  if (name == "envelope.InReplyTo") return without_brackets(found.in_reply_to);
  if (name == "envelope.MessageId") return without_brackets(found.message_id);
  if (auto text = list("From", found.from)) return text;
  if (auto text = list("Sender", found.sender)) return text;
  if (auto text = list("ReplyTo", found.reply_to)) return text;
  if (auto text = list("To", found.to)) return text;
  if (auto text = list("Cc", found.cc)) return text;
  return list("Bcc", found.bcc);
}

// "\"text\"" of C#.
std::string unquoted(std::string_view text) {
  if (!text.starts_with('"')) return std::string(text);
  std::string out;
  for (std::size_t at = 1; at + 1 < text.size(); ++at) {
    if (text[at] == '\\') ++at;
    out += text[at];
  }
  return out;
}

TEST(Transcripts, EnvelopesSayWhatMailKitReadsInThem) {
  TIDEWIRE_NEEDS_CONFORMANCE("mailkit-imap/imap_values.json");
  // Its literal is too short: the length counts characters. What follows a literal whose length is a lie
  // cannot be trusted, so the connection ends.
  const std::set<std::string> refused{"TestParseEnvelopeWithMiscalculatedLiteralMailboxName"};
  const std::set<std::string> different{
      // The route is left out, as RFC 5321 appendix C wants it.
      "TestParseEnvelopeWithRoutedMailboxes envelope.From.ToString ()",
      // The domain that Dovecot made up is kept.
      "TestParseEnvelopeWithRoutedMailboxes envelope.To.ToString ()",
      "TestParseDovcotEnvelopeWithGroupAddresses envelope.To.ToString ()",
      // The quotes that are within the encoded word are a part of the name.
      "TestParseGMailMalformedSenderInEnvelope envelope.Sender.ToString ()",
  };
  const json values = json_reader(read_file(conformance_path("mailkit-imap/imap_values.json"))).read();
  std::size_t facts = 0;
  for (const json& value : values.items()) {
    const std::string& name = value["name"].string();
    if (value["kind"].string() != "envelope") continue;
    SCOPED_TRACE(name);
    std::string input = value["input"].string();
    while (input.ends_with('\n') || input.ends_with('\r')) input.pop_back();
    input = "* 1 FETCH (ENVELOPE " + with_crlf(input) + ")\r\n";
    if (refused.contains(name)) {
      EXPECT_NE(read_every_way(input).end, "");
      continue;
    }
    const auto found = read_one<message_data>(input);
    ASSERT_TRUE(found.envelope);
    for (const json& fact : value["facts"].items()) {
      const std::string& about = fact.items()[0].string();
      const auto ours = fact_of(*found.envelope, about);
      ASSERT_TRUE(ours) << about;
      std::string theirs;
      if (fact.items()[1].string() == "EqualTo") theirs = unquoted(fact.items()[2].string());
      if (fact.items()[1].string() == "True") theirs = "True";
      if (different.contains(name + ' ' + about)) {
        EXPECT_NE(*ours, theirs) << "no longer different: " << about;
      } else {
        EXPECT_EQ(*ours, theirs) << about;
      }
      ++facts;
    }
  }
  EXPECT_GT(facts, 40U);
}

TEST(Transcripts, StructuresParseAsMailKitReadsThem) {
  TIDEWIRE_NEEDS_CONFORMANCE("mailkit-imap/imap_values.json");
  const json values = json_reader(read_file(conformance_path("mailkit-imap/imap_values.json"))).read();
  std::size_t structures = 0;
  for (const json& value : values.items()) {
    if (value["kind"].string() != "bodystructure") continue;
    SCOPED_TRACE(value["name"].string());
    std::string input = value["input"].string();
    while (input.ends_with('\n') || input.ends_with('\r')) input.pop_back();
    input = "* 1 FETCH (BODYSTRUCTURE " + with_crlf(input) + ")\r\n";
    const outcome whole = read_pieces({input});
    for (const std::string& problem : problems_of(whole)) ADD_FAILURE() << problem;
    expect_same_in_slices(input, whole, {});
    const auto found = std::get<message_data>(whole.responses.at(0));
    ASSERT_TRUE(found.structure);
    ++structures;
    for (const json& fact : value["facts"].items()) {
      const std::string& about = fact.items()[0].string();
      if (about.ends_with(".Parameters[\"boundary\"]") && about.starts_with("multipart.")) {
        EXPECT_EQ(found.structure->type.parameters.get("boundary"), unquoted(fact.items()[2].string()));
      }
      if (about.starts_with("multipart.ContentType.IsMimeType") && about.find("mixed") != std::string::npos) {
        EXPECT_EQ(found.structure->type.essence(), "multipart/mixed");
      }
    }
  }
  EXPECT_EQ(structures, 12U);
}

}  // namespace
}  // namespace tidewire::imap
