#include <tidewire/html/document.hpp>

#include <algorithm>

#include "scan.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;

namespace {

// The last node in document order within `node`.
std::uint32_t last_within(const document_store& store, std::uint32_t node) noexcept {
  while (const std::uint32_t first = store.first_child(node)) node = store[first].prev;
  return node;
}

std::uint32_t previous_in_order(const document_store& store, std::uint32_t node) noexcept {
  if (const std::uint32_t before = store.previous_sibling(node)) return last_within(store, before);
  return store[node].parent;
}

std::string_view strip(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Texts that no reader sees.
bool hides_text(const node_record& element) noexcept {
  return element.is_html(names::script_) || element.is_html(names::style_) ||
         element.is_html(names::template_);
}

}  // namespace

node node::at(std::uint32_t index) const noexcept {
  return access::make(*store_, index);
}

attribute attribute_range::at(std::size_t index) const {
  const attr_record attr = store_->attrs[first_ + static_cast<std::uint32_t>(index)];
  html::attribute made;
  made.local_name = store_->attr_local_name(attr);
  made.name = store_->attr_prefix(attr).empty() ? made.local_name : store_->attr_qualified_name(attr);
  made.value = store_->value(attr);
  made.namespace_uri = store_->attr_namespace(attr);
  return made;
}

node_type node::type() const {
  access::check(*this);
  return index_ == 0 ? node_type::fragment : (*store_)[index_].type();
}

std::string_view node::name() const {
  access::check(*this);
  if (index_ == 0) return {};
  const node_record& record = (*store_)[index_];
  switch (record.type()) {
    case node_type::document: return "#document";
    case node_type::fragment: return "#document-fragment";
    case node_type::text: return "#text";
    case node_type::comment: return "#comment";
    case node_type::element: return store_->element_qualified_name(record);
    case node_type::doctype:
    case node_type::processing_instruction: break;
  }
  return store_->spelling(record.name());
}

std::string_view node::local_name() const {
  access::check(*this);
  if (index_ == 0 || !(*store_)[index_].is_element()) return {};
  return store_->element_local_name((*store_)[index_]);
}

std::string_view node::namespace_uri() const {
  access::check(*this);
  if (index_ == 0 || !(*store_)[index_].is_element()) return {};
  return store_->element_namespace((*store_)[index_]);
}

std::string_view node::value() const {
  access::check(*this);
  if (index_ == 0) return {};
  const node_record& record = (*store_)[index_];
  switch (record.type()) {
    case node_type::text:
    case node_type::comment:
    case node_type::processing_instruction: return store_->text(record);
    default: return {};
  }
}

std::string_view node::public_id() const {
  access::check(*this);
  if (index_ == 0 || (*store_)[index_].type() != node_type::doctype) return {};
  return store_->attr_value((*store_)[index_], public_id_name);
}

std::string_view node::system_id() const {
  access::check(*this);
  if (index_ == 0 || (*store_)[index_].type() != node_type::doctype) return {};
  return store_->attr_value((*store_)[index_], system_id_name);
}

std::optional<std::uint64_t> node::source_offset() const {
  access::check(*this);
  if (index_ == 0 || (*store_)[index_].source == no_source) return std::nullopt;
  return store_->original_offset((*store_)[index_].source);
}

std::optional<std::string_view> node::find_attribute(std::string_view name) const {
  access::check(*this);
  if (index_ == 0) return std::nullopt;
  const node_record& record = (*store_)[index_];
  if (!record.is_element() || record.b == 0) return std::nullopt;
  const auto attr = store_->find_attr_named(record, name);
  if (!attr) return std::nullopt;
  return store_->value(*attr);
}

std::string_view node::attribute(std::string_view name, std::string_view otherwise) const {
  return find_attribute(name).value_or(otherwise);
}

attribute_range node::attributes() const {
  access::check(*this);
  attribute_range range;
  if (index_ == 0 || !(*store_)[index_].is_element()) return range;
  range.store_ = store_;
  range.first_ = (*store_)[index_].a;
  range.size_ = (*store_)[index_].b;
  return range;
}

std::vector<std::string_view> node::classes() const {
  std::vector<std::string_view> words;
  const std::string_view all = attribute("class");
  for (std::size_t at = 0; at < all.size();) {
    while (at < all.size() && is_space(all[at])) ++at;
    std::size_t end = at;
    while (end < all.size() && !is_space(all[end])) ++end;
    if (end != at) words.push_back(all.substr(at, end - at));
    at = end;
  }
  return words;
}

bool node::has_class(std::string_view word) const {
  const std::vector<std::string_view> words = classes();
  return std::find(words.begin(), words.end(), word) != words.end();
}

node node::parent() const {
  access::check(*this);
  return index_ == 0 ? node() : at((*store_)[index_].parent);
}
node node::first_child() const {
  access::check(*this);
  return index_ == 0 ? node() : at(store_->first_child(index_));
}
node node::last_child() const {
  access::check(*this);
  return index_ == 0 || store_->first_child(index_) == 0 ? node() : at(store_->last_child(index_));
}
node node::next_sibling() const {
  access::check(*this);
  return index_ == 0 ? node() : at((*store_)[index_].next);
}
node node::previous_sibling() const {
  access::check(*this);
  return index_ == 0 ? node() : at(store_->previous_sibling(index_));
}
node node::first_child_element() const {
  node child = first_child();
  while (child && !child.is_element()) child = child.next_sibling();
  return child;
}
node node::next_element_sibling() const {
  node sibling = next_sibling();
  while (sibling && !sibling.is_element()) sibling = sibling.next_sibling();
  return sibling;
}
node node::previous_element_sibling() const {
  node sibling = previous_sibling();
  while (sibling && !sibling.is_element()) sibling = sibling.previous_sibling();
  return sibling;
}
node node::next() const {
  access::check(*this);
  return index_ == 0 ? node() : at(store_->next_in(index_, 0));
}
node node::previous() const {
  access::check(*this);
  return index_ == 0 ? node() : at(previous_in_order(*store_, index_));
}
node node::root() const {
  access::check(*this);
  std::uint32_t top = index_;
  while (top != 0 && (*store_)[top].parent != 0) top = (*store_)[top].parent;
  return at(top);
}
node node::template_content() const {
  access::check(*this);
  return index_ == 0 ? node() : at(store_->template_content(index_));
}
bool node::contains(const node& other) const {
  access::check(*this);
  if (index_ == 0 || store_ != other.store_) return false;
  for (std::uint32_t at = other.index_; at != 0; at = (*store_)[at].parent)
    if (at == index_) return true;
  return false;
}

#define TIDEWIRE_RANGE(function, kind) \
  node_range node::function() const {  \
    node_range range;                  \
    range.root_ = *this;               \
    range.axis_ = detail::axis::kind;  \
    return range;                      \
  }
TIDEWIRE_RANGE(children, children)
TIDEWIRE_RANGE(child_elements, child_elements)
TIDEWIRE_RANGE(descendants, descendants)
TIDEWIRE_RANGE(descendant_elements, descendant_elements)
TIDEWIRE_RANGE(ancestors, ancestors)
TIDEWIRE_RANGE(next_siblings, next_siblings)
TIDEWIRE_RANGE(previous_siblings, previous_siblings)
TIDEWIRE_RANGE(next_nodes, following)
TIDEWIRE_RANGE(previous_nodes, preceding)
#undef TIDEWIRE_RANGE

node_range::iterator node_range::begin() const {
  iterator first;
  first.root_ = root_;
  first.axis_ = axis_;
  switch (axis_) {
    case axis::children: first.current_ = root_.first_child(); break;
    case axis::child_elements: first.current_ = root_.first_child_element(); break;
    case axis::ancestors: first.current_ = root_.parent(); break;
    case axis::next_siblings: first.current_ = root_.next_sibling(); break;
    case axis::previous_siblings: first.current_ = root_.previous_sibling(); break;
    default:
      first.current_ = root_;
      if (root_) ++first;
      break;
  }
  return first;
}

node_range::iterator& node_range::iterator::operator++() {
  const document_store& store = *access::store(current_);
  const auto step_within = [&] {
    current_ = access::make(store, store.next_in(access::index(current_), access::index(root_)));
  };
  access::check(current_);
  switch (axis_) {
    case axis::children:
    case axis::next_siblings: current_ = current_.next_sibling(); break;
    case axis::child_elements: current_ = current_.next_element_sibling(); break;
    case axis::descendants: step_within(); break;
    case axis::descendant_elements:
      do step_within();
      while (current_ && !current_.is_element());
      break;
    case axis::ancestors: current_ = current_.parent(); break;
    case axis::previous_siblings: current_ = current_.previous_sibling(); break;
    case axis::following: current_ = current_.next(); break;
    case axis::preceding: current_ = current_.previous(); break;
  }
  return *this;
}

std::vector<node> node_range::to_vector() const {
  std::vector<node> nodes;
  for (node each : *this) nodes.push_back(each);
  return nodes;
}

std::string node::text() const {
  access::check(*this);
  std::string all;
  if (index_ == 0) return all;
  const document_store& store = *store_;
  if (store[index_].type() != node_type::element && store[index_].first == 0) return std::string(value());
  for (std::uint32_t at = index_; at != 0; at = store.next_in(at, index_))
    if (store[at].is_text()) all += store.text(store[at]);
  return all;
}

std::vector<std::string_view> node::strings(bool stripped) const {
  access::check(*this);
  std::vector<std::string_view> pieces;
  if (index_ == 0) return pieces;
  const document_store& store = *store_;
  for (std::uint32_t at = index_; at != 0;) {
    const node_record& record = store[at];
    if (at != index_ && hides_text(record)) {
      at = store.next_skipping(at, index_);
      continue;
    }
    if (record.is_text()) {
      const std::string_view piece = stripped ? strip(store.text(record)) : store.text(record);
      if (!piece.empty()) pieces.push_back(piece);
    }
    at = store.next_in(at, index_);
  }
  return pieces;
}

std::string node::get_text(std::string_view separator, bool stripped) const {
  std::string joined;
  bool first = true;
  for (std::string_view piece : strings(stripped)) {
    if (!first) joined += separator;
    first = false;
    joined += piece;
  }
  return joined;
}

document::document() : store_(std::make_unique<document_store>()) {}
document::document(std::unique_ptr<document_store> store) noexcept : store_(std::move(store)) {}
document::document(document&&) noexcept = default;
document& document::operator=(document&&) noexcept = default;
document::~document() = default;

node document::root() const {
  return store_ ? access::make(*store_, document_store::root) : node();
}

node document::document_element() const {
  return root().first_child_element();
}

node document::head() const {
  for (node child : document_element().child_elements())
    if ((*store_)[child.id()].is_html(names::head_)) return child;
  return {};
}

node document::body() const {
  for (node child : document_element().child_elements()) {
    const node_record& record = (*store_)[child.id()];
    if (record.is_html(names::body_) || record.is_html(names::frameset_)) return child;
  }
  return {};
}

node document::doctype() const {
  for (node child : root().children())
    if (child.type() == node_type::doctype) return child;
  return {};
}

std::string document::title() const {
  std::string collapsed;
  for (node each : root().descendant_elements()) {
    if (!(*store_)[each.id()].is_html(names::title_)) continue;
    for (char c : each.text()) {
      if (!is_space(c))
        collapsed += c;
      else if (!collapsed.empty() && collapsed.back() != ' ')
        collapsed += ' ';
    }
    if (!collapsed.empty() && collapsed.back() == ' ') collapsed.pop_back();
    break;
  }
  return collapsed;
}

node document::by_id(std::uint32_t id) const {
  return store_ && id < store_->nodes.size() ? access::make(*store_, id) : node();
}
quirks_mode document::quirks() const noexcept {
  return store_ ? store_->quirks : quirks_mode::no_quirks;
}
bool document::is_xml() const noexcept {
  return store_ && store_->xml;
}
std::string_view document::encoding() const noexcept {
  return store_ ? store_->encoding : "UTF-8";
}
limit_kind document::limit_reached() const noexcept {
  return store_ ? store_->limit : limit_kind::none;
}
std::span<const parse_error> document::errors() const noexcept {
  return store_ ? std::span<const parse_error>(store_->errors) : std::span<const parse_error>();
}
std::string_view document::source() const noexcept {
  return store_ ? std::string_view(store_->source, store_->source_size) : std::string_view();
}
std::size_t document::node_count() const noexcept {
  return store_ ? store_->nodes.size() - 1 : 0;
}
std::size_t document::memory_used() const noexcept {
  return store_ ? store_->memory() : 0;
}

}  // namespace tidewire::html
