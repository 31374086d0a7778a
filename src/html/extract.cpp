// Links, metadata and the main content.
#include <tidewire/html/extract.hpp>
#include <tidewire/html/text.hpp>

#include <algorithm>
#include <initializer_list>
#include <unordered_map>
#include <unordered_set>

#include "scan.hpp"
#include "selector_state.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;
using namespace detail::names;

namespace {

std::string_view stripped(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string collapsed(std::string_view text) {
  std::string out;
  for (char c : stripped(text)) {
    if (!is_space(c))
      out += c;
    else if (out.empty() || out.back() != ' ')
      out += ' ';
  }
  return out;
}

bool has_word(std::string_view all, std::string_view word) noexcept {
  while (!(all = stripped(all)).empty()) {
    std::size_t end = 0;
    while (end < all.size() && !is_space(all[end])) ++end;
    if (ascii::iequals(all.substr(0, end), word)) return true;
    all.remove_prefix(end);
  }
  return false;
}

// The text below a node, white space collapsed, while the budget of nodes lasts: texts of elements in
// elements would otherwise take the square of a deep page.
std::string text_within(const document_store& store, std::uint32_t top, std::size_t& budget) {
  std::string out;
  for (std::uint32_t at = top; at != 0 && budget != 0; at = store.next_in(at, top), --budget) {
    if (!store[at].is_text()) continue;
    for (char c : store.text(store[at])) {
      if (!is_space(c))
        out += c;
      else if (!out.empty() && out.back() != ' ')
        out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}
std::size_t text_budget(const document_store& store) noexcept {
  return std::size_t{8} * store.nodes.size() + 100'000;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ascii::to_lower);
  return out;
}

// --- links

class link_reader {
 public:
  link_reader(const document_store& store, std::uint32_t top, const link_options& options)
      : store_(store),
        top_(top),
        options_(options),
        base_(options.document_url),
        budget_(text_budget(store)) {
    if (!options_.resolve) return;
    // The first <base> with an href counts for all links, wherever it is.
    for (std::uint32_t at = document_store::root; at != 0; at = store_.next_in(at, document_store::root)) {
      if (!store_[at].is_html(names::base_)) continue;
      const auto href = store_.find_attr(store_[at], href_);
      if (!href) continue;
      const std::string resolved = options_.resolve(options_.document_url, stripped(store_.value(*href)));
      if (!resolved.empty()) base_ = resolved;
      break;
    }
  }

  std::vector<link> run() {
    for (std::uint32_t at = top_; at != 0; at = store_.next_in(at, top_))
      if (store_[at].is_element()) element(at);
    return std::move(links_);
  }

 private:
  link& add(link_kind kind, std::uint32_t node, name_id attribute, std::string_view url) {
    link made;
    made.kind = kind;
    made.element = access::make(store_, node);
    made.attribute = attribute == 0 ? std::string_view() : store_.spelling(attribute);
    made.url = stripped(url);
    if (options_.resolve) made.resolved = options_.resolve(base_, made.url);
    links_.push_back(std::move(made));
    return links_.back();
  }
  void plain(link_kind kind, std::uint32_t node, name_id attribute) {
    if (const auto attr = store_.find_attr(store_[node], attribute))
      add(kind, node, attribute, store_.value(*attr));
  }

  void element(std::uint32_t node) {
    const node_record& record = store_[node];
    if (record.b == 0 && !record.is_html(style_)) return;
    if (const auto style = store_.find_attr(record, style_)) css(node, style_, store_.value(*style));
    if (record.where() == space::svg) {
      for (const std::uint32_t name :
           {attribute_name(space::html, href_), attribute_name(space::xlink, href_)}) {
        const auto attr = store_.find_attr(record, name);
        if (!attr) continue;
        add(record.name() == a_ ? link_kind::anchor : link_kind::resource, node, href_, store_.value(*attr));
        break;
      }
      return;
    }
    if (record.where() != space::html) return;
    switch (record.name()) {
      case a_:
      case area_:
        if (const auto href = store_.find_attr(record, href_)) {
          link& made = add(link_kind::anchor, node, href_, store_.value(*href));
          made.rel = store_.attr_value(record, rel_);
          made.hreflang = store_.attr_value(record, hreflang_);
          made.text = record.name() == a_ ? text_within(store_, node, budget_)
                                          : std::string(store_.attr_value(record, alt_));
        }
        if (const auto ping = store_.find_attr(record, ping_)) {
          std::string_view rest = store_.value(*ping);
          while (!(rest = stripped(rest)).empty()) {
            std::size_t end = 0;
            while (end < rest.size() && !is_space(rest[end])) ++end;
            add(link_kind::ping, node, ping_, rest.substr(0, end));
            rest.remove_prefix(end);
          }
        }
        break;
      case link_:
        if (const auto href = store_.find_attr(record, href_)) {
          link& made = add(link_kind::relation, node, href_, store_.value(*href));
          made.rel = store_.attr_value(record, rel_);
          made.hreflang = store_.attr_value(record, hreflang_);
        }
        source_set(node, imagesrcset_);
        break;
      case img_:
        plain(link_kind::resource, node, src_);
        source_set(node, srcset_);
        plain(link_kind::citation, node, longdesc_);
        break;
      case source_:
        plain(link_kind::resource, node, src_);
        source_set(node, srcset_);
        break;
      case video_:
        plain(link_kind::resource, node, src_);
        plain(link_kind::resource, node, poster_);
        break;
      case script_:
      case iframe_:
      case frame_:
      case embed_:
      case audio_:
      case track_: plain(link_kind::resource, node, src_); break;
      case input_:
        plain(link_kind::resource, node, src_);
        plain(link_kind::form, node, formaction_);
        break;
      case button_: plain(link_kind::form, node, formaction_); break;
      case object_: plain(link_kind::resource, node, data_); break;
      case names::form_: plain(link_kind::form, node, action_); break;
      case blockquote_:
      case q_:
      case ins_:
      case del_: plain(link_kind::citation, node, cite_); break;
      case names::body_:
      case table_:
      case td_:
      case th_: plain(link_kind::resource, node, background_); break;
      case html_: plain(link_kind::resource, node, manifest_); break;
      case meta_: refresh(node); break;
      case style_: {
        for (std::uint32_t child = store_.first_child(node); child != 0; child = store_[child].next)
          if (store_[child].is_text()) css(node, 0, store_.text(store_[child]));
        break;
      }
      default: break;
    }
  }

  // 4.8.4.2.1, "parse a srcset attribute"
  void source_set(std::uint32_t node, name_id name) {
    const auto attr = store_.find_attr(store_[node], name);
    if (!attr) return;
    const std::string_view text = store_.value(*attr);
    std::size_t at = 0;
    for (;;) {
      while (at < text.size() && (is_space(text[at]) || text[at] == ',')) ++at;
      if (at == text.size()) return;
      std::size_t end = at;
      while (end < text.size() && !is_space(text[end])) ++end;
      std::string_view url = text.substr(at, end - at);
      at = end;
      if (url.ends_with(',')) {
        while (url.ends_with(',')) url.remove_suffix(1);
        if (!url.empty()) add(link_kind::resource, node, name, url);
        continue;
      }
      // Descriptors, up to a comma that is not in parentheses.
      while (at < text.size() && is_space(text[at])) ++at;
      const std::size_t start = at;
      unsigned depth = 0;
      while (at < text.size() && (text[at] != ',' || depth != 0)) {
        if (text[at] == '(') ++depth;
        if (text[at] == ')' && depth != 0) --depth;
        ++at;
      }
      add(link_kind::resource, node, name, url).descriptor = stripped(text.substr(start, at - start));
    }
  }

  // 4.2.5.3, the pragma "refresh": "5; url='next.html'"
  void refresh(std::uint32_t node) {
    const node_record& record = store_[node];
    if (!ascii::iequals(store_.attr_value(record, http_equiv_), "refresh")) return;
    std::string_view rest = stripped(store_.attr_value(record, content_));
    while (!rest.empty() && (ascii::is_digit(rest.front()) || rest.front() == '.')) rest.remove_prefix(1);
    rest = stripped(rest);
    if (rest.empty() || (rest.front() != ';' && rest.front() != ',')) return;
    rest = stripped(rest.substr(1));
    if (rest.size() >= 3 && ascii::iequals(rest.substr(0, 3), "url")) {
      const std::string_view after = stripped(rest.substr(3));
      if (after.starts_with('=')) rest = stripped(after.substr(1));
    }
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
      const char quote = rest.front();
      rest.remove_prefix(1);
      rest = rest.substr(0, rest.find(quote));
    }
    if (!rest.empty()) add(link_kind::refresh, node, content_, rest);
  }

  // url(...) and @import "..."
  void css(std::uint32_t node, name_id attribute, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text.substr(at, 2) == "/*") {
        const std::size_t end = text.find("*/", at + 2);
        if (end == std::string_view::npos) return;
        at = end + 1;
      } else if (at + 4 <= text.size() && ascii::iequals(text.substr(at, 4), "url(")) {
        at += 4;
        while (at < text.size() && is_space(text[at])) ++at;
        const bool quoted = at < text.size() && (text[at] == '"' || text[at] == '\'');
        const std::size_t start = quoted ? at + 1 : at;
        const std::size_t end = text.find(quoted ? text[at] : ')', start);
        if (end == std::string_view::npos) return;
        if (end != start) add(link_kind::style_sheet, node, attribute, text.substr(start, end - start));
        at = end;
      } else if (text[at] == '@' && text.size() - at >= 8 && ascii::iequals(text.substr(at, 7), "@import")) {
        std::size_t quote = at + 7;
        while (quote < text.size() && is_space(text[quote])) ++quote;
        if (quote == text.size() || (text[quote] != '"' && text[quote] != '\'')) continue;
        const std::size_t end = text.find(text[quote], quote + 1);
        if (end == std::string_view::npos) return;
        add(link_kind::style_sheet, node, attribute, text.substr(quote + 1, end - quote - 1));
        at = end;
      }
    }
  }

  const document_store& store_;
  std::uint32_t top_;
  const link_options& options_;
  std::string base_;
  std::size_t budget_;
  std::vector<link> links_;
};

// --- microdata

class microdata_reader {
 public:
  explicit microdata_reader(const document_store& store) : store_(store), budget_(text_budget(store)) {}

