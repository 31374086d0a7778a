// A program that uses tidewire::crypto and sees nothing of OpenSSL.
#include <tidewire/crypto.hpp>

#include <cstdio>
#include <string>

#ifdef OPENSSL_VERSION_NUMBER
#error "a public header includes OpenSSL"
#endif

int main() {
  const std::string hex = tidewire::crypto::sha256("abc").hex();
  std::puts(hex.c_str());
  return hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" ? 0 : 1;
}
