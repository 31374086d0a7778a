#include <tidewire/base/base64.hpp>
#include <tidewire/base/bytes.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/base/quoted_printable.hpp>
#include <tidewire/mime/message.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include "draft.hpp"
#include "header_writer.hpp"

namespace tidewire::mime {

namespace {

constexpr std::size_t longest_line = 998;
// What is read of an attachment at once: a multiple of 57, so that it becomes whole lines of base64.
constexpr std::size_t block_size = std::size_t{57} * 128;

// What a text needs of its way (RFC 2045 section 2.7 to 2.9).
struct text_traits {
  bool ascii = true;
  bool lines = true;        // none is too long, and there is no CR or NUL that is not of a line break
  std::size_t escapes = 0;  // characters that quoted-printable writes as three
};

text_traits look_at(std::string_view text) noexcept {
  text_traits traits;
  std::size_t line = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      line = 0;
      continue;
    }
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (!ascii::is_ascii(c)) traits.ascii = false;
    if (!ascii::is_ascii(c) || ascii::is_control(c) || c == '=') ++traits.escapes;
    if (++line > longest_line || c == '\0' || c == '\r') traits.lines = false;
  }
  return traits;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t feed = text.find('\n', at);
    const std::size_t end = std::min(feed, text.size());
    out += text.substr(at, end - at);
    if (feed == std::string_view::npos) break;
    if (!out.ends_with('\r') || end == at) out += '\r';
    out += '\n';
    at = feed + 1;
  }
  return out;
}

// Throws unless `fields` can stand in front of a message: lines that all end, none empty or too long, the
// first no fold.
void require_fields(std::string_view fields) {
  if (fields.empty()) return;
  bool good = !ascii::is_blank(fields.front()) && fields.find('\0') == std::string_view::npos;
  while (good && !fields.empty()) {
    const std::size_t end = find_crlf(fields);
    const std::string_view line = fields.substr(0, end);
    const bool field =
        !line.empty() && (ascii::is_blank(line.front()) || line.find(':') != std::string_view::npos);
    good = end != npos && field && line.size() <= longest_line &&
           line.find_first_of("\r\n") == std::string_view::npos;
    fields.remove_prefix(good ? end + 2 : 0);
  }
  if (!good) throw error(errc::misuse, "signature: not whole fields of a header");
}

// A stretch of the message: text as it stands, or a content that is read when its turn comes.
struct piece {
  std::string text;
  std::optional<content> source;
  bool base64 = false;  // how `source` is written

  [[nodiscard]] std::uint64_t size() const noexcept {
    if (!source) return text.size();
    if (!base64) return source->size();
    // Sizes of contents are far from overflow: that of the file system, or of memory.
    const std::uint64_t groups = (source->size() + 2) / 3;
    const std::uint64_t lines = (groups * 4 + 75) / 76;
    return groups * 4 + (lines > 0 ? (lines - 1) * 2 : 0);
  }
};

// Decides what the message looks like, down to the last byte that is not of a content.
class planner {
 public:
  planner(const detail::draft& what, const serialize_options& how) : from_(what), options_(how) {
    write_header();
    write_body();
    finish_text();
  }

  std::vector<piece> pieces;
  bool eight_bit = false;
  bool binary = false;
  bool utf8_headers = false;

 private:
  const detail::draft& from_;
  serialize_options options_;
  std::string text_;  // what is not in `pieces` yet
  std::uint64_t boundaries_ = 0;

  // A part whose encoding is decided. Multiparts must know those of what is in them before they begin (RFC
  // 2045 section 6.4).
  struct node {
    std::string header;  // the fields Content-*, without the one of the encoding
    transfer_encoding encoding = transfer_encoding::seven_bit;
    std::string body;
    std::optional<content> source;
    std::string boundary;
    std::vector<node> children;
  };

  void finish_text() {
    if (!text_.empty()) pieces.push_back({std::exchange(text_, {}), std::nullopt, false});
  }

