#include <tidewire/html/parser.hpp>
#include <tidewire/html/sanitize.hpp>

#include <algorithm>
#include <vector>

#include "scan.hpp"
#include "serialize.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;
using namespace detail::names;

sanitize_policy::sanitize_policy()
    : elements{"a",      "abbr",    "address", "b",    "bdi",     "bdo",   "big",      "blockquote",
               "br",     "caption", "center",  "cite", "code",    "col",   "colgroup", "dd",
               "del",    "details", "dfn",     "div",  "dl",      "dt",    "em",       "figcaption",
               "figure", "h1",      "h2",      "h3",   "h4",      "h5",    "h6",       "hr",
               "i",      "img",     "ins",     "kbd",  "li",      "mark",  "ol",       "p",
               "pre",    "q",       "s",       "samp", "section", "small", "span",     "strike",
               "strong", "sub",     "summary", "sup",  "table",   "tbody", "td",       "tfoot",
               "th",     "thead",   "time",    "tr",   "tt",      "u",     "ul",       "var",
               "wbr"},
      attributes{{"*", "dir"},           {"*", "lang"},        {"*", "title"},       {"a", "href"},
                 {"img", "alt"},         {"img", "src"},       {"img", "width"},     {"img", "height"},
                 {"blockquote", "cite"}, {"q", "cite"},        {"del", "cite"},      {"ins", "cite"},
                 {"del", "datetime"},    {"ins", "datetime"},  {"time", "datetime"}, {"td", "colspan"},
                 {"td", "rowspan"},      {"th", "colspan"},    {"th", "rowspan"},    {"th", "scope"},
                 {"col", "span"},        {"colgroup", "span"}, {"ol", "start"},      {"ol", "type"},
                 {"ol", "reversed"},     {"li", "value"},      {"details", "open"}},
      schemes{"http", "https", "mailto", "tel"} {}

sanitize_policy sanitize_policy::text_only() {
  sanitize_policy policy;
  policy.elements.clear();
  return policy;
}

namespace {

// What is left out with all in it.
bool is_dropped_whole(const node_record& record) noexcept {
  if (record.where() != space::html) return true;
  switch (record.name()) {
    case script_:
    case style_:
    case template_:
    case iframe_:
    case object_:
    case embed_:
    case applet_:
    case frameset_:
    case frame_:
    case noembed_:
    case noframes_:
    case noscript_:
    case xmp_:
    case plaintext_:
    case listing_:
    case textarea_:
    case select_:
    case title_:
    case names::head_:
    case audio_:
    case video_:
    case canvas_:
    case datalist_: return true;
    default: return false;
  }
}

bool is_url_attribute(name_id name) noexcept {
  switch (name) {
    case href_:
    case src_:
    case cite_:
    case action_:
    case formaction_:
    case poster_:
    case background_:
    case longdesc_:
    case data_:
    case manifest_:
    case usemap_: return true;
    default: return false;
  }
}

// Lists of URLs, style and markup in attributes: nothing that could be checked one by one.
bool is_forbidden_attribute(name_id name, std::string_view spelling) noexcept {
  switch (name) {
    case srcset_:
    case imagesrcset_:
    case ping_:
    case srcdoc_:
    case style_:
    case http_equiv_:
    case is_: return true;
    default: return spelling.starts_with("on") || spelling.find(':') != std::string_view::npos;
  }
}

class sanitizer {
 public:
  sanitizer(const document_store& store, const sanitize_policy& policy) : store_(store), policy_(policy) {}

  std::string run() {
    const std::uint32_t top = document_store::root;
    std::vector<bool> written;  // of each open element: did it pass?
    std::size_t depth = 0;
    for (std::uint32_t at = store_[top].first; at != 0;) {
      const node_record& record = store_[at];
      bool inside = false;
      if (record.is_text()) {
        escape_text(store_.text(record), out_);
      } else if (record.is_element() && !is_dropped_whole(record)) {
        const bool passes =
            depth < policy_.max_depth && policy_.elements.contains(store_.spelling(record.name()));
        const bool empty = (html_properties(record.name()) & property::void_element) != 0;
        if (passes) open(record);
        // The parser drops a newline that begins a <pre>: one more keeps the first.
        if (passes && record.name() == pre_ && record.first != 0 && store_[record.first].is_text() &&
            store_.text(store_[record.first]).starts_with('\n'))
          out_ += '\n';
        if (!passes && (html_properties(record.name()) & property::block) != 0 && !out_.empty() &&
            !is_space(out_.back()))
          out_ += ' ';  // words of two blocks stay two
        if (!empty && record.first != 0) {
          inside = true;
          written.push_back(passes);
          depth += passes ? 1 : 0;
        } else if (passes && !empty) {
          close(record);
        }
      }
      if (inside) {
        at = record.first;
        continue;
      }
      while (at != top && store_[at].next == 0) {
        at = store_[at].parent;
        if (at == top) break;
        if (written.back()) {
          close(store_[at]);
          --depth;
        }
        written.pop_back();
      }
      if (at == top) break;
      at = store_[at].next;
    }
    return std::move(out_);
  }

 private:
  void open(const node_record& record) {
    const std::string_view name = store_.spelling(record.name());
    out_ += '<';
    out_ += name;
    bool linked = false;
    for (std::uint32_t i = 0; i < record.b; ++i) {
      const attr_record attr = store_.attrs[record.a + i];
      if (attr.where() != space::html) continue;
      const std::string_view attribute = store_.spelling(attr.id());
      if (is_forbidden_attribute(attr.id(), attribute)) continue;
      if (attr.id() == rel_ && record.name() == a_ && !policy_.link_rel.empty()) continue;
      if (!allowed("*", attribute) && !allowed(name, attribute)) continue;
      const std::string_view value = store_.value(attr);
      if (is_url_attribute(attr.id()) && !is_safe_url(value)) continue;
      linked = linked || (record.name() == a_ && attr.id() == href_);
      out_ += ' ';
      out_ += attribute;
      out_ += "=\"";
      escape_attribute(value, out_);
      out_ += '"';
    }
    if (linked && !policy_.link_rel.empty()) {
      out_ += " rel=\"";
      escape_attribute(policy_.link_rel, out_);
      out_ += '"';
    }
    out_ += '>';
  }
  void close(const node_record& record) {
    out_ += "</";
    out_ += store_.spelling(record.name());
    out_ += '>';
  }
  bool allowed(std::string_view element, std::string_view attribute) const {
    return policy_.attributes.contains(std::pair<std::string, std::string>(element, attribute));
  }

  // As a browser would read it: controls and spaces around it do not count, tabs and newlines nowhere.
  bool is_safe_url(std::string_view url) const {
    while (!url.empty() && static_cast<unsigned char>(url.front()) <= 0x20) url.remove_prefix(1);
    std::string scheme;
    for (char c : url) {
      if (c == '\t' || c == '\n' || c == '\r') continue;
      if (c == ':') {
        if (scheme == "javascript" || scheme == "vbscript" || scheme == "data") return false;
        return policy_.schemes.contains(scheme);
      }
      // What is no scheme's character ends the search: the URL is relative.
      if (!ascii::is_alnum(c) && c != '+' && c != '-' && c != '.') break;
      scheme += ascii::to_lower(c);
    }
    return policy_.relative_urls;
  }

  const document_store& store_;
  const sanitize_policy& policy_;
  std::string out_;
};

}  // namespace

std::string sanitize(std::string_view html, const sanitize_policy& policy) {
  const document tree = parse_fragment(html, "div");
  return sanitizer(*access::store(tree), policy).run();
}

}  // namespace tidewire::html
