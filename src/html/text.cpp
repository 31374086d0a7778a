#include <tidewire/html/text.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

#include "scan.hpp"
#include "selector_state.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;
using namespace detail::names;

namespace {

bool is_unseen(const document_store& store, const node_record& record) noexcept {
  if (!record.is_element() || record.where() != space::html) return false;
  switch (record.name()) {
    case script_:
    case style_:
    case template_:
    case head_:
    case title_:
    case meta_:
    case link_:
    case base_:
    case noframes_:
    case noembed_:
    case iframe_:
    case object_:
    case audio_:
    case video_:
    case datalist_: return true;
    default: return store.has_attr(record, hidden_);
  }
}

bool is_block(const node_record& record) noexcept {
  return record.is_element() && record.where() == space::html &&
         (html_properties(record.name()) & property::block) != 0;
}

bool keeps_space(const node_record& record) noexcept {
  return record.is_html(pre_) || record.is_html(textarea_) || record.is_html(listing_) ||
         record.is_html(xmp_) || record.is_html(plaintext_);
}

std::int64_t read_start(std::string_view text) noexcept {
  std::int64_t value = 0;
  if (text.empty()) return 1;
  for (char c : text) {
    if (!ascii::is_digit(c) || value > 100'000'000) return 1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// Walks as a reader would, leaving out what is not seen. enter says whether to go in.
template <class Enter, class Leave>
void walk_seen(const document_store& store, std::uint32_t top, Enter&& enter, Leave&& leave) {
  std::uint32_t at = top;
  for (;;) {
    const bool inside = (at == top || !is_unseen(store, store[at])) && enter(at);
    if (inside) {
      if (const std::uint32_t first = store.first_child(at)) {
        at = first;
        continue;
      }
      leave(at);
    }
    while (at != top && store[at].next == 0) leave(at = store[at].parent);
    if (at == top) return;
    at = store[at].next;
  }
}

struct list_level {
  bool ordered = false;
  std::int64_t next = 1;
};

class text_writer {
 public:
  text_writer(const document_store& store, std::uint32_t top, const text_options& options)
      : store_(store), top_(top), options_(options) {}

  bool enter(std::uint32_t node) {
    const node_record& record = store_[node];
    if (record.is_text()) {
      text(store_.text(record));
      return false;
    }
    if (!record.is_element()) return true;
    if (record.where() != space::html) return true;
    switch (record.name()) {
      case br_:
        if (out_.ends_with(' ') && keeping_ == 0) out_.pop_back();
        flush();
        out_ += '\n';
        at_start_ = true;
        return false;
      case img_:
        if (options_.image_text) text(store_.attr_value(record, alt_));
        return false;
      case hr_: lines(1); return false;
      case td_:
      case th_:
        if (node != top_ && previous_cell(node)) {
          flush();
          trim();
          out_ += '\t';
          at_start_ = true;
        }
        return true;
      case ul_:
      case ol_:
        lines(lists_.empty() ? 2 : 1);
        lists_.push_back({record.name() == ol_, read_start(store_.attr_value(record, start_))});
        return true;
      case li_:
        lines(1);
        if (options_.list_markers) {
          flush();
          const std::size_t depth = std::min<std::size_t>(lists_.size(), 32);
          if (depth > 1) out_.append(2 * (depth - 1), ' ');
          if (!lists_.empty() && lists_.back().ordered)
            out_ += std::to_string(lists_.back().next++) + ". ";
          else
            out_ += "- ";
          at_start_ = true;
          marked_ = true;
        }
        return true;
      default: break;
    }
    if (keeps_space(record)) ++keeping_;
    if (is_block(record)) lines(gap(record));
    return true;
  }
  void leave(std::uint32_t node) {
    const node_record& record = store_[node];
    if (!record.is_element() || record.where() != space::html) return;
    if (keeps_space(record)) --keeping_;
    if (record.name() == ul_ || record.name() == ol_) {
      lists_.pop_back();
      lines(lists_.empty() ? 2 : 1);
    } else if (is_block(record)) {
      marked_ = false;
      lines(gap(record));
    }
  }
  std::string take() {
    trim();
    while (!out_.empty() && (out_.back() == '\n' || out_.back() == ' ')) out_.pop_back();
    return std::move(out_);
  }

 private:
  static unsigned gap(const node_record& record) noexcept {
    switch (record.name()) {
      case p_:
      case h1_:
      case h2_:
      case h3_:
      case h4_:
      case h5_:
      case h6_:
      case blockquote_:
      case pre_:
      case table_:
      case dl_: return 2;
      default: return 1;
    }
  }
  bool previous_cell(std::uint32_t node) const {
    for (std::uint32_t at = store_.previous_sibling(node); at != 0; at = store_.previous_sibling(at))
      if (store_[at].is_element()) return true;
    return false;
  }
  // At least so many newlines before what follows; a list's marker stays on the line of its first block.
  void lines(unsigned count) {
    if (marked_) return;
    wanted_ = std::max(wanted_, count);
  }
  void trim() {
    while (!out_.empty() && out_.back() == ' ' && keeping_ == 0 && !marked_) out_.pop_back();
  }
  void flush() {
    if (wanted_ != 0 && !out_.empty()) {
      trim();
      unsigned have = 0;
      while (have < out_.size() && have < 2 && out_[out_.size() - 1 - have] == '\n') ++have;
      for (; have < wanted_; ++have) out_ += '\n';
    }
    if (wanted_ != 0) at_start_ = true;
    wanted_ = 0;
    marked_ = false;
  }
  void text(std::string_view text) {
    if (keeping_ != 0) {
      if (text.empty()) return;
      flush();
      out_ += text;
      at_start_ = text.back() == '\n';
      return;
    }
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
      if (is_space(*at)) {
        at = skip_space(at, end);
        if (wanted_ == 0 && !at_start_ && !out_.empty() && out_.back() != ' ') out_ += ' ';
        continue;
      }
      const char* stop = at;
      while (stop != end && !is_space(*stop)) ++stop;
      flush();
      out_.append(at, stop);
      at_start_ = false;
      at = stop;
    }
  }

  const document_store& store_;
  std::uint32_t top_;
  const text_options& options_;
  std::string out_;
  std::vector<list_level> lists_;
  unsigned wanted_ = 0;
  unsigned keeping_ = 0;
  bool at_start_ = true;
  bool marked_ = false;
};

class markdown_writer {
 public:
  markdown_writer(const document_store& store, const markdown_options& options)
      : store_(store), options_(options) {}

  bool enter(std::uint32_t node) {
    const node_record& record = store_[node];
    if (record.is_text()) {
      text(store_.text(record));
      return false;
    }
    if (!record.is_element() || record.where() != space::html) return true;
    const name_id tag = record.name();
    switch (tag) {
      case h1_:
      case h2_:
      case h3_:
      case h4_:
      case h5_:
      case h6_:
        block(2);
        begin_line();
        out_.append(tag - h1_ + 1, '#');
        out_ += ' ';
        spaced_ = true;
        ++one_line_;
        return true;
      case br_:
        if (one_line_ != 0 || cells_ != 0) {
          space_here();
        } else if (!at_line_start_) {
          trim();
          out_ += "\\\n";
          at_line_start_ = true;
        }
        return false;
      case hr_:
        block(2);
        begin_line();
        out_ += "---";
        spaced_ = false;
        block(2);
        return false;
      case img_:
        if (options_.images) image(record);
        return false;
      case pre_:
        if (cells_ != 0 || one_line_ != 0) return true;
        block(2);
        fence(node);
        block(2);
        return false;
      case code_:
      case kbd_:
      case samp_:
      case tt_: code(node); return false;
      case b_:
      case strong_: open_span(strong_count_); return true;
      case i_:
      case em_: open_span(emphasis_count_); return true;
      case s_:
      case del_:
      case strike_: open_span(strike_count_); return true;
      case a_:
        if (options_.links && store_.has_attr(record, href_)) open_span(link_count_);
        return true;
      case ul_:
      case ol_:
        block(lists_.empty() || cells_ != 0 ? 2 : 1);
        lists_.push_back({tag == ol_, read_start(store_.attr_value(record, start_))});
        return true;
      case li_: open_item(); return true;
      case blockquote_:
        block(2);
        begin_block_now();
        push_prefix("> ");
        return true;
      case table_:
        if (cells_ != 0) return true;
        block(2);
        tables_.push_back({});
        return true;
      case tr_:
        if (!tables_.empty() && cells_ == 0) tables_.back().cells.clear();
        return true;
      case td_:
      case th_:
        if (!tables_.empty()) open_cell();
        return true;
      case caption_: block(2); return true;
      case input_: {
        const std::string_view type = store_.attr_value(record, type_);
        if (ascii::iequals(type, "checkbox")) plain(store_.has_attr(record, checked_) ? "[x] " : "[ ] ");
        return false;
      }
      default: break;
    }
    if (is_block(record)) block(gap(tag));
    return true;
  }

  void leave(std::uint32_t node) {
    const node_record& record = store_[node];
    if (!record.is_element() || record.where() != space::html) return;
    const name_id tag = record.name();
    switch (tag) {
      case h1_:
      case h2_:
      case h3_:
      case h4_:
      case h5_:
      case h6_:
        --one_line_;
        block(2);
        return;
      case b_:
      case strong_: close_span(strong_count_, "**", "**"); return;
      case i_:
      case em_: close_span(emphasis_count_, "*", "*"); return;
      case s_:
      case del_:
      case strike_: close_span(strike_count_, "~~", "~~"); return;
      case a_:
        if (const auto href = store_.find_attr(record, href_); options_.links && href)
          close_span(link_count_, "[", "](" + address(store_.value(*href)) + ")");
        return;
      case ul_:
      case ol_:
        lists_.pop_back();
        block(lists_.empty() ? 2 : 1);
        return;
      case li_:
        pop_prefix();
        fresh_item_ = false;
        block(1);
        return;
      case blockquote_:
        fresh_item_ = false;
        block(2);
        pop_prefix();
        return;
      case td_:
      case th_:
        if (!tables_.empty()) close_cell();
        return;
      case tr_:
        if (!tables_.empty() && cells_ == 0) close_row();
        return;
      case table_:
        if (cells_ == 0 && !tables_.empty()) {
          tables_.pop_back();
          block(2);
        }
        return;
      default: break;
    }
    if (is_block(record)) block(gap(tag));
  }

  std::string take() {
    trim();
    while (!out_.empty() && is_space(out_.back())) out_.pop_back();
    if (!out_.empty()) out_ += '\n';
    return std::move(out_);
  }

 private:
  struct span {
    std::size_t start;
  };
  struct table_state {
    std::vector<std::string> cells;
    std::size_t columns = 0;
    bool headed = false;
  };
  struct suspended {
    std::string out;
    bool at_line_start;
    bool spaced;
    unsigned wanted;
  };

  static unsigned gap(name_id tag) noexcept { return tag == p_ || tag == pre_ || tag == dl_ ? 2 : 1; }

  void trim() {
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
  }
  void block(unsigned gap_lines) {
    if (cells_ != 0 || one_line_ != 0) {
      space_here();
      return;
    }
    if (fresh_item_) return;  // the first block of an item stands beside its marker
    wanted_ = std::max(wanted_, gap_lines);
  }
  void space_here() {
    if (!spaced_ && !out_.empty() && !at_line_start_) out_ += ' ';
    spaced_ = true;
  }
  // Writes the newlines that are due, and the prefix of a new line.
  void begin_line() {
    if (wanted_ != 0) {
      trim();
      if (!out_.empty()) {
        if (!at_line_start_) out_ += '\n';
        if (wanted_ == 2) {
          std::string_view bare = prefix_;
          while (!bare.empty() && bare.back() == ' ') bare.remove_suffix(1);
          if (started_) out_.append(bare).append("\n");
        }
      }
      at_line_start_ = true;
      wanted_ = 0;
    }
    if (at_line_start_) {
      out_ += prefix_;
      spaced_ = true;
    }
    at_line_start_ = false;
    started_ = true;
    fresh_item_ = false;
  }
  // What each line within a quote or an item begins with. Beyond some depth nothing is added, so that the
  // output stays linear.
  void push_prefix(std::string_view more) {
    prefixes_.push_back(prefix_.size());
    if (prefix_.size() < 128) prefix_ += more;
  }
  void pop_prefix() {
    prefix_.resize(prefixes_.back());
    prefixes_.pop_back();
  }
  // The lines due before a quote or an item belong to what is around it.
  void begin_block_now() {
    if (wanted_ == 0 || out_.empty()) return;
    trim();
    if (!at_line_start_) out_ += '\n';
    if (wanted_ == 2 && started_) {
      std::string_view bare = prefix_;
      while (!bare.empty() && bare.back() == ' ') bare.remove_suffix(1);
      out_.append(bare).append("\n");
    }
    at_line_start_ = true;
    wanted_ = 0;
  }
  void open_item() {
    if (cells_ != 0 || one_line_ != 0) {
      space_here();
      push_prefix({});
      return;
    }
    fresh_item_ = false;
    block(1);
    begin_line();
    std::string marker = "- ";
    if (!lists_.empty() && lists_.back().ordered) marker = std::to_string(lists_.back().next++) + ". ";
    out_ += marker;
    spaced_ = true;
    push_prefix(std::string(marker.size(), ' '));
    fresh_item_ = true;
  }

  // Only the outermost of nested spans of a kind is marked, so each character is moved a few times at most.
  void open_span(unsigned& count) {
    if (count++ == 0) {
      if (wanted_ != 0 && cells_ == 0) begin_line();
      spans_.push_back({out_.size()});
    }
  }
  void close_span(unsigned& count, std::string_view before, const std::string& after) {
    if (count == 0 || --count != 0) return;
    const std::size_t start = std::min(spans_.back().start, out_.size());
    spans_.pop_back();
    std::size_t first = start;
    while (first < out_.size() && (out_[first] == ' ' || out_[first] == '\n')) ++first;
    std::size_t last = out_.size();
    while (last > first && (out_[last - 1] == ' ' || out_[last - 1] == '\n')) --last;
    if (first == last) return;
    const bool trailing = last != out_.size();
    out_.resize(last);
    if (first == 0 || start == first) {
      // Text that began a line got its prefix in front: the mark goes after it.
      while (first < last && at_prefix(first)) first += prefix_.size();
    }
    out_.insert(first, before);
    out_ += after;
    if (trailing) out_ += ' ';
    spaced_ = trailing;
  }
  bool at_prefix(std::size_t at) const {
    return !prefix_.empty() && (at == 0 || out_[at - 1] == '\n') &&
           out_.compare(at, prefix_.size(), prefix_) == 0;
  }

  static std::string address(std::string_view text) {
    const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
      return is_space(c) || c == '(' || c == ')' || c == '<' || c == '>' || c == '\\';
    });
    if (plain && !text.empty()) return std::string(text);
    std::string out = "<";
    for (char c : text) {
      if (c == '\n' || c == '\r') {
        out += "%0A";
      } else {
        if (c == '<' || c == '>' || c == '\\') out += '\\';
        out += c;
      }
    }
    return out + ">";
  }
  void image(const node_record& record) {
    const std::string_view source = store_.attr_value(record, src_);
    if (source.empty()) return;
    begin_text();
    out_ += "![";
    for (char c : store_.attr_value(record, alt_)) {
      if (c == '[' || c == ']' || c == '\\') out_ += '\\';
      out_ += is_space(c) ? ' ' : c;
    }
    out_ += "](" + address(source) + ")";
    spaced_ = false;
  }
  void begin_text() {
    if (cells_ == 0)
      begin_line();
    else
      at_line_start_ = false;
  }
  void plain(std::string_view text) {
    begin_text();
    out_ += text;
    spaced_ = text.ends_with(' ');
  }

