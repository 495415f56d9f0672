// SPDX-License-Identifier: Apache-2.0
// The running configuration as a table of virtual services. Changes are made to the table and collected as edits of the
// API, so that any number of them becomes one transaction. Keys that ipvsadm has no words for are carried along.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/cli/ipvsadm/request.hh"
#include "dataplane/base/result.hh"
#include "dataplane/net/address.hh"

namespace guideway::ipvsadm {

// One address and protocol of a service: what ipvsadm lists as a service of its own.
struct TableLine {
  std::string service;
  Protocol protocol = Protocol::tcp;
  AddressPrefix address;
  std::uint16_t port = 0;
  std::string port_range;  // "8000-8100"; mostly empty
  bool is_alone = true;    // the only one of its service
  // Whether -t and -u can name it.
  [[nodiscard]] bool has_key() const { return address.is_one_address() && port_range.empty(); }
  [[nodiscard]] VirtualKey key() const { return {protocol, address.address, port}; }
};

[[nodiscard]] std::vector<TableLine> lines_of(const std::string& name, const nlohmann::json& service);
// As lists are sorted: by family, protocol, address and port.
[[nodiscard]] bool is_before(const TableLine& one, const TableLine& other);

class VirtualTable {
 public:
  // `config` as GET /v1/config answers.
  explicit VirtualTable(const nlohmann::json& config);

  [[nodiscard]] Result<void> apply(const Change& change);
  // The edits that make of the running configuration what the table now is; to be asked once all changes are applied.
  [[nodiscard]] Result<nlohmann::json> edits() const;

  [[nodiscard]] std::vector<TableLine> lines() const;
  [[nodiscard]] Result<TableLine> find(const VirtualKey& key) const;
  [[nodiscard]] const nlohmann::json& service(const std::string& name) const { return services_.at(name); }
  [[nodiscard]] const nlohmann::json& pool_of(const std::string& service) const;
  // What all services of a protocol have in common; 0 where there is none of the protocol.
  [[nodiscard]] Result<Timeouts> timeouts() const;

 private:
  Result<void> change(const AddService& add);
  Result<void> change(const EditService& edit);
  Result<void> change(const DeleteService& removal);
  Result<void> change(const AddServer& add);
  Result<void> change(const EditServer& edit);
  Result<void> change(const DeleteServer& removal);
  Result<void> change(const Clear& clear);
  Result<void> change(const SetTimeouts& set);

  void index(const std::string& name);
  void remove(const std::string& name);
  void replace(const std::string& name, nlohmann::json keys);
  [[nodiscard]] bool has_own_pool(const std::string& name) const;
  [[nodiscard]] nlohmann::json whole_keys(const std::string& name) const;
  // The service of this key, if the key is all there is to it.
  [[nodiscard]] Result<std::string> service_alone(const VirtualKey& key) const;
  // The pool of such a service, if nobody else uses it.
  [[nodiscard]] Result<std::string> pool_alone(const VirtualKey& key) const;
  [[nodiscard]] nlohmann::json* find_backend(const std::string& pool, const IpAddress& address);

  std::map<std::string, nlohmann::json> services_;
  std::map<std::string, nlohmann::json> pools_;
  std::map<std::string, std::size_t> pool_users_;
  std::map<VirtualKey, std::string> by_key_;
  Timeouts wanted_;  // of services that are added; 0: the default
  Timeouts set_;     // what was asked for; 0: nothing
  nlohmann::json edits_ = nlohmann::json::array();
};

}  // namespace guideway::ipvsadm
