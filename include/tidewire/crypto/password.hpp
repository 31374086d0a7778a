/// @file
/// Passwords of users, stored so that whoever steals the store has not got the passwords: scrypt, with a salt
/// for each, in one line of text.
#pragma once

#include <tidewire/base/secret.hpp>
#include <tidewire/crypto/export.hpp>
#include <tidewire/crypto/kdf.hpp>

#include <string>
#include <string_view>

namespace tidewire::crypto {

/// What to store for a password: `$scrypt$ln=16,r=8,p=2$SALT$KEY`, ASCII, some 90 characters (the PHC string
/// format, as Python's passlib writes it). The salt is new each time. `n` is at most 2^31. It holds the
/// thread for as long as it takes: use `offload` on a loop. Throws as `scrypt`
/// does, and `error` with `errc::prohibited_character` for a password with a NUL.
[[nodiscard]] TIDEWIRE_CRYPTO_API std::string hash_password(const secret& password,
                                                            scrypt_options options = {});

/// Is this the password for which `stored` was made?
/// @param memory_limit As `scrypt_options::memory_limit`: what `stored` asks for is not trusted.
/// @par Errors
/// Throws `error` with `tidewire::errc::malformed` if `stored` is no such text, and as `scrypt` does.
[[nodiscard]] TIDEWIRE_CRYPTO_API bool password_matches(
    const secret& password, std::string_view stored,
    std::uint64_t memory_limit = scrypt_options().memory_limit);

/// Was `stored` made with other costs than these? Then make it anew when the user is there with the password.
/// Throws `error` with `tidewire::errc::malformed` if `stored` is no such text.
[[nodiscard]] TIDEWIRE_CRYPTO_API bool password_needs_rehash(std::string_view stored,
                                                             scrypt_options options = {});

}  // namespace tidewire::crypto
