#include <tidewire/html/serialize.hpp>

#include <algorithm>
#include <vector>

#include "store.hpp"

namespace tidewire::html {

using namespace detail;

namespace {

// UTF-16 order differs from that of UTF-8 only where a surrogate meets U+E000 to U+FFFF.
bool less_utf16(std::string_view left, std::string_view right) noexcept {
  const auto rank = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xEE && byte <= 0xEF ? byte + 16U : static_cast<unsigned>(byte);
  };
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                      [&](char a, char b) { return rank(a) < rank(b); });
}

std::string_view space_prefix(space where) noexcept {
  switch (where) {
    case space::svg: return "svg ";
    case space::mathml: return "math ";
    case space::xlink: return "xlink ";
    case space::xml: return "xml ";
    case space::xmlns: return "xmlns ";
    default: return {};
  }
}

void dump_element(const document_store& store, const node_record& record, std::size_t depth,
                  std::string& out) {
  out += '<';
  out += space_prefix(record.where());
  out += store.element_qualified_name(record);
  out += ">\n";
  std::vector<std::pair<std::string, std::string_view>> attrs;
  for (std::uint32_t i = 0; i < record.b; ++i) {
    const attr_record attr = store.attrs[record.a + i];
    std::string name(space_prefix(attr.where()));
    name += attr.where() == space::other ? store.attr_qualified_name(attr) : store.attr_local_name(attr);
    attrs.emplace_back(std::move(name), store.value(attr));
  }
  std::sort(attrs.begin(), attrs.end(),
            [](const auto& left, const auto& right) { return less_utf16(left.first, right.first); });
  for (const auto& [name, value] : attrs) {
    out += "| ";
    out.append(2 * (depth + 1), ' ');
    out += name;
    out += "=\"";
    out += value;
    out += "\"\n";
  }
}

void dump_node(const document_store& store, std::uint32_t index, std::size_t depth, std::string& out) {
  const node_record& record = store[index];
  out += "| ";
  out.append(2 * depth, ' ');
  switch (record.type()) {
    case node_type::element: dump_element(store, record, depth, out); return;
    case node_type::text:
      out += '"';
      out += store.text(record);
      out += "\"\n";
      return;
    case node_type::comment:
      out += "<!-- ";
      out += store.text(record);
      out += " -->\n";
      return;
    case node_type::processing_instruction:
      out += "<?";
      out += store.spelling(record.name());
      out += ' ';
      out += store.text(record);
      out += ">\n";
      return;
    case node_type::doctype: {
      out += "<!DOCTYPE ";
      out += store.spelling(record.name());
      const std::string_view public_id = store.attr_value(record, public_id_name);
      const std::string_view system_id = store.attr_value(record, system_id_name);
      if (!public_id.empty() || !system_id.empty()) {
        out += " \"";
        out += public_id;
        out += "\" \"";
        out += system_id;
        out += '"';
      }
      out += ">\n";
      return;
    }
    case node_type::fragment:
    case node_type::document: out += "content\n"; return;
  }
}

}  // namespace

std::string dump(const node& top) {
  std::string out;
  access::check(top);
  if (!top) return out;
  const document_store& store = *access::store(top);
  const std::uint32_t root = access::index(top);
  std::size_t depth = 0;
  for (std::uint32_t at = store[root].first; at != 0;) {
    dump_node(store, at, depth, out);
    if (store[at].first != 0) {
      at = store[at].first;
      ++depth;
      continue;
    }
    while (at != root && store[at].next == 0) {
      at = store[at].parent;
      --depth;
    }
    if (at == root) break;
    at = store[at].next;
  }
  return out;
}

}  // namespace tidewire::html
