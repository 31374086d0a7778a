#include <tidewire/mime/parser.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/conformance.hpp"
#include "support/exact.hpp"

namespace tidewire::mime {
namespace {

// All events, one a line; the pieces of a body as one.
class tracer : public event_handler {
 public:
  void on_part(std::uint64_t offset) override { line("part " + std::to_string(offset)); }
  void on_field(const field& what) override {
    line("field " + std::to_string(what.offset) + ' ' + std::string(what.name) + '|' +
         std::string(what.value) + '|' + std::to_string(what.whole.size()));
  }
  void on_header_end(const shape& what) override {
    line("header end " + std::to_string(what.offset) + ' ' + std::to_string(static_cast<int>(what.kind)) +
         ' ' + std::string(name_of(what.encoding)) + (what.default_is_message ? " digest" : ""));
  }
  void on_body(std::string_view bytes) override { body += bytes; }
  void on_part_end(std::uint64_t offset) override { line("end " + std::to_string(offset)); }
  void on_defect(const defect& what) override {
    // A defect of a field may be told before or after a piece of a body: it has its own list.
    defects += std::to_string(what.offset) + ' ' + std::string(describe(what.kind)) + '\n';
  }

  std::string trace;
  std::string body;
  std::string defects;

 private:
  void line(const std::string& text) {
    if (!body.empty()) trace += "body " + body + '\n';
    body.clear();
    trace += text + '\n';
  }
};

std::string trace_of(const std::vector<std::string_view>& pieces, const parse_options& options = {}) {
  tracer events;
  event_parser in(events, options);
  for (const std::string_view piece : pieces) {
    const testing::exact_block copy(piece);
    in.feed(copy.text());
  }
  in.finish();
  return events.trace + events.defects;
}

std::vector<std::string_view> cut(std::string_view text, std::size_t size) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < text.size(); at += size) pieces.push_back(text.substr(at, size));
  return pieces;
}

// Whole, byte by byte, and in every two pieces: the events must be the same.
std::string trace_every_way(std::string_view text, const parse_options& options = {}) {
  const std::string whole = trace_of({text}, options);
  EXPECT_EQ(trace_of(cut(text, 1), options), whole) << text;
  EXPECT_EQ(trace_of(cut(text, 7), options), whole) << text;
  for (std::size_t i = 0; i <= text.size(); ++i)
    EXPECT_EQ(trace_of({text.substr(0, i), text.substr(i)}, options), whole) << text << " split at " << i;
  return whole;
}

std::vector<defect_kind> defects_of(std::string_view text, const parse_options& options = {}) {
  std::vector<defect_kind> kinds;
  const parsed_message message = parse(text, options);
  for (const defect& one : message.defects()) kinds.push_back(one.kind);
  return kinds;
}
using defects = std::vector<defect_kind>;

constexpr std::string_view two_parts =
    "From: a@b.c\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n"
    "\r\n"
    "preamble\r\n"
    "--x\r\n"
    "\r\n"
    "first\r\n"
    "--x  \r\n"
    "Content-Type: text/html\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "c2Vjb25k\r\n"
    "\r\n"
    "--x--\r\n"
    "epilogue\r\n";

TEST(MimeEventParser, TellsWhatAMessageIsMadeOf) {
  EXPECT_EQ(trace_every_way(two_parts),
            "part 0\n"
            "field 0 From| a@b.c|13\n"
            "field 13 Content-Type| multipart/mixed; boundary=x|43\n"
            "header end 58 1 7bit\n"
            "part 73\n"
            "header end 75 0 7bit\n"
            "body first\n"
            "end 80\n"
            "part 89\n"
            "field 89 Content-Type| text/html|25\n"
            "field 114 Content-Transfer-Encoding| base64|35\n"
            "header end 151 0 base64\n"
            "body c2Vjb25k\r\n\n"
            "end 161\n"
            "end 180\n");
}

TEST(MimeEventParser, IsReadyForTheNextMessage) {
  tracer events;
  event_parser in(events);
  in.feed("A: b\n\nc");
  in.finish();
  const std::string first = std::exchange(events.trace, "");
  events.defects.clear();
  in.feed("A: b\n\nc");
  in.finish();
  EXPECT_EQ(events.trace, first);
}

