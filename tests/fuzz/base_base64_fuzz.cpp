// Base64: any split gives the same, every level of vector instructions gives the same, what is decoded
// strictly has one spelling, and what is encoded comes back.

#include <tidewire/base/base64.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "../../src/base/base64_kernels.hpp"
#include "fuzz_support.hpp"

namespace {

using namespace tidewire;
using fuzz::require;

constexpr base64::format formats[] = {
    base64::standard,
    base64::url,
    base64::mime,
    base64::forgiving,
    {.expects = base64::padding::forbidden},
    {.letters = base64::alphabet::url, .line_length = 10, .ignores = base64::ignore::rubbish},
};

struct outcome {
  std::string bytes;
  std::string error;
  std::uint64_t ignored = 0;
  bool operator==(const outcome&) const = default;
};

outcome decode(std::string_view first, std::string_view second, base64::format how) {
  base64::decoder decoder(how);
  outcome what;
  for (const std::string_view piece : {first, second}) {
    if (const auto done = decoder.update(piece, what.bytes); !done) return {"", done.error().message(), 0};
  }
  if (const auto done = decoder.finish(what.bytes); !done) return {"", done.error().message(), 0};
  what.ignored = decoder.ignored();
  return what;
}

// Level against level, on blocks of exactly the size.
void check_kernels(std::string_view text, std::size_t room_size) {
  using detail::simd_level;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t whole = text.size() / 3 * 3;
  for (const bool url : {false, true}) {
    const detail::base64_kernels& portable = detail::base64_kernels_of(simd_level::portable, url);
    for (const auto level : {simd_level::ssse3, simd_level::avx2, simd_level::avx512vbmi}) {
      if (level > detail::best_simd_level()) continue;
      const detail::base64_kernels& vector = detail::base64_kernels_of(level, url);

      std::vector<char> one(whole / 3 * 4);
      std::vector<char> two(whole / 3 * 4);
      portable.encode(bytes, whole, bytes + text.size(), one.data(), one.data() + one.size());
      vector.encode(bytes, whole, bytes + text.size(), two.data(), two.data() + two.size());
      require(one == two);

      for (const auto kernel : {&detail::base64_kernels::decode, &detail::base64_kernels::decode_lines}) {
        std::vector<unsigned char> expected(room_size);
        std::vector<unsigned char> room(room_size);
        const char* const end = text.data() + text.size();
        const auto should =
            (portable.*kernel)(text.data(), end, expected.data(), expected.data() + room_size);
        const auto is = (vector.*kernel)(text.data(), end, room.data(), room.data() + room_size);
        require(is.in == should.in && is.out - room.data() == should.out - expected.data());
        require(std::equal(room.data(), is.out, expected.data()));
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input input(data, size);
  const base64::format how = formats[input.choose(std::size(formats))];
  const std::size_t where = input.choose(256);
  const std::string_view text = input.rest();
  const std::size_t split = std::min(where, text.size());

  const outcome whole = decode(text, "", how);
  require(decode(text.substr(0, split), text.substr(split), how) == whole);
  if (how.ignores == base64::ignore::rubbish) require(whole.error.empty());
  if (whole.error.empty() && how.ignores == base64::ignore::nothing && how.padded &&
      how.expects == base64::padding::required) {
    require(base64::encode(whole.bytes, how) == text);
  }
  check_kernels(text, where);
  check_kernels(text, base64::decoded_size_max(text.size()));

  const std::string encoded = base64::encode(text, how);
  require(encoded.size() == base64::encoded_size(text.size(), how));
  base64::encoder encoder(how);
  std::string pieces;
  encoder.update(as_bytes(text.substr(0, split)), pieces);
  encoder.update(as_bytes(text.substr(split)), pieces);
  encoder.finish(pieces);
  require(pieces == encoded);
  if (how.expects != base64::padding::forbidden) require(decode(encoded, "", how).bytes == text);
  return 0;
}
