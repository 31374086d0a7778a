// FETCH responses of a thousand messages read into types, against libetpan. Bytes per second are those of the
// responses.
#include <tidewire/imap/response_reader.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "libetpan_rival.hpp"

namespace {

namespace imap = tidewire::imap;
namespace rival = tidewire::imap::benchmark_rival;

// What Dovecot answers to FETCH (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE
// BODY.PEEK[HEADER.FIELDS (LIST-ID X-PRIORITY)]), with the names replaced: of a mailing list, a letter with
// an attachment, a notice, a forwarded message. `#` stands for the number of the message.
constexpr std::array<std::string_view, 4> recorded{
    "* # FETCH (UID # FLAGS (\\Seen NonJunk) INTERNALDATE \"17-Jul-2023 02:44:25 +0200\" RFC822.SIZE 4428 "
    "ENVELOPE "
    "(\"Wed, 17 Jul 2023 02:23:25 -0700 (PDT)\" \"Re: [tides] minutes of the meeting of #\" ((\"Terry Grey\" "
    "NIL \"grey\" "
    "\"cac.example.edu\")) ((\"tides\" NIL \"tides-bounces\" \"lists.example.org\")) ((\"Terry Grey\" NIL "
    "\"grey\" "
    "\"cac.example.edu\")) ((NIL NIL \"tides\" \"lists.example.org\")) ((NIL NIL \"minutes\" "
    "\"cnri.example.net\")(\"John "
    "Doe\" NIL \"john.doe\" \"mit.example.edu\")) NIL \"<CAHk-=wj#@mail.example.com>\" "
    "\"<B27397-0100000.#@cac.example.edu>\") "
    "BODYSTRUCTURE (\"text\" \"plain\" (\"charset\" \"us-ascii\" \"format\" \"flowed\") NIL NIL \"7bit\" "
    "3028 92 NIL NIL NIL NIL) "
    "BODY[HEADER.FIELDS (LIST-ID X-PRIORITY)] {38}\r\nList-Id: <tides.lists.example.org>\r\n\r\n)\r\n",
    "* # FETCH (UID # FLAGS () INTERNALDATE \"21-Nov-2023 09:55:06 -0600\" RFC822.SIZE 1842877 ENVELOPE "
    "(\"Tue, 21 Nov 2023 "
    "09:55:06 -0600\" \"=?utf-8?Q?Gezeitentafel_f=C3=BCr_Januar?=\" ((\"=?utf-8?Q?J=C3=B6rg_M=C3=BCller?=\" "
    "NIL \"joerg\" "
    "\"example.org\")) ((\"=?utf-8?Q?J=C3=B6rg_M=C3=BCller?=\" NIL \"joerg\" \"example.org\")) "
    "((\"=?utf-8?Q?J=C3=B6rg_M=C3=BCller?=\" NIL \"joerg\" \"example.org\")) ((\"Ada Lovelace\" NIL \"ada\" "
    "\"example.org\")) NIL "
    "NIL NIL \"<20231121155506.#@mx.example.org>\") BODYSTRUCTURE (((\"text\" \"plain\" (\"charset\" "
    "\"utf-8\") NIL NIL "
    "\"quoted-printable\" 1134 31 NIL NIL NIL NIL)(\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL "
    "\"quoted-printable\" 4382 88 "
    "NIL NIL NIL NIL) \"alternative\" (\"boundary\" \"_000_AS8PR02MB10003F6\") NIL NIL NIL)(\"application\" "
    "\"pdf\" (\"name\" "
    "\"tides-#.pdf\") \"<f_lp8k2x#>\" NIL \"base64\" 1834512 NIL (\"attachment\" (\"filename\" "
    "\"tides-#.pdf\" \"size\" "
    "\"1340000\")) NIL NIL) \"mixed\" (\"boundary\" \"_004_AS8PR02MB10003F6\") NIL (\"de-DE\") NIL) "
    "BODY[HEADER.FIELDS (LIST-ID "
    "X-PRIORITY)] {17}\r\nX-Priority: 1\r\n\r\n)\r\n",
    "* # FETCH (UID # FLAGS (\\Seen \\Answered) INTERNALDATE \" 1-Feb-2024 23:30:01 +0000\" RFC822.SIZE "
    "51207 ENVELOPE (\"Thu, "
    "01 Feb 2024 23:29:58 +0000\" \"[tidewire/tidewire] A quote that is not closed (Issue ##)\" ((\"A. "
    "Robot\" NIL "
    "\"notifications\" \"example.com\")) ((\"A. Robot\" NIL \"notifications\" \"example.com\")) "
    "((\"tidewire/tidewire\" NIL "
    "\"reply+AAB#\" \"reply.example.com\")) ((\"tidewire/tidewire\" NIL \"tidewire\" "
    "\"noreply.example.com\")) ((\"Subscribed\" NIL "
    "\"subscribed\" \"noreply.example.com\")) NIL NIL \"<tidewire/tidewire/issues/#@example.com>\") "
    "BODYSTRUCTURE ((\"text\" "
    "\"plain\" (\"charset\" \"UTF-8\") NIL NIL \"quoted-printable\" 812 24 NIL NIL NIL NIL)(\"text\" "
    "\"html\" (\"charset\" \"UTF-8\") "
    "NIL NIL \"quoted-printable\" 2951 60 NIL NIL NIL NIL) \"alternative\" (\"boundary\" "
    "\"--==_mimepart_65bc\" \"charset\" "
    "\"UTF-8\") NIL NIL NIL) BODY[HEADER.FIELDS (LIST-ID X-PRIORITY)] {49}\r\nList-Id: tidewire "
    "<tidewire.tidewire.example>\r\n\r\n"
    ")\r\n",
    "* # FETCH (UID # FLAGS (\\Seen $Forwarded) INTERNALDATE \"09-Mar-2024 07:00:12 +0100\" RFC822.SIZE "
    "20480 ENVELOPE (\"Sat, 09 "
    "Mar 2024 07:00:12 +0100\" {21}\r\nFwd: \"low\" and \"high\" ((NIL NIL \"ada\" \"example.org\")) ((NIL "
    "NIL \"ada\" "
    "\"example.org\")) ((NIL NIL \"ada\" \"example.org\")) ((\"Bob\" NIL \"bob\" \"example.net\")(\"Carol\" "
    "NIL \"carol\" "
    "\"example.net\")(\"Dan\" NIL \"dan\" \"example.net\")) NIL NIL NIL \"<fwd-#@example.org>\") "
    "BODYSTRUCTURE ((\"text\" \"plain\" "
    "(\"charset\" \"utf-8\") NIL NIL \"8bit\" 44 3 NIL NIL NIL NIL)(\"message\" \"rfc822\" NIL NIL NIL "
    "\"7bit\" 18211 (\"Fri, 08 Mar "
    "2024 12:00:00 +0100\" \"low and high\" ((\"Eve\" NIL \"eve\" \"example.com\")) ((\"Eve\" NIL \"eve\" "
    "\"example.com\")) ((\"Eve\" "
    "NIL \"eve\" \"example.com\")) ((NIL NIL \"ada\" \"example.org\")) NIL NIL NIL \"<1@example.com>\") "
    "((\"text\" \"plain\" "
    "(\"charset\" \"us-ascii\") NIL NIL \"7bit\" 911 20 NIL NIL NIL NIL)(\"image\" \"png\" (\"name\" "
    "\"tide.png\") NIL NIL \"base64\" "
    "16000 NIL (\"inline\" (\"filename\" \"tide.png\")) NIL NIL) \"mixed\" (\"boundary\" \"b1\") NIL NIL "
    "NIL) 300 NIL NIL NIL NIL) "
    "\"mixed\" (\"boundary\" \"b2\") NIL NIL NIL) BODY[HEADER.FIELDS (LIST-ID X-PRIORITY)] {2}\r\n\r\n)\r\n"};

const std::string& responses() {
  static const std::string all = [] {
    std::string made;
    for (unsigned i = 1; i <= 1000; ++i) {
      for (const char c : recorded[i % recorded.size()]) {
        if (c == '#') {
          made += std::to_string(i);
        } else {
          made += c;
        }
      }
    }
    return made;
  }();
  return all;
}

std::size_t count(const std::vector<tidewire::mime::address_entry>& list) {
  return list.size();
}

std::size_t leaves_of(const imap::body_part& part) {
  if (part.parts.empty()) return 1;
  std::size_t sum = 0;
  for (const imap::body_part& child : part.parts) sum += leaves_of(child);
  return sum;
}

void add(rival::sums& to, const imap::message_data& data) {
  ++to.messages;
  to.uids += *data.uid;
  to.sizes += *data.size;
  const imap::envelope& about = *data.envelope;
  to.addresses += count(about.from) + count(about.sender) + count(about.reply_to) + count(about.to) +
                  count(about.cc) + count(about.bcc);
  to.message_ids += about.message_id.size();
  to.leaves += leaves_of(*data.structure);
  for (const imap::section_data& section : data.sections) to.header_bytes += section.content->size();
}

// As they come from a socket: 64 KiB at a time.
rival::sums read_all(std::string_view wire) {
  rival::sums out;
  imap::response_reader reader;
  for (std::size_t at = 0; at < wire.size(); at += 64 * 1024) {
    std::string_view rest = wire.substr(at, 64 * 1024);
    for (;;) {
      const auto step = reader.read(tidewire::as_bytes(rest));
      if (!step) return {};
      rest.remove_prefix(step->consumed);
      if (step->event == imap::reader_event::none) break;
      if (step->event != imap::reader_event::complete) continue;
      const imap::response one = reader.take();
      if (const auto* data = std::get_if<imap::message_data>(&one)) add(out, *data);
    }
  }
  return out;
}

void report(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(responses().size()));
  state.SetItemsProcessed(state.iterations() * 1000);
}

void parse_ours(benchmark::State& state) {
  const rival::sums expected = rival::libetpan_session(responses()).fetch();
  if (expected.messages != 1000 || read_all(responses()) != expected) {
    return state.SkipWithError("other values than libetpan");
  }
  for (auto _ : state) benchmark::DoNotOptimize(read_all(responses()));
  report(state);
}

void parse_libetpan(benchmark::State& state) {
  rival::libetpan_session session(responses());
  for (auto _ : state) benchmark::DoNotOptimize(session.fetch());
  report(state);
}

BENCHMARK(parse_ours)->Name("imap/parse/ours")->Unit(benchmark::kMillisecond);
BENCHMARK(parse_libetpan)->Name("imap/parse/libetpan")->Unit(benchmark::kMillisecond);

}  // namespace
