// The tour: one program, on one executor, that goes round the library. It reads web pages, takes records out
// of them, hashes and signs what it read, mails a digest, sees it come, and checks what came.
//
//   tour                    all in this program, the mail servers too; nothing leaves the machine
//   tour [--pages DIR] [--out FILE] --smtp HOST[:PORT] --imap HOST[:PORT] --user NAME --mail ADDRESS [--ca
//   FILE]
//
// In the real world the password is taken from the environment, TOUR_PASSWORD; mail is submitted by STARTTLS
// and read by TLS, and --ca names the authority to trust where the system does not know it. The mail goes to
// ADDRESS, and stays there. It ends with 0 only if every check held.
#include <tidewire/core.hpp>
#include <tidewire/crypto.hpp>
#include <tidewire/html.hpp>
#include <tidewire/imap.hpp>
#include <tidewire/mime.hpp>
#include <tidewire/smtp.hpp>
#include <tidewire/testing.hpp>
#include <tidewire/tls.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tw = tidewire;
namespace crypto = tidewire::crypto;
namespace fs = std::filesystem;
namespace html = tidewire::html;
namespace imap = tidewire::imap;
namespace mime = tidewire::mime;
namespace smtp = tidewire::smtp;
namespace testing = tidewire::testing;
using namespace std::chrono_literals;

#ifndef TOUR_PAGES  // the build says where the pages are that come with the tour
#define TOUR_PAGES "examples/data/pages"
#endif

namespace {

struct server_name {
  std::string host;
  std::uint16_t port = 0;  // 0: the protocol's own
};

struct settings {
  fs::path pages = TOUR_PAGES;
  fs::path out;  // empty: the records are mailed only
  server_name smtp;
  server_name imap;
  std::string user = "ada";
  std::string address = "ada@example.org";
  tw::secret password;
  std::string authority;  // in PEM; empty: those of the system
  bool local = true;
};

// High or low water, as a page has it.
struct tide {
  std::string station;
  std::string date;
  std::string time;
  std::string metres;
  bool high = false;
};

// A file that the digest tells of, and that is attached to it.
struct file {
  std::string name;
  std::string content;
};

struct harvest {
  std::vector<tide> tides;
  std::vector<file> files;  // the pages, and the records
};

// ---- 1. Pages to records

std::string contents_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return text;
}

// "6,42" and "6.42" are both numbers of metres.
std::optional<std::string> number(std::string text) {
  std::replace(text.begin(), text.end(), ',', '.');
  const bool digits = text.find_first_not_of("0123456789.") == std::string::npos;
  if (text.empty() || !digits || std::count(text.begin(), text.end(), '.') > 1 || text.front() == '.' ||
      text.back() == '.')
    return std::nullopt;
  return text;
}

std::vector<tide> tides_of(const html::document& page) {
  std::vector<tide> out;
  const std::string station = page.select_one("h1").get_text("", true);
  for (const html::table& table : html::extract_tables(page.root())) {
    if (!table.element.has_class("tides") || table.rows.empty()) continue;
    // Which column is which differs from page to page.
    const auto column = [&](std::string_view title) {
      const auto& titles = table.rows.front();
      const auto found =
          std::ranges::find_if(titles, [&](const auto& cell) { return cell.text.starts_with(title); });
      return static_cast<std::size_t>(found - titles.begin());
    };
    const std::size_t kind = column("Tide");
    const std::size_t time = column("Time");
    const std::size_t height = column("Height");
    const std::size_t width = table.rows.front().size();
    if (kind == width || time == width || height == width) continue;
    for (std::size_t row = table.header_rows; row < table.rows.size(); ++row) {
      const auto& cells = table.rows[row];
      const std::optional<std::string> metres = number(cells[height].text);
      if (!metres) continue;
      out.push_back({station, table.caption, cells[time].text, *metres, cells[kind].text == "High"});
    }
  }
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

// A JSON object a line: https://jsonlines.org
std::string json_lines(const std::vector<tide>& tides) {
  std::string out;
  for (const tide& each : tides) {
    out += "{\"station\": " + json_string(each.station) + ", \"date\": " + json_string(each.date) +
           ", \"time\": " + json_string(each.time) + ", \"metres\": " + each.metres +
           ", \"tide\": " + (each.high ? "\"high\"" : "\"low\"") + "}\n";
  }
  return out;
}

harvest harvest_of(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const fs::directory_entry& each : fs::directory_iterator(folder))
    if (each.path().extension() == ".html") paths.push_back(each.path());
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) throw std::runtime_error("no page in " + folder.string());
  harvest out;
  for (const fs::path& path : paths) {
    out.files.push_back({path.filename().string(), contents_of(path)});
    const html::document page = html::parse_bytes(out.files.back().content);
    const std::vector<tide> tides = tides_of(page);
    std::printf("   %-18s %-14s %2zu tides\n", out.files.back().name.c_str(),
                std::string(page.encoding()).c_str(), tides.size());
    out.tides.insert(out.tides.end(), tides.begin(), tides.end());
  }
  out.files.push_back({"tides.jsonl", json_lines(out.tides)});
  return out;
}

