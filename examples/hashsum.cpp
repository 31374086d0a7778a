// Writes and checks digests of files, in the form that sha256sum and its like write and check.
//
//   hashsum [-a sha512] FILE...      one line for each: the digest, two spaces, the name
//   hashsum [-a sha512] -c SUMS...   checks what such lines say; exit status 1 if anything does not match
//
// Large files show on standard error how far they are. Without -a it is sha256.
#include <tidewire/crypto.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace crypto = tidewire::crypto;

namespace {

constexpr std::uint64_t large = std::uint64_t{64} << 20;

crypto::digest digest_of(const std::string& name, crypto::hash_algorithm algorithm) {
  int shown = -1;
  const auto progress = [&](std::uint64_t done, std::uint64_t total) {
    if (total < large) return;
    const int percent = static_cast<int>(100 * done / total);
    if (percent == shown) return;
    shown = percent;
    std::cerr << '\r' << name << ": " << percent << " %" << (percent >= 100 ? "\n" : "") << std::flush;
  };
  return crypto::file_digest(name, algorithm, progress);
}

// A name with a backslash or the end of a line in it is written with escapes, and its line begins with a
// backslash.
std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescaped(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\' || i + 1 == name.size()) {
      out += name[i];
      continue;
    }
    const char code = name[++i];
    out += code == 'n' ? '\n' : code == 'r' ? '\r' : code;
  }
  return out;
}

int write(const std::vector<std::string>& names, crypto::hash_algorithm algorithm) {
  int status = 0;
  for (const std::string& name : names) {
    try {
      const std::string shown = escaped(name);
      std::cout << (shown == name ? "" : "\\") << digest_of(name, algorithm).hex() << "  " << shown << '\n';
    } catch (const tidewire::error& error) {
      std::cerr << "hashsum: " << error.what() << '\n';
      status = 1;
    }
  }
  return status;
}

// One line of a list; says what came of it.
bool check_line(std::string_view line, crypto::hash_algorithm algorithm) {
  const bool has_escapes = line.starts_with('\\');
  if (has_escapes) line.remove_prefix(1);
  const std::size_t digits = 2 * crypto::digest_size(algorithm);
  const auto wanted = crypto::digest::from_hex(line.substr(0, digits));
  // Two spaces, or a space and an asterisk for what other systems call binary.
  if (!wanted || line.size() < digits + 3 || line[digits] != ' ' ||
      (line[digits + 1] != ' ' && line[digits + 1] != '*')) {
    std::cerr << "hashsum: no line of a list of digests: "
              << (wanted ? "no name in it" : wanted.error().message()) << '\n';
    return false;
  }
  const std::string_view shown = line.substr(digits + 2);
  try {
    const bool same = digest_of(has_escapes ? unescaped(shown) : std::string(shown), algorithm) == *wanted;
    std::cout << shown << (same ? ": OK\n" : ": FAILED\n");
    return same;
  } catch (const tidewire::error& error) {
    std::cerr << "hashsum: " << error.what() << '\n';
    std::cout << shown << ": FAILED open or read\n";
    return false;
  }
}

int check(const std::vector<std::string>& lists, crypto::hash_algorithm algorithm) {
  int status = 0;
  for (const std::string& list : lists) {
    std::ifstream in(list);
    if (!in) {
      std::cerr << "hashsum: cannot read " << list << '\n';
      status = 1;
    }
    for (std::string line; std::getline(in, line);) {
      if (!check_line(line, algorithm)) status = 1;
    }
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  auto algorithm = crypto::hash_algorithm::sha256;
  bool checking = false;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "-c") {
      checking = true;
    } else if (arguments[i] == "-a" && i + 1 < arguments.size()) {
      const auto known = crypto::hash_algorithm_by_name(arguments[++i]);
      if (!known) {
        std::cerr << "hashsum: " << known.error().message() << '\n';
        return 2;
      }
      algorithm = *known;
    } else {
      names.push_back(arguments[i]);
    }
  }
  if (names.empty()) {
    std::cerr << "usage: hashsum [-a ALGORITHM] FILE... | hashsum [-a ALGORITHM] -c SUMS...\n";
    return 2;
  }
  return checking ? check(names, algorithm) : write(names, algorithm);
}
