// The faults of a server: which happen now, and which did.
#pragma once

#include <tidewire/testing/fault.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::testing::detail {

// A fault with its texts, its stage as a number.
struct planned_fault {
  unsigned stage = 0;
  misdeed what = misdeed::refuse;
  std::string text;
  std::string recipient;
  std::size_t nth = 1;
  std::size_t times = 1;
  moment when = moment::before;
  duration time{};
  std::size_t size = 1;
  std::uint64_t after = 0;
  std::string name;  // for people

  std::size_t id = 0;
  std::size_t met = 0;    // how often its stage was reached
  std::size_t fired = 0;  // how often it happened
};

template <class Stage>
planned_fault plan(const fault_at<Stage>& fault) {
  planned_fault out;
  out.stage = static_cast<unsigned>(fault.at);
  out.what = fault.what;
  out.text = fault.text;
  out.recipient = fault.recipient;
  out.nth = fault.nth > 0 ? fault.nth : 1;
  out.times = fault.times;
  out.when = fault.when;
  out.time = fault.time;
  out.size = fault.size > 0 ? fault.size : 1;
  out.after = fault.after;
  return out;
}

// Not locked: its owner does that.
class fault_book {
 public:
  // `stage` is the name of its stage.
  void add(planned_fault fault, std::string_view stage);
  // A stage was reached: what happens there now.
  std::vector<planned_fault> reached(unsigned stage, std::string_view recipient);
  void fired(std::size_t id);
  void clear();

  [[nodiscard]] const std::vector<planned_fault>& all() const noexcept { return faults_; }
  [[nodiscard]] std::vector<std::string> unfired() const;

 private:
  std::vector<planned_fault> faults_;
  std::size_t next_id_ = 1;
};

[[nodiscard]] std::string_view name_of(misdeed what) noexcept;
[[nodiscard]] std::string_view name_of(moment when) noexcept;

}  // namespace tidewire::testing::detail
