#include "misdeeds.hpp"

#include <tidewire/core/executor.hpp>

#include <algorithm>

namespace tidewire::testing::detail {
namespace {

// No answer of a line protocol, no record of TLS, no UTF-8.
constexpr std::string_view noise = "\x80\xfe\x01 ***\r\n)}]\xc0\r\n";

constexpr std::string_view tls_alert("\x15\x03\x03\x00\x02\x02\x28", 7);  // fatal: handshake_failure

bool needs_an_answer(misdeed what) {
  switch (what) {
    case misdeed::drip:
    case misdeed::repeat:
    case misdeed::inject:
    case misdeed::wrong_tag:
    case misdeed::longer_literal:
    case misdeed::shorter_literal:
    case misdeed::flood: return true;
    default: return false;
  }
}

// Reads to the end of what the client says, and drops it.
task<> listen_to_the_end(stream& peer) {
  peer.set_read_timeout(no_timeout);
  for (;;) {
    peer.consume(peer.buffered().size());
    const auto came = co_await as_result(peer.fill());
    if (!came || *came == 0) break;
  }
  peer.close();
}

// Commits the one fault, if this is its moment.
task<> misbehave(server_core& core, connection& on, stream& peer, const planned_fault& fault, moment now) {
  if (fault.when != now || !peer.is_open()) co_return;
  switch (fault.what) {
    case misdeed::delay:
      core.fire(on, fault);
      co_await sleep_for(fault.time);
      break;
    case misdeed::cut:
      core.fire(on, fault);
      on.cut(peer);
      break;
    case misdeed::reset:
      core.fire(on, fault);
      on.reset(peer);
      break;
    case misdeed::silence:
      core.fire(on, fault);
      co_await listen_to_the_end(peer);
      break;
    default: break;
  }
}

task<> misbehave_all(server_core& core, connection& on, stream& peer,
                     const std::vector<planned_fault>& faults, moment now) {
  // Whoever waits does so before he leaves.
  for (const planned_fault& one : faults) {
    if (one.what == misdeed::delay) co_await misbehave(core, on, peer, one, now);
  }
  for (const planned_fault& one : faults) {
    if (one.what != misdeed::delay) co_await misbehave(core, on, peer, one, now);
  }
}

task<> drip(stream& peer, std::string_view bytes, std::size_t size, duration apart) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, size);
    co_await peer.write(piece);
    bytes.remove_prefix(piece.size());
    if (!bytes.empty()) co_await sleep_for(apart);
  }
}

}  // namespace

task<> misbehave_before(server_core& core, connection& on, stream& peer,
                        const std::vector<planned_fault>& faults) {
  return misbehave_all(core, on, peer, faults, moment::before);
}

task<> misbehave_instead_of_tls(server_core& core, connection& on, stream& peer,
                                const std::vector<planned_fault>& faults) {
  for (const planned_fault& one : faults) {
    if (one.what != misdeed::refuse && one.what != misdeed::garbage) continue;
    core.fire(on, one);
    std::string_view bytes = one.what == misdeed::refuse ? tls_alert : noise;
    if (!one.text.empty()) bytes = one.text;
    co_await peer.write(bytes);
    co_await peer.shutdown();
    peer.close();
    co_return;
  }
}

void require_possible(const planned_fault& fault, bool has_answer, bool at_tls) {
  const auto refuse = [](const char* why) { throw error(errc::misuse, why); };
  if (fault.what == misdeed::inject && fault.text.empty()) refuse("nothing to inject: say it in `text`");
  if (has_answer) return;
  if (fault.when != moment::before) refuse("there is no answer at this stage: only `moment::before` happens");
  if (needs_an_answer(fault.what) || (fault.what == misdeed::garbage && !at_tls)) {
    refuse("there is no answer at this stage");
  }
}

task<> answer_badly(server_core& core, connection& on, stream& peer, std::string_view answer,
                    const std::vector<planned_fault>& faults) {
  co_await misbehave_all(core, on, peer, faults, moment::instead);
  if (!peer.is_open()) co_return;

  std::string bytes(answer);
  const planned_fault* dripping = nullptr;
  bool halved = false;
  for (const planned_fault& one : faults) {
    switch (one.what) {
      case misdeed::garbage: bytes = one.text.empty() ? noise : std::string_view(one.text); break;
      case misdeed::repeat: bytes += answer; break;
      case misdeed::inject: bytes += one.text; break;
      case misdeed::drip: dripping = &one; break;
      default: halved = halved || one.when == moment::amid; continue;
    }
    core.fire(on, one);
  }
  std::string_view rest = bytes;
  if (halved) {
    const std::string_view half = rest.substr(0, rest.size() / 2);
    co_await peer.write(half);
    rest.remove_prefix(half.size());
    co_await misbehave_all(core, on, peer, faults, moment::amid);
    if (!peer.is_open()) co_return;
  }
  if (dripping != nullptr) {
    co_await drip(peer, rest, dripping->size, dripping->time);
  } else {
    co_await peer.write(rest);
  }
  co_await misbehave_all(core, on, peer, faults, moment::after);
}

}  // namespace tidewire::testing::detail
