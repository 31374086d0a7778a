#include <tidewire/html/parser.hpp>

#include <algorithm>
#include <stdexcept>

#include "input.hpp"
#include "store.hpp"
#include "tree_builder.hpp"

namespace tidewire::html {

using namespace detail;

namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{512} << 20;

// What a context element's name means: "div", "svg path", "math mi".
struct fragment_context_of {
  std::uint32_t kind = 0;
  name_id name = 0;
};

fragment_context_of read_context(document_store& store, std::string_view context) {
  space where = space::html;
  if (context.starts_with("svg ")) {
    where = space::svg;
    context.remove_prefix(4);
  } else if (context.starts_with("math ")) {
    where = space::mathml;
    context.remove_prefix(5);
  }
  const name_id name = store.intern(context);
  return {make_meta(node_type::element, where, name), name};
}

// A tree builder at work on one document.
class session {
 public:
  session(document_store& store, tree_builder& builder, const parse_options& options,
          std::string_view context)
      : store_(store), builder_(builder), options_(options) {
    options_.max_bytes = std::min(options_.max_bytes, most_bytes);
    options_.max_nodes = std::clamp<std::uint32_t>(options_.max_nodes, 16, UINT32_MAX - 64);
    fragment_context_of found;
    if (!context.empty()) found = read_context(store, context);
    builder.begin(options_, found.kind, found.name);
    fragment_ = found.kind != 0;
  }

  void run(bool final) {
    try {
      builder_.run(store_.source_size, final);
    } catch (const std::length_error&) {
      // The pool of texts, or the numbers of names, are used up.
      store_.limit = limit_kind::memory;
    }
  }
  void finish() {
    run(true);
    if (fragment_) {
      const std::uint32_t html = store_[document_store::root].first;
      store_[document_store::root].meta = make_meta(node_type::fragment, space::none, 0);
      store_.remove(html);
      store_.move_children(html, document_store::root);
    }
    builder_.close();
    if (options_.max_errors != 0) {
      std::vector<raw_error> errors = builder_.take_errors();
      find_input_errors({store_.source, store_.source_size}, errors);
      store_.set_errors(errors, options_.max_errors);
    }
  }

 private:
  document_store& store_;
  tree_builder& builder_;
  parse_options options_;
  bool fragment_ = false;
};

void reserve_for(document_store& store, std::size_t bytes) {
  store.nodes.reserve(bytes / 32 + 64);
  store.attrs.reserve(bytes / 64 + 64);
}

// Makes `text` the store's source: as it stands if it is clean, else decoded.
void take_source(document_store& store, std::string& text, std::uint64_t max_bytes) {
  max_bytes = std::min(max_bytes, most_bytes);
  if (text.size() > max_bytes) {
    text.resize(static_cast<std::size_t>(max_bytes));
    store.limit = limit_kind::bytes;
  }
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  const bool marked = text.starts_with(mark);
  if (is_plain_input(text)) {
    store.owned_source = std::move(text);
    const std::size_t skipped = marked ? mark.size() : 0;
    store.source = store.owned_source.data() + skipped;
    store.source_size = static_cast<std::uint32_t>(store.owned_source.size() - skipped);
    if (marked) store.shifts.push_back({0, std::int64_t{3}});
    return;
  }
  input_decoder decoder;
  store.owned_source.clear();
  store.owned_source.reserve(text.size());
  decoder.decode(text, true, store.owned_source, store.shifts);
  if (store.owned_source.size() > most_bytes) {
    store.owned_source.resize(most_bytes);
    store.limit = limit_kind::bytes;
  }
  store.source = store.owned_source.data();
  store.source_size = static_cast<std::uint32_t>(store.owned_source.size());
}

document parse_owned(std::string&& text, std::string_view context, const parse_options& options) {
  auto store = std::make_unique<document_store>();
  take_source(*store, text, options.max_bytes);
  reserve_for(*store, store->source_size);
  tree_builder builder(*store);
  session(*store, builder, options, context).finish();
  store->trim();
  return access::wrap(std::move(store));
}

}  // namespace

