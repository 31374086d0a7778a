#include <tidewire/base/bytes.hpp>
#include <tidewire/imap/flags.hpp>

#include <algorithm>
#include <array>

namespace tidewire::imap {
namespace {

struct named_flag {
  std::string_view name;
  flag what;
};
constexpr std::array<named_flag, 7> system_flags{{{"\\Seen", flag::seen},
                                                  {"\\Answered", flag::answered},
                                                  {"\\Flagged", flag::flagged},
                                                  {"\\Deleted", flag::deleted},
                                                  {"\\Draft", flag::draft},
                                                  {"\\Recent", flag::recent},
                                                  {"\\*", flag::any}}};

const named_flag* find_system(std::string_view name) noexcept {
  if (!name.starts_with('\\')) return nullptr;
  const auto* found = std::ranges::find_if(
      system_flags, [&](const named_flag& one) { return ascii::iequals(one.name, name); });
  return found == system_flags.end() ? nullptr : found;
}

auto find_keyword(const std::vector<std::string>& keywords, std::string_view name) noexcept {
  return std::ranges::find_if(keywords, [&](const std::string& one) { return ascii::iequals(one, name); });
}

}  // namespace

bool flags::contains(std::string_view name) const noexcept {
  if (const named_flag* known = find_system(name)) return contains(known->what);
  return find_keyword(keywords_, name) != keywords_.end();
}

flags& flags::add(std::string_view name) {
  if (const named_flag* known = find_system(name)) return add(known->what);
  if (!name.empty() && find_keyword(keywords_, name) == keywords_.end()) keywords_.emplace_back(name);
  return *this;
}

flags& flags::remove(std::string_view name) {
  if (const named_flag* known = find_system(name)) return remove(known->what);
  if (const auto found = find_keyword(keywords_, name); found != keywords_.end()) keywords_.erase(found);
  return *this;
}

std::vector<std::string> flags::names() const {
  std::vector<std::string> out;
  for (const named_flag& one : system_flags) {
    if (contains(one.what)) out.emplace_back(one.name);
  }
  out.insert(out.end(), keywords_.begin(), keywords_.end());
  return out;
}

std::string flags::to_string() const {
  std::string out;
  for (const std::string& one : names()) {
    if (!out.empty()) out += ' ';
    out += one;
  }
  return out;
}

bool operator==(const flags& a, const flags& b) noexcept {
  return a.bits_ == b.bits_ && a.keywords_.size() == b.keywords_.size() &&
         std::ranges::all_of(a.keywords_, [&](const std::string& one) {
           return find_keyword(b.keywords_, one) != b.keywords_.end();
         });
}

}  // namespace tidewire::imap
