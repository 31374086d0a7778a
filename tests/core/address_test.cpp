#include <tidewire/base/bytes.hpp>
#include <tidewire/core/address.hpp>

#include <gtest/gtest.h>

#include "../../src/core/sockaddr.hpp"

#ifndef _WIN32
#include <arpa/inet.h>
#endif

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace tidewire {
namespace {

static_assert(std::is_trivially_copyable_v<ip_address> && sizeof(ip_address) == 24);
static_assert(std::is_trivially_copyable_v<endpoint>);
static_assert(ip_address::from_v4(0x7f000001) == ip_address::loopback_v4());
static_assert(endpoint(ip_address::any_v6(), 53).port() == 53);

ip_address v6(std::array<std::uint8_t, 16> bytes, std::uint32_t scope_id = 0) {
  return ip_address::from_v6(as_bytes(bytes).first<16>(), scope_id);
}

// Parses a copy on the heap of exactly this size, so that a sanitizer sees a read past the end.
template <class Parse>
auto parse_exactly(std::string_view text, Parse parse) {
  const auto copy = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), copy.get());
  return parse(std::string_view(copy.get(), text.size()));
}

result<ip_address> parse_address(std::string_view text) {
  return parse_exactly(text, ip_address::parse);
}

result<endpoint> parse_endpoint(std::string_view text) {
  return parse_exactly(text, endpoint::parse);
}

result<host_port> split_text(std::string_view text,
                             std::optional<std::uint16_t> default_port = std::nullopt) {
  return parse_exactly(text, [&](std::string_view copy) { return split_host_port(copy, default_port); });
}

// The canonical form of what `text` says, or the words of the refusal.
std::string canonical(std::string_view text) {
  const auto address = parse_address(text);
  if (address) return address->to_string();
  EXPECT_EQ(address.code(), errc::malformed);
  return std::string(address.error().detail());
}

std::string canonical_endpoint(std::string_view text) {
  const auto value = parse_endpoint(text);
  if (value) return value->to_string();
  EXPECT_EQ(value.code(), errc::malformed);
  return std::string(value.error().detail());
}

TEST(IpAddress, IsTheUnspecifiedIpv4AddressByDefault) {
  EXPECT_EQ(ip_address(), ip_address::any_v4());
  EXPECT_EQ(ip_address().to_string(), "0.0.0.0");
  EXPECT_TRUE(ip_address().is_v4());
  EXPECT_FALSE(ip_address().is_v6());
}

TEST(IpAddress, HasTheWellKnownAddresses) {
  EXPECT_EQ(ip_address::loopback_v4().to_string(), "127.0.0.1");
  EXPECT_EQ(ip_address::any_v4().to_string(), "0.0.0.0");
  EXPECT_EQ(ip_address::loopback_v6().to_string(), "::1");
  EXPECT_EQ(ip_address::any_v6().to_string(), "::");
  EXPECT_TRUE(ip_address::any_v6().is_v6());
}

TEST(IpAddress, ParsesIpv4) {
  for (const std::string_view text :
       {"0.0.0.0", "1.2.3.4", "10.20.30.40", "99.100.199.200", "255.255.255.255"}) {
    EXPECT_EQ(canonical(text), text);
  }
  const auto address = parse_address("192.0.2.33");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->v4(), 0xc0000221u);
  EXPECT_EQ(address->bytes().size(), 4u);
  EXPECT_EQ(as_text(address->bytes()), std::string_view("\xc0\x00\x02\x21", 4));
  EXPECT_EQ(ip_address::from_v4(address->bytes().first<4>()), *address);
}

