// The standard's serialisation (WHATWG HTML 13.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidewire::html::detail {

struct document_store;

void escape_text(std::string_view text, std::string& out);
void escape_attribute(std::string_view value, std::string& out);
// Appends `top` and what is in it, or only what is in it.
void serialize_html(const document_store& store, std::uint32_t top, bool outer, std::string& out);

}  // namespace tidewire::html::detail
