#include <tidewire/base/error.hpp>

#include <array>
#include <cstddef>

namespace tidewire {
namespace {

constexpr std::size_t peer_text_shown = 200;

class condition_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tidewire.condition"; }

  std::string message(int value) const override {
    switch (static_cast<condition>(value)) {
      case condition::canceled: return "canceled";
      case condition::timeout: return "timeout";
      case condition::eof: return "end of stream";
      case condition::limit_exceeded: return "limit exceeded";
      case condition::misuse: return "misuse";
      case condition::protocol: return "protocol error";
      case condition::tls: return "TLS failure";
      case condition::auth: return "authentication failure";
      case condition::transient: return "transient failure";
      case condition::permanent: return "permanent failure";
    }
    return "unknown condition";
  }

  // The system's own codes; each module's category answers for its codes itself.
  bool equivalent(const std::error_code& code, int value) const noexcept override {
    if (code.category() == *this) return code.value() == value;
    const std::error_condition portable = code.default_error_condition();
    if (portable.category() != std::generic_category()) return false;
    const auto is = [&](auto... candidates) {
      return ((portable == std::make_error_condition(candidates)) || ...);
    };
    using std::errc;
    switch (static_cast<condition>(value)) {
      case condition::canceled: return is(errc::operation_canceled);
      case condition::timeout: return is(errc::timed_out);
      case condition::eof: return false;
      case condition::limit_exceeded:
        return is(errc::too_many_files_open, errc::too_many_files_open_in_system, errc::message_size,
                  errc::file_too_large);
      case condition::misuse:
        return is(errc::invalid_argument, errc::bad_file_descriptor, errc::not_a_socket, errc::not_connected,
                  errc::already_connected, errc::bad_address);
      case condition::protocol: return is(errc::protocol_error, errc::bad_message);
      case condition::tls: return false;
      case condition::auth: return false;
      case condition::transient:
        return is(errc::connection_refused, errc::connection_reset, errc::connection_aborted,
                  errc::host_unreachable, errc::network_unreachable, errc::network_down, errc::network_reset,
                  errc::timed_out, errc::broken_pipe, errc::resource_unavailable_try_again,
                  errc::no_buffer_space, errc::not_enough_memory, errc::too_many_files_open,
                  errc::too_many_files_open_in_system, errc::interrupted);
      case condition::permanent:
        return is(errc::permission_denied, errc::operation_not_permitted, errc::address_in_use,
                  errc::address_not_available, errc::address_family_not_supported,
                  errc::protocol_not_supported, errc::no_such_file_or_directory, errc::is_a_directory,
                  errc::not_a_directory, errc::read_only_file_system, errc::no_space_on_device,
                  errc::invalid_argument);
    }
    return false;
  }
};

class base_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tidewire"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::canceled: return "canceled";
      case errc::timed_out: return "timed out";
      case errc::end_of_stream: return "the stream ended early";
      case errc::limit_exceeded: return "limit exceeded";
      case errc::misuse: return "not allowed here";
      case errc::malformed: return "malformed input";
      case errc::unsupported: return "not supported on this system";
      case errc::host_not_found: return "host not found";
      case errc::resolver_failed: return "the name could not be looked up";
      case errc::closed: return "closed";
      case errc::connection_refused_by_all: return "no address could be connected to";
    }
    return "unknown error";
  }

  bool equivalent(int code, const std::error_condition& wanted) const noexcept override {
    if (wanted.category() != condition_category()) return error_category::equivalent(code, wanted);
    const auto asked = static_cast<condition>(wanted.value());
    switch (static_cast<errc>(code)) {
      case errc::canceled: return asked == condition::canceled;
      case errc::timed_out: return asked == condition::timeout || asked == condition::transient;
      case errc::end_of_stream: return asked == condition::eof || asked == condition::transient;
      case errc::limit_exceeded: return asked == condition::limit_exceeded;
      case errc::misuse: return asked == condition::misuse || asked == condition::permanent;
      case errc::malformed: return asked == condition::protocol || asked == condition::permanent;
      case errc::unsupported: return asked == condition::permanent;
      case errc::host_not_found: return asked == condition::permanent;
      case errc::resolver_failed: return asked == condition::transient;
      case errc::closed: return asked == condition::misuse;
      case errc::connection_refused_by_all: return asked == condition::transient;
    }
    return false;
  }
};

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f || byte >= 0x80) {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
}

}  // namespace

const std::error_category& condition_category() noexcept {
  static const condition_category_type category;
  return category;
}

const std::error_category& base_category() noexcept {
  static const base_category_type category;
  return category;
}

struct failure::diagnostics {
  std::string operation;
  std::string peer;
  std::string detail;
  std::string peer_text;
};

failure::failure(std::error_code code, std::string detail) : code_(code) {
  own().detail = std::move(detail);
}

std::string_view failure::operation() const noexcept {
  return diagnostics_ ? std::string_view(diagnostics_->operation) : std::string_view();
}
std::string_view failure::peer() const noexcept {
  return diagnostics_ ? std::string_view(diagnostics_->peer) : std::string_view();
}
std::string_view failure::detail() const noexcept {
  return diagnostics_ ? std::string_view(diagnostics_->detail) : std::string_view();
}
std::string_view failure::peer_text() const noexcept {
  return diagnostics_ ? std::string_view(diagnostics_->peer_text) : std::string_view();
}

// Copies share their diagnostics, so a change is made on a copy of its own.
failure::diagnostics& failure::own() {
  auto mine = diagnostics_ ? std::make_shared<diagnostics>(*diagnostics_) : std::make_shared<diagnostics>();
  diagnostics& writable = *mine;
  diagnostics_ = std::move(mine);
  return writable;
}

failure& failure::during(std::string_view operation) {
  if (this->operation().empty()) own().operation = operation;
  return *this;
}

failure& failure::with(std::string_view peer) {
  if (this->peer().empty()) own().peer = peer;
  return *this;
}

failure& failure::because(std::string_view detail) {
  own().detail = detail;
  return *this;
}

failure& failure::peer_said(std::string_view text) {
  own().peer_text = text;
  return *this;
}

std::string failure::message() const {
  std::string text;
  text += operation();
  if (!peer().empty()) {
    if (!text.empty()) text += ' ';
    text += peer();
  }
  if (!text.empty()) text += ": ";
  text += code_.message();
  if (!detail().empty()) {
    text += ": ";
    text += detail();
  }
  if (!peer_text().empty()) {
    text += "; the peer said \"";
    append_escaped(text, peer_text().substr(0, peer_text_shown));
    text += peer_text().size() > peer_text_shown ? "\xE2\x80\xA6\"" : "\"";
  }
  return text;
}

error::error(tidewire::failure why)
    : std::system_error(why.code()),
      failure_(std::move(why)),
      what_(std::make_shared<const std::string>(failure_.message())) {}

error::~error() = default;

const char* error::what() const noexcept {
  return what_->c_str();
}

}  // namespace tidewire
