/* What each object does, beyond what the conformance cases show. */
#define _POSIX_C_SOURCE 200809L

#include <stddef.h>
#include <unistd.h>

#include "fixture.h"

static bool allows(const bw_session *session, const char *action, const bw_request *request)
{
    bw_decision decision = BW_DECISION_INIT;
    CHECK_STATUS(bw_decide(session, bw_cstr(action), request, &decision, NULL), BW_OK);
    CHECK(decision.allowed == bw_allows(session, bw_cstr(action), request));
    return decision.allowed;
}

static void an_error_tells_the_place_and_the_remedy(void)
{
    bw_source *source = new_source();
    bw_engine *engine = NULL;
    bw_error *err = NULL;
    bw_source_cedar(source, BW_STR("more.cedar"), BW_STR("permit (principal, action, resource)\n  when { nobody };"));
    bw_source_cedar(source, BW_STR("other.cedar"), BW_STR("permit (;"));
    CHECK_STATUS(bw_engine_from_source(source, NULL, &engine, &err), BW_POLICY_SYNTAX);
    CHECK(engine == NULL);
    CHECK_TEXT(bw_error_file(err), "more.cedar");
    CHECK(bw_error_line(err) == 2 && bw_error_column(err) > 0);
    CHECK(bw_error_help(err).len > 0);
    CHECK(strstr(bw_error_report(err), "more.cedar:2:") != NULL);
    CHECK(bw_error_related_count(err) == 1);
    CHECK_TEXT(bw_error_file(bw_error_related(err, 0)), "other.cedar");
    CHECK(bw_error_related(err, 1) == NULL);
    bw_error_free(err);
    bw_source_free(source);
}

static void absent_objects_have_neutral_answers(void)
{
    CHECK(bw_error_code(NULL) == BW_OK && bw_error_message(NULL)[0] == '\0' && bw_error_report(NULL)[0] == '\0');
    CHECK(bw_session_expires(NULL) == 0 && !bw_session_is_first_party(NULL));
    CHECK_STRING(bw_status_name(BW_OK), "ok");
    CHECK_STRING(bw_status_name(BW_TOKEN_EXPIRED), "token_expired");
    CHECK_STRING(bw_status_name(12345), "unknown");
    CHECK_STRING(bw_reason_name(BW_REASON_NOT_PERMITTED), "not_permitted");
    CHECK_STRING(bw_reason_name(12345), "unknown");
    CHECK(bw_reason_is_outside_bailiwick(BW_REASON_SCOPE) && !bw_reason_is_outside_bailiwick(BW_REASON_FORBIDDEN));
    CHECK_STRING(bw_version(), BW_VERSION);
}

static void keys_tell_what_they_are_and_what_was_skipped(void)
{
    bw_keys *keys = NULL;
    bw_error *err = NULL;
    CHECK_STATUS(bw_keys_from_jwks(BW_STR("{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"kid\": \"a\", \"x\":"
                                          " \"2m84gs490-e-oOGoHxqNTxBWxVwUWYzIWN3ORL8c9wE\"}, {\"kty\": \"new\"}]}"),
                                   &keys, &err),
                 BW_OK);
    CHECK(err == NULL && bw_keys_count(keys) == 1 && bw_keys_warning_count(keys) == 1);
    CHECK_TEXT(bw_keys_id(keys, 0), "a");
    CHECK_TEXT(bw_keys_algorithm(keys, 0), "EdDSA");
    CHECK(bw_keys_warning(keys, 0).len > 0 && bw_keys_warning(keys, 1).ptr == NULL && bw_keys_id(keys, 1).ptr == NULL);
    bw_keys_free(keys);
    CHECK_STATUS(bw_keys_from_file(BW_STR("no/such/file"), &keys, NULL), BW_IO);
    CHECK(keys == NULL);
}