  static std::size_t longest_run(std::string_view text, char of) noexcept {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (char c : text) {
      run = c == of ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    return longest;
  }
  std::string text_of(std::uint32_t node) const {
    std::string all;
    for (std::uint32_t at = node; at != 0; at = store_.next_in(at, node)) {
      if (store_[at].is_text()) all += store_.text(store_[at]);
      if (store_[at].is_html(br_)) all += '\n';
    }
    return all;
  }
  void code(std::uint32_t node) {
    std::string text;
    for (char c : text_of(node)) {
      if (cells_ != 0 && c == '|') text += '\\';
      if (!is_space(c))
        text += c;
      else if (text.empty() || text.back() != ' ')
        text += ' ';
    }
    if (text.empty()) return;
    begin_text();
    const std::string ticks(longest_run(text, '`') + 1, '`');
    const bool pad = text.front() == '`' || text.back() == '`';
    out_ += ticks + (pad ? " " : "") + text + (pad ? " " : "") + ticks;
    spaced_ = false;
  }
  void fence(std::uint32_t node) {
    const std::string text = text_of(node);
    std::string_view language;
    for (std::uint32_t at = store_.first_child(node); at != 0; at = store_[at].next) {
      if (!store_[at].is_html(code_)) continue;
      const std::string_view classes = store_.attr_value(store_[at], class_);
      const std::size_t found = classes.find("language-");
      if (found != std::string_view::npos) {
        language = classes.substr(found + 9);
        language = language.substr(0, language.find_first_of(" \t\n`"));
      }
    }
    const std::string ticks(std::max<std::size_t>(3, longest_run(text, '`') + 1), '`');
    begin_line();
    out_.append(ticks).append(language);
    std::string_view rest = text;
    if (rest.ends_with('\n')) rest.remove_suffix(1);
    for (;;) {
      const std::size_t end = rest.find('\n');
      out_ += '\n';
      const std::string_view line = rest.substr(0, end);
      out_ += prefix_;
      out_ += line;
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    out_.append("\n").append(prefix_).append(ticks);
    spaced_ = false;
  }

  // A cell is collected apart, in one line; a table within it is only words.
  void open_cell() {
    if (cells_++ != 0) return space_here();
    around_ = {std::move(out_), at_line_start_, spaced_, wanted_};
    out_.clear();
    at_line_start_ = false;
    spaced_ = true;
    wanted_ = 0;
  }
  void close_cell() {
    if (cells_ == 0) return;
    if (--cells_ != 0) return space_here();
    trim();
    tables_.back().cells.push_back(std::move(out_));
    out_ = std::move(around_.out);
    at_line_start_ = around_.at_line_start;
    spaced_ = around_.spaced;
    wanted_ = around_.wanted;
  }
  void close_row() {
    table_state& table = tables_.back();
    if (table.cells.empty()) return;
    wanted_ = std::max(wanted_, table.headed ? 1U : 2U);
    begin_line();
    if (!table.headed) table.columns = table.cells.size();
    for (std::size_t i = 0; i < std::max(table.columns, table.cells.size()); ++i)
      out_ += "| " + (i < table.cells.size() ? table.cells[i] + " " : "");
    out_ += '|';
    if (!table.headed) {
      wanted_ = 1;
      begin_line();
      for (std::size_t i = 0; i < table.columns; ++i) out_ += "| --- ";
      out_ += '|';
      table.headed = true;
    }
    wanted_ = 1;
    spaced_ = false;
    table.cells.clear();
  }

  void text(std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
      if (is_space(*at)) {
        at = skip_space(at, end);
        if (wanted_ == 0 && !at_line_start_) space_here();
        continue;
      }
      const char* stop = at;
      while (stop != end && !is_space(*stop)) ++stop;
      const bool starts_line = (wanted_ != 0 || at_line_start_) && cells_ == 0;
      begin_text();
      word({at, static_cast<std::size_t>(stop - at)}, starts_line, stop == end || is_space(*stop));
      spaced_ = false;
      at = stop;
    }
  }
  void word(std::string_view word, bool starts_line, bool ends) {
    if (starts_line) {
      // What would begin a heading, a list, a quote or a rule.
      std::size_t digits = 0;
      while (digits < word.size() && digits < 10 && ascii::is_digit(word[digits])) ++digits;
      if (digits != 0 && digits + 1 == word.size() && (word[digits] == '.' || word[digits] == ')') && ends) {
        out_.append(word.substr(0, digits)).append("\\").append(word.substr(digits));
        return;
      }
      const bool rule = word.find_first_not_of(word.front()) == std::string_view::npos;
      if (((word == "-" || word == "+") && ends) || word.front() == '>' || (word.front() == '#' && rule) ||
          ((word.front() == '-' || word.front() == '=') && rule) || word.starts_with("~~~")) {
        out_ += '\\';
        out_ += word;
        return;
      }
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
      const char c = word[i];
      switch (c) {
        case '\\':
        case '`':
        case '*':
        case '[':
        case ']':
        case '<': out_ += '\\'; break;
        case '_':
          // Within a word it is no mark.
          if (i == 0 || i + 1 == word.size() || !ascii::is_alnum(word[i - 1]) ||
              !ascii::is_alnum(word[i + 1]))
            out_ += '\\';
          break;
        case '~':
          if (i + 1 < word.size() && word[i + 1] == '~') out_ += '\\';
          break;
        case '&':
          // A reference, if that is what it would read as.
          if (word.find(';', i) != std::string_view::npos) out_ += '\\';
          break;
        case '|':
          if (cells_ != 0) out_ += '\\';
          break;
        default: break;
      }
      out_ += c;
    }
  }

  const document_store& store_;
  const markdown_options& options_;
  std::string out_;
  std::string prefix_;
  std::vector<list_level> lists_;
  std::vector<std::size_t> prefixes_;
  std::vector<span> spans_;
  std::vector<table_state> tables_;
  suspended around_{};
  unsigned strong_count_ = 0;
  unsigned emphasis_count_ = 0;
  unsigned strike_count_ = 0;
  unsigned link_count_ = 0;
  unsigned one_line_ = 0;
  unsigned cells_ = 0;
  unsigned wanted_ = 0;
  bool at_line_start_ = true;
  bool spaced_ = true;
  bool started_ = false;
  bool fresh_item_ = false;
};

}  // namespace

std::string rendered_text(const node& top, const text_options& options) {
  access::check(top);
  if (!top) return {};
  const document_store& store = *access::store(top);
  text_writer writer(store, access::index(top), options);
  walk_seen(
      store, access::index(top), [&](std::uint32_t at) { return writer.enter(at); },
      [&](std::uint32_t at) { writer.leave(at); });
  return writer.take();
}

std::string to_markdown(const node& top, const markdown_options& options) {
  access::check(top);
  if (!top) return {};
  const document_store& store = *access::store(top);
  markdown_writer writer(store, options);
  walk_seen(
      store, access::index(top), [&](std::uint32_t at) { return writer.enter(at); },
      [&](std::uint32_t at) { writer.leave(at); });
  return writer.take();
}

}  // namespace tidewire::html
