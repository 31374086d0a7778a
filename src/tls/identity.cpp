#include <tidewire/base/error.hpp>
#include <tidewire/tls/identity.hpp>

#include <utility>

namespace tidewire::tls {

crypto::identity load_identity(const std::filesystem::path& certificates, const std::filesystem::path& key,
                               const secret& password) {
  auto made = crypto::identity_from_files(certificates, key, password);
  if (!made) throw error(made.error());
  return *std::move(made);
}

}  // namespace tidewire::tls
