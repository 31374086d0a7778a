// What keys and certificates share: OpenSSL's memory streams, and words about PEM texts.
#pragma once

#include <openssl/bio.h>
#include <openssl/crypto.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "openssl.hpp"

namespace tidewire::crypto {

using bio_ptr = openssl_ptr<BIO, BIO_free_all>;

// What OpenSSL encoded.
inline void free_encoded(unsigned char* encoded) noexcept {
  OPENSSL_free(encoded);
}
using encoded_ptr = openssl_ptr<unsigned char, free_encoded>;

// Reads from `text`, which must outlive it and be smaller than 2 GiB.
bio_ptr reading_from(byte_view text);
// Collects what is written to it.
bio_ptr memory_stream();
// What was written to it.
std::string_view written_to(BIO* stream) noexcept;

// Refuses what is larger than max_key_file_size.
result<void> check_key_file_size(std::size_t size);

// The contents of a file of keys or certificates.
result<secret> read_key_file(const std::filesystem::path& path);

// The labels of a PEM text, for people: "it has CERTIFICATE, DH PARAMETERS". At most five of them.
std::string labels_of(std::string_view text);

// Of text that somebody else wrote: what is not visible ASCII becomes '?', and more than `most` bytes are cut
// off.
std::string shown(std::string_view text, std::size_t most = 100);

}  // namespace tidewire::crypto