TEST(IpAddress, RefusesIpv4ThatIsNotADottedQuad) {
  for (const std::string_view text :
       {"",          " ",          ".",          "...",        "1",          "1.2",
        "1.2.3",     "1.2.3.",     ".1.2.3",     "1..2.3",     "1.2.3.4.",   "1.2.3.4.5",
        "256.1.1.1", "1.256.1.1",  "1.1.256.1",  "1.1.1.256",  "1.1.1.1000", "4294967296",
        "127.1",     "0x7f.0.0.1", "0x7f000001", "2130706433", "01.2.3.4",   "1.02.3.4",
        "1.2.3.04",  "1.2.3.00",   "00.0.0.0",   "1.2.3.+4",   "-1.2.3.4",   "1.2.3.4 ",
        " 1.2.3.4",  "1.2.3. 4",   "1.2.3.4\n",  "1.2.3.a",    "1.2.3.4%1",  "1.2.3.4/8",
        "1,2,3,4",   "1.2.3.4:80", "[1.2.3.4]",  "localhost",  "1.2.3.4x",   "1.2.3.99999999999"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
  EXPECT_FALSE(parse_address(std::string_view("1.2.3.4\0", 8)));
  EXPECT_FALSE(parse_address("1.2.3.\xd9\xa4"));  // an Arabic digit four
}

TEST(IpAddress, WritesIpv6AsRfc5952Says) {
  struct {
    std::string_view text;
    std::string_view canonical;
  } const cases[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"0000:0000:0000:0000:0000:0000:0000:0001", "::1"},
      {"2001:DB8::ABCD", "2001:db8::abcd"},
      {"2001:db8::aAaA:0:0:1", "2001:db8::aaaa:0:0:1"},
      {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},  // the first of two equal runs
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},                           // the longer run
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},                  // a lone zero group stays
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"1:0:0:4:0:0:7:8", "1::4:0:0:7:8"},
      {"0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"0:0:0:0:0:ffff:1.2.3.4", "::ffff:1.2.3.4"},
      {"::ffff:0.0.0.0", "::ffff:0.0.0.0"},
      {"::1.2.3.4", "::102:304"},  // IPv4-compatible: deprecated by RFC 4291 section 2.5.5.1
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"::ffff:0:1.2.3.4", "::ffff:0:102:304"},
      {"1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"},
      {"1::5:6:255.255.255.255", "1::5:6:ffff:ffff"},
      {"1:2:3:4:5::1.2.3.4", "1:2:3:4:5:0:102:304"},
      {"fe80::1%1", "fe80::1%1"},
      {"fe80::1%4294967295", "fe80::1%4294967295"},
      {"fe80::1%0", "fe80::1"},
      {"::ffff:1.2.3.4%7", "::ffff:1.2.3.4%7"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(canonical(text), expected) << text;
}