  void write_header() {
    if (from_.from.empty()) throw error(errc::misuse, "message: no From");
    const std::vector<mailbox> authors = address_list{from_.from, true}.mailboxes();
    if (authors.empty()) throw error(errc::misuse, "message: no mailbox in From");
    if (authors.size() > 1 && from_.sender.empty())
      throw error(errc::misuse, "message: several in From need a Sender (RFC 5322 section 3.6.2)");

    detail::header_writer out(text_, options_.utf8);
    const auto one = [&](std::string_view name, std::string value) { out.words(name, std::span(&value, 1)); };
    const auto ids = [&](std::string_view name, const std::vector<std::string>& list) {
      std::vector<std::string> words;
      for (const std::string& id : list) words.push_back('<' + id + '>');
      out.words(name, words);
    };
    one("Date", date::format_rfc5322(from_.date));
    out.addresses("From", from_.from);
    if (!from_.sender.empty()) out.addresses("Sender", from_.sender);
    if (!from_.reply_to.empty()) out.addresses("Reply-To", from_.reply_to);
    if (!from_.to.empty()) out.addresses("To", from_.to);
    if (!from_.cc.empty()) out.addresses("Cc", from_.cc);
    if (from_.subject) out.unstructured("Subject", *from_.subject);
    ids("Message-ID", {from_.message_id.empty() ? own_id(authors.front()) : from_.message_id});
    if (!from_.in_reply_to.empty()) ids("In-Reply-To", {from_.in_reply_to});
    std::vector<std::string> references = from_.references;
    if (!from_.in_reply_to.empty() && (references.empty() || references.back() != from_.in_reply_to))
      references.push_back(from_.in_reply_to);
    if (!references.empty()) ids("References", references);
    if (!from_.unsubscribe.empty()) {
      std::vector<std::string> words;
      for (const std::string& url : from_.unsubscribe) words.push_back('<' + url + ">,");
      words.back().pop_back();
      out.words("List-Unsubscribe", words);
      if (from_.one_click) one("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    }
    for (const auto& [name, value] : from_.headers) out.unstructured(name, value);
    one("MIME-Version", "1.0");
    utf8_headers = !ascii::is_ascii(text_);
  }

  // The domain is that of the author: the name of this host is nobody's business.
  [[nodiscard]] std::string own_id(const mailbox& author) const {
    const auto domain = domain_to_ascii(author.domain());
    std::string id = from_.token(0) + '@';
    id += domain && !domain->starts_with('[') ? *domain : "localhost.localdomain";
    return id;
  }

  void write_body() {
    const node root = make_root();
    write(root, true);
    eight_bit = root.encoding == transfer_encoding::eight_bit;
    binary = root.encoding == transfer_encoding::binary;
  }

  node make_root() {
    std::vector<node> forms;
    if (from_.text || (!from_.html && from_.calendar.empty() && from_.attachments.empty()))
      forms.push_back(make_text(from_.text.value_or(""), "plain", {}));
    if (from_.html) {
      node html = make_text(*from_.html, "html", {});
      if (!from_.embedded.empty()) {
        std::vector<node> related;
        related.push_back(std::move(html));
        for (const auto& one : from_.embedded) related.push_back(make_file(one, "inline"));
        html = make_multipart("related", std::move(related), "text/html");
      }
      forms.push_back(std::move(html));
    }
    if (!from_.calendar.empty())
      forms.push_back(make_text(from_.calendar, "calendar", from_.calendar_method));
    std::vector<node> parts;
    if (forms.size() > 1) {
      parts.push_back(make_multipart("alternative", std::move(forms)));
    } else if (!forms.empty()) {
      parts.push_back(std::move(forms.front()));
    }
    // Without HTML that shows them, embedded files are files.
    if (!from_.html)
      for (const auto& one : from_.embedded) parts.push_back(make_file(one, "inline"));
    for (const auto& one : from_.attachments) parts.push_back(make_file(one, "attachment"));
    if (parts.size() == 1 && from_.attachments.empty()) return std::move(parts.front());
    return make_multipart("mixed", std::move(parts));
  }

  node make_text(std::string_view body, std::string_view subtype, std::string_view method) {
    node made;
    parameter_list parameters;
    parameters.set("charset", "utf-8");
    if (!method.empty()) parameters.set("method", method);
    detail::header_writer out(made.header, options_.utf8);
    out.parameters("Content-Type", "text/" + std::string(subtype), parameters);
    made.body = with_crlf(body);
    const text_traits traits = look_at(made.body);
    if (traits.lines && traits.ascii) {
      made.encoding = transfer_encoding::seven_bit;
    } else if (traits.lines && options_.eight_bit) {
      made.encoding = transfer_encoding::eight_bit;
    } else if (traits.escapes * 2 <= made.body.size() / 3) {
      made.encoding = transfer_encoding::quoted_printable;
      made.body = quoted_printable::encode(made.body, {.guard_line_start = true});
    } else {
      made.encoding = transfer_encoding::base64;
      made.body = base64::encode(made.body, base64::mime);
    }
    return made;
  }

  node make_file(const detail::draft::attachment& file, std::string_view disposition) {
    node made;
    made.source = file.data;
    content_type type = file.type;
    const bool is_message = type.is("message", "rfc822");
    if (is_message) {
      // RFC 2046 section 5.2.1 allows it no encoding. message/global may have one (RFC 6532 section 3.7).
      const text_traits traits =
          file.data.memory() ? look_at(*file.data.memory()) : text_traits{false, false, 0};
      if (traits.lines && traits.ascii) {
        made.encoding = transfer_encoding::seven_bit;
      } else if (traits.lines && options_.eight_bit) {
        made.encoding = transfer_encoding::eight_bit;
      } else if (options_.binary) {
        made.encoding = transfer_encoding::binary;
      } else {
        type.subtype = "global";
        made.encoding = transfer_encoding::base64;
      }
      if (made.encoding == transfer_encoding::seven_bit || made.encoding == transfer_encoding::eight_bit) {
        made.body = with_crlf(*file.data.memory());
        made.source.reset();
      }
    } else {
      made.encoding = options_.binary ? transfer_encoding::binary : transfer_encoding::base64;
    }
    detail::header_writer out(made.header, options_.utf8);
    out.parameters("Content-Type", type.essence(), type.parameters);
    parameter_list parameters;
    if (!file.filename.empty()) parameters.set("filename", file.filename);
    if (!file.is_message) out.parameters("Content-Disposition", disposition, parameters);
    if (!file.content_id.empty()) {
      const std::string id = '<' + file.content_id + '>';
      out.words("Content-ID", std::span(&id, 1));
    }
    if (!file.description.empty()) out.unstructured("Content-Description", file.description);
    utf8_headers = utf8_headers || !ascii::is_ascii(made.header);
    return made;
  }

  node make_multipart(std::string_view subtype, std::vector<node> children, std::string_view root_type = {}) {
    node made;
    for (const node& child : children)
      if (child.encoding == transfer_encoding::eight_bit || child.encoding == transfer_encoding::binary)
        made.encoding = std::max(made.encoding, child.encoding);
    // Neither base64 nor quoted-printable has "=_" (RFC 2045 section 6.7); other text is looked at.
    do {
      made.boundary = "=_" + from_.token(++boundaries_);
    } while (
        std::ranges::any_of(children, [&](const node& child) { return has_line(child, made.boundary); }));
    parameter_list parameters;
    parameters.set("boundary", made.boundary);
    if (!root_type.empty()) parameters.set("type", root_type);
    detail::header_writer out(made.header, options_.utf8);
    out.parameters("Content-Type", "multipart/" + std::string(subtype), parameters);
    made.children = std::move(children);
    return made;
  }

  // NOLINTNEXTLINE(misc-no-recursion): three levels
  static bool has_line(const node& part, std::string_view boundary) {
    return part.body.find(boundary) != std::string::npos ||
           (part.source && part.source->memory() &&
            part.source->memory()->find(boundary) != std::string_view::npos) ||
           std::ranges::any_of(part.children, [&](const node& child) { return has_line(child, boundary); });
  }

  // NOLINTNEXTLINE(misc-no-recursion): three levels
  void write(const node& part, bool is_root) {
    text_ += part.header;
    if (part.children.empty() || part.encoding != transfer_encoding::seven_bit) {
      text_ += "Content-Transfer-Encoding: ";
      text_ += name_of(part.encoding);
      text_ += "\r\n";
    }
    text_ += "\r\n";
    for (const node& child : part.children) {
      text_ += "--" + part.boundary + "\r\n";
      write(child, false);
      text_ += "\r\n";
    }
    if (!part.children.empty()) text_ += "--" + part.boundary + "--\r\n";
    text_ += part.body;
    if (part.source) {
      finish_text();
      pieces.push_back({{}, part.source, part.encoding == transfer_encoding::base64});
    }
    // The last line of a message ends, as any other; one that is in a multipart does so by the boundary.
    if (is_root && part.children.empty() && !part.body.ends_with("\r\n") &&
        !(part.body.empty() && !part.source))
      text_ += "\r\n";
  }
};

}  // namespace

struct serializer::impl {
  explicit impl(planner plan)
      : pieces(std::move(plan.pieces)),
        eight_bit(plan.eight_bit),
        binary(plan.binary),
        utf8_headers(plan.utf8_headers) {
    for (const piece& one : pieces) total += one.size();
  }

