/// @file
/// Messages out: addresses, subject, text, HTML, images, attachments; the tree of parts makes itself.
///
/// @code
/// mime::message mail;
/// mail.from("Robot <robot@example.org>").to("ada@example.org").subject("Links of the day");
/// mail.text("See the attached file.").html("<p>See the <b>attached</b> file.");
/// mail.attach("links.csv", csv).attach_file("chart.pdf");
/// std::string bytes = mail.str();
/// @endcode
#pragma once

#include <tidewire/base/date.hpp>
#include <tidewire/mime/address.hpp>
#include <tidewire/mime/content.hpp>
#include <tidewire/mime/export.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::mime {

namespace detail {
struct draft;
}

/// Who a message is from and to on its way: MAIL FROM and RCPT TO of SMTP.
struct envelope {
  std::string sender;                   ///< Of Sender, else the first of From.
  std::vector<std::string> recipients;  ///< Of To, Cc and Bcc, each once.
};

/// About an attachment. What is empty is left out, or guessed.
struct attachment_options {
  std::string_view type{};         ///< "application/pdf", with or without parameters; by the name if empty.
  std::string_view description{};  ///< Content-Description: any text.
  std::string_view content_id{};   ///< Without angle brackets.
};

/// What a server can take beyond what all of them can.
struct serialize_options {
  bool eight_bit = false;  ///< 8BITMIME (RFC 6152): text that is not ASCII travels as it is.
  bool binary = false;     ///< BINARYMIME (RFC 3030): attachments travel as they are. Needs CHUNKING.
  bool utf8 = false;       ///< SMTPUTF8 (RFC 6531): headers in UTF-8.
};

class serializer;

/// Signs messages as they are serialised: DKIM is one. See `message::sign_with`.
class TIDEWIRE_MIME_API signing_hook {
 public:
  signing_hook() = default;
  signing_hook(const signing_hook&) = default;
  signing_hook& operator=(const signing_hook&) = default;
  virtual ~signing_hook();
  /// Called once for each `serializer`, while that is made; from any thread that makes one.
  /// @param message All of the message as it will travel, with what other hooks put in front: it is read to
  ///        its end, and begins again afterwards.
  /// @return The fields that go in front of it, each line of them ended by CR LF and no longer than 998
  /// characters. What it throws is passed on by the constructor of the serialiser.
  [[nodiscard]] virtual std::string sign(serializer& message) const = 0;
};

/// What messages are told apart by: their Message-ID and boundaries are made of it.
using message_seed = std::array<std::uint64_t, 2>;

/// A message being written. Every function that takes a text throws `error` (`errc::misuse`) for a CR, LF or
/// NUL in what becomes a header, for text that is not UTF-8, and for an address that `check_address` refuses;
/// the message is then as it was. It is copied cheaply: contents are shared. Not thread-safe: one message,
/// one user.
///
/// Addresses are given as in a header: "Ada <ada@example.org>, bob@example.org", a group "team: a@b.c;",
/// names in UTF-8, quoted where they have a comma. Each call adds to those before.
class TIDEWIRE_MIME_API message {
 public:
  /// A message of now, with a seed of the system's random numbers.
  message();
  /// A message whose Date and identifiers are known: for tests, and for those who have other sources.
  message(const message_seed& seed, const date_time& now);
  message(const message&);
  message(message&&) noexcept;
  message& operator=(const message&);
  message& operator=(message&&) noexcept;
  ~message();

  message& from(std::string_view addresses);
  /// Who sent it, where From has several, or somebody sent it for them.
  message& sender(std::string_view address);
  message& reply_to(std::string_view addresses);
  message& to(std::string_view addresses);
  message& cc(std::string_view addresses);
  /// Recipients that no recipient sees: they are in the envelope, and in no serialised form.
  message& bcc(std::string_view addresses);
  message& from(const mailbox& who);
  message& to(const mailbox& who);
  message& cc(const mailbox& who);
  message& bcc(const mailbox& who);
  message& reply_to(const mailbox& who);

