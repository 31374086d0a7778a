// Pretty and minified HTML, and XML.
#include <tidewire/html/serialize.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "scan.hpp"
#include "serialize.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;
using namespace detail::names;

namespace {

constexpr bool keeps_space(name_id tag) noexcept {
  switch (tag) {
    case pre_:
    case listing_:
    case textarea_:
    case script_:
    case style_:
    case xmp_:
    case plaintext_:
    case iframe_:
    case noembed_:
    case noframes_: return true;
    default: return false;
  }
}

// Elements around whose tags white space means nothing.
bool is_blocky(const node_record& record) noexcept {
  if (!record.is_element() || record.where() != space::html) return false;
  switch (record.name()) {
    case head_:
    case title_:
    case base_:
    case link_:
    case meta_:
    case style_:
    case script_:
    case noscript_:
    case template_:
    case td_:
    case th_:
    case col_:
    case colgroup_:
    case frameset_:
    case frame_: return true;
    default: return (html_properties(record.name()) & property::block) != 0;
  }
}

bool is_void(const node_record& record) noexcept {
  return record.where() == space::html && (html_properties(record.name()) & property::void_element) != 0;
}

bool is_raw(const document_store& store, std::uint32_t text) noexcept {
  const node_record& parent = store[store[text].parent];
  return parent.is_element() && parent.where() == space::html &&
         (html_properties(parent.name()) & property::raw_text) != 0;
}

// Runs of white space as one space each.
std::string collapsed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (!is_space(c))
      out += c;
    else if (out.empty() || out.back() != ' ')
      out += ' ';
  }
  return out;
}

// Walks `top` and what is in it: enter(node) as each begins, leave(node) as each with something in it, or
// each that is not void, ends. Contents of templates are walked as children.
template <class Enter, class Leave>
void walk(const document_store& store, std::uint32_t top, Enter&& enter, Leave&& leave) {
  std::uint32_t at = top;
  for (;;) {
    enter(at);
    if (store[at].first != 0) {
      at = store[at].first;
      continue;
    }
    leave(at);
    while (at != top && store[at].next == 0) leave(at = store[at].parent);
    if (at == top) return;
    at = store[at].next;
  }
}

void write_doctype(const document_store& store, const node_record& record, std::string& out) {
  out += "<!DOCTYPE ";
  out += store.spelling(record.name());
  out += '>';
}

class pretty_writer {
 public:
  pretty_writer(const document_store& store, std::string& out, const serialize_options& options)
      : store_(store), out_(out), options_(options) {}

  void enter(std::uint32_t node) {
    const node_record& record = store_[node];
    switch (record.type()) {
      case node_type::element: {
        const bool block = is_blocky(record);
        if (block && keeping_ == 0) new_line();
        if (block && !open_blocks_.empty()) open_blocks_.back() = true;
        begin_inline();
        out_ += '<';
        out_ += store_.element_qualified_name(record);
        for (std::uint32_t i = 0; i < record.b; ++i) {
          const attr_record attr = store_.attrs[record.a + i];
          out_ += ' ';
          out_ += store_.attr_qualified_name(attr);
          out_ += "=\"";
          escape_attribute(store_.value(attr), out_);
          out_ += '"';
        }
        out_ += '>';
        if (is_void(record)) {
          if (block) at_line_start_ = true;
          return;
        }
        if (record.where() == space::html && keeps_space(record.name())) ++keeping_;
        if (block) {
          open_blocks_.push_back(false);
          fresh_block_ = true;
        }
        return;
      }
      case node_type::text: text(node); return;
      case node_type::comment:
        begin_inline();
        out_ += "<!--";
        out_ += store_.text(record);
        out_ += "-->";
        return;
      case node_type::doctype:
        begin_inline();
        write_doctype(store_, record, out_);
        at_line_start_ = true;
        return;
      case node_type::processing_instruction:
        begin_inline();
        out_ += "<?";
        out_ += store_.spelling(record.name());
        out_ += ' ';
        out_ += store_.text(record);
        out_ += '>';
        return;
      default: return;
    }
  }
  void leave(std::uint32_t node) {
    const node_record& record = store_[node];
    if (!record.is_element() || is_void(record)) return;
    if (record.where() == space::html && keeps_space(record.name())) --keeping_;
    const bool block = is_blocky(record);
    if (block) {
      const bool had_blocks = open_blocks_.back();
      open_blocks_.pop_back();
      if (keeping_ == 0 && had_blocks)
        new_line();
      else if (keeping_ == 0)
        trim();
      fresh_block_ = false;
    }
    begin_inline();
    out_ += "</";
    out_ += store_.element_qualified_name(record);
    out_ += '>';
    if (block && keeping_ == 0) at_line_start_ = true;
  }
  void finish() {
    trim();
    if (!out_.empty() && out_.back() != '\n') out_ += '\n';
  }

