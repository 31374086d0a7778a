#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/fetch.hpp>

#include <algorithm>
#include <utility>

namespace tidewire::imap {
namespace {

// BODY.PEEK[...] of BODY[...]: the same bytes, and \Seen is not set.
std::string peeking(const section& what) {
  std::string name = what.to_string();
  const std::size_t open = name.find('[');
  if (open != npos) return name.insert(open, ".PEEK");
  // RFC822 sets \Seen, and has no form that does not.
  const section same(what.part(), what.content());
  return same.to_string().insert(sizeof "BODY" - 1, ".PEEK");
}

}  // namespace

fetch_request& fetch_request::preview(bool lazy) {
  items_.push_back(token::atom("PREVIEW"));
  if (lazy) items_.push_back(token::list({token::atom("LAZY")}));
  return *this;
}

fetch_request& fetch_request::body(const section& what) {
  return item(peeking(what));
}

fetch_request& fetch_request::body(const section& what, std::uint64_t origin, std::uint64_t count) {
  return item(peeking(what) + '<' + std::to_string(origin) + '.' + std::to_string(count) + '>');
}

fetch_request& fetch_request::body_and_set_seen(const section& what) {
  return item(what.to_string());
}

fetch_request& fetch_request::binary_size(const std::string& part) {
  return item("BINARY.SIZE[" + part + ']');
}

fetch_request& fetch_request::item(std::string name) {
  items_.push_back(token::atom(std::move(name)));
  return *this;
}

fetch_request& fetch_request::changed_since(std::uint64_t modseq, bool vanished) {
  modifiers_.push_back(token::atom("CHANGEDSINCE"));
  modifiers_.push_back(token::number(modseq));
  if (vanished) modifiers_.push_back(token::atom("VANISHED"));
  return *this;
}

fetch_request& fetch_request::partial(std::int64_t first, std::int64_t last) {
  modifiers_.push_back(token::atom("PARTIAL"));
  modifiers_.push_back(token::atom(std::to_string(first) + ':' + std::to_string(last)));
  return *this;
}

const section_data* message_data::find(const section& what) const noexcept {
  const auto found =
      std::ranges::find_if(sections, [&](const section_data& one) { return one.section == what; });
  return found == sections.end() ? nullptr : &*found;
}

std::string_view message_data::body(const section& what) const noexcept {
  const section_data* found = find(what);
  return found != nullptr && found->content ? std::string_view(*found->content) : std::string_view();
}

}  // namespace tidewire::imap
