/// @file
/// `observer`: what a log, a tracer or a meter derives from to be told what happens in the library. No
/// library for any of these is needed, and where nobody observes, nothing is computed.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/core/clock.hpp>
#include <tidewire/core/executor.hpp>
#include <tidewire/core/export.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

namespace tidewire {

/// One thing that is known of what happens: a name, and a number, a truth or a text. It borrows its texts.
class attribute {
 public:
  using value_type = std::variant<std::int64_t, double, bool, std::string_view>;

  attribute(std::string_view name, std::string_view value) noexcept : name_(name), value_(value) {}
  attribute(std::string_view name, const char* value) noexcept
      : name_(name), value_(std::string_view(value)) {}
  template <class Number>
  requires(std::integral<Number> || std::floating_point<Number>)
  attribute(std::string_view name, Number value) noexcept : name_(name), value_(number(value)) {}

  /// "peer", "attempt": lower case, words joined by '_'.
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] const value_type& value() const noexcept { return value_; }

 private:
  template <class Number>
  static value_type number(Number value) noexcept {
    if constexpr (std::same_as<Number, bool>) {
      return value;
    } else if constexpr (std::integral<Number>) {
      return static_cast<std::int64_t>(value);
    } else {
      return static_cast<double>(value);
    }
  }

  std::string_view name_;
  value_type value_;
};

using attributes = std::span<const attribute>;

/// How much an event matters.
enum class severity : unsigned char {
  debug,    ///< For whoever looks for a fault.
  info,     ///< The course of things: a server listens, a worker was started.
  warning,  ///< Something failed that is dealt with: a connection, an attempt.
  error,    ///< Something failed that a person should look at.
};

/// Is told what happens. Each of its functions does nothing unless it is overridden.
///
/// They are called where it happens, on the thread of that loop: one observer of several loops is called from
/// several threads at a time. They must return soon, and must not throw; what they are shown is gone when
/// they return. Names are literals of the library, listed in the documentation of what is observed.
class TIDEWIRE_CORE_API observer {
 public:
  observer() = default;
  observer(const observer&) = delete;
  observer& operator=(const observer&) = delete;
  virtual ~observer();

  /// Something that takes time begins: a connection, an exchange.
  /// @param parent The number of the span that it is a part of; 0: of none.
  /// @return A number of your own, by which the span is known from now on.
  virtual std::uint64_t span_started(time_point at, std::string_view name, attributes what,
                                     std::uint64_t parent) noexcept;
  /// It ended; `why` tells how it failed, null that it did not.
  virtual void span_ended(time_point at, std::uint64_t span, std::string_view name,
                          const failure* why) noexcept;
  /// A number went up, or, if `by` is negative, down.
  virtual void counted(std::string_view counter, std::int64_t by) noexcept;
  /// Something happened.
  virtual void happened(time_point at, severity how, std::string_view event, attributes what) noexcept;
};

/// Whom a loop tells: what has no observer of its own asks for this one. Null: nobody. The observer is not
/// owned, and must outlive the loop's tasks. For the loop's thread.
TIDEWIRE_CORE_API void set_observer(executor where, observer* told);
/// Whom that loop tells; null: nobody. For the loop's thread.
[[nodiscard]] TIDEWIRE_CORE_API observer* observer_of(executor where) noexcept;

/// Something that takes time: begins when this is made, ends when it is destroyed. Costs nothing for nobody.
/// Must not outlive the loop. Stays where it is.
class trace_span {
 public:
  /// @param told Null: nobody.
  /// @param name A literal.
  /// @param what Is looked at now, and not kept.
  trace_span(observer* told, executor where, std::string_view name,
             std::initializer_list<attribute> what = {}, std::uint64_t parent = 0) noexcept
      : told_(told), where_(where), name_(name) {
    if (told_ != nullptr) {
      number_ = told_->span_started(where_.now(), name_, attributes(what.begin(), what.size()), parent);
    }
  }
  trace_span(const trace_span&) = delete;
  trace_span& operator=(const trace_span&) = delete;
  ~trace_span() { end(nullptr); }

  /// Ends it now, as failed.
  void failed(const failure& why) noexcept { end(&why); }
  /// What the observer calls it; for the spans that are a part of it.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

 private:
  void end(const failure* why) noexcept {
    if (observer* const told = std::exchange(told_, nullptr)) {
      told->span_ended(where_.now(), number_, name_, why);
    }
  }

  observer* told_;
  executor where_;
  std::string_view name_;
  std::uint64_t number_ = 0;
};

}  // namespace tidewire