// ---- 2. A manifest that can be checked

// What `sha256sum -c` reads.
std::string manifest_of(const std::vector<file>& files) {
  std::string out;
  for (const file& each : files) out += crypto::sha256(each.content).hex() + "  " + each.name + '\n';
  return out;
}

// ---- 3. The digest, out

std::string html_digest(const std::vector<tide>& tides) {
  html::document page = html::parse(
      "<!doctype html><meta charset=utf-8><h1>Tides</h1><table><tr><th>Station<th>Time"
      "<th>Metres<th>Tide</table>");
  html::node rows = page.select_one("tbody");
  for (const tide& each : tides) {
    html::node row = rows.append(page.create_element("tr"));
    for (const std::string_view text :
         {std::string_view(each.station), std::string_view(each.time), std::string_view(each.metres),
          std::string_view(each.high ? "high" : "low")})
      row.append(page.create_element("td")).append(page.create_text(text));
  }
  return page.html();
}

mime::message digest_mail(const settings& with, const harvest& what, const tw::secret& key,
                          std::string_view id) {
  std::string text = "High and low water of the day:\n\n";
  for (const tide& each : what.tides)
    text += each.time + "  " + each.metres + " m  " + (each.high ? "high  " : "low   ") + each.station + '\n';
  const std::string manifest = manifest_of(what.files);
  mime::message mail;
  mail.from("Harbour robot <" + with.address + ">")
      .to(with.address)
      .subject("Tides of the day")
      .message_id(id);
  mail.text(text).html(html_digest(what.tides));
  for (const file& each : what.files) mail.attach(each.name, each.content);
  mail.attach("manifest.txt", manifest);
  mail.attach("manifest.hmac", crypto::hmac<crypto::sha256>(key).update(manifest).finish().hex());
  return mail;
}

tw::task<> send(const settings& with, const mime::message& mail, const tw::tls::client_context& trust) {
  smtp::client_options options;
  options.port = with.smtp.port;
  options.tls = &trust;
  smtp::client server = co_await smtp::connect(with.smtp.host, options);  // STARTTLS, or it is left
  co_await server.login(with.user, with.password);  // the strongest mechanism that both know
  co_await server.send(mail);                       // throws unless it was accepted for everybody
  co_await server.quit();
}

// ---- 4. The digest, in

struct arrival {
  std::uint32_t uid = 0;
  std::string mail;
};

// Waits for the mail of that Message-ID among all that comes.
tw::task<arrival> receive(imap::client& inbox, const imap::mailbox_state& before, const std::string& id) {
  imap::watch_options options;
  options.since = &before;
  imap::mailbox_watch changes = inbox.watch("INBOX", options);
  while (const auto change = co_await changes.next()) {
    if (change->kind != imap::change_kind::arrived) continue;
    const imap::sequence_set uid(change->uid);
    const auto found = co_await inbox.fetch(uid, imap::fetch_request().envelope());
    if (found.empty() || !found.front().envelope || found.front().envelope->message_id != '<' + id + '>')
      continue;
    std::string mail = co_await inbox.download(change->uid);
    changes.stop();
    co_return arrival{change->uid, std::move(mail)};
  }
  throw std::runtime_error("the mailbox was left");
}

// ---- 5. What came is what was sent

// Throws what does not hold.
void check(const mime::parsed_message& mail, const harvest& sent, const tw::secret& key) {
  if (const auto& defects = mail.defects(); !defects.empty())
    throw std::runtime_error("the mail came with a defect: " +
                             std::string(mime::describe(defects.front().kind)));
  std::vector<file> files;
  for (const mime::part& each : mail.attachments()) files.push_back({each.filename(), each.decode()});
  const auto take = [&](std::string_view name) {
    const auto found = std::ranges::find(files, name, &file::name);
    if (found == files.end()) throw std::runtime_error("the mail lacks " + std::string(name));
    std::string content = std::move(found->content);
    files.erase(found);
    return content;
  };
  const std::string manifest = take("manifest.txt");
  const auto tag = crypto::digest::from_hex(take("manifest.hmac"));
  if (!tag || !crypto::hmac<crypto::sha256>(key).update(manifest).verify(*tag))
    throw std::runtime_error("the signature of the manifest is not ours");
  if (manifest_of(files) != manifest) throw std::runtime_error("the files are not those of the manifest");
  if (files.size() != sent.files.size())
    throw std::runtime_error("files are missing, and the manifest does not say so");
}

// ---- All of it

