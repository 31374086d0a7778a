#include "input.hpp"

#include <tidewire/base/utf8.hpp>

#include <cstring>

#include "scan.hpp"
#include "tokenizer.hpp"

namespace tidewire::html::detail {

bool is_plain_input(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
#if defined(TIDEWIRE_HTML_SSE2)
    const __m128i carriage_return = _mm_set1_epi8('\r');
    while (end - at >= 32) {
      const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16));
      const __m128i returns =
          _mm_or_si128(_mm_cmpeq_epi8(a, carriage_return), _mm_cmpeq_epi8(b, carriage_return));
      if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), returns)) != 0) break;
      at += 32;
    }
    if (at == end) break;
#endif
    // A stretch of anything, byte by byte; back to blocks when it is plain again.
    const char* const stop = end - at > 32 ? at + 32 : end;
    while (at < stop) {
      if (static_cast<unsigned char>(*at) < 0x80) {
        if (*at == '\r') return false;
        ++at;
        continue;
      }
      const utf8_step step = read_utf8(at, end);
      if (step.length == 0) return false;
      at += step.length;
    }
  }
  return true;
}

void input_decoder::reset() noexcept {
  pending_.clear();
  consumed_ = 0;
  delta_ = 0;
  begun_ = false;
}

void input_decoder::note_shift(std::size_t decoded, std::vector<offset_shift>& shifts) {
  const std::int64_t delta = static_cast<std::int64_t>(consumed_) - static_cast<std::int64_t>(decoded);
  if (delta == delta_) return;
  delta_ = delta;
  shifts.push_back({static_cast<std::uint32_t>(decoded), delta});
}

void input_decoder::decode(std::string_view chunk, bool final, std::string& into,
                           std::vector<offset_shift>& shifts) {
  std::string joined;
  if (!pending_.empty()) {
    joined = std::move(pending_);
    pending_.clear();
    joined += chunk;
    chunk = joined;
  }
  if (!begun_) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    if (chunk.size() < mark.size() && mark.starts_with(chunk) && !final) {
      pending_ = chunk;
      return;
    }
    begun_ = true;
    if (chunk.starts_with(mark)) {
      chunk.remove_prefix(mark.size());
      consumed_ += mark.size();
      note_shift(into.size(), shifts);
    }
  }
  const char* at = chunk.data();
  const char* const end = at + chunk.size();
  while (at != end) {
    const char* const plain = at;
    utf8_step step;
    while (at != end && *at != '\r') {
      if (static_cast<unsigned char>(*at) < 0x80) {
        ++at;
        continue;
      }
      step = read_utf8(at, end);
      if (step.length == 0) break;
      at += step.length;
    }
    into.append(plain, at);
    consumed_ += static_cast<std::uint64_t>(at - plain);
    if (at == end) break;
    if (*at == '\r') {
      if (at + 1 == end && !final) {
        pending_.assign(at, end);
        return;
      }
      into += '\n';
      const unsigned length = at + 1 != end && at[1] == '\n' ? 2 : 1;
      at += length;
      consumed_ += length;
    } else {
      if (step.incomplete && !final) {
        pending_.assign(at, end);
        return;
      }
      into += replacement_character;
      at += step.bad;
      consumed_ += step.bad;
    }
    note_shift(into.size(), shifts);
  }
}

void find_input_errors(std::string_view decoded, std::vector<raw_error>& errors) {
  const char* const begin = decoded.data();
  const char* const end = begin + decoded.size();
  for (const char* at = begin; at != end;) {
    const auto lead = static_cast<unsigned char>(*at);
    const auto offset = static_cast<std::uint32_t>(at - begin);
    if (lead < 0x80) {
      if ((lead < 0x20 && lead != 0 && lead != '\t' && lead != '\n' && lead != '\f' && lead != '\r') ||
          lead == 0x7F)
        errors.push_back({offset, parse_error_code::control_character_in_input_stream});
      ++at;
      continue;
    }
    const unsigned length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (static_cast<std::size_t>(end - at) < length) break;
    std::uint32_t point = lead & (0xFFU >> (length + 1));
    for (unsigned i = 1; i < length; ++i) point = point << 6 | (static_cast<unsigned char>(at[i]) & 0x3F);
    if (point >= 0x80 && point <= 0x9F)
      errors.push_back({offset, parse_error_code::control_character_in_input_stream});
    else if (point >= 0xD800 && point <= 0xDFFF)
      errors.push_back({offset, parse_error_code::surrogate_in_input_stream});
    else if ((point >= 0xFDD0 && point <= 0xFDEF) || (point & 0xFFFE) == 0xFFFE)
      errors.push_back({offset, parse_error_code::noncharacter_in_input_stream});
    at += length;
  }
}

}  // namespace tidewire::html::detail
