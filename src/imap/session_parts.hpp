// Commands under way that keep their answers.
#pragma once

#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client_session.hpp"

namespace tidewire::imap::detail {

// Has no answer of its own.
class plain_command final : public pending {
 public:
  explicit plain_command(command_kind kind = command_kind::plain) noexcept : pending(kind) {}
};

// What the server says first.
class greeting_command final : public pending {
 public:
  greeting_command() noexcept : pending(command_kind::alone) {}
  bool take(response& what) override {
    if (came_) return false;
    came_ = true;
    if (auto* status = std::get_if<status_response>(&what)) greeting_ = std::move(*status);
    return true;
  }
  [[nodiscard]] bool came() const noexcept { return came_; }
  [[nodiscard]] const status_response* greeting() const noexcept { return greeting_ ? &*greeting_ : nullptr; }
  using pending::finish;

 private:
  bool came_ = false;
  std::optional<status_response> greeting_;
};

// Answers of one type, or more of it.
template <class Answer>
class answers final : public pending {
 public:
  explicit answers(command_kind kind) noexcept : pending(kind) {}
  bool take(response& what) override {
    auto* const one = std::get_if<Answer>(&what);
    if (one == nullptr) return false;
    all_.push_back(std::move(*one));
    return true;
  }
  [[nodiscard]] std::vector<Answer>& all() noexcept { return all_; }

 private:
  std::vector<Answer> all_;
};

// SEARCH, SORT and THREAD, whichever way they are answered.
class search_command final : public pending {
 public:
  search_command() noexcept : pending(command_kind::search) {}
  bool take(response& what) override {
    if (auto* numbers = std::get_if<search_numbers>(&what)) {
      // Some servers tell what they find in several lines.
      numbers_.insert(numbers_.end(), numbers->numbers.begin(), numbers->numbers.end());
      if (numbers->modseq) modseq_ = numbers->modseq;
      return true;
    }
    if (auto* data = std::get_if<search_data>(&what)) {
      if (!data->tag.empty() && data->tag != tag()) return false;
      if (data->all) set_ = std::move(*data->all);
      if (data->modseq) modseq_ = data->modseq;
      return true;
    }
    if (auto* threads = std::get_if<thread_forest>(&what)) {
      threads_ = std::move(*threads);
      return true;
    }
    return false;
  }
  // In the order of the server.
  [[nodiscard]] std::vector<std::uint32_t> numbers() const {
    return set_.empty() ? numbers_ : set_.numbers();
  }
  [[nodiscard]] sequence_set sorted() const {
    return set_.empty() ? sequence_set::of(numbers_).sorted() : set_.sorted();
  }
  [[nodiscard]] const std::optional<std::uint64_t>& modseq() const noexcept { return modseq_; }
  [[nodiscard]] thread_forest& threads() noexcept { return threads_; }

 private:
  std::vector<std::uint32_t> numbers_;
  sequence_set set_;
  std::optional<std::uint64_t> modseq_;
  thread_forest threads_;
};

// FETCH and STORE: what is told of the messages that were named, as far as it was asked for. Bodies that are
// streamed are put together in memory.
class fetch_command : public pending {
 public:
  // `limit`: bytes of a body that is kept.
  fetch_command(sequence_set uids, const fetch_request& what, std::size_t limit);

  bool take(response& what) override;
  bool wants(const body_literal& which) override;
  task<> body(byte_view piece) override;

  [[nodiscard]] std::vector<message_data>& messages() noexcept { return messages_; }
  // A body was larger than the limit, and was not kept.
  [[nodiscard]] bool too_large() const noexcept { return too_large_; }

 protected:
  [[nodiscard]] bool is_for(const message_data& one) const noexcept;
  std::vector<message_data> messages_;

 private:
  struct streamed {
    imap::section section;
    std::optional<std::uint64_t> origin;
    std::string bytes;
  };

  sequence_set uids_;
  unsigned asked_;  // kinds of items
  std::size_t limit_;
  std::vector<streamed> streamed_;  // of the response that is being read
  bool too_large_ = false;
};

// The same, each message given to a function when it comes.
class fetch_each_command final : public fetch_command {
 public:
  fetch_each_command(sequence_set uids, const fetch_request& what, std::size_t limit,
                     const std::function<task<>(message_data&)>& each)
      : fetch_command(std::move(uids), what, limit), each_(each) {}
  bool has_work() const noexcept override { return !messages_.empty(); }
  task<> work() override;

 private:
  const std::function<task<>(message_data&)>& each_;
};

// One section of one message, into a sink.
class download_command final : public pending {
 public:
  download_command(std::uint32_t uid, const section& what, const body_sink& sink, std::uint64_t limit)
      : pending(command_kind::fetch), uid_(uid), what_(what), sink_(sink), limit_(limit) {}

  bool take(response& what) override;
  bool wants(const body_literal& which) override;
  task<> body(byte_view piece) override;
  bool has_work() const noexcept override { return content_.has_value(); }
  task<> work() override;

  // All of it came.
  [[nodiscard]] bool came() const noexcept { return came_; }
  [[nodiscard]] bool too_large() const noexcept { return too_large_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  std::uint32_t uid_;
  const section& what_;
  const body_sink& sink_;
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
  std::optional<std::string> content_;  // what came within the response
  bool came_ = false;
  bool too_large_ = false;
};

// COPY and MOVE: which UIDs became which, told by the end or before.
class copy_command final : public pending {
 public:
  copy_command() noexcept : pending(command_kind::plain) {}
  bool take(response& what) override {
    auto* const status = std::get_if<status_response>(&what);
    if (status == nullptr || status->code.what != code::copy_uid) return false;
    note(status->code);
    return true;
  }
  void note(const response_code& what) {
    if (what.what != code::copy_uid) return;
    result_.uid_validity = static_cast<std::uint32_t>(what.number);
    result_.source = what.source;
    result_.destination = what.uids;
  }
  [[nodiscard]] const copy_result& result() const noexcept { return result_; }

 private:
  copy_result result_;
};

// Any command: everything that comes, which others are told as well.
class raw_command final : public pending {
 public:
  raw_command() noexcept : pending(command_kind::alone) {}
  bool take(response& what) override {
    responses_.push_back(what);
    return false;
  }
  [[nodiscard]] std::vector<response>& responses() noexcept { return responses_; }

 private:
  std::vector<response> responses_;
};

}  // namespace tidewire::imap::detail
