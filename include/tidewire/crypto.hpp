/// @file
/// Everything of `tidewire::crypto`.
#pragma once

#include <tidewire/crypto/authority.hpp>
#include <tidewire/crypto/blake2.hpp>
#include <tidewire/crypto/certificate.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/file.hpp>
#include <tidewire/crypto/hash.hpp>
#include <tidewire/crypto/hmac.hpp>
#include <tidewire/crypto/kdf.hpp>
#include <tidewire/crypto/key.hpp>
#include <tidewire/crypto/ocsp.hpp>
#include <tidewire/crypto/password.hpp>
#include <tidewire/crypto/random.hpp>
#include <tidewire/crypto/request.hpp>
#include <tidewire/crypto/sasl.hpp>