TEST(MimeEventParser, GivesTheSameEventsForAnySplitOfOddInput) {
  for (const std::string_view text : {
           std::string_view(""),
           std::string_view("\n"),
           std::string_view("\r\n\r\n"),
           std::string_view("\xEF\xBB\xBF\x41: b\n\nc"),
           std::string_view("no header\n"),
           std::string_view(" lost\nA: b\n more\n\nbody"),
           std::string_view("A: b"),
           std::string_view("A: b\r"),
           std::string_view("From me Thu\nA : b\n:c\nd\n"),
           std::string_view("A: b\n--x\n"),
           std::string_view("Content-Type: multipart/x; boundary=x\n\n--x\n\n--x\nA: b\n--x\n\n\n--x--"),
           std::string_view("Content-Type: multipart/x; boundary=x\n\n--x--\n--x\n"),
           std::string_view("Content-Type: multipart/x; boundary=x\n\n--xx\n--x-\n--x y\n-\n--\n--x\nA: "
                            "b\n\nz\r\n\r\n--x\r"),
           std::string_view(
               "Content-Type: multipart/x; boundary=\"x\"\n\n--x\nContent-Type: multipart/y; boundary=xy\n\n"
               "--xy\n\na\n--xy\n\nb\n--x\n\nc\n--xy--\n--x--\n"),
           std::string_view("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nA: b\n\nc"),
           std::string_view("Content-Type: multipart/digest; boundary=d\n\n--d\n\nA: b\n\nc\n--d\n\n--d--\n"),
           std::string_view(
               "Content-Type: multipart/x; boundary=x\n\n--x\nA: b\r\r\nC: d\r\n\r\nz\r\n\r--x\r\n\r\n--x--"),
           std::string_view("A: b\0c\r\n\r\n\0", 11),
       })
    trace_every_way(text);
}

TEST(MimeEventParser, GivesTheSameEventsForAnySplitAtItsLimits) {
  parse_options tight;
  tight.max_header_bytes = 40;
  tight.max_headers = 3;
  tight.max_parts = 3;
  tight.max_depth = 2;
  std::string long_line = "A: b\r\nLong: " + std::string(1100, 'x') + "\r\n more\r\nC: d\r\n\r\nbody";
  std::string no_field = "A: b\r\n" + std::string(1100, 'x') + "\r\nC: d\r\n\r\nbody";
  std::string lost = " " + std::string(1100, 'x') + "\r\nC: d\r\n\r\nbody";
  for (const std::string& text :
       {long_line, no_field, lost, std::string("A: 1\nB: 2\nC: 3\nD: 4\nE: 5\n\nbody"),
        std::string("A: 0123456789\r\n 0123456789\r\n 0123456789\r\n 0123456789\r\n\r\nbody"),
        std::string("A: 012345678901234567890123456789012345\nB: 2\n\nbody"),
        std::string(
            "Content-Type: multipart/x;boundary=x\n\n--x\n\na\n--x\n\nb\n--x\n\nc\n--x\n\nd\n--x--\n"),
        std::string("Content-Type: multipart/x;boundary=x\n\n--x\nContent-Type: "
                    "multipart/y;boundary=y\n\n--y\n\na\n--y--"
                    "\n--x--\n")})
    trace_every_way(text, tight);
}

TEST(MimeParser, KeepsTheMessageForAnySplit) {
  parser in;
  for (const std::string_view piece : cut(two_parts, 3)) in.feed(piece);
  const parsed_message pieces = in.finish();
  EXPECT_EQ(pieces.source(), two_parts);
  EXPECT_EQ(pieces.part_count(), 3U);
  EXPECT_EQ(pieces.part_at(2).decode(), "second");
  in.feed("Subject: next\r\n\r\n");
  EXPECT_EQ(in.finish().subject(), "next");
}

TEST(MimeParser, EndsAtEachTruncationWithoutHarm) {
  for (std::size_t size = 0; size <= two_parts.size(); ++size) {
    const testing::exact_block copy(two_parts.substr(0, size));
    const parsed_message message = parse_in_place(copy.text());
    for (const part one : message.parts()) {
      EXPECT_LE(one.body_offset() + one.raw_body().size(), size);
      (void)one.text();
    }
  }
}

TEST(MimeParser, FindsNothingWrongWithWhatIsRight) {
  EXPECT_EQ(defects_of(two_parts), defects{});
  EXPECT_TRUE(parse_strict(std::string(two_parts)));
  EXPECT_EQ(defects_of("Subject: no body\r\n"), defects{});
}

