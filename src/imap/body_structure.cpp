#include <tidewire/imap/body_structure.hpp>

namespace tidewire::imap {
namespace {

void collect_leaves(const body_part& part, std::vector<const body_part*>& out) {
  if (part.parts.empty()) out.push_back(&part);
  for (const body_part& child : part.parts) collect_leaves(child, out);
}

bool same(const std::optional<mime::content_disposition>& a,
          const std::optional<mime::content_disposition>& b) {
  return a.has_value() == b.has_value() && (!a || (a->type == b->type && a->parameters == b->parameters));
}

}  // namespace

bool body_part::is_attachment() const noexcept {
  if (!parts.empty() && !is_message()) return false;
  if (disposition && disposition->is_attachment()) return true;
  if (disposition && disposition->is_inline()) return false;
  return !filename().empty() && type.type != "text";
}

std::string_view body_part::filename() const noexcept {
  if (disposition && !disposition->filename().empty()) return disposition->filename();
  return type.parameters.get("name");
}

mime::transfer_encoding body_part::transfer_encoding() const noexcept {
  const auto known = mime::parse_transfer_encoding(encoding);
  return known ? *known : mime::transfer_encoding::eight_bit;
}

const body_part* body_part::find(std::string_view number) const noexcept {
  if (!number.empty() && section == number) return this;
  for (const body_part& child : parts) {
    if (const body_part* found = child.find(number)) return found;
  }
  return nullptr;
}

std::vector<const body_part*> body_part::leaves() const {
  std::vector<const body_part*> out;
  collect_leaves(*this, out);
  return out;
}

bool operator==(const body_part& a, const body_part& b) {
  const bool same_envelope = a.envelope && b.envelope ? *a.envelope == *b.envelope : a.envelope == b.envelope;
  return same_envelope && a.section == b.section && a.type.type == b.type.type &&
         a.type.subtype == b.type.subtype && a.type.parameters == b.type.parameters && a.id == b.id &&
         a.description == b.description && a.encoding == b.encoding && a.size == b.size &&
         a.lines == b.lines && a.md5 == b.md5 && same(a.disposition, b.disposition) &&
         a.languages == b.languages && a.location == b.location && a.parts == b.parts &&
         a.extensions == b.extensions;
}

}  // namespace tidewire::imap
