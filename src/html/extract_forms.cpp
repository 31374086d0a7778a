// Tables and forms.
#include <tidewire/html/extract.hpp>
#include <tidewire/html/text.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <unordered_map>

#include "scan.hpp"
#include "selector_state.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;
using namespace detail::names;

namespace {

// 2.3.4.2, with the table model's bounds (4.9.11).
std::size_t span_of(const document_store& store, const node_record& cell, name_id name, std::size_t most) {
  const auto attr = store.find_attr(cell, name);
  if (!attr) return 1;
  std::string_view text = store.value(*attr);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !ascii::is_digit(text.front())) return 1;
  std::size_t value = 0;
  for (char c : text) {
    if (!ascii::is_digit(c)) break;
    value = std::min<std::size_t>(value * 10 + static_cast<std::size_t>(c - '0'), most);
  }
  return value;
}

class table_reader {
 public:
  table_reader(const document_store& store, std::uint32_t node, const table_options& options)
      : store_(store), options_(options) {
    result_.element = access::make(store, node);
    node_ = node;
  }

  table run() {
    for (std::uint32_t child = store_.first_child(node_); child != 0 && !result_.cut;
         child = store_[child].next) {
      const node_record& record = store_[child];
      if (record.is_html(caption_) && result_.caption.empty()) {
        result_.caption = rendered_text(access::make(store_, child));
      } else if (record.is_html(tr_)) {
        row(child, false, end_of_rows(child));
      } else if (record.is_html(thead_) || record.is_html(tbody_) || record.is_html(tfoot_)) {
        std::size_t rows = 0;
        for (std::uint32_t at = store_.first_child(child); at != 0; at = store_[at].next)
          rows += store_[at].is_html(tr_) ? 1 : 0;
        for (std::uint32_t at = store_.first_child(child); at != 0 && !result_.cut; at = store_[at].next)
          if (store_[at].is_html(tr_)) row(at, record.is_html(thead_), rows--);
        waiting_.clear();  // no span goes beyond its row group
      }
    }
    std::size_t width = 0;
    for (const auto& each : result_.rows) width = std::max(width, each.size());
    for (auto& each : result_.rows) {
      cells_ += width - each.size();
      if (cells_ > options_.max_cells) {
        result_.cut = true;
        break;
      }
      each.resize(width);
    }
    if (result_.header_rows == 0) {
      for (const auto& each : result_.rows) {
        if (each.empty() ||
            !std::all_of(each.begin(), each.end(), [](const table_cell& cell) { return cell.header; }))
          break;
        ++result_.header_rows;
      }
    }
    return std::move(result_);
  }

 private:
  struct spanning {
    std::size_t rows_left = 0;
    table_cell cell;
  };

  // Rows directly in the table are a group as far as they follow each other.
  std::size_t end_of_rows(std::uint32_t row) {
    if (rows_left_ == 0)
      for (std::uint32_t at = row; at != 0; at = store_[at].next)
        rows_left_ += store_[at].is_html(tr_) ? 1 : 0;
    return rows_left_--;
  }