  std::vector<microdata_item> run() {
    // First the items, each with its number; then what belongs to each, which itemref may take from anywhere.
    for (std::uint32_t at = document_store::root; at != 0; at = store_.next_in(at, document_store::root)) {
      const node_record& record = store_[at];
      if (!record.is_element() || record.b == 0) continue;
      if (const auto id = store_.find_attr(record, id_)) ids_.try_emplace(store_.value(*id), at);
      if (!store_.has_attr(record, itemscope_)) continue;
      microdata_item item;
      words(store_.attr_value(record, itemtype_),
            [&](std::string_view word) { item.types.emplace_back(word); });
      item.id = stripped(store_.attr_value(record, itemid_));
      item.top_level = !store_.has_attr(record, itemprop_);
      numbers_.emplace(at, items_.size());
      scopes_.push_back(at);
      items_.push_back(std::move(item));
    }
    for (std::size_t i = 0; i < scopes_.size(); ++i) {
      const std::uint32_t scope = scopes_[i];
      std::unordered_set<std::uint32_t> roots;
      collect(i, scope, false);
      words(store_.attr_value(store_[scope], itemref_), [&](std::string_view word) {
        const auto found = ids_.find(word);
        // What one item refers to is read for it once, and the same for others a bounded number of times.
        if (found != ids_.end() && roots.insert(found->second).second && references_++ < most_references)
          collect(i, found->second, true);
      });
    }
    return std::move(items_);
  }

