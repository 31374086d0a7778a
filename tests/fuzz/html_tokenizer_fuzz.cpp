// The tokenizer alone: tokens and errors do not depend on how the input is cut.
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz_support.hpp"
#include "html/tokenizer.hpp"

namespace {

using namespace tidewire::html::detail;

struct recorder {
  document_store store;
  std::string tokens;
  bool in_text = false;

  void begin(char kind) {
    tokens += '\n';
    tokens += kind;
    in_text = false;
  }
  void characters(std::string_view text) {
    if (!in_text) begin('T');
    in_text = true;
    tokens += text;
  }
  void on_text(slice text) { characters(store.view(text)); }
  void on_literal(std::string_view text, std::uint32_t) { characters(text); }
  void on_null(std::uint32_t) { characters(std::string_view("\0", 1)); }
  void on_start_tag(const tag_token& tag) {
    begin('S');
    tokens += store.spelling(tag.name);
    for (std::uint32_t i = 0; i < tag.attr_count; ++i) {
      const attr_record attr = store.attrs[tag.first_attr + i];
      tokens += ' ';
      tokens += store.spelling(attr.id());
      tokens += '=';
      tokens += store.value(attr);
    }
    if (tag.self_closing) tokens += '/';
  }
  void on_end_tag(const tag_token& tag) {
    begin('E');
    tokens += store.spelling(tag.name);
  }
  void on_comment(slice data, std::uint32_t) {
    begin('C');
    tokens += store.view(data);
  }
  void on_doctype(const doctype_token& token) {
    begin('D');
    tokens += store.spelling(token.name);
    tokens += token.public_id + "|" + token.system_id + (token.force_quirks ? "!" : "");
  }
  void on_eof(std::uint32_t at) { tokens += "\nend " + std::to_string(at); }
  bool cdata_allowed() const { return true; }
  bool stopped() const { return false; }
};

std::string run(std::string_view text, text_mode mode, std::size_t step) {
  recorder sink;
  const auto copy = std::make_unique_for_overwrite<char[]>(text.size());
  if (!text.empty()) std::memcpy(copy.get(), text.data(), text.size());
  sink.store.source = copy.get();
  sink.store.source_size = static_cast<std::uint32_t>(text.size());
  tokenizer<recorder> tokens(sink.store, sink);
  tokens.mode = mode;
  tokens.keep_errors = true;
  tokens.last_start_tag = sink.store.intern("script");
  if (step != 0)
    for (std::size_t size = step; size < text.size(); size += step)
      tokens.run(static_cast<std::uint32_t>(size), false);
  tokens.run(static_cast<std::uint32_t>(text.size()), true);
  for (const raw_error& error : tokens.errors)
    sink.tokens += "\n" + std::to_string(error.offset) + " " + std::to_string(static_cast<int>(error.code));
  return sink.tokens;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidewire::fuzz::input input(data, size);
  const auto mode = static_cast<text_mode>(input.choose(6));
  const std::size_t step = input.choose(16) + 1;
  const std::string_view text = input.rest();
  tidewire::fuzz::require(run(text, mode, 0) == run(text, mode, step));
  return 0;
}
