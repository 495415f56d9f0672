// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/read_top.hh"

#include <charconv>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"

namespace guideway {
namespace {

void read_hash_key(TableReader& reader, Config& config) {
  constexpr std::string_view remedy =
      "give 32 hexadecimal digits, the same on every box of a cluster (openssl rand -hex 16)";
  if (reader.find("hash_key") == nullptr) {
    reader.fail("hash_key", fmt::format("is missing; {}", remedy));
    return;
  }
  const auto text = reader.text("hash_key", "32 hexadecimal digits");
  if (!text) return;
  bool good = text->size() == 2 * config.hash_key.size();
  for (std::size_t i = 0; good && i < config.hash_key.size(); ++i) {
    const char* digits = text->data() + 2 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, config.hash_key.at(i), 16);
    good = error == std::errc() && end == digits + 2;
  }
  // The value is a secret, so the message does not repeat it.
  if (!good) reader.fail("hash_key", fmt::format("is not 32 hexadecimal digits; {}", remedy));
}

void read_path(TableReader& reader, std::string_view key, std::size_t length_max, std::string& path) {
  const auto text = reader.text(key, "an absolute path");
  if (!text) return;
  if (text->empty() || text->front() != '/' || text->size() > length_max || text->find('\0') != std::string::npos)
    reader.fail(key, fmt::format("{} is not usable; give an absolute path of up to {} characters",
                                 reader.find(key)->quoted(), length_max));
  else
    path = *text;
}

void read_one_tunnel_source(TableReader& reader, const Tree& value, Config& config) {
  const auto address = read_address(reader, "tunnel_source", value);
  if (!address) return;
  auto& source = address->family == Family::ipv4 ? config.tunnel_source_ipv4 : config.tunnel_source_ipv6;
  if (source)
    reader.fail("tunnel_source", fmt::format("{} is a second address of its family; give one IPv4 and one IPv6 address "
                                             "at the most",
                                             address->text()));
  source = address;
}

void read_tunnel_source(TableReader& reader, Config& config) {
  const Tree* value = reader.find("tunnel_source");
  if (value == nullptr) return;
  if (value->kind != Tree::Kind::list) {
    read_one_tunnel_source(reader, *value, config);
    return;
  }
  for (const Tree& item : value->items) read_one_tunnel_source(reader, item, config);
}

std::vector<std::string> read_include(TableReader& reader) {
  std::vector<std::string> patterns;
  const Tree* value = reader.find("include");
  if (value == nullptr) return patterns;
  const auto add = [&](const Tree& item) {
    if (item.kind == Tree::Kind::text && !item.text.empty() && item.text.find('\0') == std::string::npos)
      patterns.push_back(item.text);
    else
      reader.fail("include",
                  fmt::format(R"({} is not a file pattern; give include = ["conf.d/*.toml"])", item.quoted()));
  };
  if (value->kind == Tree::Kind::list) {
    for (const Tree& item : value->items) add(item);
  } else {
    add(*value);
  }
  return patterns;
}

}  // namespace

std::vector<std::string> read_top(TableReader& reader, Config& config) {
  constexpr std::size_t socket_path_max = 107;  // sockaddr_un
  read_hash_key(reader, config);
  read_path(reader, "door", socket_path_max, config.door);
  read_path(reader, "api", socket_path_max, config.api);
  read_path(reader, "state_directory", 1024, config.state_directory);
  read_tunnel_source(reader, config);
  return read_include(reader);
}

void refuse_top(TableReader& reader) {
  for (const std::string_view key : {"hash_key", "door", "api", "state_directory", "tunnel_source", "include"}) {
    if (reader.find(key) != nullptr)
      reader.fail(key, "may only stand in the main file; an included file holds [defaults], [[service]] and [[pool]]");
  }
}

}  // namespace guideway
