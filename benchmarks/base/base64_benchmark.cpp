// Base64 against OpenSSL's EVP: one block, and the lines of MIME. Bytes per second are those of the input.

#include <tidewire/base/base64.hpp>

#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

namespace base64 = tidewire::base64;

// One input in both forms, and room for either answer.
struct payload {
  explicit payload(std::size_t size, base64::format how = base64::standard) : bytes(size, '\0') {
    std::mt19937 random(static_cast<unsigned>(size));
    for (char& byte : bytes) byte = static_cast<char>(random());
    text = base64::encode(bytes, how);
    if (how.line_length > 0) text += "\r\n";
    room.resize(text.size() + 64);
  }

  [[nodiscard]] const unsigned char* raw_bytes() const {
    return reinterpret_cast<const unsigned char*>(bytes.data());
  }
  [[nodiscard]] const unsigned char* raw_text() const {
    return reinterpret_cast<const unsigned char*>(text.data());
  }
  [[nodiscard]] unsigned char* raw_room() { return reinterpret_cast<unsigned char*>(room.data()); }

  std::string bytes;
  std::string text;
  std::string room;
};

// Runs `once`, which returns how many bytes it wrote to the room, until time is up; first checks its answer.
template <class F>
void measure(benchmark::State& state, payload& input, std::string_view expected, std::size_t size, F once) {
  const std::size_t written = once();
  if (std::string_view(input.room).substr(0, written) != expected) return state.SkipWithError("wrong answer");
  for (auto _ : state) {
    benchmark::DoNotOptimize(once());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(size));
}

std::size_t size_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void encode_ours(benchmark::State& state) {
  payload input(size_of(state));
  measure(state, input, input.text, input.bytes.size(),
          [&] { return *base64::encode_into(tidewire::as_bytes(input.bytes), input.room); });
}

void encode_openssl(benchmark::State& state) {
  payload input(size_of(state));
  measure(state, input, input.text, input.bytes.size(), [&] {
    return static_cast<std::size_t>(
        EVP_EncodeBlock(input.raw_room(), input.raw_bytes(), static_cast<int>(input.bytes.size())));
  });
}

void decode_ours(benchmark::State& state) {
  payload input(size_of(state));
  measure(state, input, input.bytes, input.text.size(),
          [&] { return *base64::decode_into(input.text, tidewire::as_writable_bytes(input.room)); });
}

// EVP_DecodeBlock counts the padding as bytes, hence sizes that need none.
void decode_openssl(benchmark::State& state) {
  payload input(size_of(state));
  measure(state, input, input.bytes, input.text.size(), [&] {
    return static_cast<std::size_t>(
        EVP_DecodeBlock(input.raw_room(), input.raw_text(), static_cast<int>(input.text.size())));
  });
}

void decode_mime_ours(benchmark::State& state) {
  payload input(size_of(state), base64::mime);
  measure(state, input, input.bytes, input.text.size(), [&] {
    return *base64::decode_into(input.text, tidewire::as_writable_bytes(input.room), base64::mime);
  });
}

void decode_mime_openssl(benchmark::State& state) {
  payload input(size_of(state), base64::mime);
  const std::unique_ptr<EVP_ENCODE_CTX, decltype(&EVP_ENCODE_CTX_free)> context(EVP_ENCODE_CTX_new(),
                                                                                &EVP_ENCODE_CTX_free);
  measure(state, input, input.bytes, input.text.size(), [&]() -> std::size_t {
    EVP_DecodeInit(context.get());
    int most = 0;
    int rest = 0;
    if (EVP_DecodeUpdate(context.get(), input.raw_room(), &most, input.raw_text(),
                         static_cast<int>(input.text.size())) < 0 ||
        EVP_DecodeFinal(context.get(), input.raw_room() + most, &rest) < 0) {
      return 0;
    }
    return static_cast<std::size_t>(most + rest);
  });
}

// Multiples of 57 bytes, the whole lines of MIME, and of 3: some 1 KiB and 1 MiB.
constexpr std::int64_t small = 57 * 18;
constexpr std::int64_t large = 57 * 18396;

BENCHMARK(encode_ours)->Name("base/base64/encode/ours")->Arg(small)->Arg(large);
BENCHMARK(encode_openssl)->Name("base/base64/encode/openssl")->Arg(small)->Arg(large);
BENCHMARK(decode_ours)->Name("base/base64/decode/ours")->Arg(small)->Arg(large);
BENCHMARK(decode_openssl)->Name("base/base64/decode/openssl")->Arg(small)->Arg(large);
BENCHMARK(decode_mime_ours)->Name("base/base64/decode-mime/ours")->Arg(small)->Arg(large);
BENCHMARK(decode_mime_openssl)->Name("base/base64/decode-mime/openssl")->Arg(small)->Arg(large);

}  // namespace
