// SPDX-License-Identifier: Apache-2.0
// Addresses and prefixes, one or a list of them.
#include <set>

#include <fmt/core.h>

#include "controlplane/config/draft.hh"

namespace guideway {
namespace {

bool is_multicast(const IpAddress& address) {
  return address.family == Family::ipv4 ? address.bytes[0] >= 224 : address.bytes[0] == 0xff;
}

// False where no single host has such an address, which has then been noted.
bool is_unicast(TableReader& reader, std::string_view key, const Tree& value, const AddressPrefix& prefix) {
  const IpAddress unspecified{{}, prefix.address.family};
  const bool is_nobody = prefix.is_one_address() && prefix.address == unspecified;
  if (!is_nobody && !is_multicast(prefix.address)) return true;
  reader.reading().fail({reader.file(), value.line}, reader.path_of(key),
                        fmt::format("{} is not the address of one host; give a unicast address", prefix.text()));
  return false;
}

}  // namespace

std::optional<AddressPrefix> read_prefix(TableReader& reader, std::string_view key, const Tree& value) {
  const Place place{reader.file(), value.line};
  const auto prefix = value.kind == Tree::Kind::text ? AddressPrefix::parse(value.text) : std::nullopt;
  if (!prefix) {
    reader.reading().fail(
        place, reader.path_of(key),
        fmt::format(R"({} is not an address; give one such as "192.0.2.10" or "2001:db8::10", or a prefix such as )"
                    R"("192.0.2.0/24")",
                    value.quoted()));
    return std::nullopt;
  }
  if (*prefix == prefix->network()) return prefix;
  reader.reading().fail(place, reader.path_of(key),
                        fmt::format("{} has bits set behind its first {}; give {}, or {} alone", prefix->text(),
                                    prefix->bits, prefix->network().text(), prefix->address.text()));
  return std::nullopt;
}

std::optional<AddressPrefix> read_unicast_prefix(TableReader& reader, std::string_view key, const Tree& value) {
  const auto prefix = read_prefix(reader, key, value);
  if (!prefix || !is_unicast(reader, key, value, *prefix)) return std::nullopt;
  return prefix;
}

std::vector<AddressPrefix> read_prefixes(TableReader& reader, std::string_view key, std::string_view example,
                                         PrefixReader read) {
  std::vector<AddressPrefix> prefixes;
  const Tree* value = reader.find(key);
  if (value == nullptr) return prefixes;
  std::set<AddressPrefix> seen;
  const auto add = [&](const Tree& item) {
    const auto prefix = read(reader, key, item);
    if (!prefix) return;
    if (seen.insert(*prefix).second)
      prefixes.push_back(*prefix);
    else
      reader.reading().fail({reader.file(), item.line}, reader.path_of(key),
                            fmt::format("{} stands there twice; leave one out", prefix->text()));
  };
  if (value->kind == Tree::Kind::list) {
    for (const Tree& item : value->items) add(item);
  } else if (value->kind == Tree::Kind::text) {
    add(*value);
  } else {
    reader.fail(key, fmt::format("{} is not a list of prefixes; give {}", value->quoted(), example));
  }
  return prefixes;
}

std::optional<IpAddress> read_address(TableReader& reader, std::string_view key, const Tree& value) {
  const auto address = value.kind == Tree::Kind::text ? IpAddress::parse(value.text) : std::nullopt;
  if (!address) {
    reader.reading().fail(
        {reader.file(), value.line}, reader.path_of(key),
        fmt::format(R"({} is not an address; give one such as "192.0.2.10" or "2001:db8::10")", value.quoted()));
    return std::nullopt;
  }
  if (!is_unicast(reader, key, value, *address)) return std::nullopt;
  return address;
}

}  // namespace guideway
