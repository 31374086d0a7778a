#include <tidewire/base/bytes.hpp>
#include <tidewire/base/error.hpp>
#include <tidewire/mime/maildir.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "durable_file.hpp"

namespace tidewire::mime {

namespace {

namespace fs = std::filesystem;

// What is before the flags in a name. Windows has no colon in names; others use the semicolon there.
#ifdef _WIN32
constexpr char info_mark = ';';
#else
constexpr char info_mark = ':';
#endif

failure refused(std::string_view what, const fs::path& path, std::error_code code) {
  return failure(code).during(what).with(path.string());
}

void check(std::error_code code, std::string_view what, const fs::path& path) {
  if (code) throw error(refused(what, path, code));
}

// Letters, in order, each once.
std::string sorted_flags(std::string_view flags) {
  std::string sorted(flags);
  if (!std::ranges::all_of(sorted, ascii::is_alpha))
    throw error(errc::misuse, "maildir: a flag that is no letter");
  std::ranges::sort(sorted);
  const auto rest = std::ranges::unique(sorted);
  sorted.erase(rest.begin(), rest.end());
  return sorted;
}

// A name that no other delivery has: time, process, count, host. None of it may have a slash or an info mark.
std::string unique_name() {
  static std::atomic<std::uint64_t> count{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now - seconds);
  std::string host = detail::host_name();
  for (char& c : host)
    if (!ascii::is_alnum(c) && c != '-' && c != '.') c = '_';
  return std::to_string(seconds.count()) + ".M" + std::to_string(micros.count()) + 'P' +
         std::to_string(detail::process_id()) + 'Q' + std::to_string(count++) + '.' + host;
}

maildir_entry entry_of(const fs::path& path, bool is_new) {
  maildir_entry entry{path, path.filename().string(), {}, is_new};
  const std::size_t mark = entry.unique.find_first_of(":;");
  if (mark == std::string::npos) return entry;
  const std::string_view info = std::string_view(entry.unique).substr(mark + 1);
  if (info.starts_with("2,"))
    for (const char c : info.substr(2))
      if (ascii::is_alpha(c)) entry.flags += c;
  entry.unique.resize(mark);
  return entry;
}

fs::path path_in_cur(const fs::path& folder, std::string_view unique, std::string_view flags) {
  return folder / "cur" / (std::string(unique) + info_mark + "2," + sorted_flags(flags));
}

// Writes a message to `tmp` by `write`, then moves it to where `target` says.
template <class Write, class Target>
fs::path put(const fs::path& folder, const Write& write, const Target& target) {
  const std::string name = unique_name();
  const fs::path draft = folder / "tmp" / name;
  const fs::path path = target(name);
  detail::durable_file file(draft);
  write(file);
  file.close();
  std::error_code code;
  fs::rename(draft, path, code);
  if (code) {
    std::error_code ignored;
    fs::remove(draft, ignored);
    throw error(refused("deliver", path, code));
  }
  detail::sync_folder(path.parent_path());
  return path;
}

}  // namespace

maildir maildir::open(const fs::path& path) {
  for (const char* name : {"cur", "new", "tmp"}) {
    std::error_code code;
    if (!fs::is_directory(path / name, code))
      throw error(refused("open maildir", path / name,
                          code ? code : std::make_error_code(std::errc::not_a_directory)));
  }
  return maildir(path);
}

maildir maildir::create(const fs::path& path) {
  for (const char* name : {"cur", "new", "tmp"}) {
    std::error_code code;
    fs::create_directories(path / name, code);
    check(code, "create maildir", path / name);
  }
  return open(path);
}

maildir_entry maildir::deliver(std::string_view message) {
  const fs::path path = put(
      path_, [&](detail::durable_file& file) { file.write(message); },
      [&](const std::string& name) { return path_ / "new" / name; });
  return entry_of(path, true);
}

maildir_entry maildir::deliver(const message& what, const serialize_options& options) {
  serializer in(what, options);
  const fs::path path = put(
      path_,
      [&](detail::durable_file& file) {
        std::string piece(std::size_t{64} * 1024, '\0');
        while (const std::size_t size = in.read(piece)) file.write(std::span(piece).first(size));
      },
      [&](const std::string& name) { return path_ / "new" / name; });
  return entry_of(path, true);
}

maildir_entry maildir::add(std::string_view message, std::string_view flags) {
  const fs::path path = put(
      path_, [&](detail::durable_file& file) { file.write(message); },
      [&](const std::string& name) { return path_in_cur(path_, name, flags); });
  return entry_of(path, false);
}

std::vector<maildir_entry> maildir::list() const {
  std::vector<maildir_entry> entries;
  for (const bool is_new : {true, false}) {
    const fs::path folder = path_ / (is_new ? "new" : "cur");
    std::error_code code;
    fs::directory_iterator at(folder, code);
    check(code, "list maildir", folder);
    while (at != fs::directory_iterator()) {
      const fs::path path = at->path();
      if (!path.filename().string().starts_with('.')) entries.push_back(entry_of(path, is_new));
      at.increment(code);
      check(code, "list maildir", folder);
    }
  }
  std::ranges::sort(entries, {}, &maildir_entry::unique);
  return entries;
}

std::string maildir::read(const maildir_entry& entry) const {
  std::ifstream file(entry.path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file)
    throw error(refused("read", entry.path, std::make_error_code(std::errc::no_such_file_or_directory)));
  return bytes;
}

maildir_entry maildir::set_flags(const maildir_entry& entry, std::string_view flags) {
  const fs::path path = path_in_cur(path_, entry.unique, flags);
  std::error_code code;
  fs::rename(entry.path, path, code);
  check(code, "set flags", entry.path);
  return entry_of(path, false);
}

void maildir::remove(const maildir_entry& entry) {
  std::error_code code;
  const bool removed = fs::remove(entry.path, code);
  if (!code && !removed) code = std::make_error_code(std::errc::no_such_file_or_directory);
  check(code, "remove", entry.path);
}

std::size_t maildir::clean() {
  const auto oldest = fs::file_time_type::clock::now() - std::chrono::hours(36);
  std::size_t count = 0;
  std::error_code code;
  std::vector<fs::path> stale;
  for (fs::directory_iterator at(path_ / "tmp", code); !code && at != fs::directory_iterator();
       at.increment(code)) {
    std::error_code gone;
    const auto written = fs::last_write_time(at->path(), gone);
    if (!gone && written < oldest) stale.push_back(at->path());
  }
  check(code, "clean maildir", path_ / "tmp");
  for (const fs::path& path : stale) {
    std::error_code gone;
    if (fs::remove(path, gone)) ++count;
  }
  return count;
}

}  // namespace tidewire::mime
