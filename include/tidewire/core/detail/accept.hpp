/// @file
/// What `accept` of TCP and of Unix listeners share: not for users.
#pragma once

#include <tidewire/core/detail/loop.hpp>
#include <tidewire/core/export.hpp>

#include <system_error>

namespace tidewire::detail {

class listener_state;

/// A wait for a connection. `accept` operations are leaves over it, and make a stream of what came.
class TIDEWIRE_CORE_API accept_wait : public suspension {
 public:
  explicit accept_wait(listener_state* from) noexcept : from_(from) {}
  accept_wait& operator=(const accept_wait&) = delete;

  bool start(promise_base& p);

 protected:
  /// Before it started.
  accept_wait(const accept_wait& other) noexcept : suspension(), from_(other.from_) {}
  ~accept_wait();

  /// Whose connection can be taken; throws if there is none.
  [[nodiscard]] listener_state& require_connection() const;

 private:
  friend class listener_state;
  void cancel() noexcept override;

  listener_state* from_;
  std::error_code code_;
  const char* why_ = "";
  bool pending_ = false;
  bool retains_ = false;  // the listener may be destroyed while this waits
};

}  // namespace tidewire::detail
