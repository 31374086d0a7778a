#include <tidewire/core/offload.hpp>
#include <tidewire/core/timeout.hpp>
#include <tidewire/crypto/random.hpp>
#include <tidewire/smtp/data.hpp>
#include <tidewire/smtp/mail_transport.hpp>

#include <chrono>
#include <fstream>
#include <stop_token>
#include <utility>

#include "sendmail.hpp"

namespace tidewire::smtp {
namespace {

namespace fs = std::filesystem;

constexpr int exit_for_now = 75;  // EX_TEMPFAIL of sysexits.h

send_report begin_report(const envelope& mail) {
  send_report out;
  for (const recipient& one : mail.recipients()) out.recipients.push_back({.address = one.to.text()});
  return out;
}

// The same answer for everybody.
void answer_all(send_report& report, const reply& answer) {
  report.answer = answer;
  for (recipient_result& one : report.recipients) {
    one.outcome = answer.positive() ? delivery::accepted : delivery::refused;
    one.at = stage::body;
    one.answer = answer;
  }
}

send_report finished(send_report report, const send_options& options) {
  if (!report.complete() && !options.return_report) throw send_error(std::move(report));
  return report;
}

// The lines of a message, with CRLF; or with LF, as files of POSIX systems have them.
task<std::string> collect(std::unique_ptr<message_source> content, bool crlf) {
  std::string out;
  content->rewind();
  const bool binary = content->traits().binary;
  data_encoder lines({.dots = false});
  for (;;) {
    const byte_view piece = co_await content->next();
    if (piece.empty()) break;
    if (binary) {
      out += as_text(piece);
    } else {
      (void)lines.update(piece, out);
    }
  }
  if (!binary) (void)lines.finish(out);
  if (!crlf && !binary) std::erase(out, '\r');  // none stands alone now
  co_return out;
}

std::string unique_name() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  return std::to_string(seconds) + ".R" + crypto::token_hex(8) + ".tidewire";
}

// Writes a file that has its name only once it is whole.
void write_whole(const fs::path& folder, file_layout layout, const std::string& text) {
  const bool maildir = layout == file_layout::maildir;
  const std::string name = unique_name();
  const fs::path temporary = maildir ? folder / "tmp" / name : folder / ("." + name + ".part");
  const fs::path final = maildir ? folder / "new" / name : folder / (name + ".eml");
  fs::create_directories(temporary.parent_path());
  fs::create_directories(final.parent_path());
  if (maildir) fs::create_directories(folder / "cur");
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) {
      std::error_code ignored;
      fs::remove(temporary, ignored);
      throw error(
          failure(std::make_error_code(std::errc::io_error)).during("write").with(temporary.string()));
    }
  }
  fs::rename(temporary, final);
}

task<send_report> write_file(fs::path folder, file_layout layout, envelope mail,
                             std::unique_ptr<message_source> content, send_options options) {
  send_report report = begin_report(mail);
  const std::string text = co_await collect(std::move(content), layout == file_layout::eml);
  const auto write = [&]() { write_whole(folder, layout, text); };
  const auto written = co_await as_result(with_timeout(options.timeout, offload(write)));
  if (written) {
    answer_all(report, {250, {}, "written"});
  } else {
    report.broken = written.error();
  }
  co_return finished(std::move(report), options);
}

task<send_report> run_sendmail(fs::path program, envelope mail, std::unique_ptr<message_source> content,
                               send_options options) {
  send_report report = begin_report(mail);
  const std::string text = co_await collect(std::move(content), false);
  std::vector<std::string> command{program.string(), "-i", "-f",
                                   mail.from().empty() ? "<>" : mail.from().text(), "--"};
  for (const recipient& one : mail.recipients()) command.push_back(one.to.text());
  const auto call = [&](const std::stop_token& stop) { return run_program(command, text, stop); };
  const auto ended = co_await as_result(with_timeout(options.timeout, offload(call)));
  if (!ended) {
    report.broken = ended.error();
    // It may have taken the message before it was killed.
    const bool started = *report.broken == condition::timeout || *report.broken == condition::canceled;
    for (recipient_result& one : report.recipients) {
      if (started) one.outcome = delivery::unknown;
    }
    if (*report.broken == condition::canceled) throw send_error(std::move(report));
  } else if (*ended == 0) {
    answer_all(report, {250, {}, "taken by " + program.string()});
  } else {
    const bool for_now = *ended == exit_for_now;
    answer_all(report, {static_cast<std::uint16_t>(for_now ? 451 : 554),
                        {},
                        program.string() + " ended with " + std::to_string(*ended)});
  }
  co_return finished(std::move(report), options);
}

}  // namespace

mail_transport::~mail_transport() = default;

task<send_report> mail_transport::send(envelope mail, std::string content, send_options options) {
  return deliver(std::move(mail), std::make_unique<memory_source>(std::move(content)), options);
}

task<send_report> mail_transport::send(envelope mail, std::unique_ptr<message_source> content,
                                       send_options options) {
  return deliver(std::move(mail), std::move(content), options);
}

task<send_report> mail_transport::send(const mime::message& message, send_options options) {
  const mime::serialize_options what{.utf8 = message.needs_smtputf8()};
  return deliver(envelope_of(message), std::make_unique<mime_source>(message, what), options);
}

task<send_report> session_transport::deliver(envelope mail, std::unique_ptr<message_source> content,
                                             send_options options) {
  const mutex_guard guard = co_await turn_.lock();
  send_report report = co_await session_.send(std::move(mail), *content, options);
  co_return report;
}

task<send_report> pool_transport::deliver(envelope mail, std::unique_ptr<message_source> content,
                                          send_options options) {
  return pool_.send(std::move(mail), std::move(content), options);
}

task<send_report> memory_transport::deliver(envelope mail, std::unique_ptr<message_source> content,
                                            send_options options) {
  kept_message kept;
  kept.envelope = std::move(mail);
  kept.content = co_await collect(std::move(content), true);
  send_report report = begin_report(kept.envelope);
  answer_all(report, {250, {}, "kept"});
  messages_.push_back(std::move(kept));
  co_return finished(std::move(report), options);
}

file_transport::file_transport(std::filesystem::path folder, file_layout layout)
    : folder_(std::move(folder)), layout_(layout) {}

task<send_report> file_transport::deliver(envelope mail, std::unique_ptr<message_source> content,
                                          send_options options) {
  return write_file(folder_, layout_, std::move(mail), std::move(content), options);
}

sendmail_transport::sendmail_transport(std::filesystem::path program) : program_(std::move(program)) {}

task<send_report> sendmail_transport::deliver(envelope mail, std::unique_ptr<message_source> content,
                                              send_options options) {
  return run_sendmail(program_, std::move(mail), std::move(content), options);
}

}  // namespace tidewire::smtp
