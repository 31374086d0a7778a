// OpenSSL's errors as ours, in words.
#pragma once

#include <tidewire/base/error.hpp>
#include <tidewire/tls/error.hpp>

#include <openssl/err.h>

#include <string>
#include <string_view>

#include "openssl.hpp"

namespace tidewire::tls::detail {

/// Why a call on `ssl` just failed; `first_bytes` are the first that the peer sent.
[[nodiscard]] failure explain(SSL* ssl, std::string_view first_bytes);
/// The first of OpenSSL's errors in its own words, which hold neither input nor keys; its queue is empty
/// afterwards.
[[nodiscard]] std::string openssl_words();
/// `code` because of that; `doing` says at what.
[[nodiscard]] failure openssl_failure(errc code, std::string_view doing);

}  // namespace tidewire::tls::detail
