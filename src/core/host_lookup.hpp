// The look-up of the system, which holds up the thread that makes it.
#pragma once

#include <tidewire/base/result.hpp>
#include <tidewire/core/address.hpp>

#include <string>
#include <vector>

namespace tidewire::detail {

/// The addresses of a host, without doubles, in the order of the system; at least one. `numeric`: only what
/// is an address already, which asks nobody.
[[nodiscard]] result<std::vector<ip_address>> look_up_host(const std::string& host, bool numeric);

}  // namespace tidewire::detail
