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
  Reply backend(const std::string& pool, const std::string& name) override {
    return said("backend " + pool + " " + name);
  }
  Reply stats() override { return said("stats"); }
  void metrics(Respond respond) override {
    Reply reply;
    reply.text = "guideway_up 1\n";
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    respond(std::move(reply));
  }
  Reply config() override { return said("config"); }
  Reply config_diff(const ConfigSource& source) override { return said("diff " + text_of(source)); }
  Reply config_history() override { return said("history"); }
  void config_apply(const ConfigSource& source, const ChangeTerms& terms, Respond respond) override {
    actor_uid = terms.actor.uid;
    respond(said(text_of(terms) + "apply " + text_of(source)));
  }
  void config_rollback(std::uint64_t change, const ChangeTerms& terms, Respond respond) override {
    respond(said(text_of(terms) + "rollback " + std::to_string(change)));
  }
  void edits(std::vector<Edit> edits, const ChangeTerms& terms, Respond respond) override {
    actor_uid = terms.actor.uid;
    last_actor = terms.actor;
    std::string text = text_of(terms) + "edits";
    for (const Edit& edit : edits) text += "; " + guideway::text_of(edit);
    respond(said(text));
  }
  void explain(const ExplainRequest& request, Respond respond) override {
    respond(said("explain " + std::string(name_of(request.protocol)) + " " + request.source.text() + " " +
                 request.destination.text()));
  }

  // Followed: `stream_lines` lines of `stream_line_bytes`, until the reader is too slow.
  Reply events(const EventsRequest& request) override {
    if (!request.follow)
      return said("events " + request.service + " after " + std::to_string(request.after) + " since " +
                  std::to_string(request.since_ms.value_or(-1)) + " limit " + std::to_string(request.limit));
    Reply reply;
    reply.follow = [this](const std::shared_ptr<ReplyStream>& stream) {
      for (std::size_t i = 0; i < stream_lines && last_sent == ReplyStream::Sent::queued; ++i)
        last_sent = stream->send(std::string(stream_line_bytes, 'x') + "\n");
      last_actor = stream->reader();
    };
    return reply;
  }

  Reply flows(const FlowsRequest& request) override {
    return said("flows of " + request.service + " to " + request.backend + " from " +
                (request.client ? request.client->text() : "all") + " limit " + std::to_string(request.limit));
  }

  void capture(const CaptureRequest& request, Respond respond) override {
    respond(said("capture of " + request.service + (request.received ? " rx" : "") + (request.leaving ? " tx" : "") +
                 (request.dropped ? " drop" : "")));
  }

  std::uint32_t actor_uid = ~0U;  // of the last change
  Actor last_actor;
  std::size_t stream_lines = 3;
  std::size_t stream_line_bytes = 10;
  ReplyStream::Sent last_sent = ReplyStream::Sent::queued;

 private:
  static std::string text_of(const ConfigSource& source) {
    return source.name + (source.text ? ": " + *source.text : "");
  }
  static std::string text_of(const ChangeTerms& terms) {
    const std::string based_on = terms.if_generation ? "if " + std::to_string(*terms.if_generation) + " " : "";
    return based_on + (terms.dry_run ? "dry-run " : "");
  }
  static Reply said(const std::string& what) { return {200, {{"asked", what}}}; }
};

}  // namespace guideway
