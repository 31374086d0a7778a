// What a document owns: 32-byte nodes addressed by 32-bit numbers, attributes of eight bytes, and texts that
// are slices of the source or of a pool.
#pragma once

#include <tidewire/html/document.hpp>

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "names.hpp"

namespace tidewire::html::detail {

// A vector of plain data that grows by realloc and never clears memory.
template <class T>
class plain_vector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  plain_vector() noexcept = default;
  plain_vector(const plain_vector&) = delete;
  plain_vector& operator=(const plain_vector&) = delete;
  plain_vector(plain_vector&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  plain_vector& operator=(plain_vector&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~plain_vector() { std::free(data_); }

  T& operator[](std::size_t index) noexcept { return data_[index]; }
  const T& operator[](std::size_t index) const noexcept { return data_[index]; }
  T& back() noexcept { return data_[size_ - 1]; }
  const T* data() const noexcept { return data_; }
  T* data() noexcept { return data_; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }
  std::uint32_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t memory() const noexcept { return std::size_t{capacity_} * sizeof(T); }
  void clear() noexcept { size_ = 0; }
  void truncate(std::uint32_t size) noexcept { size_ = size; }
  void pop_back() noexcept { --size_; }

  void reserve(std::size_t capacity) {
    if (capacity > capacity_) reallocate(capacity);
  }
  // Gives back what is not used, if there is enough of it to be worth the call.
  void trim() {
    if (size_ == 0)
      *this = plain_vector();
    else if (capacity_ - size_ > size_ / 64)
      reallocate(size_);
  }
  void push_back(const T& value) {
    if (size_ == capacity_) [[unlikely]] {
      const T copy = value;
      grow();
      data_[size_++] = copy;
      return;
    }
    data_[size_++] = value;
  }
  // Makes room for one more, which the caller fills.
  T& emplace_back() {
    if (size_ == capacity_) [[unlikely]]
      grow();
    return data_[size_++];
  }
  void resize(std::uint32_t size, const T& value) {
    reserve(size);
    for (std::uint32_t i = size_; i < size; ++i) data_[i] = value;
    size_ = size;
  }
  void append(const T* from, std::uint32_t count) {
    const std::size_t wanted = std::size_t{size_} + count;
    if (wanted > capacity_) reallocate(std::max<std::size_t>(wanted, std::size_t{capacity_} * 2));
    if (count != 0) std::memcpy(static_cast<void*>(data_ + size_), from, count * sizeof(T));
    size_ += count;
  }

 private:
  [[gnu::noinline]] void grow() { reallocate(capacity_ == 0 ? 16 : std::size_t{capacity_} * 2); }
  void reallocate(std::size_t capacity) {
    if (capacity > UINT32_MAX) {
      if (size_ == UINT32_MAX) throw std::length_error("plain_vector");
      capacity = UINT32_MAX;
    }
    void* fresh = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
    if (fresh == nullptr) throw std::bad_alloc();
    data_ = static_cast<T*>(fresh);
    capacity_ = static_cast<std::uint32_t>(capacity);
  }

  T* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

// A piece of text: where it is and how long. Below pool_base it is in the source, else in the pool.
struct slice {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};
inline constexpr std::uint32_t pool_base = 0x80000000U;

// Texts that are not in the source. What is in it never moves; segments are found by the offset's upper bits.
class text_pool {
 public:
  text_pool() noexcept = default;
  text_pool(const text_pool&) = delete;
  text_pool& operator=(const text_pool&) = delete;

  // Room for `length` bytes in one piece. Throws std::length_error beyond 2 GiB.
  char* allocate(std::size_t length, std::uint32_t& offset) {
    if (length > std::size_t{end_ - next_} || segments_.empty()) add_segment(length);
    offset = pool_base + next_;
    char* at = address(offset);
    next_ += static_cast<std::uint32_t>(length);
    return at;
  }
  // Makes the text that ends at `end` (an offset) longer by `length` if it is the last and there is room.
  bool extend(std::uint32_t end, std::size_t length) noexcept {
    if (end != pool_base + next_ || length > std::size_t{end_ - next_}) return false;
    next_ += static_cast<std::uint32_t>(length);
    return true;
  }
  // Does what is at `offset` lie right behind what has the offsets before it?
  bool joins(std::uint32_t offset) const noexcept { return address(offset - 1) + 1 == address(offset); }
  // Gives back the end of what was allocated last.
  void shrink(std::uint32_t end) noexcept { next_ = end - pool_base; }
  char* address(std::uint32_t offset) const noexcept {
    const std::uint32_t place = offset - pool_base;
    return segments_[place >> segment_bits] + (place & (segment_size - 1));
  }
  slice add(std::string_view text) {
    slice made;
    char* at = allocate(text.size(), made.offset);
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    made.length = static_cast<std::uint32_t>(text.size());
    return made;
  }
  std::size_t memory() const noexcept { return memory_; }
  void clear() noexcept {
    segments_.clear();
    owned_.clear();
    next_ = end_ = 0;
    memory_ = 0;
  }

 private:
  static constexpr unsigned segment_bits = 16;
  static constexpr std::uint32_t segment_size = 1U << segment_bits;
  static constexpr std::size_t first_segment = 1024;
  void add_segment(std::size_t length);

  std::vector<char*> segments_;
  std::vector<std::unique_ptr<char[]>> owned_;
  std::uint32_t next_ = 0;
  std::uint32_t end_ = 0;
  std::size_t memory_ = 0;
};

enum class space : std::uint8_t { html, svg, mathml, none, other, xlink, xml, xmlns };
std::string_view namespace_uri_of(space where) noexcept;

// meta: name 24 bits, type 3, namespace 3, flags 2.
inline constexpr std::uint32_t name_mask = max_name_id;
inline constexpr unsigned type_shift = 24;
inline constexpr unsigned space_shift = 27;
inline constexpr std::uint32_t type_mask = 7U << type_shift;
inline constexpr std::uint32_t space_mask = 7U << space_shift;
inline constexpr std::uint32_t grown_flag = 1U << 30;  // the text or the attributes have room up to bit_ceil
inline constexpr std::uint32_t open_flag = 1U << 31;   // while parsing: on the stack of open elements
inline constexpr std::uint32_t kind_mask = name_mask | type_mask | space_mask;

constexpr std::uint32_t make_meta(node_type type, space where, name_id name) noexcept {
  return name | static_cast<std::uint32_t>(type) << type_shift |
         static_cast<std::uint32_t>(where) << space_shift;
}
constexpr std::uint32_t html_element(name_id name) noexcept {
  return make_meta(node_type::element, space::html, name);
}

inline constexpr std::uint32_t no_source = UINT32_MAX;

// `first_child->prev` is the last child. `a` and `b`: of an element the first of its attributes and their
// number, of a doctype the same for its identifiers, of a text, comment or instruction its slice.
struct node_record {
  std::uint32_t parent;
  std::uint32_t first;
  std::uint32_t next;
  std::uint32_t prev;
  std::uint32_t meta;
  std::uint32_t a;
  std::uint32_t b;
  std::uint32_t source;

  node_type type() const noexcept { return static_cast<node_type>(meta >> type_shift & 7U); }
  space where() const noexcept { return static_cast<space>(meta >> space_shift & 7U); }
  name_id name() const noexcept { return meta & name_mask; }
  bool is_element() const noexcept { return type() == node_type::element; }
  bool is_html(name_id tag) const noexcept { return (meta & kind_mask) == html_element(tag); }
  bool is_text() const noexcept { return type() == node_type::text; }
};
static_assert(sizeof(node_record) == 32);

// An attribute as it is read: by value.
struct attr_record {
  std::uint32_t name;  // name 24 bits, namespace from space_shift up
  std::uint32_t offset;
  std::uint32_t length;
  name_id id() const noexcept { return name & name_mask; }
  space where() const noexcept { return static_cast<space>(name >> space_shift & 7U); }
};
constexpr std::uint32_t attribute_name(space where, name_id name) noexcept {
  return name | static_cast<std::uint32_t>(where) << space_shift;
}

// The attributes of all elements, eight bytes each: a name of twelve bits and a length of twenty. The few
// that need more, and those in a namespace, are kept whole elsewhere.
class attr_list {
 public:
  attr_record operator[](std::size_t index) const noexcept {
    const packed& kept = packed_[index];
    if (kept.name() == elsewhere) [[unlikely]]
      return wide_[kept.offset];
    return {kept.name(), kept.offset, kept.length()};
  }
  void push_back(const attr_record& attr) { packed_.push_back(pack(attr)); }
  void set(std::size_t index, const attr_record& attr) { packed_[index] = pack(attr); }
  // The place in [first, first + count) of the attribute `name`, or first + count.
  std::uint32_t find(std::uint32_t first, std::uint32_t count, std::uint32_t name) const noexcept {
    const std::uint32_t end = first + count;
    for (std::uint32_t at = first; at != end; ++at) {
      const packed& kept = packed_[at];
      if (kept.name() == elsewhere ? wide_[kept.offset].name == name : kept.name() == name) return at;
    }
    return end;
  }
  std::uint32_t size() const noexcept { return packed_.size(); }
  std::size_t memory() const noexcept { return packed_.memory() + wide_.memory(); }
  void reserve(std::size_t capacity) { packed_.reserve(capacity); }
  void trim() {
    packed_.trim();
    wide_.trim();
  }
  void clear() noexcept {
    packed_.clear();
    wide_.clear();
  }
  // Drops the last, which no element has.
  void truncate(std::uint32_t size) noexcept {
    for (std::uint32_t at = wide_.empty() ? size : packed_.size(); at != size; --at)
      if (packed_[at - 1].name() == elsewhere && packed_[at - 1].offset + 1 == wide_.size()) wide_.pop_back();
    packed_.truncate(size);
  }

 private:
  static constexpr unsigned name_bits = 12;
  static constexpr std::uint32_t elsewhere = (1U << name_bits) - 1;
  static constexpr std::uint32_t most_length = UINT32_MAX >> name_bits;
  struct packed {
    std::uint32_t offset;  // of the value; in wide_, if the name is `elsewhere`
    std::uint32_t length_and_name;
    std::uint32_t name() const noexcept { return length_and_name & elsewhere; }
    std::uint32_t length() const noexcept { return length_and_name >> name_bits; }
  };
  static_assert(sizeof(packed) == 8 && known_name_count < elsewhere);
  packed pack(const attr_record& attr) {
    if (attr.name < elsewhere && attr.length <= most_length) [[likely]]
      return {attr.offset, attr.length << name_bits | attr.name};
    wide_.push_back(attr);
    return {wide_.size() - 1, elsewhere};
  }

  plain_vector<packed> packed_;
  plain_vector<attr_record> wide_;
};

// A name of XML that is none of the plain ones: what a node or attribute of space::other points at.
struct qualified_name {
  name_id local = 0;
  std::string_view prefix;
  std::string_view whole;  // prefix:local
  std::string_view uri;
};

// What a doctype keeps in its "attributes".
inline constexpr name_id public_id_name = 1;
inline constexpr name_id system_id_name = 2;

struct raw_error {
  std::uint32_t offset;
  parse_error_code code;
};

// From `offset` of the decoded source on, the input as given is `delta` bytes further.
struct offset_shift {
  std::uint32_t offset;
  std::int64_t delta;
};

struct selector_program;
struct select_index;
struct select_index_deleter {
  void operator()(select_index* index) const noexcept;
};

struct document_store {
  document_store();
  ~document_store();
  document_store(const document_store&) = delete;
  document_store& operator=(const document_store&) = delete;
  // Back to an empty document, its memory kept.
  void clear();
  // Gives back the memory that the tree does not need.
  void trim();
  std::size_t memory() const noexcept;

  plain_vector<node_record> nodes;  // [0] is nobody, [1] the root
  attr_list attrs;
  text_pool pool;
  name_table own_names;
  std::vector<qualified_name> qualified;

  const char* source = "";
  std::uint32_t source_size = 0;
  std::string owned_source;
  std::vector<offset_shift> shifts;

  std::vector<parse_error> errors;
  quirks_mode quirks = quirks_mode::no_quirks;
  limit_kind limit = limit_kind::none;
  bool xml = false;
  std::string_view encoding = "UTF-8";
  std::uint32_t ticket = 0;

  // Made when first asked for, dropped by every change.
  mutable std::atomic<const select_index*> index{nullptr};
  mutable std::mutex index_mutex;
  mutable std::unique_ptr<select_index, select_index_deleter> index_owner;

  static constexpr std::uint32_t root = 1;

  node_record& operator[](std::uint32_t node) noexcept { return nodes[node]; }
  const node_record& operator[](std::uint32_t node) const noexcept { return nodes[node]; }

  const char* address(std::uint32_t offset) const noexcept {
    return offset < pool_base ? source + offset : pool.address(offset);
  }
  std::string_view view(slice text) const noexcept {
    return text.length == 0 ? std::string_view() : std::string_view(address(text.offset), text.length);
  }
  std::string_view text(const node_record& node) const noexcept { return view({node.a, node.b}); }
  std::string_view value(const attr_record& attr) const noexcept { return view({attr.offset, attr.length}); }
  std::string_view spelling(name_id name) const noexcept { return own_names.spelling(name); }
  name_id intern(std::string_view name) {
    return own_names.intern(name, [this](std::string_view text) { return view(pool.add(text)); });
  }
  std::string_view element_local_name(const node_record& node) const noexcept;
  std::string_view element_prefix(const node_record& node) const noexcept;
  std::string_view element_namespace(const node_record& node) const noexcept;
  // With the prefix, where there is one.
  std::string_view element_qualified_name(const node_record& node) const noexcept;
  std::string_view attr_qualified_name(const attr_record& attr) const noexcept;
  std::string_view attr_local_name(const attr_record& attr) const noexcept;
  std::string_view attr_prefix(const attr_record& attr) const noexcept;
  std::string_view attr_namespace(const attr_record& attr) const noexcept;

  std::uint32_t last_child(std::uint32_t parent) const noexcept {
    const std::uint32_t first = nodes[parent].first;
    return first == 0 ? 0 : nodes[first].prev;
  }
  std::uint32_t previous_sibling(std::uint32_t node) const noexcept {
    const node_record& record = nodes[node];
    return record.parent == 0 || nodes[record.parent].first == node ? 0 : record.prev;
  }
  // Does `node` have children that a reader of the tree sees? A template keeps its own apart.
  bool is_template(std::uint32_t node) const noexcept { return nodes[node].is_html(names::template_); }
  std::uint32_t template_content(std::uint32_t node) const noexcept {
    return is_template(node) ? nodes[node].first : 0;
  }
  std::uint32_t first_child(std::uint32_t node) const noexcept {
    const std::uint32_t first = nodes[node].first;
    return first != 0 && nodes[first].type() == node_type::fragment ? 0 : first;
  }
  // The next node in document order within the tree below `top`, or 0. Contents of templates are skipped.
  std::uint32_t next_in(std::uint32_t node, std::uint32_t top) const noexcept {
    const std::uint32_t first = first_child(node);
    return first != 0 ? first : next_skipping(node, top);
  }
  // The same without entering `node`.
  std::uint32_t next_skipping(std::uint32_t node, std::uint32_t top) const noexcept {
    while (node != top) {
      const node_record& record = nodes[node];
      if (record.next != 0) return record.next;
      node = record.parent;
      if (node == 0) return 0;
    }
    return 0;
  }

  std::uint32_t make(std::uint32_t meta, std::uint32_t a, std::uint32_t b, std::uint32_t source_at) {
    const std::uint32_t made = nodes.size();
    node_record& record = nodes.emplace_back();
    record = {0, 0, 0, 0, meta, a, b, source_at};
    return made;
  }
  void append(std::uint32_t parent, std::uint32_t child) noexcept {
    node_record& above = nodes[parent];
    node_record& record = nodes[child];
    record.parent = parent;
    record.next = 0;
    if (above.first == 0) {
      above.first = child;
      record.prev = child;
    } else {
      node_record& first = nodes[above.first];
      nodes[first.prev].next = child;
      record.prev = first.prev;
      first.prev = child;
    }
  }
  void insert_before(std::uint32_t child, std::uint32_t before) noexcept;
  void remove(std::uint32_t child) noexcept;
  // Moves all children of `from` to the end of `to`.
  void move_children(std::uint32_t from, std::uint32_t to) noexcept;

  // Appends to the text of a text node.
  void append_text(std::uint32_t node, const char* text, std::size_t length);
  void append_slice(std::uint32_t node, slice text) {
    node_record& record = nodes[node];
    if (record.a + record.b == text.offset && record.b != 0 && (record.meta & grown_flag) == 0 &&
        (text.offset < pool_base || pool.joins(text.offset))) {
      record.b += text.length;
      return;
    }
    append_text(node, address(text.offset), text.length);
  }

  // The attribute of that name, which says the namespace, too: see attribute_name.
  std::optional<attr_record> find_attr(const node_record& element, std::uint32_t name) const noexcept {
    const std::uint32_t place = attrs.find(element.a, element.b, name);
    if (place == element.a + element.b) return std::nullopt;
    return attrs[place];
  }
  bool has_attr(const node_record& element, std::uint32_t name) const noexcept {
    return attrs.find(element.a, element.b, name) != element.a + element.b;
  }
  std::string_view attr_value(const node_record& element, name_id name) const noexcept {
    const std::optional<attr_record> attr = find_attr(element, name);
    return attr ? value(*attr) : std::string_view();
  }
  // The place among `attrs` of the attribute that a program means by `name` (its qualified name, in lower
  // case on HTML elements), or what is behind the element's last.
  std::uint32_t attr_place(const node_record& element, std::string_view name) const;
  std::optional<attr_record> find_attr_named(const node_record& element, std::string_view name) const {
    const std::uint32_t place = attr_place(element, name);
    if (place == element.a + element.b) return std::nullopt;
    return attrs[place];
  }
  void add_attr(std::uint32_t element, attr_record attr);
  // Gives an element attributes of its own: copies share theirs until one is changed.
  void own_attrs(std::uint32_t element);
  // Drops the last attribute of an element that owns its own.
  void shrink_attrs(std::uint32_t element);
  // A copy of one node without its children.
  std::uint32_t clone_shallow(std::uint32_t node);

  std::uint64_t original_offset(std::uint32_t offset) const noexcept;
  void changed() noexcept;
  void set_errors(const std::vector<raw_error>& found, std::size_t max);
};

struct access {
  static node make(const document_store& store, std::uint32_t index) noexcept {
    return index == 0 ? node() : node(const_cast<document_store*>(&store), index, store.ticket);
  }
  static document_store* store(const node& from) noexcept { return from.store_; }
  static document_store* store(const document& from) noexcept { return from.store_.get(); }
  static std::uint32_t index(const node& from) noexcept { return from.index_; }
  static const selector_program& program(const selector& compiled) noexcept;
  static document wrap(std::unique_ptr<document_store> store) noexcept { return document(std::move(store)); }
  static std::unique_ptr<document_store> unwrap(document&& from) noexcept { return std::move(from.store_); }
  static void check(const node& from);
};

}  // namespace tidewire::html::detail