TEST(IpAddress, RefusesWhatIsNoIpv6Address) {
  for (const std::string_view text : {":",
                                      ":::",
                                      "::::",
                                      "1:",
                                      ":1",
                                      "1:::2",
                                      "1::2::3",
                                      "::1::",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:",
                                      "1:2:3:4:5:6:7:8:",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1:2:3:4:5:6:7:8",
                                      "1:2:3:4::5:6:7:8",
                                      ":1:2:3:4:5:6:7:8",
                                      "00001::",
                                      "::00001",
                                      "12345::1",
                                      "g::1",
                                      "::g",
                                      "1::-1",
                                      "::+1",
                                      " ::1",
                                      "::1 ",
                                      "::1\n",
                                      ": :1",
                                      "[::1]",
                                      "[::1]:80",
                                      "::1/128",
                                      "1.2.3.4::",
                                      "::1.2.3.4:5",
                                      "::1.2.3",
                                      "::1.2.3.4.5",
                                      "::1.2.3.256",
                                      "::01.2.3.4",
                                      "::1.2.3.",
                                      "::.1.2.3",
                                      "::a.1.2.3",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "1:2:3:4:5:6:7:8:1.2.3.4",
                                      "1:2:3:4:5:6::1.2.3.4",
                                      "1:2:3:4:5:1.2.3.4",
                                      "::ffff:1.2.3.4:",
                                      "%1",
                                      "::%",
                                      "::1%eth0",
                                      "::1%01",
                                      "::1%4294967296",
                                      "::1%99999999999999999999",
                                      "::1%-1",
                                      "::1%1%2",
                                      "::1% 1",
                                      "%::1",
                                      "::1%25eth0"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
  EXPECT_FALSE(parse_address(std::string_view("::1\0", 4)));
}

TEST(IpAddress, SaysWhyItRefuses) {
  EXPECT_EQ(canonical("1.2.3.010"),
            "not an IP address: a number of an IPv4 address is 0 to 255, in decimal without leading zeros");
  EXPECT_EQ(canonical("1.2.3"), "not an IP address: an IPv4 address has four numbers");
  EXPECT_EQ(canonical("1:2"), "not an IP address: an IPv6 address has eight groups");
  EXPECT_EQ(canonical("1::2::3"), "not an IP address: an IPv6 address has \"::\" once");
  EXPECT_EQ(canonical("1::2:"), "not an IP address: an IPv6 address does not end with one colon");
  EXPECT_EQ(canonical("fe80::1%eth0"),
            "not an IP address: the scope of an IPv6 address is a decimal number here");
  EXPECT_EQ(canonical("::12345"),
            "not an IP address: a group of an IPv6 address is one to four hexadecimal digits");
}

TEST(IpAddress, ParsesEveryOctetAndNoMore) {
  for (unsigned i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(static_cast<bool>(parse_address("1.2.3." + number)), i < 256) << i;
    EXPECT_EQ(static_cast<bool>(parse_address(number + ".2.3.4")), i < 256) << i;
    EXPECT_EQ(static_cast<bool>(parse_address("::1." + number + ".3.4")), i < 256) << i;
  }
}

TEST(IpAddress, KnowsWhatItIs) {
  struct {
    std::string_view text;
    std::string_view
        kinds;  // u: unspecified, o: loopback, m: multicast, l: link-local, p: private, 4: IPv4-mapped
  } const cases[] = {
      {"0.0.0.0", "u"},
      {"0.0.0.1", ""},
      {"126.255.255.255", ""},
      {"127.0.0.0", "o"},
      {"127.255.255.255", "o"},
      {"128.0.0.0", ""},
      {"223.255.255.255", ""},
      {"224.0.0.0", "m"},
      {"239.255.255.255", "m"},
      {"240.0.0.0", ""},
      {"169.253.255.255", ""},
      {"169.254.0.0", "l"},
      {"169.254.255.255", "l"},
      {"169.255.0.0", ""},
      {"9.255.255.255", ""},
      {"10.0.0.0", "p"},
      {"10.255.255.255", "p"},
      {"11.0.0.0", ""},
      {"172.15.255.255", ""},
      {"172.16.0.0", "p"},
      {"172.31.255.255", "p"},
      {"172.32.0.0", ""},
      {"192.167.255.255", ""},
      {"192.168.0.0", "p"},
      {"192.168.255.255", "p"},
      {"192.169.0.0", ""},
      {"255.255.255.255", ""},
      {"::", "u"},
      {"::1", "o"},
      {"::2", ""},
      {"1::1", ""},
      {"fe7f::", ""},
      {"fe80::", "l"},
      {"febf:ffff::", "l"},
      {"fec0::", ""},
      {"ff00::", "m"},
      {"ffff::", "m"},
      {"feff::", ""},
      {"fbff::", ""},
      {"fc00::", "p"},
      {"fdff::", "p"},
      {"fe00::", ""},
      {"::127.0.0.1", ""},
      {"::fffe:127.0.0.1", ""},
      {"1::ffff:127.0.0.1", ""},
      {"::ffff:0.0.0.0", "4u"},
      {"::ffff:8.8.8.8", "4"},
      {"::ffff:127.0.0.1", "4o"},
      {"::ffff:10.1.2.3", "4p"},
      {"::ffff:169.254.169.254", "4l"},
      {"::ffff:224.0.0.1", "4m"},
  };
  for (const auto& [text, kinds] : cases) {
    const auto parsed = parse_address(text);
    ASSERT_TRUE(parsed) << text;
    std::string found;
    if (parsed->is_v4_mapped()) found += '4';
    if (parsed->is_unspecified()) found += 'u';
    if (parsed->is_loopback()) found += 'o';
    if (parsed->is_multicast()) found += 'm';
    if (parsed->is_link_local()) found += 'l';
    if (parsed->is_private()) found += 'p';
    EXPECT_EQ(found, kinds) << text;
  }
}

TEST(IpAddress, GivesTheIpv4AddressThatItIsOrCarries) {
  EXPECT_EQ(parse_address("1.2.3.4")->v4(), 0x01020304u);
  EXPECT_EQ(parse_address("::ffff:1.2.3.4")->v4(), 0x01020304u);
  EXPECT_EQ(parse_address("::1.2.3.4")->v4(), std::nullopt);
  EXPECT_EQ(parse_address("::ffff:1.2.3.4")->unmapped(), *parse_address("1.2.3.4"));
  EXPECT_EQ(parse_address("1.2.3.4")->unmapped(), *parse_address("1.2.3.4"));
  EXPECT_EQ(parse_address("fe80::1%2")->unmapped(), *parse_address("fe80::1%2"));
}

TEST(IpAddress, OrdersByFamilyThenBytesThenScope) {
  const char* const ordered[] = {"0.0.0.0", "1.2.3.4", "1.2.4.0",  "127.0.0.1", "255.255.255.255",
                                 "::",      "::1",     "::1%1",    "::1%2",     "::ffff:1.2.3.4",
                                 "1::",     "8000::",  "fe80::1%9"};
  for (std::size_t i = 0; i < std::size(ordered); ++i) {
    for (std::size_t j = 0; j < std::size(ordered); ++j) {
      const auto left = *parse_address(ordered[i]);
      const auto right = *parse_address(ordered[j]);
      EXPECT_EQ(left <=> right, i <=> j) << ordered[i] << " and " << ordered[j];
      EXPECT_EQ(left == right, i == j) << ordered[i] << " and " << ordered[j];
    }
  }
}

TEST(IpAddress, HashesWithoutCollisionsOverNeighbours) {
  std::unordered_set<std::size_t> hashes;
  for (std::uint32_t i = 0; i < 4096; ++i) {
    hashes.insert(std::hash<ip_address>()(ip_address::from_v4(0x0a000000 + i)));
    hashes.insert(std::hash<ip_address>()(v6({0xfe, 0x80}, i + 1)));
    hashes.insert(std::hash<endpoint>()(endpoint(ip_address::loopback_v4(), static_cast<std::uint16_t>(i))));
  }
  EXPECT_EQ(hashes.size(), 3 * 4096u);
  EXPECT_EQ(std::hash<ip_address>()(*parse_address("::ffff:1.2.3.4")),
            std::hash<ip_address>()(*parse_address("0::ffff:102:304")));
}

TEST(IpAddress, SurvivesTextForRandomAddresses) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::array<std::uint8_t, 16> bytes;
    // Zero groups are common, or "::" would hardly be seen.
    for (auto& byte : bytes) byte = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : 0;
    if (i % 5 == 0) std::fill_n(bytes.begin(), 10, std::uint8_t{0}), bytes[10] = bytes[11] = 0xff;
    const auto scope_id = i % 4 == 0 ? static_cast<std::uint32_t>(random()) : 0;
    const ip_address address =
        i % 3 == 0 ? ip_address::from_v4(static_cast<std::uint32_t>(random())) : v6(bytes, scope_id);
    const auto again = parse_address(address.to_string());
    ASSERT_TRUE(again) << address.to_string();
    ASSERT_EQ(*again, address) << address.to_string();

    const endpoint value(address, static_cast<std::uint16_t>(random()));
    const auto value_again = parse_endpoint(value.to_string());
    ASSERT_TRUE(value_again) << value.to_string();
    ASSERT_EQ(*value_again, value);
  }
}