tw::task<> tour(const settings& with) {
  std::printf("1  Pages of %s\n", with.pages.string().c_str());
  const auto read = [&] { return harvest_of(with.pages); };
  const harvest what = co_await tw::offload(read);  // files would hold the loop up
  if (what.tides.empty()) throw std::runtime_error("no tides on these pages");
  if (!with.out.empty()) {
    std::ofstream out(with.out, std::ios::binary);
    out << what.files.back().content << std::flush;
    if (!out) throw std::runtime_error("cannot write " + with.out.string());
  }

  const tw::secret key = crypto::random_secret(32);
  std::printf("2  %zu files hashed by SHA-256, their manifest signed by HMAC\n", what.files.size());

  tw::tls::client_context trust;
  if (!with.authority.empty()) trust.trust(tw::tls::trust_store().add_pem(with.authority));
  imap::client_options options;
  options.port = with.imap.port;
  options.tls = &trust;
  imap::client inbox = co_await imap::connect(with.imap.host, options);
  co_await inbox.login(with.user, with.password);
  const imap::mailbox_changes before = co_await inbox.sync("INBOX");

  const std::string id = crypto::token_hex(16) + "@tour.example.org";
  const mime::message mail = digest_mail(with, what, key, id);
  const auto both = co_await tw::when_all(send(with, mail, trust), receive(inbox, before.state, id));
  const arrival& came = std::get<1>(both);
  std::printf("3  Digest mailed to %s by %s, STARTTLS\n", with.address.c_str(), with.smtp.host.c_str());
  std::printf("4  It came by IDLE over TLS, as UID %u of INBOX, %zu bytes\n", came.uid, came.mail.size());
  co_await inbox.logout();

  check(mime::parse(came.mail), what, key);
  std::printf("5  The signature holds, and so do the digests of %zu files\n", what.files.size());

  const auto highest =
      std::ranges::max_element(what.tides, {}, [](const tide& each) { return std::stod(each.metres); });
  std::printf("\n%zu tides; the highest is %s m at %s, %s, %s.\nEvery check held.\n", what.tides.size(),
              highest->metres.c_str(), highest->station.c_str(), highest->time.c_str(),
              highest->date.c_str());
}

// The same against servers in this program: what the one takes, the other delivers.
tw::task<> local_tour(settings with) {
  const crypto::authority authority;
  testing::smtp_server_options smtp_options;
  smtp_options.authority = &authority;
  smtp_options.mechanisms = "SCRAM-SHA-256-PLUS SCRAM-SHA-256";
  smtp_options.require_auth = true;
  testing::smtp_server smtp_server(smtp_options);
  testing::imap_server_options imap_options;
  imap_options.authority = &authority;
  testing::imap_server imap_server(imap_options);

  with.password = tw::secret(crypto::token_urlsafe(16));
  smtp_server.add_user(with.user, with.password);
  imap_server.add_user(with.user, with.password);
  smtp_server.on_message([&](const auto& mail) { imap_server.deliver(with.user, mail.content); });
  with.smtp = {"localhost", smtp_server.port()};
  with.imap = {"localhost", imap_server.port()};
  with.authority = authority.pem();

  const auto guest = [&] { return tour(with); };
  const auto beside = [&] { return imap_server.serve_while(guest); };
  co_await smtp_server.serve_while(beside);
}

// ---- The command line

std::optional<server_name> server_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return server_name{std::string(text), 0};
  server_name out{std::string(text.substr(0, colon)), 0};
  const char* const end = text.data() + text.size();
  const auto [last, wrong] = std::from_chars(text.data() + colon + 1, end, out.port);
  if (wrong != std::errc() || last != end) return std::nullopt;
  return out;
}

std::optional<settings> understand(int argc, char** argv) {
  settings out;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view word = argv[i];
    const char* const value = argv[i + 1];
    if (word == "--pages") {
      out.pages = value;
    } else if (word == "--out") {
      out.out = value;
    } else if (word == "--user") {
      out.user = value;
    } else if (word == "--mail") {
      out.address = value;
    } else if (word == "--ca") {
      out.authority = contents_of(value);
    } else if (word == "--smtp" || word == "--imap") {
      const auto server = server_of(value);
      if (!server) return std::nullopt;
      (word == "--smtp" ? out.smtp : out.imap) = *server;
      out.local = false;
    } else {
      return std::nullopt;
    }
  }
  if (argc % 2 == 0 || (!out.local && (out.smtp.host.empty() || out.imap.host.empty()))) return std::nullopt;
  if (const char* password = std::getenv("TOUR_PASSWORD")) out.password = password;
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::optional<settings> with = understand(argc, argv);
    if (!with) {
      std::fprintf(
          stderr,
          "usage: tour [--pages DIR] [--out FILE] [--smtp HOST[:PORT] --imap HOST[:PORT] --user NAME "
          "--mail ADDRESS [--ca FILE]]\n");
      return 2;
    }
    tw::run(tw::with_timeout(1min, with->local ? local_tour(*with) : tour(*with)));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tour: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
