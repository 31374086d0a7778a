/// @file
/// `text/plain; format=flowed` (RFC 3676): paragraphs that were broken into lines.
#pragma once

#include <tidewire/mime/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace tidewire::mime {

/// The paragraphs of a flowed text as one line each, quote marks kept, stuffed spaces taken out. Lines end
/// with LF.
/// @param delsp The parameter `DelSp=yes`: the space at which a line was broken is not of the text.
[[nodiscard]] TIDEWIRE_MIME_API std::string unflow(std::string_view text, bool delsp = false);

/// Breaks each line of `text` at spaces into lines of at most `width` characters, so that `unflow` gives it
/// back. Lines that begin with `>` are quoted already, and keep their depth. Spaces at the end of a line are
/// dropped: at the end of a paragraph they would mean that it goes on. Lines end with CR LF.
[[nodiscard]] TIDEWIRE_MIME_API std::string flow(std::string_view text, std::size_t width = 72);

}  // namespace tidewire::mime
