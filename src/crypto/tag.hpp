// How the tags of MACs are compared.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/base/result.hpp>

namespace tidewire::crypto {

// errc::wrong_tag unless both are the same; of another length, it says which one it has to have.
result<void> check_tag(byte_view right, byte_view tag);

}  // namespace tidewire::crypto