 private:
  static constexpr std::size_t most_references = 1000;

  template <class Each>
  static void words(std::string_view all, Each&& each) {
    while (!(all = stripped(all)).empty()) {
      std::size_t end = 0;
      while (end < all.size() && !is_space(all[end])) ++end;
      each(all.substr(0, end));
      all.remove_prefix(end);
    }
  }

  // The properties below `top` (and of it, if `itself`) that belong to the item: items within keep their own.
  void collect(std::size_t item, std::uint32_t top, bool itself) {
    std::uint32_t at = top;
    bool skip = itself && property(item, top);
    for (;;) {
      at = skip ? store_.next_skipping(at, top) : store_.next_in(at, top);
      if (at == 0) return;
      skip = store_[at].is_element() && property(item, at);
    }
  }
  // Adds what `node` says; true if what is in it belongs to another item.
  bool property(std::size_t item, std::uint32_t node) {
    const node_record& record = store_[node];
    if (record.b == 0) return false;
    const auto scope = numbers_.find(node);
    const auto names = store_.find_attr(record, itemprop_);
    if (names) {
      microdata_item::property made;
      if (scope != numbers_.end())
        made.item = scope->second;
      else
        made.value = value_of(node);
      words(store_.value(*names), [&](std::string_view word) {
        made.name = word;
        items_[item].properties.push_back(made);
      });
    }
    return scope != numbers_.end();
  }
  // 5.2.4
  std::string value_of(std::uint32_t node) {
    const node_record& record = store_[node];
    if (record.where() == space::html) {
      switch (record.name()) {
        case meta_: return std::string(store_.attr_value(record, content_));
        case audio_:
        case embed_:
        case iframe_:
        case img_:
        case source_:
        case track_:
        case video_: return std::string(stripped(store_.attr_value(record, src_)));
        case a_:
        case area_:
        case link_: return std::string(stripped(store_.attr_value(record, href_)));
        case object_: return std::string(stripped(store_.attr_value(record, data_)));
        case data_:
        case meter_: return std::string(store_.attr_value(record, value_));
        case time_:
          if (const auto attr = store_.find_attr(record, datetime_)) return std::string(store_.value(*attr));
          break;
        default:
          if (const auto attr = store_.find_attr(record, content_)) return std::string(store_.value(*attr));
          break;
      }
    }
    return text_within(store_, node, budget_);
  }