static void a_session_tells_who_acts(const bw_engine *engine, const bw_signing_key *key)
{
    char *token = new_token(key, "rfis:read unknown");
    bw_session *session = NULL;
    CHECK_STATUS(bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &session, NULL), BW_OK);
    CHECK_TEXT(bw_session_principal_type(session), "User");
    CHECK_TEXT(bw_session_principal_id(session), "ana");
    CHECK_TEXT(bw_session_tenant(session), "acme");
    CHECK_TEXT(bw_session_app(session), "dashboards");
    CHECK(bw_session_grant_type(session).ptr == NULL);
    CHECK(!bw_session_is_first_party(session) && bw_session_scope_count(session) == 2);
    CHECK_TEXT(bw_session_scope(session, 0), "rfis:read");
    CHECK(bw_session_scope(session, 2).ptr == NULL);
    CHECK(bw_session_expires(session) >= INT64_C(1800000600));
    bw_session_free(session);

    CHECK_STATUS(bw_authenticate(engine, bw_cstr(token), BW_STR("globex"), &session, NULL), BW_TOKEN_TENANT);
    CHECK(session == NULL);
    CHECK_STATUS(bw_authenticate(engine, BW_STR("a.b.c"), BW_STR("acme"), &session, NULL), BW_TOKEN_MALFORMED);
    CHECK_STATUS(bw_authenticate(engine, BW_STR(""), BW_STR("acme"), &session, NULL), BW_TOKEN_MALFORMED);
    bw_string_free(token);

    session = new_session(engine);
    CHECK(bw_session_is_first_party(session) && bw_session_expires(session) == BW_NEVER);
    CHECK(bw_session_scope_count(session) == 0 && bw_session_app(session).ptr == NULL);
    bw_session_free(session);
    CHECK_STATUS(bw_session_user(engine, BW_STR("ana"), bw_none(), &session, NULL), BW_CONFIGURATION);
    CHECK_STATUS(bw_session_user(engine, BW_STR(""), BW_STR("acme"), &session, NULL), BW_ARGUMENT_INVALID);
}

static void an_identity_of_zeroes_may_nothing(const bw_engine *engine, const bw_request *request)
{
    bw_session *session = NULL;
    bw_identity who;
    memset(&who, 0, sizeof who);
    CHECK_STATUS(bw_session_identity(engine, &who, BW_STR("acme"), &session, NULL), BW_ARGUMENT_INVALID);
    who.size = sizeof who;
    who.principal_id = BW_STR("ana");
    CHECK_STATUS(bw_session_identity(engine, &who, BW_STR("acme"), &session, NULL), BW_OK);
    bw_decision decision = BW_DECISION_INIT;
    CHECK_STATUS(bw_decide(session, BW_STR("rfis.view"), request, &decision, NULL), BW_OK);
    CHECK(!decision.allowed && decision.reason == BW_REASON_EXPIRED);
    bw_session_free(session);

    who.expires = BW_NEVER;
    CHECK_STATUS(bw_session_identity(engine, &who, BW_STR("acme"), &session, NULL), BW_OK);
    CHECK_STATUS(bw_decide(session, BW_STR("rfis.view"), request, &decision, NULL), BW_OK);
    CHECK(!decision.allowed && decision.reason == BW_REASON_SCOPE);
    bw_session_free(session);

    const bw_str scope = BW_STR("rfis:read");
    who.scopes = &scope;
    who.scope_count = 1;
    CHECK_STATUS(bw_session_identity(engine, &who, BW_STR("acme"), &session, NULL), BW_OK);
    CHECK(allows(session, "rfis.view", request));
    bw_session_free(session);

    who.first_party = true;
    CHECK_STATUS(bw_session_identity(engine, &who, BW_STR("acme"), &session, NULL), BW_ARGUMENT_INVALID);
    CHECK(session == NULL);
}

static void an_identity_of_a_later_version_is_taken_unless_it_asks_for_more(const bw_engine *engine, const bw_request *request)
{
    struct {
        bw_identity identity;
        char later[24];
    } grown;
    bw_session *session = NULL;
    bw_error *err = NULL;
    memset(&grown, 0, sizeof grown);
    grown.identity.principal_id = BW_STR("ana");
    grown.identity.expires = BW_NEVER;
    grown.identity.first_party = true;
    grown.identity.size = sizeof grown;
    CHECK_STATUS(bw_session_identity(engine, &grown.identity, BW_STR("acme"), &session, NULL), BW_OK);
    CHECK(allows(session, "rfis.view", request));
    bw_session_free(session);
    grown.later[sizeof grown.later - 1] = 1;
    CHECK_STATUS(bw_session_identity(engine, &grown.identity, BW_STR("acme"), &session, &err), BW_ARGUMENT_INVALID);
    CHECK(session == NULL && strstr(bw_error_message(err), "bw_identity") != NULL);
    bw_error_free(err);
    /* What a first version had is always there, and no version is as large as a size that was never set may look. */
    const size_t wrong[] = {0, 8, offsetof(bw_identity, first_party), 1 << 20, SIZE_MAX};
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        grown.identity.size = wrong[at];
        CHECK_STATUS(bw_session_identity(engine, &grown.identity, BW_STR("acme"), &session, NULL), BW_ARGUMENT_INVALID);
        CHECK(session == NULL);
    }
}

