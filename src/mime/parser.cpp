#include <tidewire/mime/parser.hpp>

#include <algorithm>
#include <utility>

#include "message_store.hpp"

namespace tidewire::mime {

namespace {

using detail::message_store;
using detail::part_record;

// Writes events into the tables of a message.
class table_writer final : public event_handler {
 public:
  table_writer(message_store& store, std::size_t max_defects) : store_(store), max_defects_(max_defects) {}

  void on_part(std::uint64_t offset) override {
    part_record record;
    record.begin = record.header_end = record.body = offset;
    record.parent = open_;
    record.first_field = static_cast<std::uint32_t>(store_.fields.size());
    open_ = static_cast<std::uint32_t>(store_.parts.size());
    store_.parts.push_back(record);
  }
  void on_field(const field& what) override {
    const auto from_start = [&](std::string_view text) {
      return static_cast<std::uint32_t>(text.data() - what.whole.data());
    };
    store_.fields.push_back({what.offset, static_cast<std::uint32_t>(what.name.size()),
                             from_start(what.value), static_cast<std::uint32_t>(what.value.size()),
                             static_cast<std::uint32_t>(what.whole.size())});
    part_record& part = store_.parts[open_];
    ++part.fields;
    part.header_end = what.offset + what.whole.size();
  }
  void on_header_end(const shape& what) override {
    part_record& part = store_.parts[open_];
    part.kind = what.kind;
    part.encoding = what.encoding;
    part.body = what.offset;
    part.default_is_message = what.default_is_message;
  }
  void on_part_end(std::uint64_t offset) override {
    part_record& part = store_.parts[open_];
    part.end = std::max(offset, part.body);
    part.next = static_cast<std::uint32_t>(store_.parts.size());
    open_ = part.parent;
  }
  void on_defect(const defect& what) override {
    if (store_.defects.size() < max_defects_) store_.defects.push_back(what);
    ++store_.defect_count;
  }

 private:
  message_store& store_;
  std::size_t max_defects_;
  std::uint32_t open_ = detail::no_part;
};

// What the tables can count, and what may recurse.
parse_options within_reason(parse_options options) {
  options.max_depth = std::clamp<std::size_t>(options.max_depth, 1, 1'000);
  options.max_parts = std::clamp<std::size_t>(options.max_parts, 1, 10'000'000);
  options.max_header_bytes = std::min(options.max_header_bytes, std::size_t{1} << 30);
  return options;
}

void fill(message_store& store, const parse_options& options) {
  table_writer writer(store, options.max_defects);
  event_parser events(writer, options);
  events.feed(store.source);
  events.finish();
}

}  // namespace

parsed_message parse_in_place(std::string_view source, const parse_options& options) {
  auto store = std::make_unique<message_store>();
  store->source = source;
  fill(*store, within_reason(options));
  return message_store::wrap(std::move(store));
}

parsed_message parse(std::string&& source, const parse_options& options) {
  auto store = std::make_unique<message_store>();
  store->owned = std::move(source);
  store->source = store->owned;
  fill(*store, within_reason(options));
  return message_store::wrap(std::move(store));
}

parsed_message parse(std::string_view source, const parse_options& options) {
  return parse(std::string(source), options);
}

result<parsed_message> parse_strict(std::string source, const parse_options& options) {
  parse_options keep_one = options;
  keep_one.max_defects = std::max<std::size_t>(options.max_defects, 1);
  parsed_message message = parse(std::move(source), keep_one);
  std::vector<defect> all = message.defects();
  if (all.empty()) all = message.check();
  if (all.empty()) return message;
  const defect first = all.front();
  errc code = errc::malformed;
  switch (first.kind) {
    case defect_kind::too_deep:
    case defect_kind::too_many_parts:
    case defect_kind::too_many_headers:
    case defect_kind::header_too_large: code = errc::limit_exceeded; break;
    default: break;
  }
  return failure(code, std::string(describe(first.kind)) + " at offset " + std::to_string(first.offset));
}

struct parser::impl {
  explicit impl(const parse_options& how) : options(within_reason(how)), body_of(how.body_of) {
    options.body_of = body_of;
    begin();
  }

  void begin() {
    store = std::make_unique<message_store>();
    writer = std::make_unique<table_writer>(*store, options.max_defects);
    events = std::make_unique<event_parser>(*writer, options);
  }

  parse_options options;
  std::string body_of;
  std::unique_ptr<message_store> store;
  std::unique_ptr<table_writer> writer;
  std::unique_ptr<event_parser> events;
};

parser::parser(const parse_options& options) : impl_(std::make_unique<impl>(options)) {}
parser::parser(parser&&) noexcept = default;
parser& parser::operator=(parser&&) noexcept = default;
parser::~parser() = default;

void parser::feed(std::string_view chunk) {
  impl_->store->owned += chunk;
  impl_->events->feed(chunk);
}

parsed_message parser::finish() {
  impl_->events->finish();
  auto done = std::move(impl_->store);
  done->source = done->owned;
  impl_->begin();
  return message_store::wrap(std::move(done));
}

}  // namespace tidewire::mime
