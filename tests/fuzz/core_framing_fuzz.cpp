// Framing codecs: the first bytes of the input choose one, its settings and how the rest is split. Whatever
// the split, the frames and the failure are the same, and what is accepted can be written and read again.

#include <tidewire/base/bytes.hpp>
#include <tidewire/core/framing.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace tidewire;
using namespace tidewire::framing;

void require(bool holds) {
  if (!holds) std::abort();
}

struct outcome {
  std::vector<std::string> frames;
  std::error_code end;
  std::string why;
  bool operator==(const outcome&) const = default;
};

// Plays `input` in chunks whose sizes repeat `steps`; each call sees a heap block of exactly the bytes
// buffered.
template <class Codec>
outcome decode(Codec codec, byte_view input, byte_view steps) {
  outcome out;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t wanted = 1;
  for (std::size_t turn = 0;; ++turn) {
    const std::size_t step =
        steps.empty() ? input.size() : 1 + std::to_integer<std::size_t>(steps[turn % steps.size()]) % 7;
    const bool last = end == input.size();
    end += std::min(step, input.size() - end);
    for (;;) {
      const std::size_t size = end - begin;
      const auto shown = std::make_unique<std::byte[]>(size);
      if (size > 0) std::memcpy(shown.get(), input.data() + begin, size);
      const byte_view bytes(shown.get(), size);
      const auto found = last ? codec.finish(bytes) : codec.next(bytes);
      if (!found) {
        out.end = found.code();
        out.why = found.error().detail();
        return out;
      }
      if (!found->complete()) {
        if (last) {
          require(size == 0);
          return out;
        }
        require(found->missing > 0 && size < codec.max_size());
        wanted = size + found->missing;
        break;
      }
      require(found->begin <= found->end && found->end <= found->size && found->size <= size);
      require(found->size <= codec.max_size() && (last || size >= wanted));
      out.frames.emplace_back(as_text(found->payload(bytes)));
      begin += found->size;
      wanted = 1;
    }
  }
}

template <class Codec>
void check(const Codec& codec, byte_view input, byte_view steps) {
  const outcome whole = decode(codec, input, {});
  require(decode(codec, input, steps) == whole);
  std::string wire;
  for (const std::string& payload : whole.frames) {
    header_room room;
    const auto made = codec.encode(as_bytes(payload), room);
    // Only a line within the limit that ends with CR, before CR LF, is read and not written.
    if (!made) {
      require(made.code() == errc::misuse && payload.ends_with('\r'));
      return;
    }
    for (const byte_view piece : *made) wire += as_text(piece);
  }
  const outcome again = decode(codec, as_bytes(wire), steps);
  require(again.frames == whole.frames && !again.end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const byte_view input = as_bytes(std::span(data, size));
  const std::size_t limit = data[1] % 64;
  const bool flag = data[2] % 2 == 1;
  const std::size_t count = data[2] / 2;
  const std::size_t step_count = std::min<std::size_t>(data[3] % 8, size - 4);
  const byte_view steps = input.subspan(4, step_count);
  const byte_view stream = input.subspan(4 + step_count);
  switch (data[0] % 6) {
    case 0:
      check(line_codec({.limit = limit, .strict = flag, .allow_unfinished = count % 2 == 1}), stream, steps);
      break;
    case 1: {
      const std::size_t length = std::min<std::size_t>(1 + count % 8, stream.size());
      if (length == 0) break;
      check(delimiter_codec(as_text(stream.first(length)), limit), stream.subspan(length), steps);
      break;
    }
    case 2: check(fixed_codec(1 + limit), stream, steps); break;
    case 3:
      check(length_codec({.limit = limit,
                          .width = 1 + count % 8,
                          .order = count / 8 % 2 == 0 ? std::endian::big : std::endian::little,
                          .includes_header = flag}),
            stream, steps);
      break;
    case 4: check(varint_codec(limit), stream, steps); break;
    default: check(netstring_codec(limit), stream, steps); break;
  }
  return 0;
}
