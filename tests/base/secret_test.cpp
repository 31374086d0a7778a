#include <tidewire/base/secret.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <ostream>
#include <type_traits>

namespace {

// What was in blocks when they were freed, while somebody looks.
struct freed_blocks {
  bool watched = false;
  std::size_t blocks = 0;
  std::size_t with_text = 0;
  const char* text = "";
} freed;

struct block_header {
  alignas(std::max_align_t) std::size_t size;
};

void* allocate(std::size_t size) {
  auto* header = static_cast<block_header*>(std::malloc(sizeof(block_header) + size));
  if (header == nullptr) throw std::bad_alloc();
  header->size = size;
  return header + 1;
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  auto* header = static_cast<block_header*>(memory) - 1;
  if (freed.watched) {
    ++freed.blocks;
    const std::string_view contents(static_cast<const char*>(memory), header->size);
    if (contents.find(freed.text) != std::string_view::npos) ++freed.with_text;
  }
  std::free(header);
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete[](void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  release(memory);
}

namespace tidewire {
namespace {

// Runs `body` and says how many of the blocks freed in it still held `text`.
template <class Body>
std::size_t leaks_of(const char* text, Body body) {
  freed = {.watched = true, .text = text};
  body();
  freed.watched = false;
  EXPECT_GT(freed.blocks, 0u) << "nothing was freed: the test sees nothing";
  return freed.with_text;
}

constexpr const char* password = "correct horse battery staple, of more than any small buffer";

TEST(Secret, TheTestSeesWhatAPlainStringLeavesBehind) {
  EXPECT_EQ(leaks_of(password, [] { const std::string plain(password); }), 1u);
}

TEST(Secret, IsWipedWhenItIsFreed) {
  EXPECT_EQ(leaks_of(password, [] { const secret s(password); }), 0u);
}

TEST(Secret, IsWipedWhenItGrowsOutOfItsMemory) {
  EXPECT_EQ(leaks_of(password,
                     [] {
                       secret s(password);
                       for (int i = 0; i < 100; ++i) s.append(" and more");
                     }),
            0u);
}

TEST(Secret, IsWipedWhenItIsAssignedToAndWhenItIsMovedFrom) {
  EXPECT_EQ(leaks_of(password,
                     [] {
                       secret s(password);
                       secret moved(std::move(s));
                       secret copied(moved);
                       moved = secret("x");
                       copied = moved;
                     }),
            0u);
}

TEST(Secret, TakesAStringAndWipesIt) {
  std::string text(password);
  const char* const was_at = text.data();
  const std::size_t size = text.size();
  const secret s = secret::take(std::move(text));
  EXPECT_EQ(s.reveal(), password);
  EXPECT_TRUE(text.empty());
  for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(was_at[i], '\0');  // the string still owns that memory
}

TEST(Secret, WipesTheSpareCapacityOfAStringToo) {
  std::string text(password);
  const char* const was_at = text.data();
  text.resize(1);
  wipe(text);
  EXPECT_EQ(std::string_view(was_at + 1, 7), std::string_view("\0\0\0\0\0\0\0", 7));
}

TEST(Secret, HoldsTextAndBytesWithNulInThem) {
  secret s(std::string_view("a\0b", 3));
  s.append(std::string_view("\0c", 2));
  EXPECT_EQ(s.reveal(), std::string_view("a\0b\0c", 5));
  EXPECT_EQ(s.reveal_bytes().size(), 5u);
  EXPECT_EQ(secret(s.reveal_bytes()), s);
}

TEST(Secret, IsMadeFromWhateverATextIs) {
  const std::string text = "pw";
  EXPECT_EQ(secret(text), secret("pw"));
  EXPECT_EQ(secret(std::string_view("pw")), secret("pw"));
  EXPECT_TRUE(secret().empty());
  EXPECT_EQ(secret(""), secret());
}

TEST(Secret, AMovedFromOneIsEmptyAndUsable) {
  secret s("abc");
  const secret other = std::move(s);
  EXPECT_TRUE(s.empty());
  s.append("def");
  EXPECT_EQ(s.reveal(), "def");
  EXPECT_EQ(other.reveal(), "abc");
}

TEST(Secret, AssignsItselfToItself) {
  secret s("abc");
  const secret& same = s;
  s = same;
  EXPECT_EQ(s.reveal(), "abc");
}

TEST(Secret, EqualityIsThatOfTheBytes) {
  EXPECT_EQ(secret("abc"), secret("abc"));
  EXPECT_NE(secret("abc"), secret("abd"));
  EXPECT_NE(secret("abc"), secret("xbc"));
  EXPECT_NE(secret("abc"), secret("ab"));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
}

template <class T>
concept printable = requires(std::ostream& out, const T& value) { out << value; };

TEST(Secret, CannotBePrintedNorTurnIntoAStringByItself) {
  static_assert(printable<std::string_view>);
  static_assert(!printable<secret>);
  static_assert(!std::is_convertible_v<secret, std::string>);
  static_assert(!std::is_convertible_v<secret, std::string_view>);
}

}  // namespace
}  // namespace tidewire