  void row(std::uint32_t node, bool head, std::size_t rows_to_end) {
    std::vector<table_cell> cells;
    const auto fill = [&] {
      while (cells.size() < waiting_.size() && waiting_[cells.size()].rows_left != 0) {
        spanning& above = waiting_[cells.size()];
        --above.rows_left;
        if (!room()) return;
        cells.push_back(above.cell);
      }
    };
    for (std::uint32_t at = store_.first_child(node); at != 0 && !result_.cut; at = store_[at].next) {
      const node_record& record = store_[at];
      if (!record.is_html(td_) && !record.is_html(th_)) continue;
      fill();
      table_cell cell;
      cell.element = access::make(store_, at);
      cell.text = rendered_text(cell.element);
      cell.header = record.is_html(th_);
      const std::size_t columns = std::max<std::size_t>(1, span_of(store_, record, colspan_, 1000));
      std::size_t rows = span_of(store_, record, rowspan_, 65534);
      rows = rows == 0 ? rows_to_end : std::min(rows, rows_to_end);
      for (std::size_t i = 0; i < columns && room(); ++i) {
        const std::size_t column = cells.size();
        if (waiting_.size() <= column) waiting_.resize(column + 1);
        cells.push_back(cell);
        cell.spanned = true;
        waiting_[column] = {rows - 1, cell};
        cells.back().spanned = i != 0;
      }
    }
    fill();
    // Spans further right than this row's last cell.
    for (std::size_t column = cells.size(); column < waiting_.size() && !result_.cut; ++column) {
      if (waiting_[column].rows_left == 0) continue;
      while (cells.size() < column && room()) cells.emplace_back();
      fill();
      column = cells.size() == 0 ? column : cells.size() - 1;
    }
    if (head && result_.header_rows == result_.rows.size()) ++result_.header_rows;
    result_.rows.push_back(std::move(cells));
  }
  bool room() {
    if (cells_ >= options_.max_cells) {
      result_.cut = true;
      return false;
    }
    ++cells_;
    return true;
  }

  const document_store& store_;
  const table_options& options_;
  std::uint32_t node_ = 0;
  table result_;
  std::vector<spanning> waiting_;
  std::size_t cells_ = 0;
  std::size_t rows_left_ = 0;
};

bool is_field(const node_record& record) noexcept {
  return record.is_html(input_) || record.is_html(select_) || record.is_html(textarea_) ||
         record.is_html(button_);
}

std::string collapsed_text(const document_store& store, std::uint32_t node) {
  std::string out;
  for (char c : access::make(store, node).text()) {
    if (!is_space(c))
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// What the attributes of a form, and those of a button, say: other values mean the default.
std::string method_of(std::string_view value) {
  for (const char* known : {"post", "dialog"})
    if (ascii::iequals(value, known)) return known;
  return "get";
}
std::string enctype_of(std::string_view value) {
  for (const char* known : {"multipart/form-data", "text/plain"})
    if (ascii::iequals(value, known)) return known;
  return "application/x-www-form-urlencoded";
}

form_field read_field(const document_store& store, std::uint32_t node, bool in_disabled) {
  const node_record& record = store[node];
  form_field field;
  field.element = access::make(store, node);
  field.name = store.attr_value(record, name_);
  field.disabled = in_disabled || store.has_attr(record, disabled_);
  const auto type = [&](std::string_view otherwise) {
    std::string out;
    for (char c : store.attr_value(record, type_)) out += ascii::to_lower(c);
    return out.empty() ? std::string(otherwise) : out;
  };
  if (record.is_html(textarea_)) {
    field.type = "textarea";
    field.value = field.element.text();
  } else if (record.is_html(button_)) {
    field.type = type("submit");
    if (field.type != "button" && field.type != "reset") field.type = "submit";
    field.value = store.attr_value(record, value_);
  } else if (record.is_html(select_)) {
    const bool multiple = store.has_attr(record, multiple_);
    field.type = multiple ? "select-multiple" : "select-one";
    std::vector<bool> usable;
    for (std::uint32_t at = node; (at = store.next_in(at, node)) != 0;) {
      const node_record& option = store[at];
      if (!option.is_html(option_)) continue;
      const auto value = store.find_attr(option, value_);
      field.options.emplace_back(value ? std::string(store.value(*value)) : collapsed_text(store, at),
                                 store.has_attr(option, selected_));
      const node_record& parent = store[option.parent];
      usable.push_back(!store.has_attr(option, disabled_) &&
                       !(parent.is_html(optgroup_) && store.has_attr(parent, disabled_)));
    }
    if (!multiple) {
      // The last that is selected counts; without any, in a drop-down the first that can be.
      std::size_t chosen = field.options.size();
      for (std::size_t i = 0; i < field.options.size(); ++i)
        if (field.options[i].second) chosen = i;
      const bool drop_down = span_of(store, record, size_, 2) <= 1;
      for (std::size_t i = 0; drop_down && i < usable.size() && chosen == field.options.size(); ++i)
        if (usable[i]) chosen = i;
      for (std::size_t i = 0; i < field.options.size(); ++i) field.options[i].second = i == chosen;
    }
    for (std::size_t i = 0; i < usable.size(); ++i)
      if (!usable[i]) field.options[i].second = false;
    for (const auto& [value, chosen] : field.options) {
      if (!chosen) continue;
      field.value = value;
      break;
    }
  } else {
    static constexpr std::string_view types[] = {
        "button", "checkbox", "color",    "date",  "datetime-local", "email", "file",   "hidden", "image",
        "month",  "number",   "password", "radio", "range",          "reset", "search", "submit", "tel",
        "text",   "time",     "url",      "week"};
    field.type = type("text");
    if (std::find(std::begin(types), std::end(types), field.type) == std::end(types)) field.type = "text";
    const auto value = store.find_attr(record, value_);
    const bool checkable = field.type == "checkbox" || field.type == "radio";
    field.value = value ? std::string(store.value(*value)) : checkable ? "on" : "";
    field.checked = checkable && store.has_attr(record, checked_);
    // 4.10.5.1: one line has no newlines.
    if (field.type == "text" || field.type == "search" || field.type == "tel" || field.type == "url" ||
        field.type == "email" || field.type == "password")
      std::erase_if(field.value, [](char c) { return c == '\n' || c == '\r'; });
  }
  if (field.type == "submit" || field.type == "image") {
    field.action = store.attr_value(record, formaction_);
    if (const auto method = store.find_attr(record, formmethod_))
      field.method = method_of(store.value(*method));
    if (const auto enctype = store.find_attr(record, formenctype_))
      field.enctype = enctype_of(store.value(*enctype));
  }
  return field;
}

// Newlines are sent as CR LF.
std::string with_crlf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\n' && text[i] != '\r') {
      out += text[i];
      continue;
    }
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    out += "\r\n";
  }
  return out;
}

