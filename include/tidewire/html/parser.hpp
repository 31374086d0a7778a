/// @file
/// HTML in, document out: the parser of the WHATWG HTML standard (13.2).
#pragma once

#include <tidewire/html/document.hpp>
#include <tidewire/html/export.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tidewire::html {

/// How to parse, and how much. The defaults parse whatever a browser would.
struct parse_options {
  /// Parse as a browser that runs scripts would: the contents of `<noscript>` are text. No script is ever
  /// run.
  bool scripting = false;
  /// Parse errors to keep, in source order. 0 (the default) keeps none and saves the time to look for those
  /// of the input stream.
  std::size_t max_errors = 0;
  /// Bytes of input that are read; the rest is ignored. Default 512 MiB, which is also the most.
  std::uint64_t max_bytes = std::uint64_t{512} << 20;
  /// Nodes that are made; parsing stops there. Default 64 Mi (of 32 bytes each).
  std::uint32_t max_nodes = std::uint32_t{64} << 20;
  /// Elements that may be open at once; parsing stops there. Default 16 Mi.
  std::uint32_t max_depth = std::uint32_t{16} << 20;
  /// Attributes of one tag; further ones are dropped. Default 4 Mi.
  std::uint32_t max_attributes = std::uint32_t{4} << 20;
};

/// Parses a whole HTML document from UTF-8; a byte-order mark is skipped, what is not UTF-8 becomes U+FFFD.
/// The text is copied once. Never fails: every input is a document. `document::limit_reached` says whether a
/// limit of `options` cut it short.
/// @see parse_bytes for input in an unknown encoding
[[nodiscard]] TIDEWIRE_HTML_API document parse(std::string_view text, const parse_options& options = {});
/// The same without a copy: the document keeps the string.
[[nodiscard]] TIDEWIRE_HTML_API document parse(std::string&& text, const parse_options& options = {});
/// A literal is a view.
[[nodiscard]] inline document parse(const char* text, const parse_options& options = {}) {
  return parse(std::string_view(text), options);
}

/// Parses a fragment as `innerHTML` does: as the contents of an element named `context` ("div", "tr", "svg
/// path", "math mi"). The document's root is a fragment that holds the nodes.
[[nodiscard]] TIDEWIRE_HTML_API document parse_fragment(std::string_view text,
                                                        std::string_view context = "body",
                                                        const parse_options& options = {});

/// A parser that is fed as the bytes arrive, and that can be used again: its memory, and that of documents
/// given back to it, serve the next document. The tree does not depend on how the input was cut.
/// Not thread-safe: one parser, one user. Its documents are independent of it.
class TIDEWIRE_HTML_API parser {
 public:
  explicit parser(const parse_options& options = {});
  parser(parser&&) noexcept;
  parser& operator=(parser&&) noexcept;
  ~parser();

  /// Appends bytes of the current document: UTF-8, cut anywhere. They are copied.
  void feed(std::string_view chunk);
  /// Ends the input and takes the document. The parser is ready for the next.
  [[nodiscard]] document finish();
  /// Drops what was fed since the last document.
  void reset();

  /// Parses one whole document with this parser's memory: `feed` and `finish` without a copy of the text into
  /// a second buffer. Drops what was fed before.
  [[nodiscard]] document parse(std::string_view text);
  /// Makes the following documents fragments parsed in this context; "" goes back to whole documents.
  void fragment_context(std::string_view context);
  /// Gives a document that is no longer needed back, so that the next takes over its memory. Its nodes die.
  void recycle(document&& unwanted);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace tidewire::html
