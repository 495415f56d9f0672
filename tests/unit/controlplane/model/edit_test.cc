// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/edit.hh"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controlplane/config/validate.hh"
#include "tests/unit/controlplane/model/sample_config.hh"

namespace guideway {
namespace {

Edit edit_of(const char* text) {
  auto edit = edit_from_json(nlohmann::json::parse(text));
  EXPECT_TRUE(edit) << text << ": " << edit.error().message;
  return edit.value_or(Edit{});
}

std::string refusal(const Edit& edit) {
  auto applied = apply_edit(sample_config(), edit);
  return applied ? "" : applied.error().message;
}

TEST(ApplyEdit, SetsStateAndWeightOfOneBackendOnly) {
  const Config before = sample_config();
  auto after = apply_edits(before, {BackendState{"web", "a", Administrative::draining}, BackendWeight{"web", "b", 9}});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(backend_named(*after, "web", "a")->administrative, Administrative::draining);
  EXPECT_EQ(backend_named(*after, "web", "b")->weight, 9U);
  auto back = apply_edits(*after, {BackendState{"web", "a", Administrative::enabled}, BackendWeight{"web", "b", 1}});
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, before);
}

TEST(ApplyEdit, AnAddedBackendInheritsFromItsPool) {
  auto after = apply_edit(sample_config(), BackendAdd{"web", R"({"name": "x", "address": "10.0.0.9"})"});
  ASSERT_TRUE(after) << after.error().message;
  const BackendConfig* added = backend_named(*after, "web", "x");
  ASSERT_NE(added, nullptr);
  EXPECT_EQ(added->check.kind, CheckKind::http);
  EXPECT_EQ(added->check.path, "/health");
  EXPECT_EQ(added->check.port, 80);
  EXPECT_TRUE(validate(*after));
}

TEST(ApplyEdit, AddsAServiceWithItsBackends) {
  auto after = apply_edit(
      sample_config(),
      ServiceAdd{R"({"name": "api", "address": "192.0.2.20", "port": 443, "backends": ["10.0.1.1", "10.0.1.2"]})"});
  ASSERT_TRUE(after) << after.error().message;
  ASSERT_EQ(after->services.size(), 3U);
  EXPECT_EQ(after->services[0].name, "api") << "services stay sorted by name";
  EXPECT_EQ(pool_named(*after, "api").backends.size(), 2U);
  EXPECT_EQ(pool_named(*after, "api").backends[0].check.port, 443);
}

TEST(ApplyEdit, AddsAServiceOverAPoolThatIsThere) {
  auto after = apply_edit(sample_config(),
                          ServiceAdd{R"({"name": "dns-tcp", "address": "192.0.2.53", "port": 53, "pool": "shared"})"});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->pools.size(), 2U);
  EXPECT_EQ(pool_named(*after, "shared").backends.size(), 2U);
}

TEST(ApplyEdit, RemovingAServiceNeedsForceOrNoEnabledBackend) {
  EXPECT_NE(refusal(ServiceRemove{"web", false}).find("3 enabled backends"), std::string::npos);
  auto forced = apply_edit(sample_config(), ServiceRemove{"web", true});
  ASSERT_TRUE(forced) << forced.error().message;
  EXPECT_EQ(forced->services.size(), 1U);
  EXPECT_EQ(forced->pools.size(), 1U) << "a pool of its own goes with it";
  auto drained =
      apply_edits(sample_config(), {BackendState{"web", "a", Administrative::draining},
                                    BackendState{"web", "b", Administrative::disabled},
                                    BackendState{"web", "c", Administrative::draining}, ServiceRemove{"web", false}});
  EXPECT_TRUE(drained);
}

TEST(ApplyEdit, APoolThatWasNamedByItselfOutlivesItsService) {
  auto after = apply_edit(sample_config(), ServiceRemove{"dns", true});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->pools.size(), 2U);
}

