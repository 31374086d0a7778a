#include <tidewire/mime/message.hpp>
#include <tidewire/mime/parser.hpp>
#include <tidewire/mime/report.hpp>

#include <gtest/gtest.h>

#include <string>

#include "support/conformance.hpp"

namespace tidewire::mime {
namespace {

using strings = std::vector<std::string>;

TEST(MimeReport, ReadsADeliveryReport) {
  // After RFC 3464 appendix E.2.
  const parsed_message mail = parse(
      "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
      "--b\r\n\r\nIt failed.\r\n"
      "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
      "Reporting-MTA: dns; cs.example\r\nOriginal-Envelope-Id: QQ1\r\n\r\n"
      "Original-Recipient: rfc822;louisl@larry.example\r\nFinal-Recipient: rfc822; <louisl@larry.example>\r\n"
      "Action: failed (too bad)\r\nStatus: 4.0.0 (timeout)\r\nRemote-MTA: dns; larry.example\r\n"
      "Diagnostic-Code: smtp; 426 connection\r\n timed out\r\n\r\n"
      "Final-Recipient: rfc822;a;b@c.example\r\nAction: Relayed\r\nStatus: 2.0.0\r\n\r\n"
      "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: lost\r\n\r\n--b--\r\n");
  const auto report = read_delivery_report(mail);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->reporting_mta, "cs.example");
  EXPECT_EQ(report->original_envelope_id, "QQ1");
  ASSERT_EQ(report->recipients.size(), 2U);
  EXPECT_EQ(report->recipients[0].final_recipient, "louisl@larry.example");
  EXPECT_EQ(report->recipients[0].original_recipient, "louisl@larry.example");
  EXPECT_EQ(report->recipients[0].action, delivery_action::failed);
  EXPECT_EQ(report->recipients[0].status, "4.0.0");
  EXPECT_EQ(report->recipients[0].remote_mta, "larry.example");
  EXPECT_EQ(report->recipients[0].diagnostic, "426 connection timed out");
  EXPECT_EQ(report->recipients[1].final_recipient, "a;b@c.example");
  EXPECT_EQ(report->recipients[1].action, delivery_action::relayed);
  EXPECT_EQ(report->original.children().at(0).header_text("subject"), "lost");
  const parsed_message other = parse("A: b\r\n\r\n");
  EXPECT_FALSE(read_delivery_report(other));
}

TEST(MimeReport, EndsOnWhatIsNoReport) {
  const auto read = [](const std::string& body) {
    return read_delivery_report(parse("Content-Type: message/delivery-status\r\n\r\n" + body))
        ->recipients.size();
  };
  EXPECT_EQ(read(""), 0U);
  EXPECT_EQ(read("\r\n\r\n"), 0U);
  EXPECT_EQ(read("no field\r\nAction: failed\r\n"), 0U);
  EXPECT_EQ(read("Action: failed\r\nno field\r\n"), 1U);
  std::string many = "Reporting-MTA: dns; x\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) many += "Action: failed\r\n\r\n";
  EXPECT_EQ(read(many), 10'000U);
}

TEST(MimeReport, ReadsAReceipt) {
  const auto report = read_disposition_report(
      parse("Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;joe@x.example\r\n"
            "Original-Message-ID: <1@x.example>\r\nDisposition: automatic-action/MDN-sent-automatically; "
            "Displayed/error\r\n"));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->final_recipient, "joe@x.example");
  EXPECT_EQ(report->original_message_id, "1@x.example");
  EXPECT_EQ(report->disposition, "displayed");
  EXPECT_TRUE(report->automatic);
  EXPECT_EQ(read_disposition_report(parse("Content-Type: message/disposition-notification\r\n\r\nA: b\r\n"))
                ->disposition,
            "");
}

TEST(MimeReport, ReadsAComplaint) {
  const parsed_message mail = parse(
      "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n"
      "Feedback-Type: Abuse\r\nUser-Agent: x/1\r\nSource-IP: 192.0.2.1\r\n"
      "Original-Rcpt-To: <a@b.c>\r\nOriginal-Rcpt-To: d@e.f\r\n\r\n"
      "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: spam\r\n--b--\r\n");
  const auto report = read_feedback_report(mail);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->type, "abuse");
  EXPECT_EQ(report->source_ip, "192.0.2.1");
  EXPECT_EQ(report->recipients, (strings{"a@b.c", "d@e.f"}));
  EXPECT_EQ(report->original.content_type().essence(), "text/rfc822-headers");
}

