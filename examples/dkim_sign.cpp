// Signs mail and verifies signatures (DKIM, RFC 6376), with files in place of the DNS.
//
//   dkim_sign sign DOMAIN SELECTOR KEY.pem <in.eml >out.eml    puts a signature in front of the message
//   dkim_sign record KEY.pem                                   prints the TXT record that the domain
//   publishes dkim_sign verify RECORDS <in.eml                           prints what came of each signature
//   dkim_sign --self-test                                      all of it, with a key of its own
//
// RECORDS has a line for each TXT record: `selector._domainkey.domain v=DKIM1; k=rsa; p=...`. Lines of the
// message may end with LF alone; it is signed as it will travel. The exit status of verify is 0 if any
// signature is good.
#include <tidewire/dkim.hpp>

#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace crypto = tidewire::crypto;
namespace dkim = tidewire::dkim;

namespace {

using records = std::map<std::string, std::vector<std::string>, std::less<>>;

std::string read_all(std::istream& in) {
  return {std::istreambuf_iterator<char>(in), {}};
}

records read_records(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  records zone;
  for (std::string line; std::getline(file, line);) {
    const std::size_t space = line.find(' ');
    if (space != std::string::npos) zone[line.substr(0, space)].push_back(line.substr(space + 1));
  }
  return zone;
}

// Feeds the message piece by piece, so that it may be of any size.
std::vector<dkim::verification> verify(std::istream& message, const records& zone) {
  dkim::verifier in;
  std::vector<char> piece(64 * 1024);
  while (message.read(piece.data(), static_cast<std::streamsize>(piece.size())) || message.gcount() > 0)
    in.update({piece.data(), static_cast<std::size_t>(message.gcount())});
  in.finish();
  for (const std::string& name : in.wanted()) {
    const auto found = zone.find(name);
    in.give(name, found != zone.end() ? found->second : std::vector<std::string>());
  }
  return in.results();
}

int show(const std::vector<dkim::verification>& results) {
  std::cout << dkim::authentication_results("localhost", results);
  bool good = false;
  for (const dkim::verification& one : results) {
    if (!one.detail.empty()) std::cout << describe(one.reason) << ": " << one.detail << '\n';
    good = good || (one.verdict == dkim::verdict::pass && !one.testing);
  }
  return good ? 0 : 1;
}

int self_test() {
  const crypto::private_key key = crypto::private_key::generate(crypto::key_spec::ed25519);
  const dkim::signer signer("example.org", "tide", key);
  const std::string message =
      "From: ada@example.org\r\nTo: bob@example.net\r\nSubject: tides\r\n\r\nHigh at noon.\r\n";
  const dkim::key_source keys = [&](std::string_view) {
    return std::vector<std::string>{dkim::format_key_record(key.public_part())};
  };
  const std::string signed_message = signer.sign(message) + message;
  std::cout << signed_message;
  return show(dkim::verify(signed_message, keys));
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string command = arguments.empty() ? "" : arguments[0];
  std::ios::sync_with_stdio(false);
  if (command == "sign" && arguments.size() == 4) {
    const dkim::signer signer(arguments[1], arguments[2],
                              crypto::private_key::from_file(arguments[3]).value());
    const std::string message = read_all(std::cin);
    std::cout << signer.sign(message) << message;
    return 0;
  }
  if (command == "record" && arguments.size() == 2) {
    const auto key = crypto::private_key::from_file(arguments[1]).value();
    std::cout << dkim::format_key_record(key.public_part()) << '\n';
    return 0;
  }
  if (command == "verify" && arguments.size() == 2) return show(verify(std::cin, read_records(arguments[1])));
  if (command == "--self-test") return self_test();
  std::cerr
      << "usage: dkim_sign sign DOMAIN SELECTOR KEY.pem | record KEY.pem | verify RECORDS | --self-test\n";
  return 2;
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 2;
}
