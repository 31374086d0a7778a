/// @file
/// What goes wrong, and how it is told: codes, the shared conditions they map to, and `failure`, the one
/// value that says what was being done, with whom, and what the peer answered.
#pragma once

#include <tidewire/base/export.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace tidewire {

/// What users compare an error with, whichever module it comes from: `if (error.code() ==
/// condition::timeout)`. One code can satisfy several: a connection refused is `transient`, a deadline is
/// `timeout` and `transient`.
enum class condition {
  canceled = 1,    ///< The caller gave up: a scope was canceled, a program was told to stop.
  timeout,         ///< A deadline passed.
  eof,             ///< The stream ended before what was wanted was complete.
  limit_exceeded,  ///< A limit of ours was reached: line length, message size, nesting, connections.
  misuse,          ///< The call was wrong: an argument, the order of calls, a second operation at once.
  protocol,        ///< The bytes are not what the protocol allows; the peer, or the file, is at fault.
  tls,             ///< TLS failed: handshake, certificate, record.
  auth,            ///< Credentials were refused or are missing.
  transient,       ///< The same may succeed later: it is worth trying again.
  permanent,       ///< The same will fail again.
};

/// The codes of `base` and `core`. Other modules have their own enumeration and category.
enum class errc {
  canceled = 1,               ///< The operation was canceled.
  timed_out,                  ///< The deadline passed.
  end_of_stream,              ///< The stream ended where more was needed.
  limit_exceeded,             ///< A limit was exceeded.
  misuse,                     ///< The call is not allowed here; the detail says why.
  malformed,                  ///< The input is not of the format.
  unsupported,                ///< This system, or this build, does not have what was asked for.
  host_not_found,             ///< The name does not resolve.
  resolver_failed,            ///< The name servers gave no answer; a later look-up may get one.
  closed,                     ///< The object was closed on this side.
  connection_refused_by_all,  ///< No address of the host could be connected to; the detail has each try.
};

}  // namespace tidewire

template <>
struct std::is_error_condition_enum<tidewire::condition> : std::true_type {};
template <>
struct std::is_error_code_enum<tidewire::errc> : std::true_type {};

namespace tidewire {

/// The category of `condition`.
[[nodiscard]] TIDEWIRE_BASE_API const std::error_category& condition_category() noexcept;
/// The category of `errc`.
[[nodiscard]] TIDEWIRE_BASE_API const std::error_category& base_category() noexcept;

[[nodiscard]] inline std::error_condition make_error_condition(condition value) noexcept {
  return {static_cast<int>(value), condition_category()};
}
[[nodiscard]] inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), base_category()};
}

/// An error as a value: a code, and what helps a person to act on it. Cheap to copy and to move (one code,
/// one pointer); without diagnostics it allocates nothing. Distinct objects may be used from distinct
/// threads.
class TIDEWIRE_BASE_API failure {
 public:
  /// A bare code. `code` must not be success.
  failure(std::error_code code) noexcept : code_(code) {}  // NOLINT: a code is a failure
  /// A code of `base`.
  failure(errc code) noexcept : code_(make_error_code(code)) {}  // NOLINT
  /// A code, and the cause in words: "line longer than 1024 bytes".
  failure(std::error_code code, std::string detail);
  /// @copydoc failure(std::error_code, std::string)
  failure(errc code, std::string detail) : failure(make_error_code(code), std::move(detail)) {}

  /// The code, to compare with a `condition`.
  [[nodiscard]] const std::error_code& code() const noexcept { return code_; }
  /// What was being done: "connect", "read line". Empty if unknown.
  [[nodiscard]] std::string_view operation() const noexcept;
  /// With whom, or on what: "example.org:443", a path. Empty if unknown.
  [[nodiscard]] std::string_view peer() const noexcept;
  /// The cause in words, ours, trusted. Empty if the code says it all.
  [[nodiscard]] std::string_view detail() const noexcept;
  /// What the peer itself said, as it came: untrusted, to be escaped before it is shown. Empty if nothing.
  [[nodiscard]] std::string_view peer_text() const noexcept;
  /// All of it as one line: "connect to example.org:443: timed out: ...". Peer text is quoted, escaped and
  /// cut to 200 bytes.
  [[nodiscard]] std::string message() const;

  /// Sets what was being done, unless an inner layer said it already.
  failure& during(std::string_view operation);
  /// Sets with whom, unless an inner layer said it already.
  failure& with(std::string_view peer);
  /// Sets the cause in words.
  failure& because(std::string_view detail);
  /// Sets what the peer said.
  failure& peer_said(std::string_view text);

  /// Compares the code: `if (failure == condition::timeout)`.
  [[nodiscard]] friend bool operator==(const failure& left, condition right) noexcept {
    return left.code() == make_error_condition(right);
  }

 private:
  struct diagnostics;
  diagnostics& own();

  std::error_code code_;
  std::shared_ptr<const diagnostics> diagnostics_;
};

/// The exception that operations throw: a `failure` as a `std::system_error`.
class TIDEWIRE_BASE_API error : public std::system_error {
 public:
  explicit error(tidewire::failure why);
  error(std::error_code code, std::string detail) : error(tidewire::failure(code, std::move(detail))) {}
  error(errc code, std::string detail) : error(tidewire::failure(code, std::move(detail))) {}
  error(const error&) noexcept = default;
  error& operator=(const error&) noexcept = default;
  ~error() override;

  /// The whole value.
  [[nodiscard]] const tidewire::failure& failure() const noexcept { return failure_; }
  /// @copydoc failure::operation
  [[nodiscard]] std::string_view operation() const noexcept { return failure_.operation(); }
  /// @copydoc failure::peer
  [[nodiscard]] std::string_view peer() const noexcept { return failure_.peer(); }
  /// @copydoc failure::detail
  [[nodiscard]] std::string_view detail() const noexcept { return failure_.detail(); }
  /// @copydoc failure::peer_text
  [[nodiscard]] std::string_view peer_text() const noexcept { return failure_.peer_text(); }
  /// The same as `failure().message()`.
  [[nodiscard]] const char* what() const noexcept override;

 private:
  tidewire::failure failure_;
  std::shared_ptr<const std::string> what_;
};

/// May the same be tried again? True for what satisfies `condition::transient`.
[[nodiscard]] inline bool is_transient(const std::error_code& code) noexcept {
  return code == make_error_condition(condition::transient);
}

}  // namespace tidewire