// 4.10.21.8: a name as it stands in a part's head.
std::string part_name(std::string_view name) {
  std::string out;
  for (char c : with_crlf(name)) {
    switch (c) {
      case '"': out += "%22"; break;
      case '\r': out += "%0D"; break;
      case '\n': out += "%0A"; break;
      default: out += c;
    }
  }
  return out;
}

void append_encoded(std::string_view text, std::string& out) {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (char c : with_crlf(text)) {
    if (ascii::is_alnum(c) || c == '*' || c == '-' || c == '.' || c == '_') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
}

const form_field* pressed_button(const std::vector<form_field>& fields, std::string_view submitter) {
  if (submitter.empty()) return nullptr;
  for (const form_field& each : fields)
    if (!each.disabled && each.name == submitter && (each.type == "submit" || each.type == "image"))
      return &each;
  return nullptr;
}

// One that is in none of the parts. It begins with their hash, so that nobody can write many that are.
std::string boundary_for(const std::vector<std::string>& parts) {
  std::size_t hash = 0;
  for (const std::string& part : parts) hash = hash * 31 + std::hash<std::string>{}(part);
  for (;; ++hash) {
    std::string boundary = "----TidewireFormBoundary" + std::to_string(hash);
    if (std::none_of(parts.begin(), parts.end(),
                     [&](const std::string& part) { return part.find(boundary) != std::string::npos; }))
      return boundary;
  }
}

}  // namespace