#ifndef _WIN32
// What the system says that `text` is.
std::optional<ip_address> system_parse(const std::string& text) {
  std::array<std::uint8_t, 16> bytes = {};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return ip_address::from_v4(as_bytes(bytes).first<4>());
  }
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return v6(bytes);
  return std::nullopt;
}

TEST(IpAddress, ParsesAsTheSystemDoes) {
  std::mt19937_64 random(2);
  const auto pick = [&random](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  constexpr std::string_view pieces[] = {":", "::", ".",       "0",   "1",   "00",   "01",
                                         "a", "F",  "12",      "255", "256", "ffff", "abcd1",
                                         "g", " ",  "1.2.3.4", "0:",  "f:",  "9."};
  int valid = 0;
  for (int i = 0; i < 300000; ++i) {
    std::string text;
    switch (i % 4) {
      case 0:  // noise out of what addresses are made of
        for (std::size_t n = pick(14); n > 0; --n) text += pieces[pick(std::size(pieces))];
        break;
      case 1:  // groups, about as many as it takes
        for (std::size_t n = 6 + pick(4); n > 0; --n) {
          text += pick(6) == 0 ? ":" : std::string(pieces[3 + pick(6)]) + (n > 1 ? ":" : "");
        }
        if (pick(4) == 0) text += ":1.2.3.4";
        break;
      case 2:  // four numbers, about
        for (std::size_t n = pick(8) == 0 ? 3 + pick(3) : 4; n > 0; --n) {
          text += std::to_string(pick(300)) + (n > 1 ? "." : "");
        }
        break;
      default: {  // an address with one error, or none
        std::array<std::uint8_t, 16> bytes;
        for (auto& byte : bytes) byte = pick(2) == 0 ? 0 : static_cast<std::uint8_t>(random());
        text = v6(bytes).to_string();
        if (pick(2) == 0) text.insert(pick(text.size() + 1), 1, ":.0a1g"[pick(6)]);
        if (pick(2) == 0) text.erase(pick(text.size()), 1);
      }
    }
    const auto expected = system_parse(text);
    const auto found = parse_address(text);
    ASSERT_EQ(found.has_value(), expected.has_value()) << text;
    if (!expected) continue;
    ++valid;
    ASSERT_EQ(*found, *expected) << text;
  }
  EXPECT_GT(valid, 30000);
}

TEST(IpAddress, WritesAsTheSystemDoes) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 50000; ++i) {
    std::array<std::uint8_t, 16> bytes;
    for (auto& byte : bytes) byte = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : 0;
    if (i % 4 == 0) std::fill_n(bytes.begin(), 10, std::uint8_t{0}), bytes[10] = bytes[11] = 0xff;
    const ip_address address = v6(bytes);
    // Systems differ in how they write the deprecated IPv4-compatible addresses.
    if (std::all_of(bytes.begin(), bytes.begin() + 12, [](std::uint8_t byte) { return byte == 0; })) continue;
    std::array<char, INET6_ADDRSTRLEN> text;
    ASSERT_NE(::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()), nullptr);
    ASSERT_EQ(address.to_string(), text.data());
    ASSERT_NE(::inet_ntop(AF_INET, bytes.data(), text.data(), text.size()), nullptr);
    ASSERT_EQ(ip_address::from_v4(as_bytes(bytes).first<4>()).to_string(), text.data());
  }
}
#endif