  std::vector<piece> pieces;
  bool eight_bit;
  bool binary;
  bool utf8_headers;
  std::uint64_t total = 0;

  std::size_t current = 0;  // in `pieces`
  std::size_t at = 0;       // in its text, or in `block`
  std::string block;        // encoded, of the content of the current piece
  std::string raw;
  std::unique_ptr<content_reader> reader;
  std::uint64_t left = 0;  // bytes that the reader still has to give

  void rewind() noexcept {
    current = at = 0;
    block.clear();
    reader.reset();
  }

  // Fills `raw` as far as the content goes.
  void read_block(const content& source) {
    raw.resize(block_size);
    std::size_t size = 0;
    while (size < raw.size()) {
      const std::size_t more = reader->read(std::span(raw).subspan(size));
      if (more == 0) break;
      size += more;
    }
    raw.resize(size);
    const bool ended = size < block_size;
    if (size > left || (ended && size != left))
      throw error(errc::misuse, "attachment: " + std::to_string(source.size()) +
                                    " bytes were announced, and there are " +
                                    (size > left ? "more" : "fewer"));
    left -= size;
  }

  // Makes the next block of a content. False at its end.
  bool next_block(const piece& one) {
    const bool first = reader == nullptr;
    if (first) {
      reader = one.source->open();
      left = one.source->size();
    }
    read_block(*one.source);
    if (raw.empty()) {
      reader.reset();
      return false;
    }
    at = 0;
    if (!one.base64) {
      std::swap(block, raw);
      return true;
    }
    // Blocks are of whole lines, but for the last: each begins with the line break of the one before.
    block.assign(first ? "" : "\r\n");
    const std::size_t prefix = block.size();
    block.resize(prefix + base64::encoded_size(raw.size(), base64::mime));
    (void)base64::encode_into(as_bytes(raw), std::span(block).subspan(prefix), base64::mime);
    return true;
  }