std::vector<table> extract_tables(const node& top, const table_options& options) {
  access::check(top);
  std::vector<table> tables;
  if (!top) return tables;
  const document_store& store = *access::store(top);
  const std::uint32_t root = access::index(top);
  // The text of a cell is also that of the tables in it: nested without end that would be the square of the
  // page.
  unsigned depth = 0;
  for (std::uint32_t at = root;;) {
    const bool found = store[at].is_html(table_);
    if (found && depth < options.max_nesting) tables.push_back(table_reader(store, at, options).run());
    if (const std::uint32_t first = store.first_child(at)) {
      depth += found ? 1 : 0;
      at = first;
      continue;
    }
    while (at != root && store[at].next == 0) {
      at = store[at].parent;
      depth -= store[at].is_html(table_) ? 1 : 0;
    }
    if (at == root) return tables;
    at = store[at].next;
  }
}

std::vector<form> extract_forms(const node& top) {
  access::check(top);
  std::vector<form> forms;
  if (!top) return forms;
  const document_store& store = *access::store(top);
  const std::uint32_t root = access::index(top);
  std::unordered_map<std::uint32_t, std::size_t> numbers;
  std::unordered_map<std::string_view, std::size_t> by_id;
  for (std::uint32_t at = root; at != 0; at = store.next_in(at, root)) {
    const node_record& record = store[at];
    if (!record.is_html(names::form_)) continue;
    form made;
    made.element = access::make(store, at);
    made.name = store.attr_value(record, name_);
    made.action = store.attr_value(record, action_);
    made.method = method_of(store.attr_value(record, method_));
    made.enctype = enctype_of(store.attr_value(record, enctype_));
    numbers.emplace(at, forms.size());
    if (const auto id = store.find_attr(record, id_)) by_id.try_emplace(store.value(*id), forms.size());
    forms.push_back(std::move(made));
  }
  if (forms.empty()) return forms;
  // Down the tree with what the ancestors say: the form, and whether a fieldset disables.
  struct inherited {
    std::size_t form;
    bool disabled;
  };
  constexpr std::size_t no_form = static_cast<std::size_t>(-1);
  std::unordered_map<std::uint32_t, inherited> states;  // of elements that change what they inherit
  std::vector<std::uint32_t> changers;
  const auto state_here = [&] {
    return changers.empty() ? inherited{no_form, false} : states[changers.back()];
  };
  for (std::uint32_t at = root; at != 0;) {
    const node_record& record = store[at];
    const inherited state = state_here();
    if (is_field(record)) {
      std::size_t owner = state.form;
      if (const auto named = store.find_attr(record, names::form_)) {
        const auto found = by_id.find(store.value(*named));
        owner = found == by_id.end() ? no_form : found->second;
      }
      if (owner != no_form) forms[owner].fields.push_back(read_field(store, at, state.disabled));
    }
    inherited inside = state;
    if (record.is_html(names::form_)) inside.form = numbers[at];
    if (record.is_html(fieldset_) && store.has_attr(record, disabled_)) inside.disabled = true;
    if (record.is_html(datalist_)) inside.disabled = true;
    if (record.is_html(legend_) && record.parent != 0 && store[record.parent].is_html(fieldset_)) {
      // The first legend of a disabled fieldset is not disabled by it.
      std::uint32_t before = store.previous_sibling(at);
      while (before != 0 && !store[before].is_html(legend_)) before = store.previous_sibling(before);
      if (before == 0 && changers.size() >= 1 && changers.back() == record.parent)
        inside.disabled = changers.size() >= 2 && states[changers[changers.size() - 2]].disabled;
    }
    const std::uint32_t first = store.first_child(at);
    if (first != 0) {
      if (inside.form != state.form || inside.disabled != state.disabled) {
        changers.push_back(at);
        states[at] = inside;
      }
      at = first;
      continue;
    }
    while (at != root && store[at].next == 0) {
      at = store[at].parent;
      if (!changers.empty() && changers.back() == at) changers.pop_back();
    }
    if (at == root) break;
    at = store[at].next;
  }
  return forms;
}

