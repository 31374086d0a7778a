#include "gmime_rival.hpp"

#include <gmime/gmime.h>

namespace tidewire::mime::benchmark_rival {

namespace {

void initialise() {
  static const bool done = [] {
    g_mime_init();
    return true;
  }();
  (void)done;
}

// Calls `each` with every leaf below `object`.
template <class F>
void walk(GMimeObject* object, const F& each) {
  if (GMIME_IS_MULTIPART(object)) {
    GMimeMultipart* parts = GMIME_MULTIPART(object);
    const int count = g_mime_multipart_get_count(parts);
    for (int i = 0; i < count; ++i) walk(g_mime_multipart_get_part(parts, i), each);
  } else if (GMIME_IS_MESSAGE_PART(object)) {
    GMimeMessage* message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
    if (message != nullptr) walk(g_mime_message_get_mime_part(message), each);
  } else if (GMIME_IS_PART(object)) {
    each(GMIME_PART(object));
  }
}

GMimeMessage* parse_message(GByteArray* bytes) {
  GMimeStream* stream = g_mime_stream_mem_new();
  g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
  g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), bytes);
  GMimeParser* parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage* message = g_mime_parser_construct_message(parser, nullptr);
  g_object_unref(parser);
  g_object_unref(stream);
  return message;
}

GMimePart* make_part(const char* type, const char* subtype, std::string_view bytes,
                     GMimeContentEncoding encoding) {
  GMimePart* part = g_mime_part_new_with_type(type, subtype);
  GMimeStream* stream = g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size());
  GMimeDataWrapper* content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
  g_object_unref(stream);
  g_mime_part_set_content(part, content);
  g_object_unref(content);
  g_mime_part_set_content_encoding(part, encoding);
  return part;
}

void add(GMimeMultipart* parts, GMimeObject* part) {
  g_mime_multipart_add(parts, part);
  g_object_unref(part);
}

}  // namespace

struct gmime_source::impl {
  GByteArray* bytes = nullptr;
  GByteArray* decoded = nullptr;
};

gmime_source::gmime_source(std::string_view text) : impl_(std::make_unique<impl>()) {
  initialise();
  impl_->bytes = g_byte_array_new();
  g_byte_array_append(impl_->bytes, reinterpret_cast<const guint8*>(text.data()),
                      static_cast<guint>(text.size()));
  impl_->decoded = g_byte_array_new();
}
gmime_source::gmime_source(gmime_source&&) noexcept = default;
gmime_source::~gmime_source() {
  if (!impl_) return;
  g_byte_array_free(impl_->bytes, TRUE);
  g_byte_array_free(impl_->decoded, TRUE);
}

std::size_t gmime_source::parse() const {
  GMimeMessage* message = parse_message(impl_->bytes);
  std::size_t leaves = 0;
  walk(g_mime_message_get_mime_part(message), [&](GMimePart*) { ++leaves; });
  g_object_unref(message);
  return leaves;
}

counts gmime_source::decode() const {
  GMimeMessage* message = parse_message(impl_->bytes);
  counts all;
  walk(g_mime_message_get_mime_part(message), [&](GMimePart* part) {
    g_byte_array_set_size(impl_->decoded, 0);
    GMimeStream* out = g_mime_stream_mem_new();
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(out), FALSE);
    g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(out), impl_->decoded);
    g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(part), out);
    g_object_unref(out);
    ++all.leaves;
    all.bytes += impl_->decoded->len;
  });
  g_object_unref(message);
  return all;
}

std::size_t gmime_build(std::string_view text, std::string_view html,
                        const std::vector<std::string>& attachments) {
  initialise();
  GMimeMessage* message = g_mime_message_new(TRUE);
  g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, "Robot", "robot@example.org");
  g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, "Ada Lovelace", "ada@example.org");
  g_mime_message_set_subject(message, "Links of the day", nullptr);
  GDateTime* now = g_date_time_new_from_unix_utc(1'000'000'000);
  g_mime_message_set_date(message, now);
  g_date_time_unref(now);
  g_mime_message_set_message_id(message, "1@example.org");

  GMimeMultipart* forms = g_mime_multipart_new_with_subtype("alternative");
  for (const bool plain : {true, false}) {
    GMimePart* part = make_part("text", plain ? "plain" : "html", plain ? text : html,
                                GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
    add(forms, GMIME_OBJECT(part));
  }
  GMimeMultipart* parts = g_mime_multipart_new_with_subtype("mixed");
  add(parts, GMIME_OBJECT(forms));
  for (std::size_t i = 0; i < attachments.size(); ++i) {
    GMimePart* part = make_part("application", "pdf", attachments[i], GMIME_CONTENT_ENCODING_BASE64);
    const std::string name = "file" + std::to_string(i) + ".pdf";
    g_mime_part_set_filename(part, name.c_str());
    add(parts, GMIME_OBJECT(part));
  }
  g_mime_message_set_mime_part(message, GMIME_OBJECT(parts));
  g_object_unref(parts);

  GMimeStream* out = g_mime_stream_mem_new();
  g_mime_object_write_to_stream(GMIME_OBJECT(message), nullptr, out);
  const std::size_t size = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(out))->len;
  g_object_unref(out);
  g_object_unref(message);
  return size;
}

}  // namespace tidewire::mime::benchmark_rival
