// Messages between two programs that share a key: what was changed, left out, repeated or made up is noticed.
//
//   hmac_messages send KEY_FILE < LINES | hmac_messages receive KEY_FILE
//
// Each line of input is a message. On the way it is: its number, a tag, the message. The tag covers the
// number as well, so that the order is proven too; the last message, an empty one, proves that none is
// missing at the end.
#include <tidewire/crypto.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

namespace crypto = tidewire::crypto;
using mac = crypto::hmac<crypto::sha256>;

namespace {

constexpr std::string_view end_mark = "end";

// The number and the message cannot run into each other: there is no space in a number.
mac& signed_part(mac& key, std::string_view number, std::string_view message) {
  key.update(number).update(" ").update(message);
  return key;
}

tidewire::secret read_key(const char* path) {
  std::ifstream file(path, std::ios::binary);
  auto key = tidewire::secret::take(std::string{std::istreambuf_iterator<char>(file), {}});
  if (!file || key.size() < 16)
    throw tidewire::error(tidewire::errc::misuse, "a key file has at least 16 bytes");
  return key;
}

int send(mac key) {
  std::size_t count = 0;
  const auto put = [&](const std::string& number, std::string_view message) {
    std::cout << number << ' ' << signed_part(key, number, message).finish().hex() << ' ' << message << '\n';
  };
  for (std::string line; std::getline(std::cin, line);) put(std::to_string(++count), line);
  put(std::string(end_mark), std::to_string(count));
  return 0;
}

// The next message, or what is wrong with it.
tidewire::result<std::string> opened(mac& key, std::string_view line, std::string_view number) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == tidewire::npos ? first : line.find(' ', first + 1);
  if (second == tidewire::npos)
    return tidewire::failure(tidewire::errc::malformed, "not a number, a tag and a message");
  const auto tag = crypto::digest::from_hex(line.substr(first + 1, second - first - 1));
  if (!tag) return tag.error();
  const std::string_view message = line.substr(second + 1);
  const auto authentic = signed_part(key, line.substr(0, first), message).verify(*tag);
  if (!authentic) return authentic.error();
  if (line.substr(0, first) != number) {
    return tidewire::failure(tidewire::errc::malformed, "it is number " + std::string(line.substr(0, first)) +
                                                            ": some are missing, or were sent twice");
  }
  return std::string(message);
}

int receive(mac key) {
  std::size_t count = 0;
  for (std::string line; std::getline(std::cin, line); ++count) {
    const bool last = line.starts_with(end_mark);
    const auto message = opened(key, line, last ? std::string(end_mark) : std::to_string(count + 1));
    if (!message) {
      std::cerr << "hmac_messages: message " << count + 1 << ": " << message.error().message() << '\n';
      return 1;
    }
    if (!last) {
      std::cout << *message << '\n';
      continue;
    }
    if (*message == std::to_string(count)) return 0;
    std::cerr << "hmac_messages: " << count << " messages of " << *message << '\n';
    return 1;
  }
  std::cerr << "hmac_messages: the messages end after " << count << ", without their last one\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  if (what != "send" && what != "receive") {
    std::cerr << "usage: hmac_messages send|receive KEY_FILE\n";
    return 2;
  }
  try {
    mac key(read_key(argv[2]));
    return what == "send" ? send(std::move(key)) : receive(std::move(key));
  } catch (const tidewire::error& error) {
    std::cerr << "hmac_messages: " << error.what() << '\n';
    return 2;
  }
}
