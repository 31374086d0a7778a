/// @file
/// What a server says that it can do (RFC 9051 section 6.1.1).
#pragma once

#include <tidewire/imap/export.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidewire::imap {

/// The capabilities of a server; by default, those of one that told none. What IMAP4rev2 has in it is set
/// where the server offers that and not IMAP4rev1; where it offers both, after `enable_rev2`.
struct capabilities {
  bool imap4rev1 = false;
  bool imap4rev2 = false;
  bool starttls = false;            ///< STARTTLS
  bool login_disabled = false;      ///< LOGINDISABLED: no LOGIN here, mostly before TLS.
  bool sasl_ir = false;             ///< SASL-IR, RFC 4959: AUTHENTICATE with an initial response.
  bool literal_plus = false;        ///< LITERAL+, RFC 7888: literals need not wait.
  bool literal_minus = false;       ///< LITERAL-: those of at most 4,096 bytes need not wait.
  bool idle = false;                ///< IDLE, RFC 2177.
  bool name_spaces = false;         ///< NAMESPACE, RFC 2342.
  bool uidplus = false;             ///< UIDPLUS, RFC 4315.
  bool move = false;                ///< MOVE, RFC 6851.
  bool enable = false;              ///< ENABLE, RFC 5161.
  bool condstore = false;           ///< CONDSTORE, RFC 7162; also where QRESYNC is offered.
  bool qresync = false;             ///< QRESYNC, RFC 7162.
  bool esearch = false;             ///< ESEARCH, RFC 4731.
  bool searchres = false;           ///< SEARCHRES, RFC 5182.
  bool multisearch = false;         ///< MULTISEARCH, RFC 7377.
  bool search_fuzzy = false;        ///< SEARCH=FUZZY, RFC 6203.
  bool within = false;              ///< WITHIN, RFC 5032: OLDER and YOUNGER.
  bool partial = false;             ///< PARTIAL, RFC 9394.
  bool sort = false;                ///< SORT, RFC 5256.
  bool sort_display = false;        ///< SORT=DISPLAY, RFC 5957.
  bool esort = false;               ///< ESORT, RFC 5267.
  bool context_search = false;      ///< CONTEXT=SEARCH, RFC 5267.
  bool context_sort = false;        ///< CONTEXT=SORT, RFC 5267.
  bool multiappend = false;         ///< MULTIAPPEND, RFC 3502.
  bool catenate = false;            ///< CATENATE, RFC 4469.
  bool replace = false;             ///< REPLACE, RFC 8508.
  bool binary = false;              ///< BINARY, RFC 3516.
  bool unselect = false;            ///< UNSELECT, RFC 3691.
  bool id = false;                  ///< ID, RFC 2971.
  bool quota = false;               ///< QUOTA, RFC 9208, RFC 2087.
  bool acl = false;                 ///< ACL, RFC 4314.
  bool metadata = false;            ///< METADATA, RFC 5464.
  bool metadata_server = false;     ///< METADATA-SERVER, or METADATA.
  bool list_extended = false;       ///< LIST-EXTENDED, RFC 5258.
  bool list_status = false;         ///< LIST-STATUS, RFC 5819.
  bool special_use = false;         ///< SPECIAL-USE, RFC 6154.
  bool create_special_use = false;  ///< CREATE-SPECIAL-USE, RFC 6154.
  bool children = false;            ///< CHILDREN, RFC 3348.
  bool xlist = false;               ///< XLIST, what Gmail had before SPECIAL-USE.
  bool compress_deflate = false;    ///< COMPRESS=DEFLATE, RFC 4978.
  bool utf8_accept = false;         ///< UTF8=ACCEPT, RFC 9755; also where UTF8=ONLY is.
  bool utf8_only = false;           ///< UTF8=ONLY
  bool notify = false;              ///< NOTIFY, RFC 5465.
  bool object_id = false;           ///< OBJECTID, RFC 8474.
  bool preview = false;             ///< PREVIEW, RFC 8970.
  bool savedate = false;            ///< SAVEDATE, RFC 8514.
  bool status_size = false;         ///< STATUS=SIZE, RFC 8438.
  bool uid_only = false;            ///< UIDONLY, RFC 9586.
  bool unauthenticate = false;      ///< UNAUTHENTICATE, RFC 8437.
  bool gmail = false;               ///< X-GM-EXT-1: labels, threads and searches of Gmail.
  /// APPENDLIMIT=, RFC 7889: bytes of a message; nothing: none told, or one for each mailbox (STATUS).
  std::optional<std::uint64_t> append_limit{};
  /// MESSAGELIMIT=, RFC 9738: messages of one command.
  std::optional<std::uint64_t> message_limit{};
  /// The mechanisms of AUTH=, in upper case, in the order of the server.
  std::vector<std::string> auth{};
  /// The algorithms of THREAD=, in upper case: REFERENCES, ORDEREDSUBJECT, REFS.
  std::vector<std::string> threads{};
  /// All of them as they came, in upper case.
  std::vector<std::string> all{};

  /// Did the server name this one? In any case.
  [[nodiscard]] TIDEWIRE_IMAP_API bool contains(std::string_view name) const noexcept;
  /// Does the server offer this SASL mechanism?
  [[nodiscard]] TIDEWIRE_IMAP_API bool offers_auth(std::string_view mechanism) const noexcept;
  /// Does it order threads by this algorithm?
  [[nodiscard]] TIDEWIRE_IMAP_API bool offers_thread(std::string_view algorithm) const noexcept;
  /// ENABLE IMAP4rev2 succeeded: all that is in it can be used.
  TIDEWIRE_IMAP_API void enable_rev2() noexcept;
  /// Understands the words of a CAPABILITY response or response code. Never fails: what is not known is in
  /// `all`.
  [[nodiscard]] TIDEWIRE_IMAP_API static capabilities from(std::span<const std::string> words);

  [[nodiscard]] friend bool operator==(const capabilities&, const capabilities&) = default;
};

}  // namespace tidewire::imap
