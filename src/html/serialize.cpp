#include "serialize.hpp"

#include <tidewire/html/document.hpp>
#include <tidewire/html/serialize.hpp>

#include "scan.hpp"
#include "store.hpp"

namespace tidewire::html {

namespace detail {

void escape_text(std::string_view text, std::string& out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* stop = find_any<'&', '<', '>', '\xC2'>(at, end);
    out.append(at, stop);
    at = stop;
    if (at == end) break;
    switch (*at) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default:
        if (end - at > 1 && at[1] == '\xA0') {
          out += "&nbsp;";
          ++at;
        } else {
          out += *at;
        }
        break;
    }
    ++at;
  }
}

void escape_attribute(std::string_view value, std::string& out) {
  const char* at = value.data();
  const char* const end = at + value.size();
  while (at != end) {
    const char* stop = find_any<'&', '<', '>', '"', '\xC2'>(at, end);
    out.append(at, stop);
    at = stop;
    if (at == end) break;
    switch (*at) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        if (end - at > 1 && at[1] == '\xA0') {
          out += "&nbsp;";
          ++at;
        } else {
          out += *at;
        }
        break;
    }
    ++at;
  }
}

namespace {

void open_tag(const document_store& store, const node_record& record, std::string& out) {
  out += '<';
  out += store.element_qualified_name(record);
  for (std::uint32_t i = 0; i < record.b; ++i) {
    const attr_record attr = store.attrs[record.a + i];
    out += ' ';
    out += store.attr_qualified_name(attr);
    out += "=\"";
    escape_attribute(store.value(attr), out);
    out += '"';
  }
  out += '>';
}

bool is_void(const node_record& record) noexcept {
  return record.where() == space::html && (html_properties(record.name()) & property::void_element) != 0;
}

void write_leaf(const document_store& store, const node_record& record, std::string& out) {
  switch (record.type()) {
    case node_type::text: {
      const node_record& parent = store[record.parent];
      if (record.parent != 0 && parent.is_element() && parent.where() == space::html &&
          (html_properties(parent.name()) & property::raw_text) != 0)
        out += store.text(record);
      else
        escape_text(store.text(record), out);
      break;
    }
    case node_type::comment:
      out += "<!--";
      out += store.text(record);
      out += "-->";
      break;
    case node_type::doctype:
      out += "<!DOCTYPE ";
      out += store.spelling(record.name());
      out += '>';
      break;
    case node_type::processing_instruction:
      out += "<?";
      out += store.spelling(record.name());
      out += ' ';
      out += store.text(record);
      out += '>';
      break;
    default: break;
  }
}

}  // namespace

void serialize_html(const document_store& store, std::uint32_t top, bool outer, std::string& out) {
  // Goes down `first` and up `parent`, into the contents of templates too; nothing is kept on a stack.
  std::uint32_t at = top;
  for (;;) {
    const node_record& record = store[at];
    const bool element = record.is_element();
    if (element && (outer || at != top)) open_tag(store, record, out);
    if (!element && record.first == 0) write_leaf(store, record, out);
    if (record.first != 0 && !(element && is_void(record))) {
      at = record.first;
      continue;
    }
    if (element && !is_void(record) && (outer || at != top)) {
      out += "</";
      out += store.element_qualified_name(record);
      out += '>';
    }
    while (at != top && store[at].next == 0) {
      at = store[at].parent;
      const node_record& done = store[at];
      if (done.is_element() && (outer || at != top)) {
        out += "</";
        out += store.element_qualified_name(done);
        out += '>';
      }
    }
    if (at == top) return;
    at = store[at].next;
  }
}

}  // namespace detail

std::string node::html() const {
  detail::access::check(*this);
  std::string out;
  if (index_ != 0 && store_->xml) return to_xml(*this);
  if (index_ != 0) detail::serialize_html(*store_, index_, true, out);
  return out;
}

std::string node::inner_html() const {
  detail::access::check(*this);
  std::string out;
  if (index_ == 0) return out;
  switch (type()) {
    case node_type::element:
    case node_type::document:
    case node_type::fragment: detail::serialize_html(*store_, index_, false, out); break;
    default: break;
  }
  return out;
}

}  // namespace tidewire::html
