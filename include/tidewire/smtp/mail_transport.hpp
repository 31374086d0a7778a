/// @file
/// Ways for a message to leave a program, behind one interface: an SMTP or LMTP session, a pool, the sendmail
/// program of the system, files, memory.
#pragma once

#include <tidewire/core/mutex.hpp>
#include <tidewire/core/task.hpp>
#include <tidewire/smtp/client.hpp>
#include <tidewire/smtp/envelope.hpp>
#include <tidewire/smtp/export.hpp>
#include <tidewire/smtp/pool.hpp>
#include <tidewire/smtp/report.hpp>
#include <tidewire/smtp/source.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tidewire::smtp {

/// Takes messages, and tells what became of them. A program that sends through one does not care which, and
/// its tests hand it a `memory_transport`. For the loop's thread; many tasks may send at once.
class TIDEWIRE_SMTP_API mail_transport {
 public:
  mail_transport() = default;
  mail_transport(const mail_transport&) = delete;
  mail_transport& operator=(const mail_transport&) = delete;
  virtual ~mail_transport();

  /// Sends a message; errors, report and options are those of `client::send`.
  [[nodiscard]] task<send_report> send(envelope mail, std::string content, send_options options = {});
  /// @copydoc send(envelope, std::string, send_options)
  [[nodiscard]] task<send_report> send(envelope mail, std::unique_ptr<message_source> content,
                                       send_options options = {});
  /// @copydoc send(envelope, std::string, send_options)
  [[nodiscard]] task<send_report> send(const mime::message& message, send_options options = {});

 private:
  virtual task<send_report> deliver(envelope mail, std::unique_ptr<message_source> content,
                                    send_options options) = 0;
};

/// Over one session, one message after the other. The session must outlive it.
class TIDEWIRE_SMTP_API session_transport final : public mail_transport {
 public:
  explicit session_transport(client& session) noexcept : session_(session) {}

 private:
  task<send_report> deliver(envelope mail, std::unique_ptr<message_source> content,
                            send_options options) override;

  client& session_;
  mutex turn_;
};

/// Over a pool, which must outlive it.
class TIDEWIRE_SMTP_API pool_transport final : public mail_transport {
 public:
  explicit pool_transport(pool& sessions) noexcept : pool_(sessions) {}

 private:
  task<send_report> deliver(envelope mail, std::unique_ptr<message_source> content,
                            send_options options) override;

  pool& pool_;
};

/// A message that a `memory_transport` took.
struct kept_message {
  smtp::envelope envelope{};
  std::string content{};  ///< With CRLF.
};

/// Keeps the messages: for tests of what sends mail.
class TIDEWIRE_SMTP_API memory_transport final : public mail_transport {
 public:
  /// In the order in which they came.
  [[nodiscard]] const std::vector<kept_message>& messages() const noexcept { return messages_; }
  void clear() noexcept { messages_.clear(); }

 private:
  task<send_report> deliver(envelope mail, std::unique_ptr<message_source> content,
                            send_options options) override;

  std::vector<kept_message> messages_;
};

/// How a `file_transport` keeps messages.
enum class file_layout {
  eml,      ///< A file NAME.eml each, with CRLF, as mail programs open it.
  maildir,  ///< A Maildir: written below `tmp`, moved to `new`, with LF. The three folders are made.
};

/// Keeps each message in a file of a folder. A file has its name only once it is whole. The envelope is not
/// kept. Written on the threads of the loop's pool; that a message is accepted means that the system has it,
/// not that the disk has.
class TIDEWIRE_SMTP_API file_transport final : public mail_transport {
 public:
  /// Makes the folder when the first message comes.
  explicit file_transport(std::filesystem::path folder, file_layout layout = file_layout::eml);

 private:
  task<send_report> deliver(envelope mail, std::unique_ptr<message_source> content,
                            send_options options) override;

  std::filesystem::path folder_;
  file_layout layout_;
};

/// Hands each message to a program that behaves as sendmail does: `PROGRAM -i -f SENDER -- RECIPIENT...`, the
/// message on its standard input, with LF. No shell is asked. Its exit status is the answer: 0 accepts for
/// all recipients, 75 (EX_TEMPFAIL) refuses for now, any other for good. A program that is canceled or takes
/// too long is killed. POSIX systems only: elsewhere `tidewire::errc::unsupported`.
class TIDEWIRE_SMTP_API sendmail_transport final : public mail_transport {
 public:
  explicit sendmail_transport(std::filesystem::path program = "/usr/sbin/sendmail");

 private:
  task<send_report> deliver(envelope mail, std::unique_ptr<message_source> content,
                            send_options options) override;

  std::filesystem::path program_;
};

}  // namespace tidewire::smtp
