// OpenSSL's objects with owners. OpenSSL is named in src/tls only.
#pragma once

#include <tidewire/base/bytes.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace tidewire::tls::detail {

template <auto Free>
struct openssl_deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
template <class T, auto Free>
using openssl_ptr = std::unique_ptr<T, openssl_deleter<Free>>;

using ssl_ptr = openssl_ptr<SSL, SSL_free>;
using ssl_context_ptr = openssl_ptr<SSL_CTX, SSL_CTX_free>;
using session_ptr = openssl_ptr<SSL_SESSION, SSL_SESSION_free>;
using certificate_ptr = openssl_ptr<X509, X509_free>;
using key_ptr = openssl_ptr<EVP_PKEY, EVP_PKEY_free>;
using store_ptr = openssl_ptr<X509_STORE, X509_STORE_free>;

// OpenSSL counts references: one more owner of the same object.
inline certificate_ptr share(X509* certificate) noexcept {
  X509_up_ref(certificate);
  return certificate_ptr(certificate);
}

inline const unsigned char* raw(byte_view bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace tidewire::tls::detail
