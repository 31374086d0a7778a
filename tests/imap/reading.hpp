// What a reader of responses makes of a stream, in every way in which the stream can be cut.
#pragma once

#include <tidewire/imap/response_reader.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "support/every_way.hpp"
#include "support/exact.hpp"

namespace tidewire::imap::testing {

// A body that was streamed.
struct streamed_body {
  std::string what;  // "3 uid 7 BODY[1]<0> 12"
  std::string bytes;
  bool complete = false;
  bool operator==(const streamed_body&) const = default;
};

// The responses, the bodies, and how it ended: "" between two responses, "within" one, or a failure.
struct outcome {
  std::vector<response> responses;
  std::vector<streamed_body> bodies;
  std::string end;
  bool operator==(const outcome&) const = default;
};

inline void PrintTo(const outcome& what, std::ostream* out) {
  for (const response& one : what.responses) *out << '[' << one.index() << "] ";
  for (const streamed_body& one : what.bodies) *out << '{' << one.what << ": " << one.bytes.size() << "} ";
  *out << "then '" << what.end << '\'';
}

inline std::string name_of(const body_literal& body) {
  std::string out = std::to_string(body.sequence);
  if (body.uid) out += " uid " + std::to_string(*body.uid);
  out += ' ' + body.section.to_string();
  if (body.origin) out += '<' + std::to_string(*body.origin) + '>';
  return out + ' ' + std::to_string(body.size) + (body.is_binary ? " binary" : "");
}

// Feeds one piece after the other, each in a block of exactly its size.
inline outcome read_pieces(const std::vector<std::string_view>& pieces, const reader_options& options = {}) {
  outcome out;
  response_reader reader(options);
  for (const std::string_view piece : pieces) {
    const tidewire::testing::exact_block block(piece);
    std::string_view rest = block.text();
    for (;;) {
      const auto step = reader.read(as_bytes(rest));
      if (!step) {
        out.end = step.error().message();
        EXPECT_EQ(reader.read(as_bytes("* OK\r\n")).code(), step.code()) << "a failure did not stay";
        return out;
      }
      EXPECT_LE(step->consumed, rest.size());
      rest.remove_prefix(step->consumed);
      if (step->event == reader_event::none) {
        EXPECT_TRUE(rest.empty());
        break;
      }
      if (step->event == reader_event::complete) out.responses.push_back(reader.take());
      if (step->event == reader_event::body_begin) out.bodies.push_back({name_of(reader.body()), {}, false});
      if (step->event == reader_event::body_data) {
        EXPECT_FALSE(step->data.empty());
        out.bodies.back().bytes += as_text(step->data);
      }
      if (step->event == reader_event::body_end) out.bodies.back().complete = true;
    }
  }
  out.end = reader.within() ? "within" : "";
  return out;
}

// The same in one piece, byte by byte and in every two-way split; a truncation gives fewer responses, never
// others.
inline outcome read_every_way(std::string_view input, const reader_options& options = {}) {
  const auto take = [&](const std::vector<std::string_view>& pieces) { return read_pieces(pieces, options); };
  return tidewire::testing::every_way(input, take, [](const outcome& whole, const outcome& part) {
    EXPECT_LE(part.responses.size(), whole.responses.size());
    EXPECT_LE(part.bodies.size(), whole.bodies.size());
    EXPECT_TRUE(std::equal(part.responses.begin(), part.responses.end(), whole.responses.begin()));
    if (whole.end.empty()) {
      EXPECT_TRUE(part.end.empty() || part.end == "within") << part.end;
    }
  });
}

// The one response that the input is, of that type.
template <class T>
T read_one(std::string_view input, const reader_options& options = {}) {
  outcome out = read_every_way(input, options);
  EXPECT_EQ(out.end, "") << input;
  EXPECT_EQ(out.responses.size(), 1U) << input;
  if (out.responses.size() != 1) return {};
  if (const auto* unknown = std::get_if<unknown_response>(&out.responses[0])) {
    EXPECT_EQ(unknown->problem, "") << input;
  }
  EXPECT_TRUE(std::holds_alternative<T>(out.responses[0])) << input << " is a " << out.responses[0].index();
  if (!std::holds_alternative<T>(out.responses[0])) return {};
  return std::get<T>(std::move(out.responses[0]));
}

}  // namespace tidewire::imap::testing
