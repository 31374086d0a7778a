// Certificates and keys are small files, read at once.
#pragma once

#include <tidewire/base/secret.hpp>

#include <filesystem>

namespace tidewire::tls::detail {

/// What is in a file. Throws what the system says, naming the file.
[[nodiscard]] secret read_file(const std::filesystem::path& path);

}  // namespace tidewire::tls::detail
