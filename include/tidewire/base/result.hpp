/// @file
/// `result<T>`: a value, or why there is none. What parsers return and what `as_result` makes of an
/// operation.
#pragma once

#include <tidewire/base/error.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace tidewire {

template <class T>
class result;

namespace detail {
template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;
}  // namespace detail

/// A `T`, or a `failure`. Never empty, never throws but from `value()`. Not thread-safe: one object, one
/// user. The C++23 `std::expected<T, failure>` in what C++20 has.
template <class T>
class [[nodiscard]] result {
  static_assert(!std::is_reference_v<T>, "result<T&> is not supported: use result<T*>");

 public:
  using value_type = T;

  /// Success.
  template <class U = T>
  requires(std::is_constructible_v<T, U> && !std::is_same_v<std::remove_cvref_t<U>, result> &&
           !std::is_same_v<std::remove_cvref_t<U>, failure> && !std::is_same_v<std::remove_cvref_t<U>, errc>)
  result(U&& value)  // NOLINT: a value is a result
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  /// Failure.
  result(failure why) : state_(std::in_place_index<1>, std::move(why)) {}  // NOLINT
  /// Failure by a bare code of `base`.
  result(errc why) : state_(std::in_place_index<1>, why) {}  // NOLINT

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  /// The value; throws `error` if there is none.
  [[nodiscard]] T& value() & {
    require();
    return *std::get_if<0>(&state_);
  }
  /// @copydoc value
  [[nodiscard]] const T& value() const& {
    require();
    return *std::get_if<0>(&state_);
  }
  /// @copydoc value
  [[nodiscard]] T&& value() && {
    require();
    return std::move(*std::get_if<0>(&state_));
  }
  /// The value, unchecked: `has_value()` must hold.
  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  /// @copydoc operator*
  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  /// @copydoc operator*
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  /// @copydoc operator*
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&state_); }
  /// @copydoc operator*
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  /// The value, or `otherwise`.
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(otherwise));
  }
  /// @copydoc value_or
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) && {
    return has_value() ? std::move(**this) : static_cast<T>(std::forward<U>(otherwise));
  }

  /// Why there is no value: `has_value()` must not hold.
  [[nodiscard]] const failure& error() const& noexcept { return *std::get_if<1>(&state_); }
  /// @copydoc error
  [[nodiscard]] failure& error() & noexcept { return *std::get_if<1>(&state_); }
  /// @copydoc error
  [[nodiscard]] failure&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }
  /// The code of the failure; success where there is a value.
  [[nodiscard]] std::error_code code() const noexcept {
    return has_value() ? std::error_code() : error().code();
  }

  /// `function(value)` in a result, or this failure.
  template <class F>
  [[nodiscard]] auto transform(F&& function) && -> result<std::invoke_result_t<F, T&&>> {
    if (!has_value()) return std::move(*this).error();
    return std::forward<F>(function)(std::move(**this));
  }
  /// `function(value)`, itself a result, or this failure.
  template <class F>
  [[nodiscard]] auto and_then(F&& function) && -> std::invoke_result_t<F, T&&> {
    static_assert(detail::is_result<std::invoke_result_t<F, T&&>>,
                  "and_then wants a function that returns a result");
    if (!has_value()) return std::move(*this).error();
    return std::forward<F>(function)(std::move(**this));
  }

 private:
  void require() const {
    if (!has_value()) throw tidewire::error(error());
  }

  std::variant<T, failure> state_;
};

/// Success without a value, or a `failure`.
template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;

  /// Success.
  result() noexcept = default;
  /// Failure.
  result(failure why) : failure_(std::move(why)), failed_(true) {}  // NOLINT
  /// Failure by a bare code of `base`.
  result(errc why) : failure_(why), failed_(true) {}  // NOLINT

  [[nodiscard]] bool has_value() const noexcept { return !failed_; }
  [[nodiscard]] explicit operator bool() const noexcept { return !failed_; }
  /// Throws `error` if this is a failure.
  void value() const {
    if (failed_) throw tidewire::error(failure_);
  }
  /// Why it failed: `has_value()` must not hold.
  [[nodiscard]] const failure& error() const& noexcept { return failure_; }
  /// @copydoc error
  [[nodiscard]] failure& error() & noexcept { return failure_; }
  /// @copydoc error
  [[nodiscard]] failure&& error() && noexcept { return std::move(failure_); }
  /// The code of the failure; success where there is none.
  [[nodiscard]] std::error_code code() const noexcept {
    return failed_ ? failure_.code() : std::error_code();
  }

 private:
  failure failure_ = std::error_code();
  bool failed_ = false;
};

}  // namespace tidewire
