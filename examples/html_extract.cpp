// Prints what can be taken out of the HTML on standard input: JSON lines, or text.
//
//   html_extract links|tables|forms|metadata|text|markdown < page.html
#include <tidewire/html.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace html = tidewire::html;

namespace {

std::string quoted(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          out += std::string("\\u00") + digits[c >> 4] + digits[c & 15];
        else
          out += c;
        break;
    }
  }
  return out + '"';
}

template <class Range, class Write>
std::string list(const Range& range, Write&& write) {
  std::string out = "[";
  for (const auto& each : range) out += (out.size() > 1 ? ", " : "") + write(each);
  return out + "]";
}

const char* truth(bool value) {
  return value ? "true" : "false";
}

std::string_view name_of(html::link_kind kind) {
  switch (kind) {
    case html::link_kind::anchor: return "anchor";
    case html::link_kind::resource: return "resource";
    case html::link_kind::relation: return "relation";
    case html::link_kind::form: return "form";
    case html::link_kind::citation: return "citation";
    case html::link_kind::refresh: return "refresh";
    case html::link_kind::ping: return "ping";
    case html::link_kind::style_sheet: return "style_sheet";
  }
  return "";
}

void print_links(const html::document& page) {
  for (const html::link& link : html::extract_links(page)) {
    std::cout << "{\"kind\": " << quoted(name_of(link.kind))
              << ", \"element\": " << quoted(link.element.name())
              << ", \"attribute\": " << quoted(link.attribute) << ", \"url\": " << quoted(link.url);
    if (!link.text.empty()) std::cout << ", \"text\": " << quoted(link.text);
    if (!link.rel.empty()) std::cout << ", \"rel\": " << quoted(link.rel);
    if (!link.hreflang.empty()) std::cout << ", \"hreflang\": " << quoted(link.hreflang);
    if (!link.descriptor.empty()) std::cout << ", \"descriptor\": " << quoted(link.descriptor);
    std::cout << "}\n";
  }
}

void print_tables(const html::document& page) {
  for (const html::table& table : html::extract_tables(page)) {
    const auto row = [](const std::vector<html::table_cell>& cells) {
      return list(cells, [](const html::table_cell& cell) { return quoted(cell.text); });
    };
    std::cout << "{\"caption\": " << quoted(table.caption) << ", \"header_rows\": " << table.header_rows
              << ", \"rows\": " << list(table.rows, row) << "}\n";
  }
}

void print_forms(const html::document& page) {
  for (const html::form& form : html::extract_forms(page)) {
    const auto field = [](const html::form_field& each) {
      return "{\"name\": " + quoted(each.name) + ", \"type\": " + quoted(each.type) +
             ", \"value\": " + quoted(each.value) + ", \"checked\": " + truth(each.checked) +
             ", \"disabled\": " + truth(each.disabled) + "}";
    };
    std::cout << "{\"name\": " << quoted(form.name) << ", \"action\": " << quoted(form.action)
              << ", \"method\": " << quoted(form.method) << ", \"enctype\": " << quoted(form.enctype)
              << ", \"fields\": " << list(form.fields, field)
              << ", \"body\": " << quoted(form.submission().body) << "}\n";
  }
}

void print_metadata(const html::document& page) {
  const html::metadata found = html::extract_metadata(page);
  const auto pair = [](const std::pair<std::string, std::string>& each) {
    return "[" + quoted(each.first) + ", " + quoted(each.second) + "]";
  };
  const auto item = [](const html::microdata_item& each) {
    const auto property = [](const html::microdata_item::property& one) {
      return "[" + quoted(one.name) + ", " +
             (one.item == html::microdata_item::no_item ? quoted(one.value) : std::to_string(one.item)) + "]";
    };
    return "{\"types\": " + list(each.types, quoted) + ", \"id\": " + quoted(each.id) +
           ", \"top_level\": " + truth(each.top_level) +
           ", \"properties\": " + list(each.properties, property) + "}";
  };
  std::cout << "{\"title\": " << quoted(found.title) << ", \"description\": " << quoted(found.description)
            << ", \"language\": " << quoted(found.language) << ", \"canonical\": " << quoted(found.canonical)
            << ", \"meta\": " << list(found.meta, pair)
            << ", \"open_graph\": " << list(found.open_graph, pair)
            << ", \"twitter\": " << list(found.twitter, pair) << ", \"feeds\": " << list(found.feeds, pair)
            << ", \"json_ld\": " << list(found.json_ld, quoted)
            << ", \"microdata\": " << list(found.microdata, item) << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  static constexpr std::string_view known[] = {"links", "tables", "forms", "metadata", "text", "markdown"};
  if (std::find(std::begin(known), std::end(known), what) == std::end(known)) {
    std::cerr << "usage: html_extract links|tables|forms|metadata|text|markdown < page.html\n";
    return 2;
  }
  const std::string bytes{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const html::document page = html::parse_bytes(bytes, {.transport = {}, .force = {}, .fallback = "utf-8"});
  if (what == "links") {
    print_links(page);
  } else if (what == "tables") {
    print_tables(page);
  } else if (what == "forms") {
    print_forms(page);
  } else if (what == "metadata") {
    print_metadata(page);
  } else if (what == "text") {
    std::cout << html::rendered_text(page) << '\n';
  } else {
    std::cout << html::to_markdown(page);
  }
  return 0;
}
