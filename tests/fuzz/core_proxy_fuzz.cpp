// Answers of proxies: the first byte chooses what is spoken and where the answer is cut. Whatever the cut, it
// comes to the same, and never is more taken than was shown.

#include <tidewire/core/proxy.hpp>
#include <tidewire/core/udp_proxy.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace {

using namespace tidewire;

void require(bool holds) {
  if (!holds) std::abort();
}

struct outcome {
  std::error_code code;
  std::string why;
  std::string said;
  std::size_t taken = 0;
  bool operator==(const outcome&) const = default;
};

outcome play(proxy::protocol speaks, byte_view answer, std::size_t step) {
  const proxy::tunnel_options options{.user = speaks == proxy::protocol::socks4a ? "" : "user",
                                      .password = speaks == proxy::protocol::socks4a ? "" : "password",
                                      .head_limit = 200,
                                      .body_limit = 100};
  auto exchange = proxy::handshake::begin(speaks, "example.org", 443, options).value();
  outcome played;
  const auto ended_by = [&](const failure& why) {
    return outcome{why.code(), std::string(why.detail()), std::string(why.peer_text()), 0};
  };
  for (std::size_t came = 0;;) {
    exchange.sent();
    const std::size_t size = came - played.taken;
    const auto shown = std::make_unique<std::byte[]>(size);
    if (size > 0) std::memcpy(shown.get(), answer.data() + played.taken, size);
    const auto taken = exchange.receive(byte_view(shown.get(), size));
    if (!taken) return ended_by(taken.error());
    require(*taken <= size);
    played.taken += *taken;
    if (exchange.done()) return played;
    if (!exchange.output().empty()) continue;
    if (came == answer.size()) return ended_by(exchange.finish());
    came += std::min(step, answer.size() - came);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto speaks = static_cast<proxy::protocol>(data[0] % 3);
  const std::size_t step = 1 + data[0] / 3 % 16;
  const byte_view answer = std::as_bytes(std::span(data + 1, size - 1));
  const outcome whole = play(speaks, answer, answer.size() + 1);
  require(whole == play(speaks, answer, step));
  require(whole == play(speaks, answer, 1));

  if (const auto relayed = proxy::parse_relayed(answer)) {
    const auto header = proxy::relay_header(relayed->from.address().to_string(), relayed->from.port());
    require(header && header->size() + relayed->bytes.size() == answer.size());
    require(as_text(answer.subspan(3)) == header->substr(3) + std::string(as_text(relayed->bytes)));
  }

  const std::string_view text = as_text(answer);
  const std::size_t middle = text.size() / 2;
  static_cast<void>(proxy::is_exempt(text.substr(0, middle), text.substr(middle), 80));
  return 0;
}
