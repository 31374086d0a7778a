#include <tidewire/tls/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tidewire::tls {
namespace {

TEST(TlsError, EveryCodeIsATlsFailureAndHasAMessageOfItsOwn) {
  std::string before;
  for (int value = 1; value <= static_cast<int>(errc::out_of_resources); ++value) {
    const std::error_code code = static_cast<errc>(value);
    EXPECT_EQ(code, condition::tls) << value;
    EXPECT_NE(code.message(), "unknown TLS error") << value;
    EXPECT_NE(code.message(), before);
    before = code.message();
  }
  EXPECT_EQ(std::error_code(1000, category()).message(), "unknown TLS error");
}

TEST(TlsError, ConditionsTellWhatToDo) {
  EXPECT_EQ(make_error_code(errc::truncated), condition::eof);
  EXPECT_EQ(make_error_code(errc::closed_in_handshake), condition::transient);
  EXPECT_EQ(make_error_code(errc::wrong_host), condition::auth);
  EXPECT_EQ(make_error_code(errc::wrong_host), condition::permanent);
  EXPECT_EQ(make_error_code(errc::certificate_status_invalid), condition::auth);
  EXPECT_EQ(make_error_code(errc::not_tls), condition::protocol);
  EXPECT_EQ(make_error_code(errc::bad_identity), condition::misuse);
  EXPECT_NE(make_error_code(errc::wrong_host), condition::transient);
  EXPECT_NE(make_error_code(errc::not_tls), condition::timeout);
}

TEST(TlsAlert, SaysWhatThePeerMeant) {
  const std::error_code required = alert::certificate_required;
  EXPECT_EQ(required.message(),
            "the peer ended TLS with an alert: it requires a client certificate, and we sent none (116)");
  EXPECT_EQ(required, condition::tls);
  EXPECT_EQ(required, condition::auth);
  EXPECT_EQ(make_error_code(alert::internal_error), condition::transient);
  EXPECT_EQ(make_error_code(alert::protocol_version), condition::permanent);
  EXPECT_NE(make_error_code(alert::protocol_version), condition::auth);
  EXPECT_EQ(std::error_code(200, alert_category()).message(),
            "the peer ended TLS with an alert: one that is not known (200)");
}

}  // namespace
}  // namespace tidewire::tls
