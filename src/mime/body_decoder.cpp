#include <tidewire/base/base64.hpp>
#include <tidewire/base/quoted_printable.hpp>
#include <tidewire/mime/parser.hpp>

namespace tidewire::mime {

struct body_decoder::impl {
  transfer_encoding encoding;
  base64::decoder base64{base64::mime};
  quoted_printable::decoder quoted_printable{};
};

body_decoder::body_decoder(transfer_encoding encoding) : impl_(std::make_unique<impl>()) {
  impl_->encoding = encoding;
}
body_decoder::body_decoder(body_decoder&&) noexcept = default;
body_decoder& body_decoder::operator=(body_decoder&&) noexcept = default;
body_decoder::~body_decoder() = default;

// Neither decoder can fail: the one ignores rubbish, the other is not strict.
void body_decoder::update(std::string_view bytes, std::string& out) {
  switch (impl_->encoding) {
    case transfer_encoding::base64: (void)impl_->base64.update(bytes, out); break;
    case transfer_encoding::quoted_printable: (void)impl_->quoted_printable.update(bytes, out); break;
    default: out += bytes;
  }
}

void body_decoder::finish(std::string& out) {
  if (impl_->encoding == transfer_encoding::base64) (void)impl_->base64.finish(out);
  if (impl_->encoding == transfer_encoding::quoted_printable) (void)impl_->quoted_printable.finish(out);
}

bool body_decoder::malformed() const noexcept {
  return impl_->base64.ignored() > 0 || impl_->quoted_printable.defects() > 0;
}

}  // namespace tidewire::mime
