#include <tidewire/base/error.hpp>
#include <tidewire/html/document.hpp>
#include <tidewire/html/parser.hpp>

#include <algorithm>
#include <stdexcept>

#include "scan.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;

namespace {

[[noreturn]] void misuse(const char* why) {
  throw error(errc::misuse, why);
}

slice keep(document_store& store, std::string_view text) {
  if (text.empty()) return {};
  try {
    return store.pool.add(text);
  } catch (const std::length_error&) {
    throw error(errc::limit_exceeded, "the texts of a document exceed 2 GiB");
  }
}

// A name as the tokenizer could have read it.
name_id checked_name(document_store& store, std::string_view name, bool fold) {
  std::string folded(name);
  if (fold) std::transform(folded.begin(), folded.end(), folded.begin(), ascii::to_lower);
  const bool plain = !name.empty() && std::none_of(name.begin(), name.end(), [](char c) {
    return is_space(c) || c == '/' || c == '>' || c == '=' || c == '\0';
  });
  if (!plain) misuse("not a name");
  const name_id id = store.intern(folded);
  if (id > max_name_id) throw error(errc::limit_exceeded, "too many names");
  return id;
}

bool can_have_children(node_type type) noexcept {
  return type == node_type::element || type == node_type::document || type == node_type::fragment;
}

// The node that the children of `parent` are kept in.
std::uint32_t holder_of(const document_store& store, std::uint32_t parent) noexcept {
  const std::uint32_t content = store.template_content(parent);
  return content != 0 ? content : parent;
}

void check_new_child(const document_store& store, std::uint32_t parent, std::uint32_t child) {
  if (!can_have_children(store[parent].type())) misuse("a text or comment has no children");
  if (store[child].type() == node_type::document) misuse("a document is no child");
  for (std::uint32_t at = parent; at != 0; at = store[at].parent)
    if (at == child) misuse("a node cannot be put into itself");
}

// Copies a node with all in it into another document.
std::uint32_t import(const document_store& from, std::uint32_t top, document_store& to) {
  const auto copy_one = [&](std::uint32_t index) {
    const node_record& record = from[index];
    std::uint32_t meta = record.meta & kind_mask;
    std::uint32_t a = 0;
    std::uint32_t b = record.b;
    const auto rename = [&](space where, name_id name) {
      if (where != space::other) return to.intern(from.spelling(name));
      const qualified_name& old = from.qualified[name];
      qualified_name made;
      made.local = to.intern(from.spelling(old.local));
      made.prefix = to.view(keep(to, old.prefix));
      made.whole = to.view(keep(to, old.whole));
      made.uri = to.view(keep(to, old.uri));
      to.qualified.push_back(made);
      return static_cast<name_id>(to.qualified.size() - 1);
    };
    switch (record.type()) {
      case node_type::element:
      case node_type::doctype: {
        const bool element = record.is_element();
        meta = make_meta(record.type(), record.where(),
                         rename(element ? record.where() : space::none, record.name()));
        const std::uint32_t first = to.attrs.size();
        for (std::uint32_t i = 0; i < record.b; ++i) {
          const attr_record attr = from.attrs[record.a + i];
          const name_id name = element ? rename(attr.where(), attr.id()) : attr.id();
          const slice value = keep(to, from.value(attr));
          to.attrs.push_back({attribute_name(attr.where(), name), value.offset, value.length});
        }
        a = first;
        break;
      }
      case node_type::text:
      case node_type::comment:
      case node_type::processing_instruction: {
        const slice text = keep(to, from.text(record));
        a = text.offset;
        b = text.length;
        meta = make_meta(record.type(), space::none, to.intern(from.spelling(record.name())));
        break;
      }
      default: b = 0; break;
    }
    return to.make(meta, a, b, no_source);
  };
  const std::uint32_t copied_top = copy_one(top);
  std::uint32_t parent = copied_top;
  for (std::uint32_t at = from[top].first; at != 0;) {
    const std::uint32_t copied = copy_one(at);
    to.append(parent, copied);
    if (from[at].first != 0) {
      at = from[at].first;
      parent = copied;
      continue;
    }
    while (at != top && from[at].next == 0) {
      at = from[at].parent;
      parent = to[parent].parent;
    }
    if (at == top) break;
    at = from[at].next;
  }
  return copied_top;
}

// Puts `child` into `parent` before `before`, or last. A fragment is emptied.
void place(document_store& store, std::uint32_t parent, std::uint32_t before, std::uint32_t child) {
  const auto put = [&](std::uint32_t one) {
    store.remove(one);
    if (before == 0)
      store.append(parent, one);
    else
      store.insert_before(one, before);
  };
  if (store[child].type() != node_type::fragment) {
    put(child);
    return;
  }
  while (const std::uint32_t first = store[child].first) put(first);
}

std::string context_of(const document_store& store, std::uint32_t element) {
  const node_record& record = store[element];
  if (!record.is_element()) return "body";
  std::string name(store.element_local_name(record));
  if (record.where() == space::svg) return "svg " + name;
  if (record.where() == space::mathml) return "math " + name;
  return name;
}

}  // namespace