  const document_store& store_;
  std::vector<microdata_item> items_;
  std::vector<std::uint32_t> scopes_;
  std::unordered_map<std::uint32_t, std::size_t> numbers_;
  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::size_t references_ = 0;
  std::size_t budget_;
};

}  // namespace

std::vector<link> extract_links(const node& top, const link_options& options) {
  access::check(top);
  if (!top) return {};
  return link_reader(*access::store(top), access::index(top), options).run();
}

metadata extract_metadata(const document& document) {
  metadata found;
  const document_store* const store = access::store(document);
  if (store == nullptr) return found;
  found.title = document.title();
  found.language = stripped(document.document_element().attribute("lang"));
  for (std::uint32_t at = document_store::root; at != 0; at = store->next_in(at, document_store::root)) {
    const node_record& record = (*store)[at];
    if (record.is_html(meta_)) {
      const auto content = store->find_attr(record, content_);
      if (!content) continue;
      const std::string value(stripped(store->value(*content)));
      const std::string name = lower(stripped(store->attr_value(record, name_)));
      const std::string property = lower(stripped(store->attr_value(record, property_)));
      if (!name.empty()) found.meta.emplace_back(name, value);
      if (name == "description" && found.description.empty()) found.description = collapsed(value);
      const std::string& key = property.empty() ? name : property;
      constexpr std::string_view graphs[] = {
          "og:", "article:", "book:", "profile:", "video:", "music:", "product:", "fb:"};
      if (std::any_of(std::begin(graphs), std::end(graphs),
                      [&](std::string_view each) { return key.starts_with(each); }))
        found.open_graph.emplace_back(key, value);
      if (key.starts_with("twitter:")) found.twitter.emplace_back(key, value);
    } else if (record.is_html(link_)) {
      const std::string_view rel = store->attr_value(record, rel_);
      const std::string_view href = stripped(store->attr_value(record, href_));
      if (found.canonical.empty() && has_word(rel, "canonical")) found.canonical = href;
      const std::string type = lower(stripped(store->attr_value(record, type_)));
      if (has_word(rel, "alternate") && (type == "application/rss+xml" || type == "application/atom+xml"))
        found.feeds.emplace_back(type, href);
    } else if (record.is_html(script_)) {
      const std::string type = lower(store->attr_value(record, type_));
      if (stripped(std::string_view(type).substr(0, type.find(';'))) == "application/ld+json")
        found.json_ld.push_back(access::make(*store, at).text());
    }
  }
  found.microdata = microdata_reader(*store).run();
  return found;
}

// --- the main content

