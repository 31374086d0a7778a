/// @file
/// Foreign HTML made safe to show: only what a list allows passes.
#pragma once

#include <tidewire/html/export.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace tidewire::html {

/// What passes. The default is for text of strangers (comments, mail): text markup, lists, tables, links and
/// images by http(s), mail addresses; no scripts, styles, forms, frames, embedded or foreign content, no
/// `style`, `class`, `id` or event handlers. A value; change it and keep it.
struct TIDEWIRE_HTML_API sanitize_policy {
  /// The default.
  sanitize_policy();
  /// Plain text only: no element passes.
  [[nodiscard]] static sanitize_policy text_only();

  /// HTML elements that pass. Of others the contents pass, but of `script`, `style`, `template`, `iframe`,
  /// `object`, `svg`, `math` and others whose contents are no text for people, nothing does; these cannot be
  /// allowed.
  std::set<std::string, std::less<>> elements;
  /// Attributes that pass: on any element as {"*", "title"}, on one as {"a", "href"}. `on...` never passes;
  /// `style` and `srcdoc` neither.
  std::set<std::pair<std::string, std::string>, std::less<>> attributes;
  /// Schemes of URLs that pass, in lower case. `javascript`, `vbscript` and `data` cannot be allowed.
  std::set<std::string, std::less<>> schemes;
  bool relative_urls = true;  ///< URLs without a scheme pass.
  /// What `rel` of each link that passes becomes; "" leaves it out.
  std::string link_rel = "noopener noreferrer nofollow";
  std::size_t max_depth =
      256;  ///< Elements nested deeper are left out, their contents pass: browsers do not go deeper.
};

/// Parses `html` as the contents of a `<div>`, keeps what `policy` allows, and serialises it. Whatever the
/// input, a browser that parses the output in a `<div>` or a `<body>` gets the tree that was checked: raw
/// text and foreign content, in which the two could differ, never pass. Linear in the input.
[[nodiscard]] TIDEWIRE_HTML_API std::string sanitize(std::string_view html,
                                                     const sanitize_policy& policy = {});

}  // namespace tidewire::html