namespace detail {

// `child` as a node of `store`.
std::uint32_t adopt(document_store& store, const node& child) {
  access::check(child);
  if (!child) misuse("a null node");
  const document_store* from = access::store(child);
  return from == &store ? access::index(child) : import(*from, access::index(child), store);
}

}  // namespace detail

node node::append(node child) const {
  access::check(*this);
  if (index_ == 0) misuse("a null node");
  const std::uint32_t made = adopt(*store_, child);
  const std::uint32_t parent = holder_of(*store_, index_);
  check_new_child(*store_, parent, made);
  store_->changed();
  place(*store_, parent, 0, made);
  return at(made);
}

node node::prepend(node child) const {
  access::check(*this);
  if (index_ == 0) misuse("a null node");
  const std::uint32_t made = adopt(*store_, child);
  const std::uint32_t parent = holder_of(*store_, index_);
  check_new_child(*store_, parent, made);
  store_->changed();
  std::uint32_t first = (*store_)[parent].first;
  if (first == made) return at(made);
  place(*store_, parent, first, made);
  return at(made);
}

node node::before(node sibling) const {
  access::check(*this);
  if (index_ == 0 || (*store_)[index_].parent == 0) misuse("a node without a parent has no siblings");
  if (sibling == *this) return sibling;
  const std::uint32_t made = adopt(*store_, sibling);
  check_new_child(*store_, (*store_)[index_].parent, made);
  store_->changed();
  place(*store_, (*store_)[index_].parent, index_, made);
  return at(made);
}

node node::after(node sibling) const {
  access::check(*this);
  if (index_ == 0 || (*store_)[index_].parent == 0) misuse("a node without a parent has no siblings");
  if (sibling == *this) return sibling;
  const std::uint32_t made = adopt(*store_, sibling);
  const std::uint32_t parent = (*store_)[index_].parent;
  check_new_child(*store_, parent, made);
  store_->changed();
  std::uint32_t next = (*store_)[index_].next;
  if (next == made) next = (*store_)[made].next;
  place(*store_, parent, next, made);
  return at(made);
}

node node::replace_with(node other) const {
  if (other == *this) return other;
  const node placed = before(other);
  remove();
  return placed;
}

void node::remove() const {
  access::check(*this);
  if (index_ == 0) misuse("a null node");
  const node_record& record = (*store_)[index_];
  if (record.type() == node_type::document) misuse("a document cannot be removed");
  if (record.type() == node_type::fragment && record.parent != 0)
    misuse("the contents of a template belong to it");
  store_->changed();
  store_->remove(index_);
}

void node::clear() const {
  access::check(*this);
  if (index_ == 0) misuse("a null node");
  store_->changed();
  const std::uint32_t parent = holder_of(*store_, index_);
  while (const std::uint32_t child = (*store_)[parent].first) store_->remove(child);
}

node node::wrap(node wrapper) const {
  access::check(*this);
  if (index_ == 0) misuse("a null node");
  const node placed = (*store_)[index_].parent == 0 ? at(adopt(*store_, wrapper)) : before(wrapper);
  placed.append(*this);
  return placed;
}

void node::unwrap() const {
  access::check(*this);
  if (index_ == 0 || (*store_)[index_].parent == 0) misuse("a node without a parent cannot be unwrapped");
  store_->changed();
  const std::uint32_t from = holder_of(*store_, index_);
  while (const std::uint32_t child = (*store_)[from].first) {
    store_->remove(child);
    store_->insert_before(child, index_);
  }
  store_->remove(index_);
}

node node::clone(bool deep) const {
  access::check(*this);
  if (index_ == 0) return {};
  document_store& store = *store_;
  if (store[index_].type() == node_type::document) misuse("a document cannot be cloned into itself");
  store.changed();
  const std::uint32_t top = store.clone_shallow(index_);
  if (!deep) return at(top);
  std::uint32_t parent = top;
  for (std::uint32_t at = store[index_].first; at != 0;) {
    // A template's clone has its fragment already.
    std::uint32_t copied = 0;
    if (store[at].type() == node_type::fragment && store[parent].first != 0) {
      copied = store[parent].first;
    } else {
      copied = store.clone_shallow(at);
      store.append(parent, copied);
    }
    if (store[at].first != 0) {
      at = store[at].first;
      parent = copied;
      continue;
    }
    while (at != index_ && store[at].next == 0) {
      at = store[at].parent;
      parent = store[parent].parent;
    }
    if (at == index_) break;
    at = store[at].next;
  }
  return at(top);
}