document parse(std::string_view text, const parse_options& options) {
  return parse_owned(
      std::string(text.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(
                                     text.size(), std::min(options.max_bytes, most_bytes) + 1)))),
      {}, options);
}

document parse(std::string&& text, const parse_options& options) {
  return parse_owned(std::move(text), {}, options);
}

document parse_fragment(std::string_view text, std::string_view context, const parse_options& options) {
  return parse_owned(std::string(text), context.empty() ? "body" : context, options);
}

struct parser::impl {
  explicit impl(const parse_options& wanted) : options(wanted) {}

  parse_options options;
  std::string context;
  std::unique_ptr<document_store> store = std::make_unique<document_store>();
  std::unique_ptr<tree_builder> builder = std::make_unique<tree_builder>(*store);
  std::unique_ptr<session> current;
  input_decoder decoder;
  std::uint64_t fed = 0;
  std::size_t next_try = 0;  // size of the source at which reading on is worth it
  std::unique_ptr<document_store> spare;
  bool recycling = false;  // what a document does not need is for the next

  void begin() {
    if (!current) current = std::make_unique<session>(*store, *builder, options, context);
  }
  void decode(std::string_view chunk, bool final) {
    begin();
    const std::uint64_t most = std::min(options.max_bytes, most_bytes);
    if (chunk.size() > most - fed) {
      chunk = chunk.substr(0, static_cast<std::size_t>(most - fed));
      store->limit = limit_kind::bytes;
    }
    fed += chunk.size();
    decoder.decode(chunk, final, store->owned_source, store->shifts);
    if (store->owned_source.size() > most_bytes) {
      store->owned_source.resize(most_bytes);
      store->limit = limit_kind::bytes;
    }
    store->source = store->owned_source.data();
    store->source_size = static_cast<std::uint32_t>(store->owned_source.size());
  }
  void drop() {
    current.reset();
    store->clear();
    decoder.reset();
    fed = 0;
    next_try = 0;
  }
  document take() {
    current.reset();
    decoder.reset();
    fed = 0;
    next_try = 0;
    if (!recycling) store->trim();
    document done = access::wrap(std::move(store));
    store = spare ? std::move(spare) : std::make_unique<document_store>();
    builder->rebind(*store);
    return done;
  }
};

parser::parser(const parse_options& options) : impl_(std::make_unique<impl>(options)) {}
parser::parser(parser&&) noexcept = default;
parser& parser::operator=(parser&&) noexcept = default;
parser::~parser() = default;

void parser::feed(std::string_view chunk) {
  impl& self = *impl_;
  self.decode(chunk, false);
  if (self.store->source_size < self.next_try) return;
  self.current->run(false);
  // What is left is one token that is not complete: read it again when it is twice as long.
  const std::size_t left = self.store->source_size - self.builder->position();
  self.next_try = self.store->source_size + left;
}

document parser::finish() {
  impl_->decode({}, true);
  impl_->current->finish();
  return impl_->take();
}

void parser::reset() {
  impl_->drop();
}

document parser::parse(std::string_view text) {
  impl& self = *impl_;
  self.drop();
  std::string copy = std::move(self.store->owned_source);
  copy.assign(text.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(text.size(), most_bytes + 1))));
  take_source(*self.store, copy, self.options.max_bytes);
  reserve_for(*self.store, self.store->source_size);
  self.begin();
  self.current->finish();
  return self.take();
}

void parser::fragment_context(std::string_view context) {
  impl_->drop();
  impl_->context = context;
}

void parser::recycle(document&& unwanted) {
  std::unique_ptr<document_store> store = access::unwrap(std::move(unwanted));
  if (!store) return;
  impl_->recycling = true;
  store->clear();
  if (impl_->current || impl_->fed != 0) {
    impl_->spare = std::move(store);
    return;
  }
  impl_->store = std::move(store);
  impl_->builder->rebind(*impl_->store);
}

}  // namespace tidewire::html
