/// @file
/// A small, strict XML reader for sitemaps, feeds and their like: the same tree, the same selectors.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/html/document.hpp>
#include <tidewire/html/export.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidewire::html {

/// How much XML is read. Beyond a limit the reader fails with `condition::limit_exceeded`.
struct xml_options {
  std::uint64_t max_bytes = std::uint64_t{256} << 20;     ///< Of input.
  std::uint32_t max_nodes = std::uint32_t{32} << 20;      ///< Nodes of the tree.
  std::uint32_t max_depth = std::uint32_t{1} << 20;       ///< Elements open at once.
  std::uint32_t max_attributes = std::uint32_t{1} << 16;  ///< Of one element.
  std::size_t max_expansion = std::size_t{1}
                              << 20;  ///< Bytes that all entity references may become, together.
};

/// Reads a well-formed XML 1.0 document with namespaces. `bytes` may be in UTF-8, in UTF-16 with a byte-order
/// mark, or in what their XML declaration names (of the encodings of `charset`).
///
/// Entities that the document declares itself are replaced if they are text; one with markup in it, and any
/// that is outside of the document, is refused where it is referred to. Nothing is ever fetched. A DTD is
/// read for its entities only: no default attributes, no validation.
///
/// Names are case-sensitive, in the tree and in selectors; prefixes in selectors are those of
/// `selector_options::namespaces`. CDATA sections are text.
///
/// Errors: `errc::malformed` (`condition::protocol`) with line, column and cause; `errc::limit_exceeded`.
[[nodiscard]] TIDEWIRE_HTML_API result<document> parse_xml(std::string_view bytes,
                                                           const xml_options& options = {});

}  // namespace tidewire::html
