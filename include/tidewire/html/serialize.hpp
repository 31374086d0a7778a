/// @file
/// Trees out: the notation of the html5lib tests.
#pragma once

#include <tidewire/html/document.hpp>
#include <tidewire/html/export.hpp>

#include <string>

namespace tidewire::html {

/// What is below `top`, one line a node, in the notation of the html5lib tree-construction tests: `| <p>`,
/// `|   class="x"`, `|   "text"`, two spaces a level, attributes sorted by name. Each line ends with a
/// newline.
[[nodiscard]] TIDEWIRE_HTML_API std::string dump(const node& top);

}  // namespace tidewire::html
