#include <tidewire/core/executor.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace tidewire {
namespace detail {

bool sleep_operation::start(promise_base& p) {
  loop& home = p.owner->home();
  if (p.owner->canceled()) {
    canceled_ = true;
    return false;
  }
  if (relative_) {
    if (duration_ <= duration::zero()) {
      enter(p);
      home.schedule_later(p);
      return true;
    }
    until_ = home.now() + duration_;
  } else if (until_ <= home.now()) {
    return false;
  }
  home.arm(*this, until_);
  enter(p);
  return true;
}

void sleep_operation::await_resume() const {
  if (canceled_) throw error(failure(errc::canceled).during("sleep"));
}

void sleep_operation::cancel() noexcept {
  if (!armed()) return;  // it goes on at the loop's next turn in any case
  waiter_->owner->home().disarm(*this);
  canceled_ = true;
  wake();
}

void sleep_operation::fired() noexcept {
  wake();
}

bool yield_operation::start(promise_base& p) {
  if (p.owner->canceled()) {
    canceled_ = true;
    return false;
  }
  enter(p);
  p.owner->home().schedule_later(p);
  return true;
}

void yield_operation::await_resume() const {
  if (canceled_) throw error(failure(errc::canceled).during("yield"));
}

namespace {

// GCC names the function of a coroutine "void f(f(int)::_Z1fi.Frame*)"; people write f(int).
std::string_view readable(std::string_view name) {
  if (name.ends_with(".Frame*)")) {
    const std::size_t end = name.rfind("::_Z");
    const std::size_t open = name.find('(');
    if (end != std::string_view::npos && open != std::string_view::npos && open < end) {
      return name.substr(open + 1, end - open - 1);
    }
  }
  return name;
}

}  // namespace

std::vector<trace_entry> trace_from(const promise_base* innermost) {
  std::vector<trace_entry> trace;
  for (const promise_base* p = innermost; p != nullptr;) {
    trace.push_back({std::string(readable(p->where.function_name())), p->where.file_name(),
                     static_cast<unsigned>(p->where.line())});
    p = p->awaiter != nullptr ? p->awaiter : p->owner->joiner();
  }
  return trace;
}

}  // namespace detail

std::string to_string(const std::vector<trace_entry>& trace) {
  std::string text;
  for (const trace_entry& entry : trace) {
    text += "  ";
    if (entry.line == 0) {
      text += "(not yet waiting)\n";
      continue;
    }
    text += entry.function;
    text += " at ";
    text += entry.file;
    text += ':';
    text += std::to_string(entry.line);
    text += '\n';
  }
  return text;
}

std::string describe_tasks(executor where) {
  std::string text;
  std::size_t number = 0;
  for (detail::chain* c = where.loop().first_chain(); c != nullptr; c = detail::loop::next_chain(*c)) {
    text += "task " + std::to_string(++number) + (c->canceled() ? " (canceled)" : "") + ":\n";
    text += to_string(detail::trace_from(c->innermost()));
  }
  return text;
}

}  // namespace tidewire
