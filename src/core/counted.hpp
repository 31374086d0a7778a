// Objects that live as long as somebody on their loop needs them.
#pragma once

namespace tidewire::detail {

/// Counts who still needs an object on one loop.
class counted {
 public:
  counted() = default;
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 protected:
  virtual ~counted() = default;

 private:
  unsigned references_ = 1;
};

}  // namespace tidewire::detail