TEST(ApplyEdit, RefusesWhatDoesNotExistOrIsThereAlready) {
  EXPECT_EQ(refusal(BackendState{"nothing", "a", Administrative::draining}), "there is no pool \"nothing\"");
  EXPECT_EQ(refusal(BackendWeight{"web", "z", 1}), "pool \"web\" has no backend \"z\"");
  EXPECT_EQ(refusal(BackendRemove{"web", "z", false}), "pool \"web\" has no backend \"z\"");
  EXPECT_NE(refusal(ServiceRemove{"z", true}), "");
  EXPECT_NE(refusal(BackendAdd{"web", R"({"name": "a", "address": "10.0.0.99"})"}), "");
  EXPECT_NE(refusal(BackendAdd{"web", R"({"name": "y", "address": "10.0.0.999"})"}), "");
  EXPECT_NE(refusal(BackendAdd{"web", R"({"name": "y", "adress": "10.0.0.9"})"}), "");
  EXPECT_NE(refusal(ServiceAdd{R"({"name": "web", "address": "192.0.2.99", "port": 80, "backends": ["10.0.1.1"]})"}),
            "");
  EXPECT_NE(refusal(ServiceAdd{R"({"name": "twin", "address": "192.0.2.10", "port": 80, "backends": ["10.0.1.1"]})"}),
            "");
  EXPECT_NE(refusal(ServiceAdd{R"({"name": "shared", "address": "192.0.2.9", "port": 80, "backends": ["10.0.1.1"]})"}),
            "");
}

TEST(ApplyEdits, IsAllOrNothing) {
  const Config before = sample_config();
  auto after = apply_edits(before, {BackendWeight{"web", "a", 7}, BackendWeight{"web", "nobody", 7}});
  EXPECT_FALSE(after);
}

TEST(ApplyEdits, OnlyTheOutcomeMustHoldTogether) {
  // A backend's address may be taken over within one request.
  auto after = apply_edits(sample_config(), {BackendRemove{"web", "a", false},
                                             BackendAdd{"web", R"({"name": "a2", "address": "10.0.0.1"})"}});
  EXPECT_TRUE(after) << after.error().message;
}

TEST(RemovedAtOnce, NamesTheBackendsThatDoNotDrain) {
  const Config config = sample_config();
  EXPECT_TRUE(removed_at_once(config, BackendRemove{"web", "a", false}).empty());
  EXPECT_EQ(removed_at_once(config, BackendRemove{"web", "a", true}), (std::set<BackendKey>{{"web", "a"}}));
  EXPECT_EQ(removed_at_once(config, ServiceRemove{"web", true}).size(), 3U);
  EXPECT_TRUE(removed_at_once(config, ServiceRemove{"dns", true}).empty()) << "its pool stays";
}

TEST(EditJson, SaysTheSameThereAndBack) {
  for (const char* text : {
           R"({"op": "service.add", "service": {"name": "x", "address": "192.0.2.1", "port": 80, "backends": []}})",
           R"({"op": "service.remove", "name": "x", "force": true})",
           R"({"op": "backend.add", "pool": "p", "backend": {"name": "b", "address": "10.0.0.1"}})",
           R"({"op": "backend.add", "pool": "p", "backend": "10.0.0.1:8080"})",
           R"({"op": "backend.remove", "pool": "p", "name": "b", "force": false})",
           R"({"op": "backend.state", "pool": "p", "name": "b", "state": "draining"})",
           R"({"op": "backend.weight", "pool": "p", "name": "b", "weight": 65535})",
       }) {
    EXPECT_EQ(to_json(edit_of(text)), nlohmann::json::parse(text));
  }
}

