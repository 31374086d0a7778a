#include <tidewire/core/observer.hpp>

namespace tidewire {

observer::~observer() = default;

std::uint64_t observer::span_started(time_point, std::string_view, attributes, std::uint64_t) noexcept {
  return 0;
}
void observer::span_ended(time_point, std::uint64_t, std::string_view, const failure*) noexcept {}
void observer::counted(std::string_view, std::int64_t) noexcept {}
void observer::happened(time_point, severity, std::string_view, attributes) noexcept {}

namespace detail {
namespace {

struct observer_of_loop final : loop_local {
  explicit observer_of_loop(loop&) noexcept {}
  static const char key;
  observer* told = nullptr;
};
const char observer_of_loop::key = 0;

}  // namespace
}  // namespace detail

void set_observer(executor where, observer* told) {
  where.loop().local<detail::observer_of_loop>().told = told;
}

observer* observer_of(executor where) noexcept {
  const auto* const found = where.loop().local_if_made<detail::observer_of_loop>();
  return found != nullptr ? found->told : nullptr;
}

}  // namespace tidewire