static void policies_come_from_a_directory_or_a_file_that_was_built(void)
{
    char path[] = "/tmp/bailiwick-c-XXXXXX";
    const int file = mkstemp(path);
    bw_engine *engine = NULL;
    bw_error *err = NULL;
    CHECK(file >= 0 && write(file, RULES, sizeof RULES - 1) == (ssize_t)sizeof RULES - 1 && close(file) == 0);
    CHECK_STATUS(bw_engine_open(bw_cstr(path), NULL, &engine, &err), BW_ARTIFACT_INVALID);
    CHECK(engine == NULL && bw_error_file(err).len == strlen(path) && bw_error_help(err).len > 0);
    bw_error_free(err);
    unlink(path);
}

static void every_kind_of_value_can_be_asked_with(const bw_session *session, bw_request *request)
{
    bw_request_clear(request);
    bw_request_bring_resource(request, BW_STR("Rfi"), BW_STR("new"));
    bw_request_parent(request, BW_STR("Company"), BW_STR("acme"));
    bw_request_attr_bool(request, BW_STR("private"), false);
    bw_request_attr_entity(request, BW_STR("owner"), BW_STR("User"), BW_STR("ana"));
    bw_request_attr_string(request, BW_STR("state"), BW_STR("open"));
    bw_request_attr_long(request, BW_STR("number"), INT64_MIN);
    bw_request_attr_ip(request, BW_STR("from"), BW_STR("10.0.0.0/8"));
    bw_request_attr_decimal(request, BW_STR("cost"), BW_STR("12.50"));
    bw_request_attr_datetime(request, BW_STR("due"), INT64_C(1800000000000));
    bw_request_attr_duration(request, BW_STR("left"), 1000);
    bw_request_attr_json(request, BW_STR("labels"), BW_STR("[\"a\", \"b\"]"));
    bw_request_tag_string(request, BW_STR("for"), BW_STR("all"));
    bw_request_tag_json(request, BW_STR("by"), BW_STR("\"ana\""));
    bw_request_context_bool(request, BW_STR("mfa"), true);
    bw_request_context_long(request, BW_STR("tries"), 2);
    bw_request_context_string(request, BW_STR("why"), BW_STR(""));
    bw_request_context_entity(request, BW_STR("as"), BW_STR("User"), BW_STR("ana"));
    bw_request_context_ip(request, BW_STR("from"), BW_STR("::1"));
    bw_request_context_decimal(request, BW_STR("cost"), BW_STR("0.0001"));
    bw_request_context_datetime(request, BW_STR("at"), 0);
    bw_request_context_duration(request, BW_STR("took"), -1);
    CHECK_STATUS(bw_request_context_json(request, BW_STR("labels"), BW_STR("[]")), BW_OK);
    CHECK(allows(session, "rfis.close", request));
    bw_request_context_bool(request, BW_STR("mfa"), false);
    CHECK(!allows(session, "rfis.close", request));
    bw_request_attr_bool(request, BW_STR("private"), true);
    CHECK(!allows(session, "rfis.view", request));
}

