// The whole parser: the tree does not depend on how the input is cut, nor on whether errors are looked for;
// what is made of it can be written, searched, changed and sanitised.
#include <tidewire/html.hpp>

#include <iterator>
#include <string>
#include <string_view>

#include "fuzz_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace html = tidewire::html;
  using tidewire::fuzz::require;
  static constexpr std::string_view contexts[] = {"",
                                                  "body",
                                                  "div",
                                                  "tr",
                                                  "td",
                                                  "table",
                                                  "select",
                                                  "template",
                                                  "svg path",
                                                  "math mi",
                                                  "svg foreignObject",
                                                  "title",
                                                  "script",
                                                  "plaintext",
                                                  "frameset",
                                                  "colgroup"};
  tidewire::fuzz::input input(data, size);
  const std::string_view context = contexts[input.choose(std::size(contexts))];
  html::parse_options options;
  options.scripting = input.choose(2) != 0;
  options.max_nodes = 20'000;
  const std::size_t cut = input.choose(64) + 1;
  const std::string_view text = input.rest();

  const html::document whole =
      context.empty() ? html::parse(text, options) : html::parse_fragment(text, context, options);
  const std::string tree = html::dump(whole);
  html::parser pieces(options);
  pieces.fragment_context(context);
  for (std::size_t at = 0; at < text.size(); at += cut) pieces.feed(text.substr(at, cut));
  html::document again = pieces.finish();
  require(html::dump(again) == tree);
  options.max_errors = 100;
  const html::document checked =
      context.empty() ? html::parse(text, options) : html::parse_fragment(text, context, options);
  require(html::dump(checked) == tree);

  const std::string standard = whole.html();
  (void)html::parse(standard, options);
  for (const auto format : {html::html_format::pretty, html::html_format::minified})
    (void)html::parse(html::to_html(whole, {.format = format}), options);
  (void)html::to_xml(whole);
  (void)html::rendered_text(whole);
  (void)html::to_markdown(whole);
  (void)html::extract_links(whole);
  (void)html::extract_tables(whole, {.max_cells = 1000});
  for (const html::form& form : html::extract_forms(whole)) (void)form.submission();
  (void)html::extract_metadata(whole);
  (void)html::main_content(whole);
  (void)whole.select("div p:nth-child(2), b ~ i, :has(> a), [class]");
  const std::string clean = html::sanitize(text);
  require(html::parse(clean).select("script, style, svg, math, iframe, [onclick], [style]").empty());
  for (html::node element : again.select("b, p, td")) {
    if (!element.parent()) continue;
    element.set_attribute("x", "y");
    element.unwrap();
  }
  (void)again.html();
  return 0;
}