 private:
  void trim() {
    while (!out_.empty() && out_.back() == ' ' && !fresh_block_) out_.pop_back();
  }
  // What follows stands on a line of its own.
  void new_line() {
    trim();
    at_line_start_ = true;
    fresh_block_ = false;
  }
  void begin_inline() {
    fresh_block_ = false;
    if (!at_line_start_) return;
    at_line_start_ = false;
    if (keeping_ != 0) return;
    if (!out_.empty() && out_.back() != '\n') out_ += '\n';
    out_.append(std::min<std::size_t>(options_.max_indent, open_blocks_.size() * options_.indent), ' ');
  }
  void text(std::uint32_t node) {
    const std::string_view text = store_.text(store_[node]);
    if (is_raw(store_, node) || keeping_ != 0) {
      begin_inline();
      if (is_raw(store_, node)) {
        out_ += text;
        return;
      }
      // The parser drops a newline that begins a <pre>: one more keeps the first.
      if (text.starts_with('\n') && store_.previous_sibling(node) == 0) out_ += '\n';
      escape_text(text, out_);
      return;
    }
    std::string one = collapsed(text);
    const bool starts = at_line_start_ || fresh_block_ || (!out_.empty() && out_.back() == ' ');
    if (starts && !one.empty() && one.front() == ' ') one.erase(0, 1);
    if (one.empty()) return;
    begin_inline();
    escape_text(one, out_);
  }

  const document_store& store_;
  std::string& out_;
  const serialize_options& options_;
  std::vector<bool> open_blocks_;  // each: did it have a block in it?
  unsigned keeping_ = 0;
  bool at_line_start_ = true;
  bool fresh_block_ = false;
};

class minified_writer {
 public:
  minified_writer(const document_store& store, std::uint32_t top, std::string& out)
      : store_(store), top_(top), out_(out) {}

  void enter(std::uint32_t node) {
    const node_record& record = store_[node];
    switch (record.type()) {
      case node_type::element: open(record); return;
      case node_type::text: text(node); return;
      case node_type::doctype:
        write_doctype(store_, record, out_);
        spaced_ = true;
        return;
      default: return;
    }
  }
  void leave(std::uint32_t node) {
    const node_record& record = store_[node];
    if (!record.is_element() || is_void(record)) return;
    if (record.where() == space::html && keeps_space(record.name())) --keeping_;
    const bool block = is_blocky(record);
    if (block && keeping_ == 0) drop_space();
    if (!may_omit_end(node)) {
      out_ += "</";
      out_ += store_.element_qualified_name(record);
      out_ += '>';
    }
    if (keeping_ == 0) spaced_ = block;
  }

