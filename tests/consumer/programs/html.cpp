// A program that uses tidewire::html and knows nothing of loops or sockets.
#include <tidewire/html.hpp>

#include <cstdio>
#include <string>

int main() {
  const tidewire::html::document page = tidewire::html::parse("<title>Tides</title><p>low<p>high");
  const std::string text = page.root().text();
  std::puts(text.c_str());
  return text.find("high") != std::string::npos ? 0 : 1;
}