namespace {

// Words in a class or id that tell what a part of a page is for.
int hint(std::string_view text) noexcept {
  static constexpr std::string_view bad[] = {"comment", "sidebar", "footer", "masthead",  "menu",    "nav",
                                             "promo",   "related", "share",  "social",    "sponsor", "widget",
                                             "banner",  "cookie",  "popup",  "breadcrumb"};
  static constexpr std::string_view good[] = {"article", "content", "body",  "entry",
                                              "main",    "post",    "story", "text"};
  const auto says = [&](std::string_view word) {
    return std::search(text.begin(), text.end(), word.begin(), word.end(),
                       [](char a, char b) { return ascii::to_lower(a) == b; }) != text.end();
  };
  int sum = 0;
  if (std::any_of(std::begin(bad), std::end(bad), says)) sum -= 25;
  if (std::any_of(std::begin(good), std::end(good), says)) sum += 25;
  return sum;
}

struct measure {
  std::uint32_t text = 0;       // characters of text that is not white space
  std::uint32_t link_text = 0;  // those of them in links
  std::uint32_t commas = 0;
};

}  // namespace

node main_content(const document& document) {
  const document_store* const pointer = access::store(document);
  if (pointer == nullptr) return {};
  const document_store& store = *pointer;
  // From the last node to the first: in a tree walked backwards children come before their parents.
  std::vector<std::uint32_t> order;
  std::uint32_t main = 0;
  unsigned mains = 0;
  std::uint32_t article = 0;
  unsigned articles = 0;
  std::vector<std::uint8_t> skipped(store.nodes.size(), 0);
  std::vector<std::uint8_t> linked(store.nodes.size(), 0);
  for (std::uint32_t at = document_store::root; at != 0;) {
    const node_record& record = store[at];
    if (record.is_html(script_) || record.is_html(style_) || record.is_html(noscript_) ||
        record.is_html(nav_) || record.is_html(footer_) || record.is_html(aside_) ||
        record.is_html(names::head_) || record.is_html(names::form_) || record.is_html(iframe_)) {
      skipped[at] = 1;
      at = store.next_skipping(at, document_store::root);
      continue;
    }
    order.push_back(at);
    linked[at] = record.is_html(a_) || (record.parent != 0 && linked[record.parent] != 0) ? 1 : 0;
    if (record.is_html(main_) || (record.is_element() && store.attr_value(record, role_) == "main")) {
      main = at;
      ++mains;
    }
    if (record.is_html(article_)) {
      article = at;
      ++articles;
    }
    at = store.next_in(at, document_store::root);
  }
  std::vector<measure> measures(store.nodes.size());
  std::vector<double> scores(store.nodes.size(), 0);
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const std::uint32_t at = *it;
    const node_record& record = store[at];
    measure& own = measures[at];
    if (record.is_text()) {
      for (char c : store.text(record)) {
        own.text += is_space(c) ? 0 : 1;
        own.commas += c == ',' ? 1 : 0;
      }
      if (linked[at] != 0) own.link_text = own.text;
    }
    const bool block = record.is_html(p_) || record.is_html(pre_) || record.is_html(td_) ||
                       record.is_html(blockquote_) || record.is_html(section_);
    if (block && own.text >= 25 && record.parent != 0) {
      const double worth = 1.0 + own.commas + std::min(own.text / 100.0, 3.0);
      const double share = 1.0 - static_cast<double>(own.link_text) / own.text;
      scores[record.parent] += worth * share;
      if (store[record.parent].parent != 0) scores[store[record.parent].parent] += worth * share / 2;
    }
    if (record.parent != 0) {
      measure& above = measures[record.parent];
      above.text += own.text;
      above.link_text += own.link_text;
      above.commas += own.commas;
    }
  }
  if (measures[document_store::root].text == 0) return {};
  const std::uint32_t all = measures[document_store::root].text;
  if (mains == 1 && measures[main].text * 4 >= all) return access::make(store, main);
  if (articles == 1 && measures[article].text * 4 >= all) return access::make(store, article);
  std::uint32_t best = 0;
  double best_score = 0;
  for (const std::uint32_t at : order) {
    const node_record& record = store[at];
    if (!record.is_element() || scores[at] <= 0) continue;
    double score = scores[at];
    score += hint(store.attr_value(record, class_)) + hint(store.attr_value(record, id_));
    score *= 1.0 - static_cast<double>(measures[at].link_text) / std::max(measures[at].text, 1U);
    if (score > best_score) {
      best = at;
      best_score = score;
    }
  }
  return best == 0 ? document.body() : access::make(store, best);
}

}  // namespace tidewire::html