  std::size_t read(std::span<char> out) {
    std::size_t written = 0;
    while (written < out.size() && current < pieces.size()) {
      const piece& one = pieces[current];
      const std::string& bytes = one.source ? block : one.text;
      if (at == bytes.size()) {
        if (one.source && next_block(one)) continue;
        block.clear();
        at = 0;
        ++current;
        continue;
      }
      const std::size_t size = std::min(out.size() - written, bytes.size() - at);
      std::memcpy(out.data() + written, bytes.data() + at, size);
      written += size;
      at += size;
    }
    return written;
  }
};

signing_hook::~signing_hook() = default;

serializer::serializer(const message& what, const serialize_options& options)
    : impl_(std::make_unique<impl>(planner(*what.draft_, options))) {
  for (const auto& hook : what.draft_->hooks) {
    std::string fields = hook->sign(*this);
    require_fields(fields);
    rewind();
    if (fields.empty()) continue;
    impl_->total += fields.size();
    impl_->pieces.insert(impl_->pieces.begin(), {std::move(fields), std::nullopt, false});
  }
}
serializer::serializer(serializer&&) noexcept = default;
serializer& serializer::operator=(serializer&&) noexcept = default;
serializer::~serializer() = default;

std::uint64_t serializer::size() const noexcept {
  return impl_->total;
}
bool serializer::has_eight_bit() const noexcept {
  return impl_->eight_bit;
}
bool serializer::has_binary() const noexcept {
  return impl_->binary;
}
bool serializer::has_utf8_headers() const noexcept {
  return impl_->utf8_headers;
}
std::size_t serializer::read(std::span<char> out) {
  return impl_->read(out);
}
void serializer::rewind() noexcept {
  impl_->rewind();
}

}  // namespace tidewire::mime