 private:
  void open(const node_record& record) {
    const bool block = is_blocky(record);
    if (block && keeping_ == 0) drop_space();
    flush_space();
    out_ += '<';
    out_ += store_.element_qualified_name(record);
    for (std::uint32_t i = 0; i < record.b; ++i) {
      const attr_record attr = store_.attrs[record.a + i];
      const std::string_view value = store_.value(attr);
      out_ += ' ';
      out_ += store_.attr_qualified_name(attr);
      if (value.empty()) continue;
      out_ += '=';
      // 13.1.2.3: what an unquoted value may not have; a final slash would look like an empty tag.
      const bool quoted =
          value.find_first_of(" \t\n\f\r\"'=<>`") != std::string_view::npos || value.back() == '/';
      if (quoted) out_ += '"';
      escape_attribute(value, out_);
      if (quoted) out_ += '"';
    }
    out_ += '>';
    if (record.where() == space::html && keeps_space(record.name())) ++keeping_;
    if (block) spaced_ = true;
  }
  void text(std::uint32_t node) {
    const std::string_view text = store_.text(store_[node]);
    if (is_raw(store_, node)) {
      out_ += text;
      return;
    }
    if (keeping_ != 0) {
      // The parser drops a newline that begins a <pre>: one more keeps the first.
      if (text.starts_with('\n') && store_.previous_sibling(node) == 0) out_ += '\n';
      escape_text(text, out_);
      return;
    }
    std::string one = collapsed(text);
    if (one.empty()) return;
    if (one.front() == ' ') {
      if (!spaced_ && !held_) held_ = true;
      one.erase(0, 1);
    }
    if (one.empty()) return;
    flush_space();
    const bool trailing = one.back() == ' ';
    if (trailing) one.pop_back();
    escape_text(one, out_);
    spaced_ = false;
    held_ = trailing;
  }
  // A space that was read and is written only if something in a line follows it.
  void flush_space() {
    if (held_) out_ += ' ';
    spaced_ = held_;
    held_ = false;
  }
  void drop_space() { held_ = false; }

  // 13.1.2.4, of what is in common use.
  bool may_omit_end(std::uint32_t node) const {
    const node_record& record = store_[node];
    if (record.where() != space::html || node == top_) return false;
    std::uint32_t next = record.next;
    while (next != 0 && (store_[next].type() == node_type::comment || is_blank_text(next)))
      next = store_[next].next;
    const auto followed_by = [&](std::initializer_list<name_id> tags) {
      return next != 0 && store_[next].is_element() && store_[next].where() == space::html &&
             std::find(tags.begin(), tags.end(), store_[next].name()) != tags.end();
    };
    switch (record.name()) {
      case li_: return next == 0 || followed_by({li_});
      case dt_: return followed_by({dt_, dd_});
      case dd_: return next == 0 || followed_by({dt_, dd_});
      case td_:
      case th_: return next == 0 || followed_by({td_, th_});
      case tr_: return next == 0 || followed_by({tr_});
      case thead_: return followed_by({tbody_, tfoot_});
      case tbody_: return next == 0 || followed_by({tbody_, tfoot_});
      case tfoot_: return next == 0;
      default: return false;
    }
  }
  bool is_blank_text(std::uint32_t node) const {
    if (!store_[node].is_text()) return false;
    const std::string_view text = store_.text(store_[node]);
    return std::all_of(text.begin(), text.end(), is_space);
  }

  const document_store& store_;
  std::uint32_t top_;
  std::string& out_;
  unsigned keeping_ = 0;
  bool spaced_ = true;  // what was written last makes a space before the next superfluous
  bool held_ = false;
};

// --- XML

bool is_xml_name_start(char c) noexcept {
  return ascii::is_alpha(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_xml_name(char c) noexcept {
  return is_xml_name_start(c) || ascii::is_digit(c) || c == '-' || c == '.';
}

void write_xml_name(std::string_view name, bool qualified, std::string& out) {
  bool colon = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (qualified && c == ':' && !colon && i != 0 && i + 1 != name.size()) {
      colon = true;
      out += c;
    } else {
      out += (i == 0 ? is_xml_name_start(c) : is_xml_name(c)) ? c : '_';
    }
  }
}

void escape_xml(std::string_view text, bool attribute, std::string& out) {
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '\r': out += "&#13;"; break;
      case '"': out += attribute ? "&quot;" : "\""; break;
      case '\n': out += attribute ? "&#10;" : "\n"; break;
      case '\t': out += attribute ? "&#9;" : "\t"; break;
      default:
        // Control characters cannot be in XML at all.
        if (static_cast<unsigned char>(c) < 0x20)
          out += "\xEF\xBF\xBD";
        else
          out += c;
        break;
    }
  }
}

class xml_writer {
 public:
  xml_writer(const document_store& store, std::string& out) : store_(store), out_(out) {}

