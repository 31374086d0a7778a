// What a parsed message is kept as: flat tables of offsets into the source.
#pragma once

#include <tidewire/mime/parsed_message.hpp>
#include <tidewire/mime/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::mime::detail {

inline constexpr std::uint32_t no_part = static_cast<std::uint32_t>(-1);

struct field_record {
  std::uint64_t offset;
  std::uint32_t name_size;
  std::uint32_t value_begin;  // from `offset`
  std::uint32_t value_size;
  std::uint32_t size;  // of all of it, with its last line break
};

struct part_record {
  std::uint64_t begin = 0;
  std::uint64_t header_end = 0;  // past the last field
  std::uint64_t body = 0;
  std::uint64_t end = 0;
  std::uint32_t parent = no_part;
  std::uint32_t next = no_part;  // the first part that is not in this one
  std::uint32_t first_field = 0;
  std::uint32_t fields = 0;
  part_kind kind = part_kind::leaf;
  transfer_encoding encoding = transfer_encoding::seven_bit;
  bool default_is_message = false;
};

struct message_store {
  std::string owned;
  std::string_view source;
  std::vector<part_record> parts;
  std::vector<field_record> fields;
  std::vector<defect> defects;
  std::size_t defect_count = 0;

  static parsed_message wrap(std::unique_ptr<message_store> store) {
    return parsed_message(std::move(store));
  }

  [[nodiscard]] header_field field(std::size_t index) const {
    const field_record& record = fields[index];
    const std::string_view whole = source.substr(record.offset, record.size);
    return {whole.substr(0, record.name_size), whole.substr(record.value_begin, record.value_size),
            record.offset};
  }
};

}  // namespace tidewire::mime::detail
