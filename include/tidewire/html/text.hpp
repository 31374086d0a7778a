/// @file
/// Text as a reader sees it: plain, with the lines that a browser would break, or as Markdown.
#pragma once

#include <tidewire/html/document.hpp>
#include <tidewire/html/export.hpp>

#include <string>

namespace tidewire::html {

/// Options of `rendered_text`.
struct text_options {
  bool list_markers = true;  ///< Write "- " or "1. " before list items.
  bool image_text = false;   ///< Write the `alt` of images.
};

/// The text below `top` as it is read: blocks on lines of their own, an empty line around paragraphs and
/// headings,
/// `<br>` as a newline, cells separated by tabs, white space collapsed except in `<pre>` and `<textarea>`.
/// Scripts, styles, templates, the head and what has a `hidden` attribute are left out. No newline at the
/// end.
[[nodiscard]] TIDEWIRE_HTML_API std::string rendered_text(const node& top, const text_options& options = {});

/// Options of `to_markdown`.
struct markdown_options {
  bool links = true;   ///< Write `[text](address)`; else the text alone.
  bool images = true;  ///< Write `![alt](address)`.
};

/// What is below `top` as CommonMark with GitHub's tables and strike-through: headings, paragraphs, emphasis,
/// code, links, images, nested lists, quotes, rules, tables. Characters that Markdown would read as markup
/// are escaped. Ends with a newline unless it is empty.
[[nodiscard]] TIDEWIRE_HTML_API std::string to_markdown(const node& top,
                                                        const markdown_options& options = {});

}  // namespace tidewire::html
