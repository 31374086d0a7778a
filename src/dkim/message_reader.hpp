// What signer and verifier share: a message read for its signatures, and what is signed of it.
#pragma once

#include <tidewire/base/bytes.hpp>
#include <tidewire/crypto/hash.hpp>
#include <tidewire/dkim/canonical.hpp>
#include <tidewire/mime/parser.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::dkim::detail {

struct header_field {
  std::string whole;  // with its folds and its last line break
  std::size_t name_size;

  [[nodiscard]] std::string_view name() const noexcept {
    return std::string_view(whole).substr(0, name_size);
  }
  // What is after the colon.
  [[nodiscard]] std::string_view value() const noexcept;
};

// The fields of a header in their order, found by their names.
class header_fields {
 public:
  void add(std::string_view name, std::string_view whole);
  [[nodiscard]] const std::vector<header_field>& all() const noexcept { return all_; }
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  // What is hashed (RFC 6376 section 3.7): the fields of h= that are there, of each name from the last to the
  // first, then the signature's own field, its b= empty, without its line break.
  // @param own Which field that is, if it is one of the header: it does not sign itself.
  [[nodiscard]] std::string signed_text(std::span<const std::string> names, canonicalization how,
                                        std::string_view own_text, std::size_t own = npos) const;

  static constexpr std::size_t npos = std::numeric_limits<std::size_t>::max();

 private:
  std::vector<header_field> all_;
  std::map<std::string, std::vector<std::size_t>, ascii::iless> by_name_;
};

// Hashes the canonical form of a body, or of its first `limit` bytes.
class body_hash {
 public:
  explicit body_hash(canonicalization how, std::uint64_t limit = std::numeric_limits<std::uint64_t>::max());
  body_hash(const body_hash&) = delete;
  body_hash& operator=(const body_hash&) = delete;
  ~body_hash() = default;

  void update(std::string_view bytes) { canonical_.update(bytes); }
  [[nodiscard]] crypto::digest finish();
  // Of the canonical form, after `finish`.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  body_canonicalizer canonical_;
  crypto::sha256 hash_;
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
};

// Keeps the header of a message and passes its body on.
class message_reader : public mime::event_handler {
 public:
  message_reader();
  message_reader(const message_reader&) = delete;
  message_reader& operator=(const message_reader&) = delete;

  void update(std::string_view bytes) { parser_.feed(bytes); }
  void finish() { parser_.finish(); }

  [[nodiscard]] const header_fields& header() const noexcept { return header_; }
  // What makes the header none that can be signed; empty if nothing does.
  [[nodiscard]] std::string_view malformed() const noexcept { return malformed_; }

 protected:
  virtual void on_header() = 0;

 private:
  void on_field(const field& what) override { header_.add(what.name, what.whole); }
  void on_header_end(const shape&) override { on_header(); }
  void on_defect(const mime::defect& what) override;

  mime::event_parser parser_;
  header_fields header_;
  std::string_view malformed_;
};

}  // namespace tidewire::dkim::detail
