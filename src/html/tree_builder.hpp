// Tree construction (WHATWG HTML 13.2.6).
//
// The stack of open elements and the list of active formatting elements are linked lists in arrays. An entry
// of the stack knows what the standard would find by walking down from it (what is in scope, the nearest
// special element, the mode that "reset the insertion mode" gives), so that no question walks: the work is
// linear in the input and in the nodes made, however deep or crossed the tags are.
#pragma once

#include <tidewire/html/parser.hpp>

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store.hpp"
#include "tokenizer.hpp"

namespace tidewire::html::detail {

enum class insertion_mode : std::uint8_t {
  initial,
  before_html,
  before_head,
  in_head,
  in_head_noscript,
  after_head,
  in_body,
  text,
  in_table,
  in_table_text,
  in_caption,
  in_column_group,
  in_table_body,
  in_row,
  in_cell,
  in_template,
  after_body,
  in_frameset,
  after_frameset,
  after_after_body,
  after_after_frameset,
  // Only as answers of "reset the insertion mode":
  of_template,
  of_html,
  of_below,  // what the element below says
};

// What of an adjusted current node sends tokens to the rules for foreign content, and what does not.
namespace foreign {
enum : std::uint8_t { plain = 1, mathml_text = 2, html_point = 4, annotation_xml = 8 };
}

// What is near an element of the stack, as bits.
namespace nearby {
enum : std::uint8_t {
  p = 1,         // "in button scope"
  li = 2,        // "in list item scope"
  open_li = 4,   // the walk of a <li> start tag finds a li,
  open_dd = 8,   // that of <dd> and <dt> a dd,
  open_dt = 16,  // or a dt
};
}

// What a walk down the stack of open elements finds, from an element on.
struct open_scope {
  std::uint64_t tags = 0;        // in scope, a bit for each that is asked for
  std::uint32_t special = 0;     // nearest special element
  std::uint32_t boundary = 0;    // nearest element that ends the default scope
  std::uint32_t html = 0;        // nearest element in the HTML namespace
  std::uint16_t table_tags = 0;  // in table scope
  std::uint8_t nearby = 0;
  insertion_mode reset = insertion_mode::in_body;
  friend bool operator==(const open_scope&, const open_scope&) = default;
};

struct open_element {
  std::uint32_t node = 0;
  name_id name = 0;        // lower case, as in the tag
  std::uint32_t kind = 0;  // meta & kind_mask
  std::uint32_t below = 0;
  std::uint32_t above = 0;
  std::uint32_t same_below = 0;  // the nearest below with the same name
  std::uint32_t format = 0;      // its entry in the list of active formatting elements
  std::uint8_t foreign = 0;
  std::uint64_t key = 0;  // grows upwards
  open_scope scope;
};

struct formatting_element {
  std::uint32_t node = 0;   // 0: a marker
  std::uint32_t entry = 0;  // in the stack of open elements, or 0
  std::uint32_t before = 0;
  std::uint32_t after = 0;
  std::uint32_t same_before = 0;   // with the same name, back to the list's start
  std::uint32_t alike_before = 0;  // with the same hash
  std::uint32_t segment = 0;       // markers before it
  name_id name = 0;
  std::uint64_t key = 0;
  std::uint64_t hash = 0;  // of name and attributes, once somebody needed it
};

class tree_builder {
 public:
  explicit tree_builder(document_store& store);
  // Builds the next document in another store, with the same memory for its lists.
  void rebind(document_store& store) noexcept;

  // Begins a document, or a fragment if `context` is not 0 (its kind: name, namespace).
  void begin(const parse_options& options, std::uint32_t context, name_id context_name);
  void run(std::uint32_t size, bool final);
  std::uint32_t position() const noexcept { return tokens_.position(); }
  // Steps of loops that are not bounded by the token at hand; tests hold them against the input's size.
  std::uint64_t work() const noexcept { return work_; }

  // Leaves no trace of the work in the tree.
  void close();
  std::vector<raw_error> take_errors() { return std::move(tokens_.errors); }

