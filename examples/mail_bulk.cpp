// Sends one mail to each line of a CSV file, through a pool of connections, and shows how far it is.
//
//   mail_bulk --server HOST[:PORT] --from ADDRESS --subject TEXT --template FILE LIST.csv
//             [--connections N] [--rate MESSAGES_PER_SECOND] [--user NAME] [--plaintext]
//
// The first line of LIST.csv names its columns; one of them is "email". In the subject and in the template
// {column} is replaced by what the line has there. The password is taken from the environment, MAIL_PASSWORD.
// What cannot have been delivered because a connection broke is tried again by the pool; who was refused is
// listed at the end. With
// --self-test it sends to a server in memory.
#include <tidewire/core.hpp>
#include <tidewire/smtp.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace tw = tidewire;
namespace smtp = tidewire::smtp;
namespace mime = tidewire::mime;

using row = std::map<std::string, std::string>;

// Cells of a line: separated by commas, in double quotes if they have one.
std::vector<std::string> cells(std::string_view line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      out.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      out.emplace_back();
    } else if (c != '\r') {
      out.back() += c;
    }
  }
  return out;
}

std::vector<row> read_list(std::istream& in) {
  std::vector<row> out;
  std::string line;
  std::vector<std::string> names;
  while (std::getline(in, line)) {
    const std::vector<std::string> values = cells(line);
    if (names.empty()) {
      names = values;
      continue;
    }
    row one;
    for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) one[names[i]] = values[i];
    if (!one["email"].empty()) out.push_back(std::move(one));
  }
  return out;
}

std::string filled(std::string text, const row& values) {
  for (const auto& [name, value] : values) {
    const std::string place = "{" + name + "}";
    for (std::size_t at = 0; (at = text.find(place, at)) != std::string::npos; at += value.size()) {
      text.replace(at, place.size(), value);
    }
  }
  return text;
}

struct job {
  std::string from = "robot@example.org";
  std::string subject;
  std::string text;
  std::vector<row> list;
  std::vector<std::string> problems;
  std::size_t accepted = 0;
};

tw::task<> send_one(smtp::pool& pool, job& all, const row& to) {
  try {
    mime::message mail;
    mail.from(all.from).to(to.at("email")).subject(filled(all.subject, to)).text(filled(all.text, to));
    const smtp::send_report report = co_await pool.send(mail);
    all.accepted += report.recipients.size();
  } catch (const tw::error& e) {
    all.problems.push_back(to.at("email") + ": " + e.what());
  }
  const std::size_t done = all.accepted + all.problems.size();
  if (done % 100 == 0 || done == all.list.size()) std::fprintf(stderr, "%zu of %zu\n", done, all.list.size());
}

tw::task<> send_all(smtp::session_opener open, smtp::pool_options options, job& all) {
  const auto body = [&](smtp::pool& pool) -> tw::task<> {
    const auto each = [&](tw::task_group& group) -> tw::task<> {
      for (const row& to : all.list) {
        co_await group.wait_below(200);  // so many mails are made ahead
        group.spawn(send_one(pool, all, to));
      }
    };
    co_await tw::with_group(each);
  };
  co_await smtp::with_pool(std::move(open), options, body);
}

// To a server in memory that counts.
tw::task<> send_to_itself(job& all) {
  std::istringstream list("email,name\nada@example.org,Ada\nbob@example.net,\"Bob, the builder\"\n");
  all.subject = "Hello {name}";
  all.text = "Dear {name},\n\nthe tide is high.\n";
  all.list = read_list(list);
  smtp::session_handler accepting;
  const auto serve = [&](tw::task_group& servers) -> tw::task<> {
    const smtp::session_opener open = [&]() -> tw::task<smtp::client> {
      auto ends = tw::memory_stream_pair();
      servers.spawn(smtp::serve_session(std::move(ends.second), accepting));
      smtp::client_options options;
      options.security = smtp::security::plaintext_dangerous;
      co_return co_await smtp::open(std::move(ends.first), options);
    };
    smtp::pool_options options;
    options.connections = 1;  // the handler above serves one session at a time
    co_await send_all(open, options, all);
  };
  co_await tw::with_group(serve);
}

int main(int argc, char** argv) {
  job all;
  std::string server;
  std::string user;
  smtp::client_options client;
  smtp::pool_options pool;
  bool self_test = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto value = [&]() { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (word == "--self-test") {
      self_test = true;
    } else if (word == "--plaintext") {
      client.security = smtp::security::plaintext_dangerous;
    } else if (word == "--server") {
      server = value();
    } else if (word == "--user") {
      user = value();
    } else if (word == "--from") {
      all.from = value();
    } else if (word == "--subject") {
      all.subject = value();
    } else if (word == "--connections") {
      pool.connections = static_cast<std::size_t>(std::atoi(value().c_str()));
    } else if (word == "--rate") {
      pool.rate = static_cast<std::uint64_t>(std::atoi(value().c_str()));
    } else if (word == "--template") {
      std::ifstream file(value(), std::ios::binary);
      all.text.assign(std::istreambuf_iterator<char>(file), {});
    } else {
      std::ifstream file{std::string(word)};
      all.list = read_list(file);
    }
  }
  if (!self_test && (server.empty() || all.list.empty())) {
    std::fprintf(stderr,
                 "usage: mail_bulk --server HOST --from ADDRESS --subject TEXT --template FILE LIST.csv\n");
    return 2;
  }
  try {
    if (const std::size_t colon = server.rfind(':'); colon != std::string::npos) {
      client.port = static_cast<std::uint16_t>(std::atoi(server.c_str() + colon + 1));
      server.resize(colon);
    }
    const smtp::session_opener open = [&]() -> tw::task<smtp::client> {
      smtp::client session = co_await smtp::connect(server, client);
      if (const char* password = std::getenv("MAIL_PASSWORD"); !user.empty() && password != nullptr) {
        co_await session.login(user, password);
      }
      co_return session;
    };
    tw::run(self_test ? send_to_itself(all) : send_all(open, pool, all));
  } catch (const tw::error& e) {
    std::fprintf(stderr, "mail_bulk: %s\n", e.what());
    return EXIT_FAILURE;
  }
  std::printf("%zu accepted, %zu not\n", all.accepted, all.problems.size());
  for (const std::string& problem : all.problems) std::printf("  %s\n", problem.c_str());
  return all.problems.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}
