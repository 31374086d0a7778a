#include <tidewire/imap/search_result.hpp>

namespace tidewire::imap {

std::vector<std::size_t> thread_forest::children(std::size_t parent) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].parent == parent) out.push_back(i);
  }
  return out;
}

}  // namespace tidewire::imap