  // What the tokenizer calls. (Small structures go by reference on the paths that each token takes: by value
  // they are written in parts and read as a whole, which stalls.)
  void on_text(const slice& text) { characters({text, false}); }
  void on_literal(std::string_view text, std::uint32_t source) {
    literal_source_ = source;
    characters({store_->pool.add(text), false, source});
  }
  void on_null(std::uint32_t source) {
    literal_source_ = source;
    characters({{source, 1}, true});
  }
  void on_start_tag(tag_token& tag);
  void on_end_tag(tag_token& tag);
  void on_comment(slice data, std::uint32_t source);
  void on_doctype(const doctype_token& token);
  void on_eof(std::uint32_t source);
  bool cdata_allowed() const { return top().foreign != 0; }
  bool stopped() const noexcept { return stopped_; }

 private:
  struct piece {
    slice text;
    bool null;
    std::uint32_t source = 0;  // of a literal: where it stood
  };
  struct place {
    std::uint32_t parent = 0;
    std::uint32_t before = 0;
  };
  struct select_state {
    std::uint32_t select = 0;
    std::uint32_t content = 0;
    std::uint32_t chosen = 0;
  };

  // Where a text, which may be that of a reference, stood.
  std::uint32_t source_of(const slice& text) const noexcept {
    return text.offset < pool_base ? text.offset : literal_source_;
  }
  void fail(parse_error_code code, std::uint32_t source) { tokens_.error(code, source); }
  void bad_start(const tag_token& tag) { fail(parse_error_code::unexpected_start_tag, tag.source); }
  void bad_end(const tag_token& tag) { fail(parse_error_code::unexpected_end_tag, tag.source); }

  // The stack of open elements.
  const open_element& top() const noexcept { return stack_[top_]; }
  bool current_is(name_id tag) const noexcept { return top().kind == html_element(tag); }
  bool near_top(unsigned what) const noexcept { return (top().scope.nearby & what) != 0; }
  bool only_root() const noexcept { return top().below == 0; }
  void push(std::uint32_t node, name_id name);
  void pop();
  static open_scope scope_above(const open_scope& below, std::uint32_t kind, std::uint32_t id) noexcept;
  void refresh_above(std::uint32_t id);
  void remove_open(std::uint32_t id);
  std::uint32_t insert_open_above(std::uint32_t id, std::uint32_t node, name_id name);
  std::uint32_t new_entry();
  void free_entry(std::uint32_t id);
  std::uint32_t topmost(name_id name) const noexcept { return name < chain_.size() ? chain_[name] : 0; }
  bool html_open(name_id tag) const noexcept;
  void pop_until(name_id tag);
  void pop_through(std::uint32_t id);
  bool in_scope(name_id tag) const noexcept;
  bool in_table_scope(name_id tag) const noexcept;
  void implied_end_tags(name_id except = 0);
  void implied_end_tags_thoroughly();
  void clear_to_table_context();
  void clear_to_table_body_context();
  void clear_to_row_context();
  void reset_insertion_mode();
  std::uint8_t foreign_kind(std::uint32_t kind, const node_record* record) const;

  // The list of active formatting elements.
  void push_formatting(std::uint32_t node, name_id name);
  void push_marker();
  void clear_to_marker();
  void reconstruct();
  void reconstruct_slow();
  std::uint32_t find_formatting(name_id name) const noexcept;
  void remove_formatting(std::uint32_t id);
  std::uint32_t insert_formatting_after(std::uint32_t id, std::uint32_t node, std::uint32_t entry,
                                        name_id name);
  std::uint32_t new_format();
  void hash_format(formatting_element& format, std::uint32_t id);
  std::uint64_t attributes_hash(const node_record& element) const;
  bool same_attributes(const node_record& left, const node_record& right) const;
  void adoption_agency(const tag_token& tag);
  void any_other_end_tag(const tag_token& tag);

