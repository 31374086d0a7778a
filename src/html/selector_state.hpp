// What selectors ask of an element beyond its place and attributes: forms, language, direction.
#pragma once

#include <cstdint>
#include <string_view>

#include "store.hpp"

namespace tidewire::html::detail {

bool is_link(const document_store& store, const node_record& element) noexcept;
bool is_checked(const document_store& store, std::uint32_t node) noexcept;
// Can it be disabled, and does it say so itself?
bool can_be_disabled(const node_record& element) noexcept;
bool can_be_required(const document_store& store, const node_record& element) noexcept;
bool is_text_control(const document_store& store, const node_record& element) noexcept;
bool shows_placeholder(const document_store& store, std::uint32_t node);
// 0: has no range; 1: in range; -1: out of range.
int range_state(const document_store& store, const node_record& element);
// Extended filtering (RFC 4647 3.3.2): does the language `tag` fall into `range`?
bool language_matches(std::string_view tag, std::string_view range) noexcept;

// The direction that the first strong character of a text gives: 1 left to right, 2 right to left, 0 none.
int strong_direction(std::string_view text) noexcept;

}  // namespace tidewire::html::detail
