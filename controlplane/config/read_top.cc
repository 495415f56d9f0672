// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/read_top.hh"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"
#include "controlplane/config/keys.hh"
#include "controlplane/config/read_api_tls.hh"
#include "controlplane/config/read_datapath.hh"

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

void read_group(TableReader& reader, std::string_view key, std::string& group) {
  constexpr std::size_t name_max = 32;
  const auto text = reader.text(key, "the name of a group");
  if (!text) return;
  const bool is_name = std::all_of(text->begin(), text->end(), [](unsigned char each) {
    return std::isalnum(each) != 0 || each == '_' || each == '-' || each == '.';
  });
  if (!is_name || text->size() > name_max)
    reader.fail(key, fmt::format("{} is no group; give the name or the number of a group of this machine, or \"\"",
                                 reader.find(key)->quoted()));
  else
    group = *text;
}

void read_metrics(TableReader& reader, std::optional<Endpoint>& metrics) {
  const auto text = reader.text("metrics", "an address and a port");
  if (!text || text->empty()) return;
  metrics = Endpoint::parse(*text);
  if (metrics && metrics->port != 0) return;
  metrics.reset();
  reader.fail("metrics", fmt::format("{} is not an address and a port; give one like \"127.0.0.1:9660\" or "
                                     "\"[::1]:9660\", or \"\" for none",
                                     reader.find("metrics")->quoted()));
}

void read_one_tunnel_source(TableReader& reader, const Tree& value, Config& config) {
  const auto prefix = read_unicast_prefix(reader, "tunnel_source", value);
  if (!prefix) return;
  const bool is_ipv4 = prefix->address.family == Family::ipv4;
  const unsigned least_bits = is_ipv4 ? 8 : 64;
  if (prefix->bits < least_bits) {
    reader.reading().fail({reader.file(), value.line}, "tunnel_source",
                          fmt::format("{} is too wide; give a prefix of {} to {} bits, or one address", prefix->text(),
                                      least_bits, AddressPrefix::bits_of(prefix->address.family)));
    return;
  }
  auto& source = is_ipv4 ? config.tunnel_source_ipv4 : config.tunnel_source_ipv6;
  if (source)
    reader.fail("tunnel_source", fmt::format("{} is a second address of its family; give one IPv4 and one IPv6 address "
                                             "or prefix at the most",
                                             prefix->text()));
  source = prefix;
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

void read_answers(TableReader& top, AnswersConfig& answers) {
  const Tree* value = top.find("answers");
  if (value == nullptr) return;
  if (value->kind != Tree::Kind::table) {
    top.fail("answers", value->quoted() + " is not a table; write [answers]");
    return;
  }
  TableReader reader(top.reading(), top.file(), *value, "answers", keys::answers);
  answers.echo_to_kernel =
      reader.choice<bool>("echo", {{"answer", false}, {"kernel", true}}).value_or(answers.echo_to_kernel);
  const auto read_rate = [&](std::string_view key, std::uint32_t& rate) {
    rate = reader.integer(key, 0, GW_FLOW_RATE_MAX, "answers a second from 0 (none) to 100000000").value_or(rate);
  };
  read_rate("echo_per_second", answers.echo_per_second);
  read_rate("too_big_per_second", answers.too_big_per_second);
  read_rate("reject_per_second", answers.reject_per_second);
  if (answers.echo_to_kernel && reader.has("echo_per_second"))
    reader.fail("echo_per_second", R"(means nothing beside echo = "kernel", which answers in our place; leave it out)");
  reader.finish();
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
  read_group(reader, "api_read_group", config.api_read_group);
  read_group(reader, "api_admin_group", config.api_admin_group);
  read_api_tls(reader, config.api_tls);
  read_metrics(reader, config.metrics);
  read_path(reader, "state_directory", 1024, config.state_directory);
  read_datapath(reader, config);
  read_tunnel_source(reader, config);
  read_answers(reader, config.answers);
  return read_include(reader);
}

void refuse_top(TableReader& reader) {
  for (const std::string_view key :
       {"hash_key", "door", "api", "api_read_group", "api_admin_group", "api_tls", "metrics", "state_directory",
        "datapath", "ports", "tunnel_source", "answers", "include"}) {
    if (reader.find(key) != nullptr)
      reader.fail(key, "may only stand in the main file; an included file holds [defaults], [[service]] and [[pool]]");
  }
}

}  // namespace guideway
