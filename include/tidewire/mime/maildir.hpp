/// @file
/// Maildir: a folder with a file for each message, which needs no locks. A message is written to `tmp`,
/// brought to the disk, and only then moved to `new`: it is there whole, or not at all.
#pragma once

#include <tidewire/mime/export.hpp>
#include <tidewire/mime/message.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::mime {

/// A message of a Maildir, by its file.
struct maildir_entry {
  std::filesystem::path path;
  std::string unique;   ///< What stays the same when flags change: the name up to its `:` (or `;`).
  std::string flags;    ///< Letters in order: D draft, F flagged, P passed, R replied, S seen, T trashed.
  bool is_new = false;  ///< In `new`: nobody has looked yet.
};

/// A Maildir. Any number of programs may use one at a time. Functions throw `error` with the system's code
/// and the path where the file system refuses; a file that another program took away or renamed since the
/// listing is such an error.
class TIDEWIRE_MIME_API maildir {
 public:
  /// A Maildir that exists: a folder with `cur`, `new` and `tmp`. Throws `error` if it is none.
  [[nodiscard]] static maildir open(const std::filesystem::path& path);
  /// The same; makes what is missing of it.
  [[nodiscard]] static maildir create(const std::filesystem::path& path);

  /// Puts a message into `new`.
  /// @return Its entry. When this returns, it is on the disk.
  maildir_entry deliver(std::string_view message);
  /// The same for a message that is serialised now.
  maildir_entry deliver(const message& what, const serialize_options& options = {});
  /// Puts a message into `cur`, with flags: a copy of one that was sent, or from another folder.
  maildir_entry add(std::string_view message, std::string_view flags = "S");

  /// All messages, in the order of their names, which mostly is that of their arrival.
  [[nodiscard]] std::vector<maildir_entry> list() const;
  /// The bytes of a message.
  [[nodiscard]] std::string read(const maildir_entry& entry) const;
  /// Moves a message to `cur` with these flags.
  /// @return Its entry from then on. `errc::misuse` for a flag that is no letter.
  maildir_entry set_flags(const maildir_entry& entry, std::string_view flags);
  /// Deletes a message.
  void remove(const maildir_entry& entry);
  /// Deletes files of `tmp` that are older than 36 hours: what was never finished.
  /// @return How many.
  std::size_t clean();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  explicit maildir(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace tidewire::mime