  void enter(std::uint32_t node) {
    const node_record& record = store_[node];
    switch (record.type()) {
      case node_type::element: open(record); return;
      case node_type::text: escape_xml(store_.text(record), false, out_); return;
      case node_type::comment: {
        out_ += "<!--";
        const std::string_view text = store_.text(record);
        for (std::size_t i = 0; i < text.size(); ++i) {
          out_ += text[i];
          if (text[i] == '-' && (i + 1 == text.size() || text[i + 1] == '-')) out_ += ' ';
        }
        out_ += "-->";
        return;
      }
      case node_type::doctype: write_doctype(store_, record, out_); return;
      case node_type::processing_instruction:
        out_ += "<?";
        out_ += store_.spelling(record.name());
        out_ += ' ';
        out_ += store_.text(record);
        out_ += "?>";
        return;
      default: return;
    }
  }
  void leave(std::uint32_t node) {
    const node_record& record = store_[node];
    if (!record.is_element()) return;
    if (record.first != 0) {
      out_ += "</";
      write_xml_name(store_.element_qualified_name(record), record.where() == space::other, out_);
      out_ += '>';
    }
    spaces_.pop_back();
  }

 private:
  void open(const node_record& record) {
    out_ += '<';
    write_xml_name(store_.element_qualified_name(record), record.where() == space::other, out_);
    const std::string_view uri = store_.element_namespace(record);
    const std::string_view above = spaces_.empty() ? std::string_view() : spaces_.back();
    bool declared = false;
    bool xlink = false;
    bool xlink_declared = false;
    for (std::uint32_t i = 0; i < record.b; ++i) {
      const attr_record attr = store_.attrs[record.a + i];
      const std::string_view name = store_.attr_qualified_name(attr);
      declared = declared || name == "xmlns";
      xlink = xlink || attr.where() == space::xlink;
      xlink_declared = xlink_declared || name == "xmlns:xlink";
    }
    const bool prefixed = !store_.element_prefix(record).empty();
    if (!prefixed && !declared && uri != above) {
      out_ += " xmlns=\"";
      escape_xml(uri, true, out_);
      out_ += '"';
    }
    if (xlink && !xlink_declared) out_ += " xmlns:xlink=\"http://www.w3.org/1999/xlink\"";
    for (std::uint32_t i = 0; i < record.b; ++i) {
      const attr_record attr = store_.attrs[record.a + i];
      const std::string_view name = store_.attr_qualified_name(attr);
      // An xmlns that HTML's parser took as it came may contradict the namespace that the element really has.
      if (name == "xmlns" && !store_.xml && store_.value(attr) != uri) continue;
      out_ += ' ';
      write_xml_name(name, attr.where() != space::html, out_);
      out_ += "=\"";
      escape_xml(store_.value(attr), true, out_);
      out_ += '"';
    }
    out_ += record.first == 0 ? "/>" : ">";
    spaces_.push_back(prefixed ? above : uri);
  }

  const document_store& store_;
  std::string& out_;
  std::vector<std::string_view> spaces_;  // the default namespace within each open element
};

}  // namespace

std::string to_html(const node& top, const serialize_options& options) {
  access::check(top);
  std::string out;
  if (!top) return out;
  const document_store& store = *access::store(top);
  const std::uint32_t index = access::index(top);
  switch (options.format) {
    case html_format::standard: serialize_html(store, index, true, out); break;
    case html_format::pretty: {
      pretty_writer writer(store, out, options);
      walk(
          store, index, [&](std::uint32_t at) { writer.enter(at); },
          [&](std::uint32_t at) { writer.leave(at); });
      writer.finish();
      break;
    }
    case html_format::minified: {
      minified_writer writer(store, index, out);
      walk(
          store, index, [&](std::uint32_t at) { writer.enter(at); },
          [&](std::uint32_t at) { writer.leave(at); });
      break;
    }
  }
  return out;
}

std::string to_xml(const node& top) {
  access::check(top);
  std::string out;
  if (!top) return out;
  const document_store& store = *access::store(top);
  xml_writer writer(store, out);
  walk(
      store, access::index(top), [&](std::uint32_t at) { writer.enter(at); },
      [&](std::uint32_t at) { writer.leave(at); });
  return out;
}

}  // namespace tidewire::html
