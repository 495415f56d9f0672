// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/check_question.hh"

namespace guideway {

namespace {

void keep_words(CheckQuestion& kept, const CheckQuestion& question) {
  switch (question.kind) {
    case CheckKind::tcp:
    case CheckKind::udp:
      kept.send = question.send;
      kept.expect = question.expect;
      break;
    case CheckKind::agent:
      kept.send = question.send;
      break;
    case CheckKind::redis:
      kept.password = question.password;
      break;
    case CheckKind::grpc:
      kept.host = question.host;
      kept.grpc_service = question.grpc_service;
      break;
    case CheckKind::postgresql:
      kept.database = question.database;
      kept.user = question.user;
      break;
    case CheckKind::mysql:
      kept.user = question.user;
      break;
    case CheckKind::dns:
      kept.query = question.query;
      kept.record = question.record;
      kept.answer = question.answer;
      kept.transport = question.transport;
      break;
    case CheckKind::program:
      kept.program = question.program;
      kept.arguments = question.arguments;
      break;
    default:
      break;
  }
}

}  // namespace

CheckQuestion settled(const CheckQuestion& question) {
  CheckQuestion kept;
  kept.kind = question.kind;
  if (may_use_tls(question.kind) && question.tls) {
    kept.tls = true;
    kept.server_name = question.server_name;
    kept.verify = question.verify;
    if (kept.verify) kept.ca_file = question.ca_file;
    kept.certificate_days = question.certificate_days;
  }
  if (question.kind == CheckKind::http) {
    kept.method = question.method;
    kept.path = question.path;
    kept.host = question.host;
    kept.headers = question.headers;
    kept.status = question.status;
    kept.body = question.body;
  }
  keep_words(kept, question);
  return kept;
}

}  // namespace guideway
