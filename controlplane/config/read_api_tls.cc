// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/read_api_tls.hh"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "controlplane/config/keys.hh"

namespace guideway {
namespace {

constexpr std::size_t path_max = 1024;
constexpr std::size_t administrators_max = 64;
constexpr std::size_t common_name_max = 64;  // X.520

bool is_loopback(const IpAddress& address) {
  if (address.family == Family::ipv4) return address.bytes[0] == 127;
  return address == *IpAddress::parse("::1");
}

void read_listen(TableReader& reader, ApiTlsConfig& tls) {
  const auto text = reader.text("listen", "an address and a port");
  if (!text || text->empty()) return;
  const auto endpoint = Endpoint::parse(*text);
  if (!endpoint || endpoint->port == 0) {
    reader.fail("listen", fmt::format(R"({} is not an address and a port; give one like "127.0.0.1:9661" or )"
                                      R"("[::1]:9661", or "" for none)",
                                      reader.find("listen")->quoted()));
  } else if (!is_loopback(endpoint->address)) {
    reader.fail("listen",
                fmt::format("{} is not an address of loopback; give one like \"127.0.0.1:9661\" or \"[::1]:9661\": who "
                            "comes from elsewhere comes through a tunnel of yours, such as ssh -L",
                            reader.find("listen")->quoted()));
  } else {
    tls.listen = *endpoint;
  }
}

void read_file(TableReader& reader, std::string_view key, std::string& path) {
  const auto text = reader.text(key, "the absolute path of a file");
  if (!text || text->empty()) return;
  if (text->front() != '/' || text->size() > path_max || text->find('\0') != std::string::npos)
    reader.fail(key, fmt::format("{} is not usable; give the absolute path of a PEM file, of up to {} characters",
                                 reader.find(key)->quoted(), path_max));
  else
    path = *text;
}

void read_administrators(TableReader& reader, std::vector<std::string>& names) {
  const Tree* value = reader.find("administrators");
  if (value == nullptr) return;
  constexpr std::string_view remedy = R"(give common names of certificates: administrators = ["alice"])";
  if (value->kind != Tree::Kind::list || value->items.size() > administrators_max) {
    reader.fail("administrators",
                fmt::format("{} is no list of up to {} names; {}", value->quoted(), administrators_max, remedy));
    return;
  }
  for (const Tree& item : value->items) {
    if (item.kind != Tree::Kind::text || item.text.empty() || item.text.size() > common_name_max)
      reader.fail("administrators", fmt::format("{} is no name; {}", item.quoted(), remedy));
    else if (std::find(names.begin(), names.end(), item.text) != names.end())
      reader.fail("administrators", fmt::format("{} stands there twice", item.quoted()));
    else
      names.push_back(item.text);
  }
}

// Each of the files is needed, or none.
void check_files(TableReader& reader, const ApiTlsConfig& tls, bool listens) {
  for (const auto& [key, path, what] : {std::tuple("certificate", &tls.certificate, "what shows clients who this is"),
                                        std::tuple("key", &tls.key, "the certificate's key"),
                                        std::tuple("client_ca", &tls.client_ca, "who signs clients' certificates")}) {
    const bool is_wrong = reader.has(key) && !reader.find(key)->text.empty() && path->empty();
    if (listens && path->empty() && !is_wrong)
      reader.fail(key, fmt::format("is missing: with listen there must be {}; give the path of a PEM file", what));
    if (!listens && !path->empty()) reader.fail(key, "means nothing without listen; give that, or leave this out");
  }
}

}  // namespace

void read_api_tls(TableReader& top, std::optional<ApiTlsConfig>& tls) {
  const Tree* value = top.find("api_tls");
  if (value == nullptr) return;
  if (value->kind != Tree::Kind::table) {
    top.fail("api_tls", value->quoted() + " is not a table; write [api_tls]");
    return;
  }
  TableReader reader(top.reading(), top.file(), *value, "api_tls", keys::api_tls);
  ApiTlsConfig read;
  read_listen(reader, read);
  read_file(reader, "certificate", read.certificate);
  read_file(reader, "key", read.key);
  read_file(reader, "client_ca", read.client_ca);
  read_administrators(reader, read.administrators);
  const Tree* listen = reader.find("listen");
  // What was wrong there has been told.
  const bool listens = listen != nullptr && !(listen->kind == Tree::Kind::text && listen->text.empty());
  check_files(reader, read, listens);
  reader.finish();
  if (read.listen.port != 0) tls = std::move(read);
}

}  // namespace guideway
