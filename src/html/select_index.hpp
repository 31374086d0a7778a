// What queries share: the elements of a document in document order, by position.
#pragma once

#include "store.hpp"

namespace tidewire::html::detail {

struct select_index {};

}  // namespace tidewire::html::detail