static void a_failed_step_denies_until_the_request_is_cleared(const bw_session *session, bw_request *request)
{
    bw_decision decision = BW_DECISION_INIT;
    bw_error *err = NULL;
    bw_details *details = NULL;
    char *text = NULL;
    const bw_str bad = {"\xff", 1};
    bw_request_clear(request);
    bw_request_resource(request, BW_STR("Rfi"), BW_STR("42"));
    CHECK_STATUS(bw_request_context_string(request, BW_STR("why"), bad), BW_NOT_UTF8);
    CHECK_STATUS(bw_request_context_bool(request, BW_STR("mfa"), true), BW_NOT_UTF8);
    decision.allowed = true;
    CHECK_STATUS(bw_decide(session, BW_STR("rfis.view"), request, &decision, &err), BW_NOT_UTF8);
    CHECK(!decision.allowed && decision.reason == BW_REASON_INVALID_REQUEST && decision.revision == 0);
    CHECK(bw_error_code(err) == BW_NOT_UTF8);
    CHECK(!bw_allows(session, BW_STR("rfis.view"), request));
    CHECK_STATUS(bw_decide_detailed(session, BW_STR("rfis.view"), request, &decision, &details, NULL), BW_NOT_UTF8);
    CHECK(details == NULL);
    CHECK_STATUS(bw_explain(session, BW_STR("rfis.view"), request, &text, NULL), BW_NOT_UTF8);
    CHECK(text == NULL);
    bw_error_free(err);

    CHECK_STATUS(bw_request_clear(request), BW_OK);
    CHECK_STATUS(bw_decide(session, BW_STR("rfis.view"), request, &decision, NULL), BW_ARGUMENT_INVALID);
    CHECK_STATUS(bw_request_parent(request, BW_STR("Company"), BW_STR("acme")), BW_ARGUMENT_INVALID);
    bw_request_clear(request);
    CHECK_STATUS(bw_request_resource(request, BW_STR("Rfi"), BW_STR("42")), BW_OK);
    CHECK(allows(session, "rfis.view", request));
}

static void a_decision_of_wrong_size_is_a_deny(const bw_session *session, const bw_request *request)
{
    bw_decision decision = BW_DECISION_INIT;
    decision.size = 0;
    decision.allowed = true;
    CHECK_STATUS(bw_decide(session, BW_STR("rfis.view"), request, &decision, NULL), BW_ARGUMENT_INVALID);
    CHECK(!decision.allowed);

    /* A caller compiled against a later version has room for more. */
    struct {
        bw_decision decision;
        uint64_t later;
    } grown = {BW_DECISION_INIT, 7};
    grown.decision.size = sizeof grown;
    CHECK_STATUS(bw_decide(session, BW_STR("rfis.view"), request, &grown.decision, NULL), BW_OK);
    CHECK(grown.decision.allowed && grown.decision.size == sizeof grown && grown.later == 7);
}

static void a_batch_says_what_single_decisions_say(const bw_session *session, const bw_request *request)
{
    bw_request *hidden = new_request(), *broken = new_request();
    bw_request_resource(hidden, BW_STR("Rfi"), BW_STR("43"));
    bw_request_context_ip(broken, BW_STR("from"), BW_STR("nowhere"));
    const bw_request *all[] = {request, hidden, broken, NULL, request};
    bw_decision decisions[5];
    bool allowed[5] = {true, true, true, true, true};
    size_t count = 7;
    memset(decisions, 0xff, sizeof decisions);
    CHECK_STATUS(bw_decide_many(session, BW_STR("rfis.view"), all, 5, decisions, sizeof decisions[0], NULL), BW_OK);
    CHECK(decisions[0].allowed && !decisions[1].allowed && !decisions[2].allowed && !decisions[3].allowed);
    CHECK(decisions[4].allowed && decisions[1].reason == BW_REASON_FORBIDDEN);
    CHECK(decisions[2].reason == BW_REASON_INVALID_REQUEST && decisions[3].reason == BW_REASON_INVALID_REQUEST);
    CHECK_STATUS(bw_filter(session, BW_STR("rfis.view"), all, 5, allowed, &count, NULL), BW_OK);
    CHECK(count == 2);
    for (int at = 0; at < 5; at++)
        CHECK(allowed[at] == decisions[at].allowed);

    memset(decisions, 0xff, sizeof decisions);
    CHECK_STATUS(bw_decide_many(NULL, BW_STR("rfis.view"), all, 5, decisions, sizeof decisions[0], NULL), BW_NULL_ARGUMENT);
    CHECK_STATUS(bw_filter(NULL, BW_STR("rfis.view"), all, 5, allowed, &count, NULL), BW_NULL_ARGUMENT);
    CHECK(count == 0);
    for (int at = 0; at < 5; at++)
        CHECK(!decisions[at].allowed && !allowed[at]);
    CHECK_STATUS(bw_decide_many(session, BW_STR("rfis.view"), NULL, 0, NULL, sizeof decisions[0], NULL), BW_OK);
    bw_request_free(hidden);
    bw_request_free(broken);
}

