#include "store.hpp"

#include <tidewire/base/error.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "scan.hpp"
#include "select_index.hpp"

namespace tidewire::html::detail {

namespace {

// Debug builds know which documents are alive, so that a node of a dead one is told without touching it.
#ifndef NDEBUG
constexpr std::uint32_t ticket_slots = 4096;
constexpr std::uint32_t untracked = UINT32_MAX;
std::atomic<std::uint32_t> live_tickets[ticket_slots];
std::atomic<std::uint32_t> last_ticket{0};

std::uint32_t take_ticket() noexcept {
  for (std::uint32_t tries = 0; tries < ticket_slots; ++tries) {
    const std::uint32_t ticket = last_ticket.fetch_add(1, std::memory_order_relaxed) + 1;
    std::uint32_t free = 0;
    if (ticket != 0 && ticket != untracked &&
        live_tickets[ticket % ticket_slots].compare_exchange_strong(free, ticket))
      return ticket;
  }
  return untracked;
}
void give_ticket_back(std::uint32_t ticket) noexcept {
  if (ticket != untracked) live_tickets[ticket % ticket_slots].store(0);
}
#else
std::uint32_t take_ticket() noexcept {
  return 0;
}
void give_ticket_back(std::uint32_t) noexcept {}
#endif

}  // namespace

void access::check([[maybe_unused]] const node& from) {
#ifndef NDEBUG
  if (from.index_ != 0 && from.ticket_ != untracked &&
      live_tickets[from.ticket_ % ticket_slots].load(std::memory_order_relaxed) != from.ticket_)
    throw error(errc::misuse, "a node was used after its document was destroyed");
#endif
}

void text_pool::add_segment(std::size_t length) {
  // Small beside what there is: most pages have hardly any text that is not in the source.
  const std::size_t size =
      std::max(length, std::clamp<std::size_t>(memory_ / 8, first_segment, segment_size));
  const std::size_t count = (size + segment_size - 1) >> segment_bits;
  if (segments_.size() + count > (pool_base >> segment_bits)) throw std::length_error("text pool");
  owned_.push_back(std::make_unique_for_overwrite<char[]>(size));
  memory_ += size;
  next_ = static_cast<std::uint32_t>(segments_.size()) << segment_bits;
  for (std::size_t i = 0; i < count; ++i) segments_.push_back(owned_.back().get() + i * segment_size);
  // The last address of the space is left out: the end must be a number, too.
  end_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{next_} + size, pool_base - 1));
}

std::string_view namespace_uri_of(space where) noexcept {
  static constexpr std::string_view uris[] = {"http://www.w3.org/1999/xhtml",
                                              "http://www.w3.org/2000/svg",
                                              "http://www.w3.org/1998/Math/MathML",
                                              "",
                                              "",
                                              "http://www.w3.org/1999/xlink",
                                              "http://www.w3.org/XML/1998/namespace",
                                              "http://www.w3.org/2000/xmlns/"};
  return uris[static_cast<std::size_t>(where)];
}

void select_index_deleter::operator()(select_index* index) const noexcept {
  delete index;
}

document_store::document_store() : ticket(take_ticket()) {
  clear();
}

document_store::~document_store() {
  give_ticket_back(ticket);
}

void document_store::clear() {
  give_ticket_back(ticket);
  ticket = take_ticket();
  changed();
  nodes.clear();
  nodes.push_back(node_record{});
  nodes.push_back({0, 0, 0, 0, make_meta(node_type::document, space::none, 0), 0, 0, no_source});
  attrs.clear();
  pool.clear();
  own_names.clear();
  qualified.clear();
  source = "";
  source_size = 0;
  owned_source.clear();
  shifts.clear();
  errors.clear();
  quirks = quirks_mode::no_quirks;
  limit = limit_kind::none;
  xml = false;
  encoding = "UTF-8";
}

void document_store::trim() {
  nodes.trim();
  attrs.trim();
}

std::size_t document_store::memory() const noexcept {
  return nodes.memory() + attrs.memory() + pool.memory() + own_names.memory() +
         qualified.capacity() * sizeof(qualified_name);
}

void document_store::changed() noexcept {
  if (index.load(std::memory_order_relaxed) == nullptr) return;
  index.store(nullptr, std::memory_order_relaxed);
  index_owner.reset();
}

