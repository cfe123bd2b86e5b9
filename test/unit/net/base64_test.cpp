#include "net/base64.hpp"

#include <span>
#include <string>
#include <utility>

#include "support/catch.hpp"

using holdfast::net::base64;
using holdfast::net::from_base64;

TEST_CASE("bytes become base64 as RFC 4648 has it", "[net][base64]") {
  const std::pair<std::string, const char*> table[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {std::string("\xFB\xFF\xBE\0", 4), "+/++AA=="},
  };
  for (const auto& [bytes, text] : table) {
    CHECK(base64(std::as_bytes(std::span(bytes))) == text);
    CHECK(from_base64(text) == bytes);
  }
}

TEST_CASE("what is not base64 to the last bit is refused", "[net][base64]") {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "=Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9v", "Zm-v"})
    CHECK_FALSE(from_base64(text));
}
