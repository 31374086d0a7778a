/// @file
/// Reads who one is in TLS from files: a certificate with its chain, and its private key.
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/certificate.hpp>
#include <tidewire/tls/export.hpp>

#include <filesystem>

namespace tidewire::tls {

/// Reads PEM files, which may be one and the same: the certificates, its own first, and the key.
/// @param password Of the key, if it is encrypted.
/// @par Errors Throws what the system says, or what `crypto::identity_from_files` gives; it names the file.
[[nodiscard]] TIDEWIRE_TLS_API crypto::identity load_identity(const std::filesystem::path& certificates,
                                                              const std::filesystem::path& key,
                                                              const secret& password = {});

}  // namespace tidewire::tls