TEST(Endpoint, ParsesAddressAndPort) {
  for (const std::string_view text :
       {"0.0.0.0:0", "192.0.2.1:80", "255.255.255.255:65535", "[::]:0", "[::1]:80", "[2001:db8::1]:443",
        "[::ffff:1.2.3.4]:1", "[fe80::1%3]:65535"}) {
    EXPECT_EQ(canonical_endpoint(text), text);
  }
  const auto value = parse_endpoint("[2001:DB8:0::1]:443");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->address(), *parse_address("2001:db8::1"));
  EXPECT_EQ(value->port(), 443);
  EXPECT_EQ(value->to_string(), "[2001:db8::1]:443");
}

TEST(Endpoint, RefusesAnythingElse) {
  for (const std::string_view text : {"",
                                      ":",
                                      ":80",
                                      "1.2.3.4",
                                      "1.2.3.4:",
                                      "1.2.3.4:-1",
                                      "1.2.3.4:+1",
                                      "1.2.3.4:65536",
                                      "1.2.3.4:080",
                                      "1.2.3.4:00",
                                      "1.2.3.4:8 0",
                                      "1.2.3.4: 80",
                                      "1.2.3.4:80 ",
                                      "1.2.3.4:99999999999999999999",
                                      "1.2.3.4:80:81",
                                      "1.2.3.4:0x50",
                                      "1.2.3.4:http",
                                      "1.2.3:80",
                                      "::1:80",
                                      "::1",
                                      "[::1]",
                                      "[::1]80",
                                      "[::1]:",
                                      "[::1]:65536",
                                      "[::1]: 80",
                                      "[::1:80",
                                      "::1]:80",
                                      "[]:80",
                                      "[1.2.3.4]:80",
                                      "[[::1]]:80",
                                      "[::1]]:80",
                                      "[::1]x:80",
                                      "[fe80::1%eth0]:80",
                                      "example.org:80",
                                      " 1.2.3.4:80"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
  EXPECT_FALSE(parse_endpoint(std::string_view("1.2.3.4:80\0", 11)));
}

TEST(Endpoint, SaysWhyItRefuses) {
  EXPECT_EQ(canonical_endpoint("1.2.3.4"), "not an address and a port: a port is missing");
  EXPECT_EQ(canonical_endpoint("1.2.3.4:65536"),
            "not an address and a port: a port is 0 to 65535, in decimal without leading zeros");
  EXPECT_EQ(canonical_endpoint("::1:80"),
            "not an address and a port: an IPv6 address before a port stands in brackets");
  EXPECT_EQ(canonical_endpoint("[1.2.3.4]:80"),
            "not an address and a port: only an IPv6 address stands in brackets");
  EXPECT_EQ(canonical_endpoint("[::1:80"), "not an address and a port: no \"]\" for \"[\"");
  EXPECT_EQ(canonical_endpoint("[::1]80"), "not an address and a port: only a port may follow \"]\"");
}

TEST(Endpoint, OrdersByAddressThenPort) {
  const auto at = [](std::string_view text) { return parse_endpoint(text).value(); };
  EXPECT_EQ(endpoint(), at("0.0.0.0:0"));
  EXPECT_LT(at("1.2.3.4:80"), at("1.2.3.4:81"));
  EXPECT_LT(at("1.2.3.4:81"), at("1.2.3.5:80"));
  EXPECT_LT(at("255.255.255.255:65535"), at("[::]:0"));
  EXPECT_NE(at("1.2.3.4:80"), at("[::ffff:1.2.3.4]:80"));
}

TEST(SplitHostPort, FindsHostAndPort) {
  struct {
    std::string_view text;
    std::string_view host;
    std::uint16_t port;
  } const cases[] = {
      {"example.org:443", "example.org", 443},
      {"example.org", "example.org", 7},
      {"Example.ORG.:1", "Example.ORG.", 1},
      {"localhost:0", "localhost", 0},
      {"a_b-c:65535", "a_b-c", 65535},
      {"b\xc3\xbc"
       "cher.example:80",
       "b\xc3\xbc"
       "cher.example",
       80},
      {"192.0.2.1:80", "192.0.2.1", 80},
      {"192.0.2.1", "192.0.2.1", 7},
      {"[2001:db8::1]:53", "2001:db8::1", 53},
      {"[::1]", "::1", 7},
      {"::1", "::1", 7},
      {"::", "::", 7},
      {"::ffff:1.2.3.4", "::ffff:1.2.3.4", 7},
      {"2001:db8::1:80", "2001:db8::1:80", 7},  // the port of such an address cannot be told
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 7},
      {"fe80::1%eth0", "fe80::1%eth0", 7},
      {"[fe80::1%eth0]:22", "fe80::1%eth0", 22},
      {"[fe80::1%2]", "fe80::1%2", 7},
  };
  for (const auto& [text, host, port] : cases) {
    const auto found = split_text(text, 7);
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(found->host, host) << text;
    EXPECT_EQ(found->port, port) << text;
  }
}

TEST(SplitHostPort, WantsAPortUnlessThereIsADefaultOne) {
  EXPECT_TRUE(split_text("example.org:1"));
  for (const std::string_view text : {"example.org", "[::1]", "::1", "1.2.3.4"}) {
    const auto found = split_text(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.code(), errc::malformed);
    EXPECT_EQ(found.error().detail(), "not a host and a port: the port is missing");
  }
}

TEST(SplitHostPort, RefusesWhatNoHostIs) {
  for (const std::string_view text :
       {"",           ":",          ":80",          "host:",       "host:x",
        "host:65536", "host:-1",    "host:080",     "host: 80",    "host :80",
        " host:80",   "host:80 ",   "ho st",        "host\r\n",    "host\n:80",
        "\rhost",     "host\t:80",  "a:b:c",        "host:80:81",  "https://host",
        "//host",     "host/path",  "user@host",    "user@host:1", "host?x",
        "host#x",     "ho%73t",     "host\\x",      "<host>",      "a|b",
        "a^b",        "[host]:80",  "[1.2.3.4]:80", "[::1",        "::1]",
        "[::1]80",    "[::1]:",     "[::1]::80",    "[]:80",       "[]",
        "[[::1]]:80", "[::1%]:80",  "[::1%a b]:1",  "::1%",        "::1%a:b",
        "::1%a%b",    "1::2::3",    "[::1]]:80",    "ho[st]:80",   "\x7fhost",
        "\x1bhost",   "host:80\x01"}) {
    EXPECT_FALSE(split_text(text, 7)) << text;
  }
  EXPECT_FALSE(split_text(std::string_view("ho\0st:80", 8), 7));
  EXPECT_FALSE(split_text(std::string_view("host:80\0", 8), 7));
  EXPECT_FALSE(split_text(std::string_view("[::1\0]:80", 9), 7));
}

TEST(SplitHostPort, RefusesAHostLongerThan1024Bytes) {
  EXPECT_TRUE(split_text(std::string(1024, 'a') + ":1"));
  const auto found = split_text(std::string(1025, 'a') + ":1");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().detail(), "not a host and a port: the host is longer than 1024 bytes");
  EXPECT_TRUE(split_text("[::1%" + std::string(1020, 'a') + "]:1"));
  EXPECT_FALSE(split_text("[::1%" + std::string(1021, 'a') + "]:1"));
}

