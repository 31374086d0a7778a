// AUTH (RFC 4954), the server's side: the mechanisms are of `crypto`, who is let in is the handler's
// business.
#include <tidewire/base/base64.hpp>

#include "served.hpp"

namespace tidewire::smtp {

task<> served::authenticate(bool first) {
  result<crypto::sasl_step> step = failure(errc::malformed_command);
  const auto decoded = [](const std::string& text) -> result<std::string> {
    if (text == "=") return std::string();  // a response of no bytes
    return base64::decode_text(text);
  };
  peer_.consume(session_.taken());
  if (first) {
    const command& asked = session_.last_command();
    crypto::sasl_server_options options;
    // A client that could bind and was not offered it is no sign of tampering unless it was offered.
    if (offers_binding_ && !binding_.empty()) options.binding = {binding_name_, binding_};
    auto made = crypto::sasl_server::make(asked.argument, options);
    if (!made) {
      session_.respond({504, enhanced_code{5, 5, 4}, "unknown mechanism"});
      co_return;
    }
    sasl_.emplace(std::move(*made));
    if (!asked.initial_response) {
      step = sasl_->step(std::nullopt);
    } else if (auto response = decoded(*asked.initial_response)) {
      step = sasl_->step(*response);
    }
  } else if (session_.response() == "*") {
    session_.respond({501, enhanced_code{5, 7, 0}, "as you like"});
    co_return;
  } else if (auto response = decoded(session_.response())) {
    step = sasl_->step(*response);
  }
  while (step && step->wants != crypto::sasl_wants::response && step->wants != crypto::sasl_wants::nothing) {
    step = co_await settle(step->wants);
  }
  if (!step) {
    session_.respond({535, enhanced_code{5, 7, 8}, "not let in"});
  } else if (step->wants == crypto::sasl_wants::response) {
    session_.respond({334, {}, base64::encode(step->data.reveal_bytes())});
  } else {
    user_ = sasl_->identity().empty() ? sasl_->user() : sasl_->identity();
    session_.respond({235, enhanced_code{2, 7, 0}, "welcome"});
  }
}

// Answers what the mechanism asks for.
task<result<crypto::sasl_step>> served::settle(crypto::sasl_wants wants) {
  const std::string user(sasl_->user());
  const std::string identity(sasl_->identity());
  bool may = identity.empty() || identity == user;
  switch (wants) {
    case crypto::sasl_wants::password: {
      const std::optional<secret> known = co_await handler_.password(info(), user);
      co_return sasl_->give_password(known);
    }
    case crypto::sasl_wants::record: {
      const std::optional<secret> known = co_await handler_.password(info(), user);
      std::optional<crypto::scram_record> record;
      if (known) {
        const bool sha1 = sasl_->mechanism().starts_with("SCRAM-SHA-1");
        auto made = crypto::scram_record::from_password(
            *known, sha1 ? crypto::hash_algorithm::sha1 : crypto::hash_algorithm::sha256);
        if (made) record = std::move(*made);
      }
      co_return sasl_->give_record(record);
    }
    case crypto::sasl_wants::password_check: {
      const std::optional<secret> known = co_await handler_.password(info(), user);
      const bool right = known && *known == sasl_->password();
      if (right && !may) may = co_await handler_.act_as(info(), user, identity);
      co_return sasl_->decide(right && may);
    }
    case crypto::sasl_wants::token_check: {
      const bool right = co_await handler_.token(info(), user, sasl_->password());
      co_return sasl_->decide(right);
    }
    case crypto::sasl_wants::identity_check: {
      const bool let = co_await handler_.act_as(info(), user, identity);
      co_return sasl_->decide(let);
    }
    case crypto::sasl_wants::response:
    case crypto::sasl_wants::nothing: break;
  }
  co_return failure(tidewire::errc::misuse);
}

}  // namespace tidewire::smtp
