// Messages parsed, decoded and built, against gmime. Bytes per second are those of the message.
#include <tidewire/mime.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gmime_rival.hpp"

namespace {

namespace mime = tidewire::mime;
namespace rival = tidewire::mime::benchmark_rival;

using message_list = std::vector<std::string>;

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Lines of words, of which `foreign` in a hundred are not ASCII.
std::string prose(std::size_t size, unsigned foreign, unsigned seed) {
  static constexpr std::string_view plain[] = {"the", "mail", "came", "late", "and",  "nobody", "knew",
                                               "why", "it",   "had",  "been", "held", "up"};
  static constexpr std::string_view accented[] = {"caf\xC3\xA9", "na\xC3\xAFve", "\xE6\x97\xA5\xE6\x9C\xAC",
                                                  "Stra\xC3\x9F\x65"};
  std::mt19937 random(seed);
  std::string text;
  std::size_t column = 0;
  while (text.size() < size) {
    const bool odd = random() % 100 < foreign;
    const std::string_view word =
        odd ? accented[random() % std::size(accented)] : plain[random() % std::size(plain)];
    text += word;
    column += word.size() + 1;
    text += column > 66 ? "\r\n" : " ";
    if (column > 66) column = 0;
  }
  return text + "\r\n";
}

mime::message letter(unsigned i) {
  mime::message mail({i, i}, {});
  mail.from("Robot <robot@example.org>").to("Ada Lovelace <ada@example.org>, bob@example.org");
  mail.subject(i % 3 == 0 ? "caf\xC3\xA9 number " + std::to_string(i)
                          : "Message number " + std::to_string(i));
  for (int k = 0; k < 6; ++k)
    mail.header("Received", "from mx" + std::to_string(k) +
                                ".example.org by mail.example.org with ESMTPS id " + std::to_string(i) +
                                "; Fri, 21 Nov 1997 09:55:06 -0600");
  mail.header("X-Mailer", "a program of the benchmark");
  return mail;
}

// Two hundred of every kind: plain, encoded either way, with HTML, images, attachments of all sizes,
// forwarded.
const message_list& messages() {
  static const message_list list = [] {
    message_list made;
    for (unsigned i = 0; i < 200; ++i) {
      mime::message mail = letter(i);
      const std::size_t size = 500 + i * 100;
      switch (i % 8) {
        case 0: mail.text(prose(size, 0, i)); break;
        case 1: mail.text(prose(size, 3, i)); break;
        case 2: mail.text(prose(size, 80, i)); break;
        case 3: mail.text(prose(size, 3, i)).html("<html>" + prose(size * 3, 2, i) + "</html>"); break;
        case 4:
          mail.text(prose(size, 0, i)).html("<p><img src=\"cid:logo\">" + prose(size, 3, i));
          mail.embed("logo@example.org", random_bytes(20'000, i), {.type = "image/png"});
          break;
        case 5: mail.text(prose(size, 3, i)).attach("report.pdf", random_bytes(i * 3'000, i)); break;
        case 6:
          mail.text(prose(size, 0, i));
          for (unsigned k = 0; k < 5; ++k)
            mail.attach("photo" + std::to_string(k) + ".jpeg", random_bytes(i * 1'000, k));
          break;
        default: mail.text("see below\n").attach_message(made.back()); break;
      }
      made.push_back(mail.str());
    }
    return made;
  }();
  return list;
}

const message_list& attachment() {
  static const message_list list = {
      letter(0).text("see the attached file\n").attach("a.bin", random_bytes(15'000'000, 1)).str()};
  return list;
}

std::size_t count_ours(const std::string& text) {
  const mime::parsed_message mail = mime::parse_in_place(text);
  std::size_t leaves = 0;
  for (std::size_t i = 0; i < mail.part_count(); ++i)
    leaves += mail.part_at(i).kind() == mime::part_kind::leaf ? 1 : 0;
  return leaves;
}

rival::counts decode_ours(const std::string& text, std::string& decoded) {
  const mime::parsed_message mail = mime::parse_in_place(text);
  rival::counts all;
  for (std::size_t i = 0; i < mail.part_count(); ++i) {
    const mime::part part = mail.part_at(i);
    if (part.kind() != mime::part_kind::leaf) continue;
    decoded.clear();
    part.decode([&](std::string_view bytes) { decoded += bytes; });
    ++all.leaves;
    all.bytes += decoded.size();
  }
  return all;
}

std::vector<rival::gmime_source> sources_of(const message_list& list) {
  std::vector<rival::gmime_source> sources;
  for (const std::string& text : list) sources.emplace_back(text);
  return sources;
}

void report(benchmark::State& state, const message_list& list) {
  std::size_t bytes = 0;
  for (const std::string& text : list) bytes += text.size();
  state.SetBytesProcessed(static_cast<std::int64_t>(static_cast<std::size_t>(state.iterations()) * bytes));
}

void parse_ours(benchmark::State& state) {
  const auto sources = sources_of(messages());
  for (std::size_t i = 0; i < messages().size(); ++i)
    if (count_ours(messages()[i]) != sources[i].parse()) return state.SkipWithError("other parts than gmime");
  for (auto _ : state)
    for (const std::string& text : messages()) benchmark::DoNotOptimize(count_ours(text));
  report(state, messages());
}

void parse_gmime(benchmark::State& state) {
  const auto sources = sources_of(messages());
  for (auto _ : state)
    for (const auto& source : sources) benchmark::DoNotOptimize(source.parse());
  report(state, messages());
}

void decode_ours(benchmark::State& state, const message_list& list) {
  const auto sources = sources_of(list);
  std::string decoded;
  for (std::size_t i = 0; i < list.size(); ++i)
    if (decode_ours(list[i], decoded) != sources[i].decode())
      return state.SkipWithError("other bytes than gmime");
  for (auto _ : state)
    for (const std::string& text : list) benchmark::DoNotOptimize(decode_ours(text, decoded));
  report(state, list);
}

void decode_gmime(benchmark::State& state, const message_list& list) {
  const auto sources = sources_of(list);
  for (auto _ : state)
    for (const auto& source : sources) benchmark::DoNotOptimize(source.decode());
  report(state, list);
}

struct letter_parts {
  std::string text = prose(4'000, 3, 1);
  std::string html = "<html>" + prose(8'000, 3, 2) + "</html>";
  std::vector<std::string> attachments{random_bytes(20'000, 1), random_bytes(20'000, 2),
                                       random_bytes(20'000, 3)};
};

std::string build_ours(const letter_parts& parts) {
  mime::message mail;
  mail.from("Robot <robot@example.org>").to("Ada Lovelace <ada@example.org>").subject("Links of the day");
  mail.text(parts.text).html(parts.html);
  for (std::size_t i = 0; i < parts.attachments.size(); ++i)
    mail.attach("file" + std::to_string(i) + ".pdf", mime::content::view(parts.attachments[i]));
  return mail.str();
}

void build_ours(benchmark::State& state) {
  const letter_parts parts;
  const mime::parsed_message check = mime::parse(build_ours(parts));
  if (check.attachments().size() != 3 || check.attachments()[2].decode() != parts.attachments[2] ||
      check.text() != parts.text || check.html() != parts.html)
    return state.SkipWithError("the message is not what went into it");
  for (auto _ : state) benchmark::DoNotOptimize(build_ours(parts));
}

void build_gmime(benchmark::State& state) {
  const letter_parts parts;
  const std::size_t size = build_ours(parts).size();
  const std::size_t theirs = rival::gmime_build(parts.text, parts.html, parts.attachments);
  // The same but for headers and line ends.
  if (theirs < size * 9 / 10 || theirs > size * 11 / 10)
    return state.SkipWithError("gmime wrote something else");
  for (auto _ : state)
    benchmark::DoNotOptimize(rival::gmime_build(parts.text, parts.html, parts.attachments));
}

const bool registered = [] {
  const auto add = [](const char* name, auto run) { benchmark::RegisterBenchmark(name, run); };
  using state = benchmark::State;
  add("mime/parse/ours", [](state& s) { parse_ours(s); });
  add("mime/parse/gmime", [](state& s) { parse_gmime(s); });
  add("mime/decode/ours", [](state& s) { decode_ours(s, messages()); });
  add("mime/decode/gmime", [](state& s) { decode_gmime(s, messages()); });
  add("mime/attachment/ours", [](state& s) { decode_ours(s, attachment()); });
  add("mime/attachment/gmime", [](state& s) { decode_gmime(s, attachment()); });
  add("mime/build/ours", [](state& s) { build_ours(s); });
  add("mime/build/gmime", [](state& s) { build_gmime(s); });
  return true;
}();

}  // namespace