  message& subject(std::string_view text);
  message& date(const date_time& when);
  /// Without angle brackets. Otherwise one is made of the seed and the domain of From.
  message& message_id(std::string_view id);
  /// The identifier of the message that this one answers; its References are to be given before.
  message& in_reply_to(std::string_view id);
  /// One more identifier of the thread, the oldest first.
  message& reference(std::string_view id);
  /// How to leave the list (RFC 2369): `https:` and `mailto:` addresses.
  /// @param one_click RFC 8058: a POST to the first, which must be `https:`, is enough.
  message& list_unsubscribe(std::span<const std::string_view> urls, bool one_click = false);
  /// @copydoc list_unsubscribe
  message& list_unsubscribe(std::string_view url, bool one_click = false);
  /// Another field, as unstructured text. Not one that a function above or below is for.
  message& header(std::string_view name, std::string_view text);

  /// The text, in UTF-8, lines ended by LF or CR LF. Replaces what it was.
  message& text(std::string_view text);
  /// Adds to the text.
  message& append_text(std::string_view text);
  /// The same as HTML. With both, the reader shows what it can.
  message& html(std::string_view html);
  /// Adds to the HTML.
  message& append_html(std::string_view html);
  /// An invitation (RFC 6047): one more form of the text.
  /// @param method "REQUEST", "REPLY", "CANCEL", as METHOD in it.
  message& calendar(std::string_view method, std::string_view icalendar);
  /// Something that the HTML shows: `<img src="cid:logo">`.
  message& embed(std::string_view content_id, content data, const attachment_options& options = {});

  /// A file with its name.
  message& attach(std::string_view filename, content data, const attachment_options& options = {});
  /// A file of this system, read when the message is serialised.
  message& attach_file(const std::filesystem::path& path, const attachment_options& options = {});
  /// A message as a part: to forward it as it is.
  message& attach_message(content source);

  /// Signs the message whenever it is serialised, whatever server it is then for; one hook after the other,
  /// each over the fields of those before. Signing reads all of the message, files too, once more before its
  /// first byte is given.
  /// @param hook Not null (misuse). Copies of the message share it.
  message& sign_with(std::shared_ptr<const signing_hook> hook);

  /// Where it goes. Throws `error` (misuse) if there is no sender or no recipient.
  [[nodiscard]] mime::envelope envelope() const;
  /// Can it be sent to servers with SMTPUTF8 only? True if a local part is not ASCII.
  [[nodiscard]] bool needs_smtputf8() const;
  /// All of it, serialised. @see serializer for what is too large for that
  [[nodiscard]] std::string str(const serialize_options& options = {}) const;

 private:
  friend class serializer;
  std::unique_ptr<detail::draft> draft_;
};

/// The bytes of a message, in pieces of any size: a few KiB are held, however large its attachments. Lines
/// end with CR LF, none is longer than 998, but for binary parts. Keeps what it needs of the message. Not
/// thread-safe: one serialiser, one user.
class TIDEWIRE_MIME_API serializer {
 public:
  /// Throws `error` (misuse) if there is no From, several without a Sender, or an address needs SMTPUTF8 and
  /// may not have it; what a signing hook throws, and misuse for fields of its that are none.
  explicit serializer(const message& what, const serialize_options& options = {});
  serializer(serializer&&) noexcept;
  serializer& operator=(serializer&&) noexcept;
  ~serializer();

  /// How many bytes there are in all.
  [[nodiscard]] std::uint64_t size() const noexcept;
  /// Does it need what `serialize_options` allowed: BODY=8BITMIME, BODY=BINARYMIME, SMTPUTF8?
  [[nodiscard]] bool has_eight_bit() const noexcept;
  /// @copydoc has_eight_bit
  [[nodiscard]] bool has_binary() const noexcept;
  /// @copydoc has_eight_bit
  [[nodiscard]] bool has_utf8_headers() const noexcept;

  /// Writes the next bytes to `out`; fewer than there is room for only at the end.
  /// @return How many; 0 at the end. Throws `error` if an attachment cannot be read, or has another size than
  /// it had: the serialiser is then of no further use.
  [[nodiscard]] std::size_t read(std::span<char> out);
  /// Begins again: for another try. Attachments are opened anew.
  void rewind() noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace tidewire::mime