// The bytes of a field, which the system wants in network order.
template <class T>
std::string bytes_of(const T& field) {
  return std::string(reinterpret_cast<const char*>(&field), sizeof(field));
}

TEST(Sockaddr, HasTheFieldsInTheOrderOfTheSystem) {
  const auto v4 = detail::to_sockaddr(*parse_endpoint("1.2.3.4:258"));
  sockaddr_in in = {};
  ASSERT_EQ(static_cast<std::size_t>(v4.size), sizeof(in));
  std::memcpy(&in, v4.get(), sizeof(in));
  EXPECT_EQ(in.sin_family, AF_INET);
  EXPECT_EQ(bytes_of(in.sin_port), "\x01\x02");
  EXPECT_EQ(bytes_of(in.sin_addr), "\x01\x02\x03\x04");

  const auto v6 = detail::to_sockaddr(*parse_endpoint("[fe80:3::102%3]:258"));
  sockaddr_in6 in6 = {};
  ASSERT_EQ(static_cast<std::size_t>(v6.size), sizeof(in6));
  std::memcpy(&in6, v6.get(), sizeof(in6));
  EXPECT_EQ(in6.sin6_family, AF_INET6);
  EXPECT_EQ(bytes_of(in6.sin6_port), "\x01\x02");
  EXPECT_EQ(in6.sin6_scope_id, 3u);
  EXPECT_EQ(bytes_of(in6.sin6_addr), std::string("\xfe\x80\0\x03", 4) + std::string(10, '\0') + "\x01\x02");
}

