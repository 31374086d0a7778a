/// @file
/// What scrapers take out of pages: links, tables, forms, metadata, the main content.
#pragma once

#include <tidewire/html/document.hpp>
#include <tidewire/html/export.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidewire::html {

/// Resolves a reference against a base: `resolve(base, reference)` is the absolute URL, or "" if it is none.
/// The module `url` has one; html itself knows nothing of URLs.
using url_resolver = std::function<std::string(std::string_view base, std::string_view reference)>;

/// Where a link was found.
enum class link_kind : std::uint8_t {
  anchor,      ///< `<a href>`, `<area href>`
  resource,    ///< What the page loads or embeds: `src`, `srcset`, `poster`, `data`, `background`, ...
  relation,    ///< `<link href>`; see `link::rel`
  form,        ///< `action`, `formaction`
  citation,    ///< `cite`, `longdesc`
  refresh,     ///< `<meta http-equiv=refresh>`
  ping,        ///< `ping`
  style_sheet  ///< `url(...)` and `@import` in a `<style>` or a `style` attribute
};

/// One link.
struct link {
  link_kind kind{};
  node element;
  std::string_view attribute;  ///< Its name; "" in the text of a `<style>`.
  std::string url;             ///< As written, without white space around it.
  std::string resolved;        ///< By the resolver; "" without one, or if it is no URL.
  std::string text;            ///< Of an anchor: its text, white space collapsed.
  std::string rel;             ///< The `rel` of `<a>`, `<area>`, `<link>`: "canonical", "next".
  std::string hreflang;        ///< And their `hreflang`.
  std::string descriptor;      ///< Of a candidate in `srcset`: "2x", "640w".
};

/// Options of `extract_links`. It borrows its parts.
struct link_options {
  /// Makes `link::resolved`. The base is that of `<base href>`, itself resolved against `document_url`.
  url_resolver resolve;
  std::string_view document_url{};
};

/// Every URL below `top`, in document order: those of all URL attributes of HTML and SVG, `srcset`, `ping`,
/// `<meta refresh>` and CSS. The references of `<base>` itself are left out.
[[nodiscard]] TIDEWIRE_HTML_API std::vector<link> extract_links(const node& top,
                                                                const link_options& options = {});

/// One place of a table. What spans several is in each of them.
struct table_cell {
  node element;      ///< Null where the table has a hole.
  std::string text;  ///< Rendered text.
  bool header = false;
  bool spanned = false;  ///< Here only because of a `rowspan` or `colspan`.
};

/// A table as a grid.
struct table {
  node element;
  std::string caption;
  std::vector<std::vector<table_cell>> rows;  ///< All of the same length.
  std::size_t header_rows = 0;                ///< Of `<thead>`, or rows at the top of nothing but `<th>`.
  bool cut = false;                           ///< `max_cells` was reached.
};

/// Options of `extract_tables`.
struct table_options {
  std::size_t max_cells = 1'000'000;  ///< Of one table: spans can ask for any number.
  unsigned max_nesting = 16;          ///< Tables in more tables than this are left out.
};

/// The tables below `top` in document order, nested ones too, each with its spans resolved (4.9.12).
[[nodiscard]] TIDEWIRE_HTML_API std::vector<table> extract_tables(const node& top,
                                                                  const table_options& options = {});

/// One control of a form.
struct form_field {
  node element;
  std::string name;
  std::string
      type;  ///< "text", "checkbox", "hidden", "select-one", "select-multiple", "textarea", "submit", ...
  std::string value;      ///< Its default; of a select that of its (first) chosen option.
  bool checked = false;   ///< Of a checkbox or radio button.
  bool disabled = false;  ///< Itself, or by a `<fieldset>` or `<datalist>`: it is not sent.
  /// @name Of a submit button: what it says instead of its form, or ""
  /// @{
  std::string action;
  std::string method;
  std::string enctype;
  /// @}
  /// The options of a select: value, and whether it is chosen, which a disabled one is not.
  std::vector<std::pair<std::string, bool>> options;
};

/// What a submit sends.
struct form_submission {
  std::string method;        ///< "get", "post" or "dialog".
  std::string action;        ///< As written; "" is the document itself.
  std::string content_type;  ///< Of the body, with the boundary where there is one; "" of what is no POST.
  std::string body;          ///< Of a GET the query, without the question mark.
};

/// A form, its fields with their defaults, and what sending it would send.
struct TIDEWIRE_HTML_API form {
  node element;
  std::string name;
  std::string action;          ///< As written; "" is the document itself.
  std::string method = "get";  ///< "get", "post" or "dialog".
  std::string enctype = "application/x-www-form-urlencoded";
  std::vector<form_field> fields;  ///< In document order, those with a `form` attribute that names it too.

  /// Sets the value of the first field of that name; of radio buttons and checkboxes it checks the one with
  /// that value, of a select it chooses that option. False if there is no such field or value.
  bool set(std::string_view field, std::string_view value);
  /// Checks or unchecks a checkbox.
  bool check(std::string_view field, bool checked = true);
  /// What a submit would send (4.10.21.4): pairs of name and value in order. `submitter` is the name of the
  /// button that is pressed, or "" for none. Files are sent as empty.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> entries(
      std::string_view submitter = {}) const;
  /// The same as application/x-www-form-urlencoded, in UTF-8, whatever `enctype` says.
  [[nodiscard]] std::string body(std::string_view submitter = {}) const;
  /// The request that a submit makes: the button's `formaction`, `formmethod` and `formenctype` go before
  /// those of the form, and the body is encoded as they say: urlencoded, multipart/form-data (with a boundary
  /// that occurs in none of its parts) or text/plain. In UTF-8.
  [[nodiscard]] form_submission submission(std::string_view submitter = {}) const;
};

/// The forms below `top` in document order.
[[nodiscard]] TIDEWIRE_HTML_API std::vector<form> extract_forms(const node& top);

/// An item of microdata (5.2). Items in items are referred to by their number in `metadata::microdata`.
struct microdata_item {
  static constexpr std::size_t no_item = static_cast<std::size_t>(-1);
  struct property {
    std::string name;
    std::string value;
    std::size_t item = no_item;  ///< The item that is the value, if it is one.
  };
  std::vector<std::string> types;
  std::string id;
  bool top_level = true;  ///< Not the value of a property.
  std::vector<property> properties;
};

/// What a page says of itself.
struct metadata {
  std::string title;                                      ///< `<title>`
  std::string description;                                ///< `<meta name=description>`
  std::string language;                                   ///< `<html lang>`
  std::string canonical;                                  ///< `<link rel=canonical>`, as written
  std::vector<std::pair<std::string, std::string>> meta;  ///< All `<meta name content>`, names in lower case.
  std::vector<std::pair<std::string, std::string>> open_graph;  ///< "og:title", "article:author", ...
  std::vector<std::pair<std::string, std::string>> twitter;     ///< "twitter:card", ...
  std::vector<std::pair<std::string, std::string>> feeds;       ///< Type and address of RSS and Atom feeds.
  std::vector<std::string>
      json_ld;  ///< The text of each `<script type="application/ld+json">`, as it stands.
  std::vector<microdata_item> microdata;
};

/// What `document` says of itself. Linear in its size.
[[nodiscard]] TIDEWIRE_HTML_API metadata extract_metadata(const document& document);

/// The element that most of the page's own text is in, without navigation, sidebars and comments: `<main>` or
/// `<article>` where there is one, else the one that its paragraphs speak for. Null if the page has no text.
[[nodiscard]] TIDEWIRE_HTML_API node main_content(const document& document);

}  // namespace tidewire::html