TEST(MimeParser, ListsWhatIsWrongWithHeaders) {
  EXPECT_EQ(defects_of("A: b\n\nc"), defects{defect_kind::bare_line_feed});
  EXPECT_EQ(defects_of("\xEF\xBB\xBFSubject: a\r\n\r\n"), defects{defect_kind::byte_order_mark});
  EXPECT_EQ(defects_of("no field\r\n"), defects{defect_kind::header_separator});
  EXPECT_EQ(defects_of("A : b\r\n\r\n"), defects{defect_kind::header_name_space});
  EXPECT_EQ(defects_of(" lost\r\n again\r\nA: b\r\n\r\n"), defects{defect_kind::header_lost});
  EXPECT_EQ(defects_of(": no name\r\nA: b\r\n\r\n"), defects{defect_kind::header_lost});
  EXPECT_EQ(defects_of(std::string("A: b\0c\r\n\r\n", 10)), defects{defect_kind::header_nul});
  EXPECT_EQ(defects_of("A: b\rc\r\n\r\n"), defects{defect_kind::header_bare_cr});
  EXPECT_EQ(defects_of("Subject: b\r\nSUBJECT: c\r\n\r\n"), defects{defect_kind::header_duplicate});
  EXPECT_EQ(defects_of("A: " + std::string(995, 'b') + "\r\n\r\n"), defects{});
  EXPECT_EQ(defects_of("A: " + std::string(996, 'b') + "\r\n\r\n"), defects{defect_kind::header_line_length});
  EXPECT_EQ(defects_of("Content-Type: text\r\n\r\n"), defects{defect_kind::content_type});
  EXPECT_EQ(defects_of("Content-Transfer-Encoding: rot13\r\n\r\n"), defects{defect_kind::transfer_encoding});
}