TEST(Sockaddr, GivesTheEndpointBack) {
  for (const std::string_view text : {"0.0.0.0:0", "192.0.2.1:65535", "[::]:1", "[2001:db8::1]:443",
                                      "[fe80::1%77]:22", "[::ffff:1.2.3.4]:5"}) {
    const endpoint value = *parse_endpoint(text);
    const auto native = detail::to_sockaddr(value);
    const auto again = detail::from_sockaddr(native.get(), native.size);
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(*again, value);
  }
}

TEST(Sockaddr, RefusesWhatIsCutOrOfAnotherFamily) {
  for (const std::string_view text : {"192.0.2.1:65535", "[fe80::1%77]:22"}) {
    const auto native = detail::to_sockaddr(*parse_endpoint(text));
    for (socklen_t size = 0; size < native.size; ++size) {
      const auto copy = std::make_unique<std::byte[]>(static_cast<std::size_t>(size));
      std::memcpy(copy.get(), native.get(), static_cast<std::size_t>(size));
      EXPECT_FALSE(detail::from_sockaddr(reinterpret_cast<const sockaddr*>(copy.get()), size)) << size;
    }
  }
  sockaddr_storage other = {};
  other.ss_family = AF_UNIX;
  const auto found = detail::from_sockaddr(reinterpret_cast<const sockaddr*>(&other), sizeof(other));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.code(), errc::unsupported);
}

}  // namespace
}  // namespace tidewire
