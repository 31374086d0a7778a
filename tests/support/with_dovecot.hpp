/// @file
/// Tests against Dovecot, over TLS.
#pragma once

#ifndef _WIN32

#include <tidewire/tls/context.hpp>
#include <tidewire/tls/trust.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "support/interop_server.hpp"
#include "support/oracle.hpp"

namespace tidewire::testing {

/// A fixture with a server of its own, as tests/interop/dovecot.sh describes it. Where there is none, its
/// tests are skipped.
class with_dovecot : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<interop_server>("dovecot.sh"); }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    if (!server_->is_running()) TIDEWIRE_SKIP_OR_FAIL("no Dovecot 2.3: " + server_->output());
  }

  static const std::string& setting(const std::string& name) { return (*server_)[name]; }
  static std::uint16_t port(const std::string& name) { return server_->port(name); }
  /// Trusts its authority, and no other.
  static tls::client_context trusting() {
    tls::client_context context;
    context.trust(tls::trust_store::from_file(setting("CA_FILE")));
    return context;
  }

 private:
  static inline std::unique_ptr<interop_server> server_;
};

}  // namespace tidewire::testing

#endif
