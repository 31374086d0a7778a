#include <tidewire/base/bytes.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/mime/content.hpp>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

namespace tidewire::mime {

namespace {

class memory_reader final : public content_reader {
 public:
  explicit memory_reader(std::string_view bytes) : rest_(bytes) {}
  std::size_t read(std::span<char> out) override {
    const std::size_t size = std::min(out.size(), rest_.size());
    if (size > 0) std::memcpy(out.data(), rest_.data(), size);
    rest_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view rest_;
};

failure no_file(const std::filesystem::path& path, std::error_code code) {
  failure why(code ? code : std::make_error_code(std::errc::io_error));
  why.during("read attachment").with(path.string());
  return why;
}

class file_reader final : public content_reader {
 public:
  explicit file_reader(std::filesystem::path path) : path_(std::move(path)), file_(path_, std::ios::binary) {
    if (!file_) throw error(no_file(path_, std::error_code(errno, std::generic_category())));
  }
  std::size_t read(std::span<char> out) override {
    file_.read(out.data(), static_cast<std::streamsize>(out.size()));
    if (file_.bad()) throw error(no_file(path_, {}));
    return static_cast<std::size_t>(file_.gcount());
  }

 private:
  std::filesystem::path path_;
  std::ifstream file_;
};

}  // namespace

content_reader::~content_reader() = default;

struct content::impl {
  std::string owned;
  std::string_view bytes;
  std::uint64_t size = 0;
  std::function<std::unique_ptr<content_reader>()> opener;  // empty: the bytes are in memory
};

content::content(std::string bytes) {
  auto made = std::make_shared<impl>();
  made->owned = std::move(bytes);
  made->bytes = made->owned;
  made->size = made->bytes.size();
  impl_ = std::move(made);
}

content content::view(std::string_view bytes) {
  auto made = std::make_shared<impl>();
  made->bytes = bytes;
  made->size = bytes.size();
  return content(std::move(made));
}

content content::file(const std::filesystem::path& path) {
  std::error_code code;
  const std::uintmax_t size = std::filesystem::file_size(path, code);
  if (code) throw error(no_file(path, code));
  return source(size, [path] { return std::make_unique<file_reader>(path); });
}

content content::source(std::uint64_t size, std::function<std::unique_ptr<content_reader>()> open) {
  auto made = std::make_shared<impl>();
  made->size = size;
  made->opener = std::move(open);
  return content(std::move(made));
}

std::uint64_t content::size() const noexcept {
  return impl_->size;
}

std::optional<std::string_view> content::memory() const noexcept {
  if (impl_->opener) return std::nullopt;
  return impl_->bytes;
}

std::unique_ptr<content_reader> content::open() const {
  if (!impl_->opener) return std::make_unique<memory_reader>(impl_->bytes);
  return impl_->opener();
}

std::string_view type_of_file(std::string_view filename) noexcept {
  static constexpr std::pair<std::string_view, std::string_view> types[] = {
      {".7z", "application/x-7z-compressed"},
      {".avif", "image/avif"},
      {".bmp", "image/bmp"},
      {".bz2", "application/x-bzip2"},
      {".css", "text/css"},
      {".csv", "text/csv"},
      {".doc", "application/msword"},
      {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
      {".eml", "message/rfc822"},
      {".gif", "image/gif"},
      {".gz", "application/gzip"},
      {".htm", "text/html"},
      {".html", "text/html"},
      {".ics", "text/calendar"},
      {".jpeg", "image/jpeg"},
      {".jpg", "image/jpeg"},
      {".js", "text/javascript"},
      {".json", "application/json"},
      {".md", "text/markdown"},
      {".mov", "video/quicktime"},
      {".mp3", "audio/mpeg"},
      {".mp4", "video/mp4"},
      {".odp", "application/vnd.oasis.opendocument.presentation"},
      {".ods", "application/vnd.oasis.opendocument.spreadsheet"},
      {".odt", "application/vnd.oasis.opendocument.text"},
      {".ogg", "audio/ogg"},
      {".pdf", "application/pdf"},
      {".png", "image/png"},
      {".ppt", "application/vnd.ms-powerpoint"},
      {".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
      {".ps", "application/postscript"},
      {".rtf", "application/rtf"},
      {".svg", "image/svg+xml"},
      {".tar", "application/x-tar"},
      {".tif", "image/tiff"},
      {".tiff", "image/tiff"},
      {".txt", "text/plain"},
      {".vcf", "text/vcard"},
      {".wav", "audio/wav"},
      {".webm", "video/webm"},
      {".webp", "image/webp"},
      {".xls", "application/vnd.ms-excel"},
      {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
      {".xml", "application/xml"},
      {".zip", "application/zip"},
      {".zst", "application/zstd"},
  };
  for (const auto& [ending, type] : types)
    if (ascii::iends_with(filename, ending)) return type;
  return "application/octet-stream";
}

}  // namespace tidewire::mime
