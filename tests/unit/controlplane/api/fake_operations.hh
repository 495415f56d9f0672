// SPDX-License-Identifier: Apache-2.0
// Operations that say which of them was asked, and with what.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controlplane/api/operations.hh"

namespace guideway {

class FakeOperations : public Operations {
 public:
  Reply status() override { return said("status"); }
  Reply services() override { return said("services"); }
  Reply service(const std::string& name) override { return said("service " + name); }
  Reply backends(const std::optional<std::string>& pool) override { return said("backends " + pool.value_or("(all)")); }
  Reply stats() override { return said("stats"); }
  void metrics(Respond respond) override {
    Reply reply;
    reply.text = "guideway_up 1\n";
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    respond(std::move(reply));
  }
  Reply config() override { return said("config"); }
  Reply config_diff(const std::string& path) override { return said("diff " + path); }
  void config_apply(const std::string& path, const Actor& actor, Respond respond) override {
    actor_uid = actor.uid;
    respond(said("apply " + path));
  }
  void edits(std::vector<Edit> edits, const Actor& actor, Respond respond) override {
    actor_uid = actor.uid;
    std::string text = "edits";
    for (const Edit& edit : edits) text += "; " + text_of(edit);
    respond(said(text));
  }
  void explain(const ExplainRequest& request, Respond respond) override {
    respond(said("explain " + std::string(name_of(request.protocol)) + " " + request.source.text() + " " +
                 request.destination.text()));
  }

  std::uint32_t actor_uid = ~0U;  // of the last change

 private:
  static Reply said(const std::string& what) { return {200, {{"asked", what}}}; }
};

}  // namespace guideway
