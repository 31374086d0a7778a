#include <tidewire/base/bytes.hpp>
#include <tidewire/mime/header.hpp>

#include "encoded_word.hpp"
#include "lexer.hpp"

namespace tidewire::mime {

std::string unfold(std::string_view raw) {
  raw = ascii::trim(raw);
  std::string line;
  line.reserve(raw.size());
  for (;;) {
    const std::size_t stop = raw.find_first_of("\r\n");
    line += raw.substr(0, stop);
    if (stop == std::string_view::npos) return line;
    raw.remove_prefix(stop + 1);
  }
}

std::string decode_unstructured(std::string_view raw) {
  // Most values are of one line.
  const std::string_view line = ascii::trim(raw);
  if (line.find_first_of("\r\n") == std::string_view::npos) return detail::decode_encoded_words(line);
  return detail::decode_encoded_words(unfold(line));
}

std::vector<std::string> parse_message_ids(std::string_view raw, std::size_t limit) {
  std::vector<std::string> ids;
  detail::lexer in(raw);
  while (ids.size() < limit) {
    in.skip_cfws();
    while (in.take(',') || in.take('>')) in.skip_cfws();
    if (in.at_end()) break;
    std::string id;
    if (in.take('<')) {
      while (!in.at_end() && in.peek() != '>') {
        if (in.peek() == '"') {
          id += '"';
          in.quoted(id);
          id += '"';
        } else if (!in.skip_cfws()) {
          id += in.peek();
          in.skip();
        }
      }
      in.take('>');
    } else {
      id = in.run([](char c) { return !ascii::is_space(c) && c != '<' && c != ',' && c != '('; });
    }
    if (!id.empty()) ids.push_back(std::move(id));
  }
  return ids;
}

}  // namespace tidewire::mime