TEST(MimeParser, ListsWhatIsWrongWithStructure) {
  EXPECT_EQ(defects_of("Content-Type: multipart/mixed\r\n\r\nx"), defects{defect_kind::boundary_missing});
  EXPECT_EQ(defects_of("Content-Type: multipart/mixed; boundary=x\r\n\r\ny"),
            defects{defect_kind::start_boundary_missing});
  EXPECT_EQ(defects_of("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ny"),
            defects{defect_kind::end_boundary_missing});
  EXPECT_EQ(
      defects_of("Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                 "--x\r\n\r\ny\r\n--x--\r\n"),
      defects{defect_kind::multipart_encoding});
  const std::string seventy(70, 'b');
  const auto with = [](const std::string& boundary) {
    return defects_of("Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary +
                      "\r\n\r\n\r\n--" + boundary + "--\r\n");
  };
  EXPECT_EQ(with(seventy), defects{});
  EXPECT_EQ(with(seventy + 'b'), defects{defect_kind::boundary_malformed});
  EXPECT_EQ(with(std::string(256, 'b')), defects{defect_kind::boundary_malformed});
  EXPECT_EQ(
      parse("Content-Type: multipart/mixed; boundary=\"" + std::string(257, 'b') + "\"\r\n\r\n").part_count(),
      1U);
}

TEST(MimeParser, StopsAtEachOfItsLimits) {
  parse_options options;
  options.max_headers = 2;
  EXPECT_EQ(defects_of("A: 1\r\nB: 2\r\n\r\n", options), defects{});
  EXPECT_EQ(defects_of("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", options),
            defects{defect_kind::too_many_headers});
  EXPECT_EQ(parse("A: 1\r\nB: 2\r\nC: 3\r\n\r\nbody", options).root().headers().size(), 2U);
  EXPECT_EQ(parse("A: 1\r\nB: 2\r\nC: 3\r\n\r\nbody", options).root().raw_body(), "body");
  options = {};
  options.max_header_bytes = 12;
  EXPECT_EQ(defects_of("A: 1\r\nB: 2\r\n\r\n", options), defects{});
  EXPECT_EQ(defects_of("A: 1\r\nB: 23\r\nC: 3\r\n\r\n", options), defects{defect_kind::header_too_large});
  options = {};
  options.max_depth = 2;
  const std::string nested =
      "Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n";
  EXPECT_EQ(defects_of(nested, options), defects{defect_kind::too_deep});
  EXPECT_EQ(parse(nested, options).part_count(), 2U);
  options.max_depth = 3;
  EXPECT_EQ(defects_of(nested, options), defects{});
  options = {};
  options.max_parts = 3;
  EXPECT_EQ(defects_of(two_parts, options), defects{});
  options.max_parts = 2;
  EXPECT_EQ(defects_of(two_parts, options), defects{defect_kind::too_many_parts});
  EXPECT_EQ(parse(two_parts, options).part_count(), 2U);
  options = {};
  options.max_defects = 1;
  const parsed_message bad = parse("A : 1\r\nB : 2\r\n\r\n", options);
  EXPECT_EQ(bad.defects().size(), 1U);
  EXPECT_EQ(bad.defect_count(), 2U);
}

TEST(MimeParser, RefusesDefectsWhereItIsStrict) {
  const auto refused = [](std::string text, const parse_options& options = {}) {
    const auto message = parse_strict(std::move(text), options);
    EXPECT_FALSE(message);
    return message ? std::string() : std::string(message.error().detail());
  };
  EXPECT_EQ(refused("A: b\r\nc d\r\n\r\n"),
            "a header line is no field, the body was taken to begin there at offset 6");
  EXPECT_EQ(refused("Content-Transfer-Encoding: base64\r\n\r\nYQ=!=\r\n"), "malformed base64 at offset 37");
  EXPECT_EQ(refused("Content-Transfer-Encoding: base64\r\n\r\nYWE\r\n"), "malformed base64 at offset 37");
  EXPECT_EQ(refused("Content-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ\r\n"),
            "malformed quoted-printable at offset 47");
  EXPECT_EQ(refused("A: b\r\n\r\n\xC3\xA9"), "bytes of 128 and above in a 7bit body at offset 8");
  EXPECT_EQ(refused("A: b\r\n\r\n" + std::string(999, 'x')),
            "a body line of more than 998 characters at offset 8");
  EXPECT_EQ(refused("Content-Type: text/plain; charset=x-y\r\n\r\nx"),
            "an unknown charset, or bytes that are not of it at offset 41");
  parse_options options;
  options.max_depth = 1;
  EXPECT_EQ(parse_strict("Content-Type: message/rfc822\r\n\r\n", options).code(), condition::limit_exceeded);
  EXPECT_EQ(parse_strict("x\r\n").code(), condition::protocol);
}

// --- input made to hurt --------------------------------------------------------------------------------

TEST(MimeParser, PassesOverAHeaderOfAMegabyte) {
  std::string text = "Subject: " + std::string(1 << 20, 's') + "\r\nTo: a@b.c\r\n\r\nbody";
  const parsed_message message = parse(text);
  EXPECT_EQ(message.defects().at(0).kind, defect_kind::header_too_large);
  EXPECT_EQ(message.root().raw_body(), "body");
  EXPECT_TRUE(message.root().headers().empty());
  EXPECT_EQ(trace_of(cut(text, 1000)), trace_of({text}));
  parse_options options;
  options.max_header_bytes = std::size_t{2} << 20;
  EXPECT_EQ(parse(text, options).subject().size(), std::size_t{1} << 20);
}

TEST(MimeParser, HoldsNoMoreOfAnEndlessHeaderThanItsLimit) {
  tracer events;
  event_parser in(events);
  in.feed("Subject: ");
  const std::string piece(1000, 's');
  for (int i = 0; i < 20'000; ++i) in.feed(piece);
  in.finish();
  EXPECT_EQ(events.trace, "part 0\nheader end 20000009 0 7bit\nend 20000009\n");
}

TEST(MimeParser, StopsAtAHundredOfTenThousandNestedParts) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) {
    const std::string boundary = "b" + std::to_string(i);
    text += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n";
  }
  text += "\r\ntext\r\n";
  const parsed_message message = parse(text);
  EXPECT_EQ(message.part_count(), 100U);
  EXPECT_EQ(message.defects().at(0).kind, defect_kind::too_deep);
  EXPECT_TRUE(message.part_at(99).raw_body().ends_with("text\r\n"));
  std::string letters;
  for (int i = 0; i < 10'000; ++i) letters += "Content-Type: message/rfc822\r\n\r\n";
  EXPECT_EQ(parse(letters).part_count(), 100U);
  EXPECT_EQ(parse(letters).attachments().size(), 1U);
}

TEST(MimeParser, StopsAtTenThousandOfAMillionParts) {
  std::string text = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 1'000'000; ++i) text += "--b\r\n";
  EXPECT_EQ(parse(std::move(text)).part_count(), 10'000U);
}

TEST(MimeParser, TellsABoundaryFromOneThatBeginsWithIt) {
  const parsed_message message = parse(
      "Content-Type: multipart/mixed; boundary=\"ab\"\r\n\r\n"
      "--ab\r\nContent-Type: multipart/alternative; boundary=\"abc\"\r\n\r\n"
      "--abc\r\n\r\none\r\n--abc\r\n\r\ntwo\r\n--abc--\r\n"
      "--ab\r\n\r\nthree\r\n--ab--\r\n");
  ASSERT_EQ(message.part_count(), 5U);
  EXPECT_TRUE(message.defects().empty());
  EXPECT_EQ(message.part_at(2).raw_body(), "one");
  EXPECT_EQ(message.part_at(3).raw_body(), "two");
  EXPECT_EQ(message.part_at(4).raw_body(), "three");
  // And the other way round, with one that looks like the end of the other.
  const parsed_message ends = parse(
      "Content-Type: multipart/mixed; boundary=\"ab--\"\r\n\r\n"
      "--ab--\r\nContent-Type: multipart/alternative; boundary=\"ab\"\r\n\r\n"
      "--ab\r\n\r\none\r\n--ab----\r\n");
  EXPECT_EQ(ends.part_at(2).raw_body(), "one");
}

TEST(MimeParser, ReadsABodyWithoutAHeader) {
  parse_options options;
  options.body_of = "multipart/form-data; boundary=x";
  const parsed_message message =
      parse("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n", options);
  ASSERT_EQ(message.part_count(), 2U);
  EXPECT_EQ(message.part_at(1).disposition()->parameters.get("name"), "a");
  EXPECT_EQ(message.part_at(1).raw_body(), "1");
  parser in(options);
  in.feed("--x\r\n\r\n2\r\n--x--");
  EXPECT_EQ(in.finish().part_at(1).raw_body(), "2");
}

TEST(MimeBodyDecoder, DecodesWhatComesInPieces) {
  const auto decoded = [](transfer_encoding encoding, std::string_view text) {
    body_decoder whole(encoding);
    std::string bytes;
    whole.update(text, bytes);
    whole.finish(bytes);
    body_decoder one(encoding);
    std::string pieces;
    for (const char c : text) one.update({&c, 1}, pieces);
    one.finish(pieces);
    EXPECT_EQ(pieces, bytes);
    EXPECT_EQ(one.malformed(), whole.malformed());
    return bytes + (one.malformed() ? " malformed" : "");
  };
  EXPECT_EQ(decoded(transfer_encoding::base64, "YWJj\r\nZA=="), "abcd");
  EXPECT_EQ(decoded(transfer_encoding::base64, "YW!Jj"), "abc malformed");
  EXPECT_EQ(decoded(transfer_encoding::quoted_printable, "a=3Db=\r\nc"), "a=bc");
  EXPECT_EQ(decoded(transfer_encoding::quoted_printable, "a=ZZ"), "a=ZZ malformed");
  EXPECT_EQ(decoded(transfer_encoding::binary, "a\0b"), "a");
}

// Each message of the suites gives the same events for any split, and its parts are within each other.
TEST(MimeParser, ReadsEachMessageOfTheSuitesInAnySplit) {
  std::size_t count = 0;
  for (const char* suite : {"mail-parser/eml", "mimekit/messages", "ruby-mail/emails", "cpython-email"}) {
    TIDEWIRE_NEEDS_CONFORMANCE(suite);
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(testing::conformance_path(suite))) {
      const auto extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".eml" && extension != ".txt")) continue;
      SCOPED_TRACE(entry.path().string());
      const std::string text = testing::read_file(entry.path());
      const parsed_message message = parse(text);
      EXPECT_EQ(message.source(), text);
      ++count;
      const std::string whole = trace_of({text});
      EXPECT_EQ(trace_of(cut(text, 1)), whole);
      EXPECT_EQ(trace_of(cut(text, 13)), whole);
      EXPECT_EQ(trace_of(cut(text, 4096)), whole);
      for (const part one : message.parts()) {
        const part parent = one.parent();
        if (!parent) continue;
        EXPECT_GE(one.offset(), parent.body_offset());
        EXPECT_LE(one.offset() + one.raw().size(), parent.offset() + parent.raw().size());
      }
    }
  }
  EXPECT_EQ(count, 169U);
}

}  // namespace
}  // namespace tidewire::mime