std::string_view document_store::element_local_name(const node_record& node) const noexcept {
  return spelling(node.where() == space::other ? qualified[node.name()].local : node.name());
}
std::string_view document_store::element_prefix(const node_record& node) const noexcept {
  return node.where() == space::other ? qualified[node.name()].prefix : std::string_view();
}
std::string_view document_store::element_namespace(const node_record& node) const noexcept {
  return node.where() == space::other ? qualified[node.name()].uri : namespace_uri_of(node.where());
}
std::string_view document_store::attr_local_name(const attr_record& attr) const noexcept {
  return spelling(attr.where() == space::other ? qualified[attr.id()].local : attr.id());
}
std::string_view document_store::attr_prefix(const attr_record& attr) const noexcept {
  switch (attr.where()) {
    case space::other: return qualified[attr.id()].prefix;
    case space::xlink: return "xlink";
    case space::xml: return "xml";
    case space::xmlns: return attr.id() == names::xmlns_ ? std::string_view() : "xmlns";
    default: return {};
  }
}
std::string_view document_store::attr_namespace(const attr_record& attr) const noexcept {
  if (attr.where() == space::other) return qualified[attr.id()].uri;
  return attr.where() == space::html ? std::string_view() : namespace_uri_of(attr.where());
}

std::string_view document_store::element_qualified_name(const node_record& node) const noexcept {
  return node.where() == space::other ? qualified[node.name()].whole : spelling(node.name());
}
std::string_view document_store::attr_qualified_name(const attr_record& attr) const noexcept {
  static constexpr std::pair<name_id, std::string_view> xlink[] = {
      {names::actuate_, "xlink:actuate"}, {names::arcrole_, "xlink:arcrole"}, {names::href_, "xlink:href"},
      {names::role_, "xlink:role"},       {names::show_, "xlink:show"},       {names::title_, "xlink:title"},
      {names::type_, "xlink:type"}};
  switch (attr.where()) {
    case space::other: return qualified[attr.id()].whole;
    case space::xlink:
      for (const auto& [name, whole] : xlink)
        if (name == attr.id()) return whole;
      break;
    case space::xml: return attr.id() == names::lang_ ? "xml:lang" : "xml:space";
    case space::xmlns: return attr.id() == names::xmlns_ ? "xmlns" : "xmlns:xlink";
    default: break;
  }
  return spelling(attr.id());
}

std::uint32_t document_store::attr_place(const node_record& element, std::string_view name) const {
  std::string folded;
  if (!xml && element.where() == space::html && std::any_of(name.begin(), name.end(), ascii::is_upper)) {
    for (char c : name) folded += ascii::to_lower(c);
    name = folded;
  }
  const std::uint32_t end = element.a + element.b;
  if (const name_id id = own_names.find(name))
    if (const std::uint32_t place = attrs.find(element.a, element.b, id); place != end) return place;
  for (std::uint32_t at = element.a; at != end; ++at)
    if (const attr_record attr = attrs[at]; attr.where() != space::html && attr_qualified_name(attr) == name)
      return at;
  return end;
}

void document_store::insert_before(std::uint32_t child, std::uint32_t before) noexcept {
  node_record& record = nodes[child];
  node_record& next = nodes[before];
  const std::uint32_t parent = next.parent;
  record.parent = parent;
  record.next = before;
  record.prev = next.prev;
  if (nodes[parent].first == before)
    nodes[parent].first = child;
  else
    nodes[next.prev].next = child;
  next.prev = child;
}

void document_store::remove(std::uint32_t child) noexcept {
  node_record& record = nodes[child];
  if (record.parent == 0) return;
  node_record& parent = nodes[record.parent];
  if (parent.first == child) {
    parent.first = record.next;
    if (record.next != 0) nodes[record.next].prev = record.prev;
  } else {
    nodes[record.prev].next = record.next;
    nodes[record.next != 0 ? record.next : parent.first].prev = record.prev;
  }
  record.parent = record.next = 0;
  record.prev = child;
}

void document_store::move_children(std::uint32_t from, std::uint32_t to) noexcept {
  std::uint32_t child = nodes[from].first;
  if (child == 0) return;
  const std::uint32_t first = child;
  const std::uint32_t last = nodes[first].prev;
  for (; child != 0; child = nodes[child].next) nodes[child].parent = to;
  nodes[from].first = 0;
  if (nodes[to].first == 0) {
    nodes[to].first = first;
    return;
  }
  node_record& head = nodes[nodes[to].first];
  nodes[head.prev].next = first;
  nodes[first].prev = head.prev;
  head.prev = last;
}

