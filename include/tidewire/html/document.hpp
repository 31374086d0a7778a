/// @file
/// The document tree: `document`, which owns everything, and `node`, a small value that points into it.
///
/// The names follow the DOM (children, next_sibling) and BeautifulSoup (find_all, select_one, get_text).
#pragma once

#include <tidewire/html/export.hpp>
#include <tidewire/html/parse_error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::html {

class document;
class node;
class selector;

namespace detail {
struct document_store;
struct access;
}  // namespace detail

/// What a node is.
enum class node_type : std::uint8_t {
  document,                ///< The root of a document.
  doctype,                 ///< `<!DOCTYPE html>`
  element,                 ///< `<p class=x>`
  text,                    ///< Characters.
  comment,                 ///< `<!-- ... -->`
  processing_instruction,  ///< `<?target data?>`; only the XML reader makes these.
  fragment,                ///< The contents of a `<template>`, or the root of what `parse_fragment` returned.
};

/// One attribute. The views live as long as the document is not changed.
struct attribute {
  std::string_view name;           ///< As the DOM's qualified name: `href`, `xlink:href`.
  std::string_view value;          ///< With character references decoded.
  std::string_view local_name;     ///< Without prefix.
  std::string_view namespace_uri;  ///< Empty for nearly all.
};

/// How the document was given its rendering mode by its DOCTYPE.
enum class quirks_mode : std::uint8_t { no_quirks, limited_quirks, quirks };

/// Which limit of `parse_options` cut a document short.
enum class limit_kind : std::uint8_t { none, bytes, nodes, depth, attributes, memory };

/// The attributes of an element, in the order of the source.
class TIDEWIRE_HTML_API attribute_range {
 public:
  class iterator {
   public:
    using value_type = attribute;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using reference = attribute;
    using pointer = void;
    iterator() = default;
    attribute operator*() const { return range_->at(index_); }
    iterator& operator++() {
      ++index_;
      return *this;
    }
    iterator operator++(int) {
      iterator old = *this;
      ++index_;
      return old;
    }
    friend bool operator==(const iterator& left, const iterator& right) {
      return left.index_ == right.index_;
    }

   private:
    friend class attribute_range;
    iterator(const attribute_range* range, std::size_t index) : range_(range), index_(index) {}
    const attribute_range* range_ = nullptr;
    std::size_t index_ = 0;
  };

