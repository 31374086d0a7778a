#include <tidewire/base/base64.hpp>
#include <tidewire/base/result.hpp>
#include <tidewire/crypto/error.hpp>
#include <tidewire/crypto/password.hpp>
#include <tidewire/crypto/random.hpp>

#include <bit>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace tidewire::crypto {
namespace {

constexpr std::size_t salt_size = 16;
constexpr std::size_t key_size = 32;
constexpr std::size_t longest_stored = 512;

// The base64 of PHC strings: the standard alphabet, never padded.
constexpr base64::format phc{.padded = false, .expects = base64::padding::forbidden};

struct stored_password {
  scrypt_options options;
  std::vector<std::byte> salt;
  std::vector<std::byte> key;
};

[[noreturn]] void malformed() {
  throw error(failure(tidewire::errc::malformed, "not of the form $scrypt$ln=16,r=8,p=2$SALT$KEY")
                  .during("read a stored password"));
}

// What stands before `end`, which is passed over too.
std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == npos) malformed();
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + 1);
  return taken;
}

std::uint32_t take_number(std::string_view& text, std::string_view name, char end) {
  std::string_view value = take_until(text, end);
  if (!value.starts_with(name)) malformed();
  value.remove_prefix(name.size());
  const auto number = ascii::parse_unsigned<std::uint32_t>(value);
  if (!number || (value.size() > 1 && value.front() == '0')) malformed();
  return *number;
}

std::vector<std::byte> decoded(std::string_view text) {
  auto bytes = base64::decode(text, phc);
  if (!bytes || bytes->empty()) malformed();
  return *std::move(bytes);
}

stored_password read(std::string_view text) {
  if (text.size() > longest_stored || !text.starts_with("$scrypt$")) malformed();
  text.remove_prefix(8);
  stored_password stored;
  const std::uint32_t log_n = take_number(text, "ln=", ',');
  if (log_n < 1 || log_n > 31) malformed();
  stored.options.n = std::uint64_t{1} << log_n;
  stored.options.r = take_number(text, "r=", ',');
  stored.options.p = take_number(text, "p=", '$');
  stored.salt = decoded(take_until(text, '$'));
  stored.key = decoded(text);
  // A shorter key is the beginning of a longer one: a record that was cut must not match more.
  if (stored.key.size() < key_size) malformed();
  return stored;
}

// PBKDF2, which scrypt begins with, pads the password with NULs: with one more it would be the same password.
bool has_nul(const secret& password) {
  return find_byte(password.reveal_bytes(), std::byte{0}) != npos;
}

}  // namespace

std::string hash_password(const secret& password, scrypt_options options) {
  if (has_nul(password)) throw error(errc::prohibited_character, "a NUL in a password");
  const std::vector<std::byte> salt = random_bytes(salt_size);
  if (options.n > std::uint64_t{1} << 31) throw error(tidewire::errc::misuse, "n beyond 2^31");
  const secret key = scrypt(password, salt, key_size, options);
  return "$scrypt$ln=" + std::to_string(std::countr_zero(options.n)) + ",r=" + std::to_string(options.r) +
         ",p=" + std::to_string(options.p) + "$" + base64::encode(salt, phc) + "$" +
         base64::encode(key.reveal(), phc);
}

bool password_matches(const secret& password, std::string_view stored, std::uint64_t memory_limit) {
  stored_password wanted = read(stored);
  if (has_nul(password)) return false;
  wanted.options.memory_limit = memory_limit;
  const secret key = scrypt(password, wanted.salt, wanted.key.size(), wanted.options);
  return equal_in_constant_time(key.reveal_bytes(), wanted.key);
}

bool password_needs_rehash(std::string_view stored, scrypt_options options) {
  const stored_password is = read(stored);
  return is.options.n != options.n || is.options.r != options.r || is.options.p != options.p ||
         is.key.size() != key_size || is.salt.size() != salt_size;
}

}  // namespace tidewire::crypto