/* More text than fits into the request's block, again and again, with and without clearing. */
static void a_request_of_any_size_can_be_used_again(const bw_session *session, bw_request *request)
{
    static char large[200000];
    memset(large, 'x', sizeof large);
    const bw_str value = {large, sizeof large};
    for (int round = 0; round < 20; round++) {
        bw_request_clear(request);
        bw_request_resource(request, BW_STR("Rfi"), BW_STR("43"));
        CHECK(!allows(session, "rfis.view", request));
        for (int step = 0; step < 20; step++) {
            bw_request_bring_resource(request, BW_STR("Rfi"), BW_STR("42"));
            bw_request_parent(request, BW_STR("Company"), BW_STR("acme"));
            bw_request_attr_bool(request, BW_STR("private"), step % 2 == 1);
            bw_request_attr_string(request, BW_STR("state"), value);
            bw_request_context_string(request, BW_STR("why"), value);
        }
        CHECK(!allows(session, "rfis.view", request));
        bw_request_attr_bool(request, BW_STR("private"), false);
        CHECK(allows(session, "rfis.view", request));
    }
    bw_request_clear(request);
    bw_request_resource(request, BW_STR("Rfi"), BW_STR("42"));
}

static void a_reload_counts_from_the_next_decision(const bw_engine *engine, const bw_session *session,
                                                   const bw_request *request)
{
    uint64_t revision = 7;
    bw_error *err = NULL;
    bw_source *source = new_source();
    bw_source_cedar(source, BW_STR("broken.cedar"), BW_STR("permit"));
    CHECK_STATUS(bw_engine_reload_source(engine, source, &revision, &err), BW_POLICY_SYNTAX);
    CHECK(revision == 0 && err != NULL && bw_engine_revision(engine) == 1);
    CHECK(allows(session, "rfis.view", request));
    bw_error_free(err);
    bw_source_free(source);

    source = new_source();
    bw_source_cedar(source, BW_STR("more.cedar"), BW_STR("@id(\"stop\") forbid (principal, action, resource);"));
    CHECK_STATUS(bw_engine_reload_source(engine, source, &revision, NULL), BW_OK);
    CHECK(revision == 2 && bw_engine_revision(engine) == 2);
    CHECK(!allows(session, "rfis.view", request));
    bw_source_free(source);
    CHECK_STATUS(bw_engine_reload(engine, BW_STR("no/such/directory"), NULL, NULL), BW_IO);
    CHECK(bw_engine_revision(engine) == 2);
}

static void a_failed_step_fails_the_engine(const bw_signing_key *key)
{
    bw_keys *keys = new_keys(key);
    bw_profile *profile = new_profile(keys);
    const bw_str none = BW_STR("none");
    CHECK_STATUS(bw_profile_algorithms(profile, &none, 1), BW_CONFIGURATION);
    CHECK_STATUS(bw_profile_leeway(profile, 5), BW_CONFIGURATION);
    bw_config *config = NULL;
    bw_config_new(&config, NULL);
    CHECK_STATUS(bw_config_issuer(config, profile), BW_CONFIGURATION);
    bw_source *source = new_source();
    bw_engine *engine = NULL;
    CHECK_STATUS(bw_engine_from_source(source, config, &engine, NULL), BW_CONFIGURATION);
    CHECK(engine == NULL);
    bw_source_free(source);
    bw_config_free(config);
    bw_profile_free(profile);
    bw_keys_free(keys);
}

int main(void)
{
    bw_signing_key *key = new_key();
    bw_engine *engine = simple_engine(key);
    bw_session *session = new_session(engine);
    bw_request *request = new_request();

    an_error_tells_the_place_and_the_remedy();
    absent_objects_have_neutral_answers();
    keys_tell_what_they_are_and_what_was_skipped();
    a_session_tells_who_acts(engine, key);
    an_identity_of_zeroes_may_nothing(engine, request);
    an_identity_of_a_later_version_is_taken_unless_it_asks_for_more(engine, request);
    policies_come_from_a_directory_or_a_file_that_was_built();
    every_kind_of_value_can_be_asked_with(session, request);
    a_failed_step_denies_until_the_request_is_cleared(session, request);
    a_decision_of_wrong_size_is_a_deny(session, request);
    a_batch_says_what_single_decisions_say(session, request);
    a_request_of_any_size_can_be_used_again(session, request);
    a_reload_counts_from_the_next_decision(engine, session, request);
    a_failed_step_fails_the_engine(key);

    /* In the wrong order: a session outlives its engine. */
    bw_engine_free(engine);
    CHECK(!allows(session, "rfis.view", request));
    bw_request_free(request);
    bw_session_free(session);
    bw_signing_key_free(key);
    return finished("objects");
}
