// What libetpan does with the same responses. Its headers stay in one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace tidewire::imap::benchmark_rival {

// What is in the responses, to compare the readers by.
struct sums {
  std::size_t messages = 0;
  std::uint64_t uids = 0;
  std::uint64_t sizes = 0;
  std::size_t addresses = 0;
  std::size_t leaves = 0;       // of the structures
  std::size_t message_ids = 0;  // their characters
  std::size_t header_bytes = 0;
  bool operator==(const sums&) const = default;
};

// A session of libetpan on a stream in memory, on which a server answers each FETCH with these responses.
class libetpan_session {
 public:
  // `responses` must outlive it.
  explicit libetpan_session(std::string_view responses);
  ~libetpan_session();

  // Sends FETCH, reads the answer into libetpan's types, looks at it and frees it.
  [[nodiscard]] sums fetch();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace tidewire::imap::benchmark_rival
