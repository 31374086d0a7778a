// A program that uses tidewire::mime: a message is built, written, and read again.
#include <tidewire/mime.hpp>

#include <cstdio>
#include <string>

namespace mime = tidewire::mime;

int main() {
  mime::message mail;
  mail.from("robot@example.org")
      .to("ada@example.org")
      .subject(
          "Gr\xc3\xbc\xc3\x9f"
          "e")
      .text("high tide");
  const mime::parsed_message read = mime::parse(mail.str());
  const std::string subject = read.subject();
  std::puts(subject.c_str());
  return subject ==
                 "Gr\xc3\xbc\xc3\x9f"
                 "e"
             ? 0
             : 1;
}
