#include <tidewire/smtp/envelope.hpp>

namespace tidewire::smtp {
namespace {

address read(std::string_view text) {
  auto parsed = address::parse(text);
  if (!parsed) throw error(failure(parsed.error()).during("read an address").peer_said(text));
  return std::move(*parsed);
}

}  // namespace

envelope::envelope(std::string_view from) {
  if (!from.empty()) from_ = read(from);
}

envelope& envelope::to(std::string_view text) {
  recipients_.push_back({read(text), {}});
  return *this;
}

}  // namespace tidewire::smtp
