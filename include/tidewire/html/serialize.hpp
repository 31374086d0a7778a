/// @file
/// Trees out: HTML as the standard writes it, indented or as short as it gets, XML, and the notation of the
/// html5lib tests.
#pragma once

#include <tidewire/html/document.hpp>
#include <tidewire/html/export.hpp>

#include <cstdint>
#include <string>

namespace tidewire::html {

/// How HTML is written.
enum class html_format : std::uint8_t {
  standard,  ///< As WHATWG HTML 13.3 says: parsing it gives the same tree, but for what no markup can say.
  /// For people: each block element on its own line, indented; runs of white space are one space, except in
  /// `<pre>`, `<textarea>`, `<script>` and `<style>`.
  pretty,
  /// For the wire: comments go, white space goes or is one space, quotes go where the standard lets them, and
  /// so do the end tags of items, cells and rows. A browser shows the same.
  minified,
};

/// Options of `to_html`.
struct serialize_options {
  html_format format = html_format::standard;
  unsigned indent = 2;  ///< Spaces a level, of `pretty`.
  unsigned max_indent =
      64;  ///< Levels beyond this many spaces are not indented further: output stays linear.
};

/// Writes `top` with all in it; of a document or fragment, what is in it.
[[nodiscard]] TIDEWIRE_HTML_API std::string to_html(const node& top, const serialize_options& options = {});

/// Writes `top` as well-formed XML: elements without content as `<br/>`, namespaces declared where they
/// begin, names that XML does not have with `_` for what is wrong in them, `--` in comments broken up. Of a
/// document or fragment, what is in it.
[[nodiscard]] TIDEWIRE_HTML_API std::string to_xml(const node& top);

/// What is below `top`, one line a node, in the notation of the html5lib tree-construction tests: `| <p>`,
/// `|   class="x"`, `|   "text"`, two spaces a level, attributes sorted by name. Each line ends with a
/// newline.
[[nodiscard]] TIDEWIRE_HTML_API std::string dump(const node& top);

}  // namespace tidewire::html
