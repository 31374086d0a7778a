/// @file
/// Looking over the shoulder of a session of a protocol of lines: every line, in both directions, without its
/// secrets.
#pragma once

#include <tidewire/core/export.hpp>

#include <string>
#include <string_view>

namespace tidewire {

/// Is told the lines of a session. Lines have no end, and what was secret in them is "***": credentials,
/// challenges and responses. Of a message, only the number of its bytes is told. What comes from the peer is
/// untrusted.
class TIDEWIRE_CORE_API transcript {
 public:
  transcript() = default;
  transcript(const transcript&) = delete;
  transcript& operator=(const transcript&) = delete;
  virtual ~transcript();

  /// We sent this line.
  virtual void sent(std::string_view line) = 0;
  /// This line came.
  virtual void received(std::string_view line) = 0;
};

/// Keeps the lines: "C: EHLO localhost", "S: 250 mx". For tests and bug reports.
class TIDEWIRE_CORE_API memory_transcript final : public transcript {
 public:
  void sent(std::string_view line) override;
  void received(std::string_view line) override;
  /// All of it, a line each.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace tidewire