TEST(EditJson, RefusesWhatItDoesNotKnow) {
  for (const char* text : {
           R"(7)",
           R"({})",
           R"({"op": 7})",
           R"({"op": "backend.paint"})",
           R"({"op": "service.add"})",
           R"({"op": "service.add", "service": []})",
           R"({"op": "service.remove"})",
           R"({"op": "service.remove", "name": "x", "forced": true})",
           R"({"op": "service.remove", "name": "x", "force": 1})",
           R"({"op": "backend.add", "pool": "p", "backend": 7})",
           R"({"op": "backend.state", "pool": "p", "name": "b", "state": "paused"})",
           R"({"op": "backend.state", "pool": "p", "name": "b"})",
           R"({"op": "backend.weight", "pool": "p", "name": "b", "weight": -1})",
           R"({"op": "backend.weight", "pool": "p", "name": "b", "weight": 65536})",
           R"({"op": "backend.weight", "pool": "p", "name": "b", "weight": 1.5})",
           R"({"op": "backend.weight", "pool": "p", "name": "b", "weight": 18446744073709551615})",
           R"({"op": "backend.remove", "pool": "", "name": "b"})",
       }) {
    EXPECT_FALSE(edit_from_json(nlohmann::json::parse(text))) << text;
  }
}

TEST(ApplyEdit, ChangesSomeKeysOfWhatIsThere) {
  const Config before = sample_config();
  auto after = apply_edits(
      before, {edit_of(R"({"op": "service.edit", "name": "web", "keys": {"port": 8080, "check": {"interval": "1s"}}})"),
               edit_of(R"({"op": "pool.edit", "name": "shared", "keys": {"weight": 2}})"),
               edit_of(R"({"op": "backend.edit", "pool": "web", "name": "c", "keys": {"weight": null}})")});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->services[1].port, 8080);
  EXPECT_EQ(backend_named(*after, "web", "a")->check.interval_ms, 1000U);
  EXPECT_EQ(backend_named(*after, "web", "a")->check.port, 8080);
  EXPECT_EQ(backend_named(*after, "shared", "d")->weight, 2U);
  EXPECT_EQ(backend_named(*after, "web", "c")->weight, 1U);
  EXPECT_NE(refusal(edit_of(R"({"op": "service.edit", "name": "dns", "keys": {"port": 80, "address": "192.0.2.10",
                                "protocol": "tcp"}})"))
                .find("belongs to service"),
            std::string::npos)
      << "the whole must hold together";
}

TEST(EditJson, EditsOfKeysNeedKeys) {
  const auto refused = [](const char* text) {
    const auto edit = edit_from_json(nlohmann::json::parse(text));
    return edit ? "" : edit.error().message;
  };
  EXPECT_EQ(refused(R"({"op": "service.edit", "name": "web"})"),
            "service.edit: \"keys\" must be an object with the keys to change");
  EXPECT_EQ(refused(R"({"op": "backend.edit", "name": "a", "keys": {"weight": 1}})"),
            "backend.edit: \"pool\" must be a text");
  EXPECT_EQ(refused(R"({"op": "pool.edit", "pool": "web", "name": "a", "keys": {"weight": 1}})"),
            "pool.edit: there is no key \"pool\"");
}

TEST(EditText, ASummaryHoldsNoValuesThatMayBeSecret) {
  const Edit add = edit_of(R"({"op": "backend.add", "pool": "web",
                               "backend": {"address": "10.0.0.9", "check": {"type": "redis", "password": "x"}}})");
  EXPECT_EQ(summary_of(add), "backend.add web/10.0.0.9");
  EXPECT_NE(text_of(add).find("password"), std::string::npos);
  EXPECT_EQ(summary_of(edit_of(R"({"op": "service.edit", "name": "web", "keys": {"port": 1, "check": "tcp"}})")),
            "service.edit web check, port");
  EXPECT_EQ(summary_of(edit_of(R"({"op": "backend.edit", "pool": "web", "name": "a", "keys": {"mac": null}})")),
            "backend.edit web/a mac");
  EXPECT_EQ(summary_of(BackendWeight{"web", "a", 3}), "backend.weight web/a 3");
}

}  // namespace
}  // namespace guideway