TEST(MimeReport, ReadsTheReportsOfTheSuite) {
  TIDEWIRE_NEEDS_CONFORMANCE("mimekit/messages");
  const auto read = [](const char* name) {
    return parse(testing::read_file(testing::conformance_path("mimekit/messages") / name));
  };
  // In the first a gateway encoded the second group by itself: it is read as far as it is one.
  const std::pair<const char*, std::size_t> reports[] = {{"bounce.txt", 0},
                                                         {"delivery-status.txt", 1},
                                                         {"delivery-status2.txt", 1},
                                                         {"delivery-status-no-blank-line.txt", 1}};
  for (const auto& [name, recipients] : reports) {
    const parsed_message mail = read(name);
    const auto report = read_delivery_report(mail);
    ASSERT_TRUE(report) << name;
    EXPECT_EQ(report->recipients.size(), recipients) << name;
    EXPECT_FALSE(report->reporting_mta.empty()) << name;
    for (const delivery_recipient& one : report->recipients) {
      EXPECT_NE(one.final_recipient.find('@'), std::string::npos) << name;
      EXPECT_EQ(one.action, delivery_action::failed) << name;
    }
  }
  const parsed_message blank_lines = read("delivery-status-multiple-blank-lines.txt");
  const auto report = read_delivery_report(blank_lines);
  ASSERT_EQ(report->recipients.size(), 1U);
  EXPECT_EQ(report->recipients[0].original_recipient, "orig_recip@customer.com");
  EXPECT_EQ(report->recipients[0].status, "5.5.0");
  EXPECT_EQ(read_disposition_report(read("disposition-notification.txt"))->disposition, "displayed");
  const parsed_message complaint = read("feedback-report.txt");
  EXPECT_EQ(read_feedback_report(complaint)->type, "abuse");
}

TEST(MimeListHeaders, ReadsTheExamplesOfRfc2369) {
  const list_headers list = read_list_headers(
      parse("List-Id: \"Users, all\" <users.example.org>\r\n"
            "List-Help: <mailto:list@host.com?subject=help> (List Instructions)\r\n"
            "List-Unsubscribe: (Use this)\r\n <https://host.com/list.cgi?cmd=unsub&lst=list>,\r\n"
            " <mailto:list-request@host.com?subject=unsubscribe>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            "List-Post: NO (posting not allowed)\r\n"
            "List-Archive: <http://host.com/\r\n archive/>\r\n\r\n")
          .root());
  EXPECT_EQ(list.id, "users.example.org");
  EXPECT_EQ(list.name, "Users, all");
  EXPECT_EQ(list.help, strings{"mailto:list@host.com?subject=help"});
  EXPECT_EQ(list.unsubscribe, (strings{"https://host.com/list.cgi?cmd=unsub&lst=list",
                                       "mailto:list-request@host.com?subject=unsubscribe"}));
  EXPECT_TRUE(list.one_click);
  EXPECT_TRUE(list.no_posting);
  EXPECT_TRUE(list.post.empty());
  EXPECT_EQ(list.archive, strings{"http://host.com/archive/"});
  EXPECT_EQ(read_list_headers(parse("List-Id: bare.example\r\n\r\n").root()).id, "bare.example");
  EXPECT_TRUE(read_list_headers(part()).id.empty());
}

}  // namespace
}  // namespace tidewire::mime
