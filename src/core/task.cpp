#include <tidewire/core/task.hpp>

namespace tidewire::detail {

failure to_failure(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const error& e) {
    return e.failure();
  } catch (const std::system_error& e) {
    failure why(e.code());
    why.because(e.what());
    return why;
  }
}

bool satisfies(const std::exception_ptr& thrown, condition wanted) noexcept {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::system_error& e) {
    return e.code() == wanted;
  } catch (...) {
    return false;
  }
}

}  // namespace tidewire::detail