void document_store::append_text(std::uint32_t node, const char* text, std::size_t length) {
  node_record& record = nodes[node];
  if (length > pool_base - record.b) throw std::length_error("text");
  const auto added = static_cast<std::uint32_t>(length);
  if (record.a >= pool_base) {
    const bool grown = (record.meta & grown_flag) != 0;
    if (grown ? std::uint64_t{record.b} + added <= std::bit_ceil(record.b)
              : pool.extend(record.a + record.b, added)) {
      std::memcpy(pool.address(record.a) + record.b, text, added);
      record.b += added;
      return;
    }
  }
  // Taken out of the source it is put at the pool's end, where it can grow; the next time it moves it gets
  // room for as much again, so that growing piece by piece stays linear.
  const bool moved_before = record.a >= pool_base;
  const std::size_t total = std::size_t{record.b} + added;
  std::uint32_t offset;
  char* at = pool.allocate(moved_before ? std::bit_ceil(total) : total, offset);
  std::memcpy(at, address(record.a), record.b);
  std::memcpy(at + record.b, text, added);
  record.a = offset;
  record.b = static_cast<std::uint32_t>(total);
  if (moved_before) record.meta |= grown_flag;
}

void document_store::add_attr(std::uint32_t element, attr_record attr) {
  node_record& record = nodes[element];
  const bool grown = (record.meta & grown_flag) != 0;
  if (!grown || record.b == std::bit_ceil(record.b)) {
    const std::uint32_t capacity = std::bit_ceil(record.b + 1);
    const std::uint32_t first = attrs.size();
    attrs.reserve(std::size_t{first} + capacity);
    for (std::uint32_t i = 0; i < capacity; ++i)
      attrs.push_back(i < record.b ? attrs[record.a + i] : attr_record{});
    record.a = first;
    record.meta |= grown_flag;
  }
  attrs.set(record.a + record.b++, attr);
}

void document_store::own_attrs(std::uint32_t element) {
  if ((nodes[element].meta & grown_flag) != 0 || nodes[element].b == 0) return;
  const std::uint32_t first = attrs.size();
  const std::uint32_t capacity = std::bit_ceil(nodes[element].b);
  attrs.reserve(std::size_t{first} + capacity);
  for (std::uint32_t i = 0; i < capacity; ++i)
    attrs.push_back(i < nodes[element].b ? attrs[nodes[element].a + i] : attr_record{});
  nodes[element].a = first;
  nodes[element].meta |= grown_flag;
}

void document_store::shrink_attrs(std::uint32_t element) {
  node_record& record = nodes[element];
  --record.b;
  // With fewer the room that the number stands for may be less than there is: copied again when it grows.
  if (record.b == 0 || std::bit_ceil(record.b) != std::bit_ceil(record.b + 1)) record.meta &= ~grown_flag;
}

std::uint32_t document_store::clone_shallow(std::uint32_t node) {
  const node_record original = nodes[node];
  std::uint32_t meta = original.meta & kind_mask;
  std::uint32_t a = original.a;
  if ((original.meta & grown_flag) != 0) {
    // Room of its own cannot be shared.
    if (original.is_element()) {
      a = attrs.size();
      attrs.reserve(std::size_t{a} + original.b);
      for (std::uint32_t i = 0; i < original.b; ++i) attrs.push_back(attrs[original.a + i]);
    } else {
      a = pool.add(text(original)).offset;
    }
  }
  const std::uint32_t copy = make(meta, a, original.b, original.source);
  if (is_template(node)) append(copy, make(make_meta(node_type::fragment, space::none, 0), 0, 0, no_source));
  return copy;
}

std::uint64_t document_store::original_offset(std::uint32_t offset) const noexcept {
  const auto after =
      std::upper_bound(shifts.begin(), shifts.end(), offset,
                       [](std::uint32_t value, const offset_shift& shift) { return value < shift.offset; });
  if (after == shifts.begin()) return offset;
  return static_cast<std::uint64_t>(std::int64_t{offset} + std::prev(after)->delta);
}

void document_store::set_errors(const std::vector<raw_error>& found, std::size_t max) {
  // By place; of one place as they were found.
  std::vector<std::uint32_t> order(found.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
    return std::pair(found[left].offset, left) < std::pair(found[right].offset, right);
  });
  if (order.size() > max) order.resize(max);
  errors.reserve(order.size());
  std::uint32_t at = 0;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  for (const std::uint32_t place : order) {
    const raw_error& what = found[place];
    for (; at < what.offset && at < source_size; ++at) {
      if (source[at] == '\n') {
        ++line;
        column = 1;
      } else if ((static_cast<unsigned char>(source[at]) & 0xC0) != 0x80) {
        column += static_cast<unsigned char>(source[at]) >= 0xF0 ? 2 : 1;
      }
    }
    errors.push_back({what.code, line, column, original_offset(what.offset)});
  }
}

}  // namespace tidewire::html::detail
