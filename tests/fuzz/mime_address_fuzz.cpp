// Addresses: any text gives mailboxes; one that is accepted for a message is read from it as it was, alone.
#include <tidewire/base/error.hpp>
#include <tidewire/mime.hpp>

#include <algorithm>
#include <string>

#include "fuzz_support.hpp"

using tidewire::fuzz::require;
namespace mime = tidewire::mime;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const mime::address_list list = mime::parse_addresses(text);
  require(mime::parse_addresses(text, 3).entries.size() <= 3);
  for (const mime::mailbox& one : list.mailboxes()) (void)one.str();
  if (const auto plain = mime::parse_addr_spec(text)) require(plain->find('@') != std::string::npos);
  (void)mime::domain_to_ascii(text);

  mime::message mail({1, 2}, {});
  try {
    mail.from("a@b.c").cc("z@z.z").to(text);
  } catch (const tidewire::error&) {
    return 0;
  }
  const auto wanted = mail.envelope().recipients;
  const mime::parsed_message back = mime::parse(mail.str({.utf8 = true}));
  require(back.root().headers().size() == 8);
  require(back.to() == list.mailboxes());
  for (const mime::mailbox& one : back.to())
    require(std::find(wanted.begin(), wanted.end(), one.address) != wanted.end());
  return 0;
}