  // The tree.
  std::uint32_t make(std::uint32_t meta, std::uint32_t a, std::uint32_t b, std::uint32_t source);
  std::uint32_t clone_of(std::uint32_t node);
  place foster_place();
  place place_for(std::uint32_t target);
  void insert_at(place where, std::uint32_t node);
  void insert_text(const slice& text);
  void insert_replacement();
  std::uint32_t create(const tag_token& tag, space where, name_id name);
  std::uint32_t insert_html(const tag_token& tag);
  void insert_void(const tag_token& tag);
  std::uint32_t insert_implied(name_id name);
  void insert_foreign(tag_token& tag, space where);
  void rename_attribute(std::uint32_t index, std::uint32_t name);
  void adjust_svg_attributes(const tag_token& tag);
  void adjust_mathml_attributes(const tag_token& tag);
  void adjust_foreign_attributes(const tag_token& tag);
  void insert_comment(slice data, std::uint32_t source, std::uint32_t parent);
  void merge_attributes(const tag_token& tag, std::uint32_t element, unsigned bit);
  void switch_to_text(const tag_token& tag, text_mode mode);
  void close_p();
  void option_closed(std::uint32_t option);
  void content_inserted(std::uint32_t content);
  void clone_into(std::uint32_t option, std::uint32_t content);
  std::uint32_t select_of(std::uint32_t option) const;

  // The insertion modes.
  void characters(const piece& what);
  void characters_by_mode(piece what);
  void text_in_body(const slice& text);
  void flush_table_text();
  void start_tag(tag_token& tag);
  bool start_tag_in(insertion_mode mode, tag_token& tag);
  void start_in_body(tag_token& tag);
  bool start_in_head(tag_token& tag);
  bool start_in_table(tag_token& tag);
  bool start_in_foreign(tag_token& tag);
  void end_tag(tag_token& tag);
  bool end_tag_in(insertion_mode mode, tag_token& tag);
  void end_in_body(tag_token& tag);
  void end_template(const tag_token& tag);
  bool end_in_table(tag_token& tag);
  bool end_within_table(tag_token& tag);
  bool end_in_foreign(tag_token& tag);
  bool close_body(const tag_token& tag);
  void close_cell();
  bool eof_in(insertion_mode mode, std::uint32_t source);
  void stop_parsing(std::uint32_t source);
  void fostered_start(tag_token& tag);

  node_record& at(std::uint32_t node) noexcept { return store_->nodes[node]; }
  const node_record& at(std::uint32_t node) const noexcept { return store_->nodes[node]; }

  document_store* store_;
  tokenizer<tree_builder> tokens_;
  parse_options options_;
  insertion_mode mode_ = insertion_mode::initial;
  insertion_mode original_mode_ = insertion_mode::initial;
  bool stopped_ = false;
  bool frameset_ok_ = true;
  bool foster_ = false;
  bool skip_newline_ = false;
  bool ignore_quirks_ = false;
  bool used_attributes_ = false;
  bool has_selectedcontent_ = false;
  std::uint32_t head_ = 0;
  std::uint32_t form_ = 0;
  std::uint32_t root_element_ = 0;
  std::uint32_t body_ = 0;
  std::uint32_t context_ = 0;  // kind of the fragment's context element, or 0
  std::uint32_t depth_ = 0;
  std::uint32_t literal_source_ = 0;  // of the last reference, or NUL that became U+FFFD
  std::uint32_t unclosed_ = 0;        // open elements that may not be open at the end
  std::uint64_t work_ = 0;

  plain_vector<open_element> stack_;
  std::uint32_t top_ = 0;
  std::uint32_t free_entry_ = 0;
  plain_vector<std::uint32_t> chain_;  // by name: the topmost open element
  plain_vector<insertion_mode> template_modes_;

  plain_vector<formatting_element> formats_;
  std::uint32_t last_format_ = 0;
  std::uint32_t free_format_ = 0;
  std::uint32_t segment_ = 0;
  std::uint32_t format_chain_[known_tag_count] = {};
  std::unordered_map<std::uint64_t, std::uint32_t> alike_;

  plain_vector<piece> table_text_;
  bool table_text_black_ = false;
  plain_vector<std::uint8_t> merged_;  // by name: bit 0 an attribute of <html>, bit 1 of <body>
  std::vector<select_state> selects_;
};

}  // namespace tidewire::html::detail