  [[nodiscard]] iterator begin() const { return {this, 0}; }
  [[nodiscard]] iterator end() const { return {this, size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// The attribute at `index`, which must be less than `size()`.
  [[nodiscard]] attribute at(std::size_t index) const;

 private:
  friend class node;
  const detail::document_store* store_ = nullptr;
  std::uint32_t first_ = 0;
  std::uint32_t size_ = 0;
};

namespace detail {
enum class axis : std::uint8_t {
  children,
  child_elements,
  descendants,
  descendant_elements,
  ancestors,
  next_siblings,
  previous_siblings,
  following,
  preceding,
};
}  // namespace detail

class node_range;

/// What `find` wants of attributes: `{{"class", "price"}, {"href", std::nullopt}}`. It refers to its parts:
/// write it in the call.
using attribute_filter = std::initializer_list<std::pair<std::string_view, std::optional<std::string_view>>>;

/// A place in a document: the document and a number, sixteen bytes, copied freely. It owns nothing.
///
/// A default `node` is null: false in a condition. Every read of a null node is allowed and gives nothing (an
/// empty text, a null node, an empty range), so a chain like `doc.select_one("h1").parent().text()` needs no
/// checks in between; a change of a null node throws `condition::misuse`.
///
/// A node stays valid, even when it was removed from the tree, until its document is destroyed. In debug
/// builds of the library a use after that throws `condition::misuse`; in release builds it is undefined.
///
/// String views that a node returns stay valid until the document is changed or destroyed.
///
/// Thread safety: any number of threads may read one document; a change needs that nobody else uses it.
class TIDEWIRE_HTML_API node {
 public:
  node() noexcept = default;
  [[nodiscard]] explicit operator bool() const noexcept { return index_ != 0; }
  /// So that `select_one("td")->text()` reads as with a pointer; a null node answers as said above.
  [[nodiscard]] const node* operator->() const noexcept { return this; }
  friend bool operator==(const node& left, const node& right) noexcept {
    return left.store_ == right.store_ && left.index_ == right.index_;
  }

  /// @name What it is
  /// @{
  [[nodiscard]] node_type type() const;
  [[nodiscard]] bool is_element() const { return index_ != 0 && type() == node_type::element; }
  [[nodiscard]] bool is_text() const { return index_ != 0 && type() == node_type::text; }
  /// Of an element its qualified name ("div", "svg:rect" only where XML had a prefix), lower case in HTML; of
  /// a doctype its name; of a processing instruction its target; "#text", "#comment", "#document" or
  /// "#document-fragment" of the others; "" of null.
  [[nodiscard]] std::string_view name() const;
  /// The name without a prefix.
  [[nodiscard]] std::string_view local_name() const;
  /// The namespace of an element: "http://www.w3.org/1999/xhtml" for HTML.
  [[nodiscard]] std::string_view namespace_uri() const;
  /// The characters of a text, comment or processing instruction; "" of the others.
  [[nodiscard]] std::string_view value() const;
  /// Public and system identifier of a doctype.
  [[nodiscard]] std::string_view public_id() const;
  [[nodiscard]] std::string_view system_id() const;
  /// Byte offset, in the input as it was given, of the `<` of a tag or of the first character of a text;
  /// nothing for what the parser implied or a program made.
  [[nodiscard]] std::optional<std::uint64_t> source_offset() const;
  /// A number that is unique in its document, from 1 up, in the order in which the nodes were made.
  [[nodiscard]] std::uint32_t id() const noexcept { return index_; }
  /// @}

  /// @name Attributes
  /// Names are matched without regard to ASCII case on HTML elements of HTML documents, else exactly.
  /// @{
  /// The value, or `otherwise`. @see find_attribute to tell an empty attribute from none
  [[nodiscard]] std::string_view attribute(std::string_view name, std::string_view otherwise = {}) const;
  [[nodiscard]] std::optional<std::string_view> find_attribute(std::string_view name) const;
  [[nodiscard]] bool has_attribute(std::string_view name) const { return find_attribute(name).has_value(); }
  [[nodiscard]] attribute_range attributes() const;
  /// The value of `id`.
  [[nodiscard]] std::string_view id_attribute() const { return attribute("id"); }
  /// Has the `class` attribute this word?
  [[nodiscard]] bool has_class(std::string_view word) const;
  /// The words of the `class` attribute.
  [[nodiscard]] std::vector<std::string_view> classes() const;
  /// @}

  /// @name Neighbours
  /// Null where there is none. `*_element` skip what is not an element.
  /// @{
  [[nodiscard]] node parent() const;
  [[nodiscard]] node first_child() const;
  [[nodiscard]] node last_child() const;
  [[nodiscard]] node next_sibling() const;
  [[nodiscard]] node previous_sibling() const;
  [[nodiscard]] node first_child_element() const;
  [[nodiscard]] node next_element_sibling() const;
  [[nodiscard]] node previous_element_sibling() const;
  /// The next and previous node in document order (BeautifulSoup's `next_element`, `previous_element`).
  [[nodiscard]] node next() const;
  [[nodiscard]] node previous() const;
  /// The topmost node above this one, or itself.
  [[nodiscard]] node root() const;
  /// The contents of a `<template>`: a fragment. As in the DOM they are no children of the element.
  [[nodiscard]] node template_content() const;
  [[nodiscard]] node_range children() const;
  [[nodiscard]] node_range child_elements() const;
  [[nodiscard]] node_range descendants() const;
  [[nodiscard]] node_range descendant_elements() const;
  [[nodiscard]] node_range ancestors() const;
  [[nodiscard]] node_range next_siblings() const;
  [[nodiscard]] node_range previous_siblings() const;
  /// All nodes after this one in document order, its descendants first; all before it, nearest first.
  [[nodiscard]] node_range next_nodes() const;
  [[nodiscard]] node_range previous_nodes() const;
  /// Is `other` this node or inside it?
  [[nodiscard]] bool contains(const node& other) const;
  /// @}

  /// @name Search
  /// A selector given as text is compiled at each call: keep a `selector` for what is used often. A text that
  /// is no selector throws `error` with `condition::misuse`; its detail says what is wrong and where.
  /// @{
  /// The elements below that match, in document order. @see selector
  [[nodiscard]] std::vector<node> select(std::string_view selector) const;
  [[nodiscard]] std::vector<node> select(const selector& compiled) const;
  /// The first of them, or null.
  [[nodiscard]] node select_one(std::string_view selector) const;
  [[nodiscard]] node select_one(const selector& compiled) const;
  /// The strings that a selector with `::text` or `::attr(name)` asks for. @see selector::extract
  [[nodiscard]] std::vector<std::string> extract(std::string_view selector) const;
  /// Does this element match?
  [[nodiscard]] bool matches(std::string_view selector) const;
  /// This element or its nearest ancestor that matches, or null.
  [[nodiscard]] node closest(std::string_view selector) const;
  /// The first, and all, elements below of this name ("" for any) that have these attributes: an attribute
  /// with the value given, or (`std::nullopt`) with any. The value of `class` is one word that must be among
  /// the element's. Names are matched as `attribute` does.
  [[nodiscard]] node find(std::string_view name, attribute_filter attributes = {}) const;
  [[nodiscard]] std::vector<node> find_all(std::string_view name, attribute_filter attributes = {}) const;
  /// The first, and all, nodes below of any type that `wanted` accepts.
  [[nodiscard]] node find_if(const std::function<bool(const node&)>& wanted) const;
  [[nodiscard]] std::vector<node> find_all_if(const std::function<bool(const node&)>& wanted) const;
  /// The nearest ancestor of this name.
  [[nodiscard]] node find_parent(std::string_view name) const;
  /// The next, or previous, sibling element of this name.
  [[nodiscard]] node find_next_sibling(std::string_view name) const;
  [[nodiscard]] node find_previous_sibling(std::string_view name) const;
  /// @}

  /// @name Text
  /// @{
  /// All text below, as the DOM's `textContent`: nothing added, nothing removed.
  [[nodiscard]] std::string text() const;
  /// The text nodes below (without those of script, style and template), each stripped of white space at its
  /// ends and left out if empty where `strip`, joined by `separator`: BeautifulSoup's `get_text`.
  [[nodiscard]] std::string get_text(std::string_view separator = {}, bool strip = false) const;
  /// The same pieces, one by one. The views live as long as the document is not changed.
  [[nodiscard]] std::vector<std::string_view> strings(bool strip = false) const;
  /// @}

  /// @name Change
  /// A node has one place: where it is put, it leaves the place it had. A node of another document is copied
  /// with all in it, and the copy returned. A fragment is emptied into the place. Throws `error`:
  /// `condition::misuse` for a null node, a place that cannot have children, a node put into itself, a name
  /// that is none; `condition::limit_exceeded` when a document's texts exceed 2 GiB. Views of texts and
  /// attributes of this document are invalid after a change; nodes stay valid.
  /// @{
  /// Puts `child` last, or first, in this node. Of a `<template>` that is in its contents.
  node append(node child) const;
  node prepend(node child) const;
  /// Puts `sibling` directly before, or after, this node.
  node before(node sibling) const;
  node after(node sibling) const;
  /// Puts `other` in this node's place, and takes this one out.
  node replace_with(node other) const;
  /// Takes this node, with all in it, out of the tree. It can be put back elsewhere.
  void remove() const;
  /// Takes all children out.
  void clear() const;
  /// Puts `wrapper` in this node's place and this node last in it.
  node wrap(node wrapper) const;
  /// Puts the children in this node's place, and takes this node out.
  void unwrap() const;
  /// A copy outside the tree, with all in it if `deep`.
  [[nodiscard]] node clone(bool deep = true) const;

  /// Sets an attribute of an element, in no namespace. On HTML elements of HTML documents the name is folded
  /// to lower case.
  void set_attribute(std::string_view name, std::string_view value) const;
  /// Removes an attribute. False if there was none.
  bool remove_attribute(std::string_view name) const;
  /// Adds a word to `class`, or removes it. False if nothing was to be done.
  bool add_class(std::string_view word) const;
  bool remove_class(std::string_view word) const;
  /// Sets the characters of a text, comment or instruction; replaces all children of others by one text.
  void set_text(std::string_view text) const;
  /// Parses `html` in the context of this element, and replaces its children (`innerHTML`).
  void set_inner_html(std::string_view html) const;
  /// Parses `html` in the context of the parent, and puts it in this node's place (`outerHTML`).
  void set_outer_html(std::string_view html) const;
  /// @}

  /// @name Markup
  /// @{
  /// The element and all in it, serialised per the standard (13.3), the element itself included; of a
  /// document that the XML reader made, XML.
  [[nodiscard]] std::string html() const;
  /// Only what is in it: the standard's fragment serialisation.
  [[nodiscard]] std::string inner_html() const;
  /// @}

  /// Friends of the implementation.
  /// @cond
 private:
  friend struct detail::access;
  friend class document;
  node(detail::document_store* store, std::uint32_t index, std::uint32_t ticket) noexcept
      : store_(store), index_(index), ticket_(ticket) {}
  [[nodiscard]] node at(std::uint32_t index) const noexcept;
  detail::document_store* store_ = nullptr;
  std::uint32_t index_ = 0;
  std::uint32_t ticket_ = 0;
  /// @endcond
};

/// A lazy sequence of nodes: `for (node child : element.children())`. It may not be used across a change of
/// the tree that removes the node it stands at.
class TIDEWIRE_HTML_API node_range {
 public:
  class TIDEWIRE_HTML_API iterator {
   public:
    using value_type = node;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using reference = node;
    using pointer = const node*;
    iterator() = default;
    node operator*() const { return current_; }
    const node* operator->() const { return &current_; }
    iterator& operator++();
    iterator operator++(int) {
      iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const iterator& left, const iterator& right) {
      return left.current_ == right.current_;
    }

   private:
    friend class node_range;
    node current_;
    node root_;
    detail::axis axis_ = detail::axis::children;
  };
  [[nodiscard]] iterator begin() const;
  [[nodiscard]] iterator end() const { return {}; }
  [[nodiscard]] bool empty() const { return begin() == end(); }
  /// All of them, in a vector.
  [[nodiscard]] std::vector<node> to_vector() const;

 private:
  friend class node;
  node root_;
  detail::axis axis_ = detail::axis::children;
};

/// A parsed document. It owns its tree, its source and its texts; all of it dies with it, in time that does
/// not depend on the number of nodes. Movable (nodes stay valid), also to another thread; not copyable.
class TIDEWIRE_HTML_API document {
 public:
  /// An empty document: no doctype, no elements.
  document();
  document(document&&) noexcept;
  document& operator=(document&&) noexcept;
  ~document();

  /// The document node, or the fragment that `parse_fragment` returned.
  [[nodiscard]] node root() const;
  operator node() const { return root(); }  // NOLINT: a document is its root
  /// The document element: `<html>`, or the root element of XML.
  [[nodiscard]] node document_element() const;
  [[nodiscard]] node head() const;
  [[nodiscard]] node body() const;
  [[nodiscard]] node doctype() const;
  /// The text of the first `<title>`, white space stripped and collapsed.
  [[nodiscard]] std::string title() const;

  /// The node with this `node::id`, null if there is none.
  [[nodiscard]] node by_id(std::uint32_t id) const;
  /// How the doctype set the rendering mode.
  [[nodiscard]] quirks_mode quirks() const noexcept;
  /// Was it read by the XML reader?
  [[nodiscard]] bool is_xml() const noexcept;
  /// The name of the encoding it was decoded from: "UTF-8", "windows-1252", ... as the Encoding standard has
  /// it.
  [[nodiscard]] std::string_view encoding() const noexcept;
  /// The limit that cut the parse short, or `none`. What was parsed before stays.
  [[nodiscard]] limit_kind limit_reached() const noexcept;
  /// The errors that were asked for with `parse_options::max_errors`, in the order of the source.
  [[nodiscard]] std::span<const parse_error> errors() const noexcept;
  /// The decoded source: UTF-8, newlines normalised.
  [[nodiscard]] std::string_view source() const noexcept;

  /// Nodes made so far, removed ones included.
  [[nodiscard]] std::size_t node_count() const noexcept;
  /// Bytes that the tree holds: nodes, attributes, names, and texts that are no slices of the source. Without
  /// the source itself, and without what `select` makes of it.
  [[nodiscard]] std::size_t memory_used() const noexcept;

  /// @name New nodes, outside the tree
  /// `name` as in a tag; it is folded to lower case in an HTML document. Throws `error`, `condition::misuse`,
  /// if it is no name.
  /// @{
  [[nodiscard]] node create_element(std::string_view name);
  [[nodiscard]] node create_text(std::string_view text);
  [[nodiscard]] node create_comment(std::string_view text);
  /// @}

  /// @name The same as on `root()`
  /// @{
  [[nodiscard]] std::string text() const { return root().text(); }
  [[nodiscard]] std::string get_text(std::string_view separator = {}, bool strip = false) const {
    return root().get_text(separator, strip);
  }
  [[nodiscard]] std::string html() const { return root().html(); }
  [[nodiscard]] std::vector<node> select(std::string_view selector) const { return root().select(selector); }
  [[nodiscard]] std::vector<node> select(const selector& compiled) const { return root().select(compiled); }
  [[nodiscard]] node select_one(std::string_view selector) const { return root().select_one(selector); }
  [[nodiscard]] node select_one(const selector& compiled) const { return root().select_one(compiled); }
  [[nodiscard]] std::vector<std::string> extract(std::string_view selector) const {
    return root().extract(selector);
  }
  [[nodiscard]] node find(std::string_view name, attribute_filter attributes = {}) const {
    return root().find(name, attributes);
  }
  [[nodiscard]] std::vector<node> find_all(std::string_view name, attribute_filter attributes = {}) const {
    return root().find_all(name, attributes);
  }
  /// @}

  /// @cond
 private:
  friend struct detail::access;
  explicit document(std::unique_ptr<detail::document_store> store) noexcept;
  std::unique_ptr<detail::document_store> store_;
  /// @endcond
};

}  // namespace tidewire::html