bool form::set(std::string_view field, std::string_view value) {
  bool found = false;
  for (form_field& each : fields) {
    if (each.name != field) continue;
    if (each.type == "radio") {
      // One of the group.
      each.checked = each.value == value;
      found = found || each.checked;
    } else if (each.type == "checkbox") {
      if (each.value != value) continue;
      each.checked = true;
      return true;
    } else if (each.type == "select-one" || each.type == "select-multiple") {
      const auto wanted = std::find_if(each.options.begin(), each.options.end(),
                                       [&](const auto& option) { return option.first == value; });
      if (wanted == each.options.end()) continue;
      if (each.type == "select-one")
        for (auto& option : each.options) option.second = false;
      wanted->second = true;
      each.value = value;
      return true;
    } else {
      each.value = value;
      return true;
    }
  }
  return found;
}

bool form::check(std::string_view field, bool checked) {
  for (form_field& each : fields) {
    if (each.name != field || each.type != "checkbox") continue;
    each.checked = checked;
    return true;
  }
  return false;
}

std::vector<std::pair<std::string, std::string>> form::entries(std::string_view submitter) const {
  std::vector<std::pair<std::string, std::string>> sent;
  const form_field* const pressed = pressed_button(fields, submitter);
  for (const form_field& each : fields) {
    if (each.disabled || each.name.empty()) continue;
    if (each.type == "submit" || each.type == "image" || each.type == "button" || each.type == "reset") {
      if (&each != pressed) continue;
      if (each.type == "image") {
        sent.emplace_back(each.name + ".x", "0");
        sent.emplace_back(each.name + ".y", "0");
        continue;
      }
    }
    if ((each.type == "checkbox" || each.type == "radio") && !each.checked) continue;
    if (each.type == "select-one" || each.type == "select-multiple") {
      for (const auto& [value, chosen] : each.options)
        if (chosen) sent.emplace_back(each.name, value);
      continue;
    }
    if (each.type == "hidden" && ascii::iequals(each.name, "_charset_")) {
      sent.emplace_back(each.name, "UTF-8");
      continue;
    }
    sent.emplace_back(each.name, each.type == "file" ? std::string() : each.value);
  }
  return sent;
}

std::string form::body(std::string_view submitter) const {
  std::string out;
  for (const auto& [field, value] : entries(submitter)) {
    if (!out.empty()) out += '&';
    append_encoded(field, out);
    out += '=';
    append_encoded(value, out);
  }
  return out;
}

form_submission form::submission(std::string_view submitter) const {
  form_submission made{method, action, {}, {}};
  std::string encoding = enctype;
  if (const form_field* button = pressed_button(fields, submitter)) {
    if (!button->action.empty()) made.action = button->action;
    if (!button->method.empty()) made.method = button->method;
    if (!button->enctype.empty()) encoding = button->enctype;
  }
  if (made.method != "post") {
    if (made.method == "get") made.body = body(submitter);
    return made;
  }
  made.content_type = encoding;
  if (encoding == "text/plain") {
    for (const auto& [field, value] : entries(submitter))
      made.body += with_crlf(field) + '=' + with_crlf(value) + "\r\n";
    return made;
  }
  if (encoding != "multipart/form-data") {
    made.body = body(submitter);
    return made;
  }
  std::set<std::string_view> files;
  for (const form_field& each : fields)
    if (each.type == "file") files.insert(each.name);
  std::vector<std::string> parts;
  for (const auto& [field, value] : entries(submitter)) {
    const bool file = value.empty() && files.contains(field);
    parts.push_back("Content-Disposition: form-data; name=\"" + part_name(field) +
                    (file ? "\"; filename=\"\"\r\nContent-Type: application/octet-stream" : "\"") +
                    "\r\n\r\n" + with_crlf(value) + "\r\n");
  }
  const std::string boundary = boundary_for(parts);
  for (const std::string& part : parts) made.body += "--" + boundary + "\r\n" + part;
  made.body += "--" + boundary + "--\r\n";
  made.content_type += "; boundary=" + boundary;
  return made;
}

}  // namespace tidewire::html
