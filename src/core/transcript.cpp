#include <tidewire/core/transcript.hpp>

namespace tidewire {
namespace {

void append(std::string& text, std::string_view who, std::string_view line) {
  text += who;
  text += line;
  text += '\n';
}

}  // namespace

transcript::~transcript() = default;

void memory_transcript::sent(std::string_view line) {
  append(text_, "C: ", line);
}

void memory_transcript::received(std::string_view line) {
  append(text_, "S: ", line);
}

}  // namespace tidewire
