// Names of mailboxes: what is encoded decodes to itself, and nothing that a server sends breaks the decoder.

#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/mailbox_name.hpp>

#include <string>
#include <string_view>

#include "fuzz_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidewire;
  using namespace tidewire::imap;
  using tidewire::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string decoded = decode_mailbox_name(text, 0);
  if (is_canonical_mailbox_name(text) && !is_inbox(text)) require(*encode_mailbox_name(decoded) == text);
  (void)decode_mailbox_name(text, '.');
  const auto encoded = encode_mailbox_name(text);
  if (encoded) {
    require(ascii::is_ascii(*encoded));
    for (const char c : *encoded) require(!ascii::is_control(c));
    require(decode_mailbox_name(*encoded, 0) == (is_inbox(text) ? std::string_view("INBOX") : text));
    require(is_canonical_mailbox_name(*encoded));
  }
  return 0;
}
