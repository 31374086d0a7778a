#include <tidewire/html/document.hpp>

#include <algorithm>

#include "scan.hpp"
#include "store.hpp"

namespace tidewire::html {

using namespace detail;

namespace {

struct wanted_element {
  // `name` is compared as the element's kind asks: without case on HTML elements of HTML documents.
  wanted_element(std::string_view name, attribute_filter attributes) : name_(name), attributes_(attributes) {
    for (char c : name) folded_ += ascii::to_lower(c);
  }
  bool operator()(const document_store& store, std::uint32_t index) const {
    const node_record& record = store[index];
    if (!record.is_element()) return false;
    if (!name_.empty()) {
      const bool folds = record.where() == space::html && !store.xml;
      if (store.element_qualified_name(record) != (folds ? std::string_view(folded_) : name_)) return false;
    }
    return std::all_of(attributes_.begin(), attributes_.end(), [&](const auto& wanted) {
      const auto attr = store.find_attr_named(record, wanted.first);
      if (!attr) return false;
      if (!wanted.second) return true;
      const std::string_view value = store.value(*attr);
      return value == *wanted.second || (attr->name == names::class_ && has_word(value, *wanted.second));
    });
  }

 private:
  static bool has_word(std::string_view all, std::string_view word) {
    if (word.empty()) return false;
    for (std::size_t at = all.find(word); at != std::string_view::npos; at = all.find(word, at + 1)) {
      const std::size_t end = at + word.size();
      if ((at == 0 || is_space(all[at - 1])) && (end == all.size() || is_space(all[end]))) return true;
    }
    return false;
  }

  std::string_view name_;
  std::string folded_;
  attribute_filter attributes_;
};

}  // namespace

node node::find(std::string_view name, attribute_filter attributes) const {
  access::check(*this);
  if (index_ == 0) return {};
  const wanted_element wanted(name, attributes);
  for (std::uint32_t at = index_; (at = store_->next_in(at, index_)) != 0;)
    if (wanted(*store_, at)) return this->at(at);
  return {};
}

std::vector<node> node::find_all(std::string_view name, attribute_filter attributes) const {
  access::check(*this);
  std::vector<node> found;
  if (index_ == 0) return found;
  const wanted_element wanted(name, attributes);
  for (std::uint32_t at = index_; (at = store_->next_in(at, index_)) != 0;)
    if (wanted(*store_, at)) found.push_back(this->at(at));
  return found;
}

node node::find_if(const std::function<bool(const node&)>& wanted) const {
  for (node each : descendants())
    if (wanted(each)) return each;
  return {};
}

std::vector<node> node::find_all_if(const std::function<bool(const node&)>& wanted) const {
  std::vector<node> found;
  for (node each : descendants())
    if (wanted(each)) found.push_back(each);
  return found;
}

node node::find_parent(std::string_view name) const {
  const wanted_element wanted(name, {});
  for (node above : ancestors())
    if (wanted(*store_, above.index_)) return above;
  return {};
}

node node::find_next_sibling(std::string_view name) const {
  const wanted_element wanted(name, {});
  for (node sibling : next_siblings())
    if (wanted(*store_, sibling.index_)) return sibling;
  return {};
}

node node::find_previous_sibling(std::string_view name) const {
  const wanted_element wanted(name, {});
  for (node sibling : previous_siblings())
    if (wanted(*store_, sibling.index_)) return sibling;
  return {};
}

}  // namespace tidewire::html