void node::set_attribute(std::string_view name, std::string_view value) const {
  access::check(*this);
  if (!is_element()) misuse("only elements have attributes");
  document_store& store = *store_;
  const node_record& record = store[index_];
  const bool fold = !store.xml && record.where() == space::html;
  const name_id id = checked_name(store, name, fold);
  const std::string copy(value);  // it may be a view of what is about to move
  const slice kept = keep(store, copy);
  store.changed();
  if (const std::uint32_t place = store.attr_place(record, name) - record.a; place != record.b) {
    store.own_attrs(index_);
    const std::uint32_t at = store[index_].a + place;
    store.attrs.set(at, {store.attrs[at].name, kept.offset, kept.length});
    return;
  }
  store.add_attr(index_, {id, kept.offset, kept.length});
}

bool node::remove_attribute(std::string_view name) const {
  access::check(*this);
  if (!is_element()) misuse("only elements have attributes");
  document_store& store = *store_;
  const std::uint32_t place = store.attr_place(store[index_], name) - store[index_].a;
  if (place == store[index_].b) return false;
  store.changed();
  store.own_attrs(index_);
  node_record& record = store[index_];
  for (std::uint32_t i = place; i + 1 < record.b; ++i)
    store.attrs.set(record.a + i, store.attrs[record.a + i + 1]);
  store.shrink_attrs(index_);
  return true;
}

bool node::add_class(std::string_view word) const {
  if (word.empty() || std::any_of(word.begin(), word.end(), is_space)) misuse("a class is one word");
  if (has_class(word)) return false;
  std::string all(attribute("class"));
  if (!all.empty() && !is_space(all.back())) all += ' ';
  all += word;
  set_attribute("class", all);
  return true;
}

bool node::remove_class(std::string_view word) const {
  if (!has_class(word)) return false;
  std::string left;
  for (std::string_view each : classes()) {
    if (each == word) continue;
    if (!left.empty()) left += ' ';
    left += each;
  }
  set_attribute("class", left);
  return true;
}

void node::set_text(std::string_view text) const {
  access::check(*this);
  if (index_ == 0) misuse("a null node");
  document_store& store = *store_;
  const std::string copy(text);
  switch (store[index_].type()) {
    case node_type::text:
    case node_type::comment:
    case node_type::processing_instruction: {
      const slice kept = keep(store, copy);
      store.changed();
      node_record& record = store[index_];
      record.a = kept.offset;
      record.b = kept.length;
      record.meta &= ~grown_flag;
      return;
    }
    case node_type::element:
    case node_type::fragment: {
      const slice kept = keep(store, copy);
      clear();
      if (kept.length == 0) return;
      const std::uint32_t made =
          store.make(make_meta(node_type::text, space::none, 0), kept.offset, kept.length, no_source);
      store.append(holder_of(store, index_), made);
      return;
    }
    default: misuse("a document has no text of its own");
  }
}

void node::set_inner_html(std::string_view html) const {
  access::check(*this);
  if (index_ == 0 || !can_have_children(type())) misuse("only what has children has inner HTML");
  const document parsed = parse_fragment(html, context_of(*store_, index_));
  clear();
  append(parsed.root());
}

void node::set_outer_html(std::string_view html) const {
  access::check(*this);
  if (index_ == 0 || (*store_)[index_].parent == 0) misuse("a node without a parent has no outer HTML");
  const document parsed = parse_fragment(html, context_of(*store_, (*store_)[index_].parent));
  before(parsed.root());
  remove();
}

node document::create_element(std::string_view name) {
  const name_id id = checked_name(*store_, name, !store_->xml);
  const std::uint32_t made = store_->make(html_element(id), 0, 0, no_source);
  if (id == names::template_) {
    const std::uint32_t content =
        store_->make(make_meta(node_type::fragment, space::none, 0), 0, 0, no_source);
    store_->append(made, content);
  }
  return access::make(*store_, made);
}

node document::create_text(std::string_view text) {
  const slice kept = keep(*store_, text);
  return access::make(
      *store_, store_->make(make_meta(node_type::text, space::none, 0), kept.offset, kept.length, no_source));
}

node document::create_comment(std::string_view text) {
  const slice kept = keep(*store_, text);
  return access::make(*store_, store_->make(make_meta(node_type::comment, space::none, 0), kept.offset,
                                            kept.length, no_source));
}

}  // namespace tidewire::html
