/* Administration, the OAuth endpoints, audits, key rings, stores, and what tokens are bound to. */
#define _POSIX_C_SOURCE 200809L

#include <unistd.h>

#include "fixture.h"

/* The string value of a member of flat JSON; the caller frees it. */
static char *member(const char *json, const char *name)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\":\"", name);
    const char *start = json ? strstr(json, pattern) : NULL;
    const char *end = start ? strchr(start + strlen(pattern), '"') : NULL;
    CHECK(end != NULL);
    if (!end)
        return strdup("");
    start += strlen(pattern);
    return strndup(start, (size_t)(end - start));
}

static bw_session *bill_of(const bw_engine *server)
{
    bw_session *bill = NULL;
    CHECK_STATUS(bw_session_user(server, BW_STR("bill"), BW_STR("initech"), &bill, NULL), BW_OK);
    return bill;
}

static bool views(const bw_session *session)
{
    bw_request *request = NULL;
    CHECK_STATUS(bw_request_new(&request, NULL), BW_OK);
    bw_request_bring_resource_json(request, BW_STR("{\"uid\": {\"type\": \"Rfi\", \"id\": \"1\"}, \"attrs\": {\"private\": false,"
                                                   " \"assignees\": [], \"state\": \"open\"},"
                                                   " \"parents\": [{\"type\": \"Project\", \"id\": \"p7\"}]}"));
    const bool allowed = bw_allows(session, BW_STR("rfis.view"), request);
    bw_request_free(request);
    return allowed;
}

/* Posts a form with a client's credentials, and gives the reply's body. */
static char *posted(const bw_engine *server, const char *endpoint, const char *id, const char *secret, const char *form,
                    uint32_t status)
{
    char body[4096];
    bw_reply *reply = NULL;
    snprintf(body, sizeof body, "%s&client_id=%s&client_secret=%s", form, id, secret);
    CHECK_STATUS(bw_oauth(server, bw_cstr(endpoint), bw_none(), bw_cstr(body), &reply, NULL), BW_OK);
    CHECK(bw_reply_status(reply) == status);
    CHECK_TEXT(bw_reply_header_name(reply, 0), "Cache-Control");
    CHECK_TEXT(bw_reply_header_value(reply, 0), "no-store");
    CHECK(bw_reply_header_name(reply, bw_reply_header_count(reply)).ptr == NULL);
    const bw_str text = bw_reply_body(reply);
    char *copy = strndup(text.len ? text.ptr : "", text.len);
    bw_reply_free(reply);
    return copy;
}

static void an_account_gets_a_token_that_dies_with_it(const bw_engine *server)
{
    bw_session *bill = bill_of(server), *session = NULL;
    bw_string_free(done(server, bill,
                        "{\"do\": \"create_project\", \"tenant\": \"initech\", \"id\": \"p7\", \"name\": \"Harbour bridge\"}"));
    char *made = done(server, bill,
                      "{\"do\": \"create_service_account\", \"tenant\": \"initech\", \"name\": \"ERP sync\","
                      " \"projects\": [\"p7\"]}");
    char *id = member(made, "id"), *secret = member(made, "secret"), request[512], form[2048];
    snprintf(request, sizeof request,
             "{\"do\": \"assign_role\", \"assignee\": {\"service_account\": \"%s\"}, \"role\": \"rfis-standard\","
             " \"place\": {\"project\": \"p7\"}}",
             id);
    bw_string_free(done(server, bill, request));

    char *wrong = posted(server, "token", id, "wrong", "grant_type=client_credentials&scope=rfis:read", 401);
    CHECK(strstr(wrong, "invalid_client") != NULL);
    char *issued = posted(server, "token", id, secret, "grant_type=client_credentials&scope=rfis:read", 200);
    char *token = member(issued, "access_token");
    CHECK_STATUS(bw_authenticate(server, bw_cstr(token), BW_STR("initech"), &session, NULL), BW_OK);
    CHECK_TEXT(bw_session_grant_type(session), "client_credentials");
    CHECK(views(session));
    snprintf(form, sizeof form, "token=%s", token);
    char *active = posted(server, "introspect", id, secret, form, 200);
    CHECK(strstr(active, "\"active\":true") != NULL);
    free(posted(server, "revoke", id, secret, form, 200));
    char *inactive = posted(server, "introspect", id, secret, form, 200);
    CHECK_STRING(inactive, "{\"active\":false}");
    CHECK(!views(session));

    bw_error *err = NULL;
    char *answer = NULL;
    CHECK_STATUS(bw_administer(server, session, BW_STR("{\"do\": \"service_accounts\", \"tenant\": \"initech\"}"), &answer,
                               &err),
                 BW_PLATFORM_FORBIDDEN);
    CHECK(answer == NULL && bw_error_help(err).len > 0);
    bw_error_free(err);
    CHECK_STATUS(bw_administer(server, bill, BW_STR("{\"do\": \"no such thing\"}"), &answer, NULL), BW_ARGUMENT_INVALID);
    CHECK_STATUS(bw_engine_bootstrap(server, BW_STR("other"), BW_STR("Other"), BW_STR("eve"), NULL), BW_PLATFORM_CONFLICT);

    free(inactive);
    free(active);
    free(token);
    free(issued);
    free(wrong);
    free(secret);
    free(id);
    bw_string_free(made);
    bw_session_free(session);
    bw_session_free(bill);
}

static void a_user_consents_or_declines(const bw_engine *server)
{
    bw_session *bill = bill_of(server);
    bw_authorization *asked = new_authorization(server), *refused_request = NULL;
    bw_reply *reply = NULL;
    CHECK_TEXT(bw_authorization_app(asked), "dashboards");
    CHECK_TEXT(bw_authorization_app_name(asked), "Dashboards");
    CHECK_TEXT(bw_authorization_redirect_uri(asked), "https://app.example/cb");
    CHECK(bw_authorization_scope_count(asked) == 1);
    CHECK_TEXT(bw_authorization_scope(asked, 0), "rfis:read");
    CHECK(bw_authorization_scope(asked, 1).ptr == NULL);
    CHECK_STATUS(bw_authorization_decline(asked, server, &reply, NULL), BW_OK);
    CHECK(bw_reply_status(reply) == 303);
    bw_reply_free(reply);
    CHECK_STATUS(bw_authorization_consent(asked, server, bill, &reply, NULL), BW_OK);
    bool has_code = false;
    for (size_t at = 0; at < bw_reply_header_count(reply); at++) {
        const bw_str value = bw_reply_header_value(reply, at);
        has_code |= value.len > 28 && memcmp(value.ptr, "https://app.example/cb?code=", 28) == 0;
    }
    CHECK(bw_reply_status(reply) == 303 && has_code);
    bw_reply_free(reply);
    CHECK_STATUS(bw_authorize(server, BW_STR("client_id=nobody&response_type=code"), &refused_request, &reply, NULL), BW_OK);
    CHECK(refused_request == NULL && bw_reply_status(reply) == 400);
    bw_reply_free(reply);
    CHECK_STATUS(bw_oauth(server, BW_STR("metadata"), bw_none(), bw_none(), &reply, NULL), BW_OK);
    CHECK(bw_reply_status(reply) == 200 && bw_reply_body(reply).len > 100);
    bw_reply_free(reply);
    CHECK_STATUS(bw_oauth(server, BW_STR("token"), bw_none(), BW_STR("grant_type=\xff"), &reply, NULL), BW_OK);
    CHECK(bw_reply_status(reply) == 400);
    bw_reply_free(reply);
    CHECK_STATUS(bw_oauth(server, BW_STR("password"), bw_none(), bw_none(), &reply, NULL), BW_ARGUMENT_INVALID);
    CHECK(reply == NULL);
    bw_authorization_free(asked);
    bw_session_free(bill);
}

struct seen {
    atomic_int decisions, changes;
};

static void sink(void *user_data, bw_str record)
{
    struct seen *seen = user_data;
    if (record.len > 13 && memcmp(record.ptr, "{\"decision\":", 12) == 0)
        seen->decisions++;
    else if (record.len > 10 && memcmp(record.ptr, "{\"change\":", 10) == 0)
        seen->changes++;
}

static void an_audit_hears_of_decisions_and_changes(const bw_clock *clock, const bw_key_ring *ring)
{
    struct seen seen = {0};
    bw_audit *audit = NULL;
    char *json = NULL;
    CHECK_STATUS(bw_audit_new(BW_STR("{\"records\": 64, \"sample_allows\": 1}"), sink, &seen, &audit, NULL), BW_OK);
    bw_engine *server = new_server(clock, ring, audit);
    bw_session *bill = bill_of(server);
    CHECK(!views(bill));
    CHECK_STATUS(bw_engine_flush(server, NULL), BW_OK);
    CHECK_STATUS(bw_audit_flush(audit), BW_OK);
    CHECK(seen.decisions >= 2 && seen.changes >= 1 && bw_audit_lost(audit) == 0);
    CHECK_STATUS(bw_audit_usage_json(audit, BW_STR("initech"), &json, NULL), BW_OK);
    CHECK(strstr(json, "\"action\":\"rfis.view\"") != NULL);
    bw_string_free(json);
    CHECK_STATUS(bw_audit_recent_json(audit, 1, &json, NULL), BW_OK);
    CHECK(strstr(json, "\"allowed\":false") != NULL);
    bw_string_free(json);
    bw_audit *none = NULL;
    CHECK_STATUS(bw_audit_new(BW_STR("{\"colour\": 1}"), NULL, NULL, &none, NULL), BW_ARGUMENT_INVALID);
    CHECK(none == NULL);
    bw_session_free(bill);
    bw_engine_free(server);
    bw_audit_free(audit);
}

static void a_ring_mints_until_its_key_is_compromised(const bw_clock *clock)
{
    bw_key_ring *ring = new_ring(clock);
    char *staged = NULL, *keys = NULL, *token = NULL, *jwks = NULL;
    const bw_str claims = BW_STR("{\"issuer\": \"https://id.example.com\", \"subject\": \"ana\", \"client_id\": \"dashboards\","
                                 " \"audience\": [\"api\"], \"tenant\": \"acme\", \"scopes\": [\"rfis:read\"],"
                                 " \"claims\": {\"level\": 3}}");
    CHECK_STATUS(bw_key_ring_mint(ring, claims, &token, NULL), BW_OK);
    CHECK(token && strchr(token, '.') != NULL);
    bw_string_free(token);
    CHECK_STATUS(bw_key_ring_stage(ring, BW_STR("ES256"), &staged, NULL), BW_OK);
    CHECK_STATUS(bw_key_ring_promote(ring, bw_cstr(staged), NULL), BW_OK);
    CHECK_STATUS(bw_key_ring_keys_json(ring, &keys, NULL), BW_OK);
    CHECK(strstr(keys, "\"purpose\":\"sign ES256\"") != NULL && strstr(keys, "\"stage\":\"verify-only\"") != NULL);
    CHECK_STATUS(bw_key_ring_jwks(ring, &jwks, NULL), BW_OK);
    CHECK(strstr(jwks, staged) != NULL);
    CHECK_STATUS(bw_key_ring_retire(ring, bw_cstr(staged), NULL), BW_ARGUMENT_INVALID);
    CHECK_STATUS(bw_key_ring_compromise(ring, bw_cstr(staged), NULL), BW_OK);
    CHECK_STATUS(bw_key_ring_mint(ring, claims, &token, NULL), BW_KEYS_UNAVAILABLE);
    CHECK(token == NULL);
    bw_string_free(jwks);
    bw_string_free(keys);
    bw_string_free(staged);
    bw_key_ring_free(ring);
}

struct owner {
    const bw_signing_key *key;
    atomic_int calls;
};

static bw_status keys_of(void *user_data, bw_keys **out)
{
    struct owner *owner = user_data;
    char *jwks = NULL;
    owner->calls++;
    bw_status status = bw_signing_key_jwks(owner->key, &jwks, NULL);
    if (status == BW_OK)
        status = bw_keys_from_jwks(bw_cstr(jwks), out, NULL);
    bw_string_free(jwks);
    return status;
}

static bw_engine *engine_by(bw_keys_callback get, void *user_data, const bw_clock *clock)
{
    bw_profile *profile = NULL;
    CHECK_STATUS(bw_profile_new(BW_STR(ISSUER), &profile, NULL), BW_OK);
    bw_profile_audience(profile, BW_STR("api"));
    CHECK_STATUS(bw_profile_keys_callback(profile, get, user_data), BW_OK);
    bw_config *config = new_config(profile, clock);
    bw_engine *engine = new_engine(config);
    bw_config_free(config);
    bw_profile_free(profile);
    return engine;
}

static void keys_come_from_a_function(const bw_clock *clock, const bw_signing_key *key)
{
    struct owner owner = {key, 0};
    bw_engine *engine = engine_by(keys_of, &owner, clock);
    bw_session *session = NULL;
    char *token = new_token(key, "rfis:read");
    CHECK_STATUS(bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &session, NULL), BW_OK);
    CHECK(owner.calls == 1);
    bw_session_free(session);
    bw_engine_free(engine);
    engine = engine_by(no_keys, NULL, clock);
    CHECK_STATUS(bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &session, NULL), BW_KEYS_UNAVAILABLE);
    CHECK(session == NULL);
    bw_engine_free(engine);
    bw_string_free(token);
}

static void a_bound_token_needs_its_certificate(const bw_signing_key *key)
{
    /* The SHA-256 of nothing, as 32 bytes and as base64url. */
    static const unsigned char SHA[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                        0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                        0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    bw_engine *engine = simple_engine(key);
    bw_session *session = NULL;
    char *token = NULL;
    CHECK_STATUS(bw_signing_key_sign(key,
                                     BW_STR("{\"iss\": \"" ISSUER "\", \"aud\": \"api\", \"sub\": \"ana\", \"tenant\": \"acme\","
                                            " \"client_id\": \"dashboards\", \"scope\": \"rfis:read\", \"exp\": 1800000600,"
                                            " \"cnf\": {\"x5t#S256\": \"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\"}}"),
                                     BW_STR("at+jwt"), &token, NULL),
                 BW_OK);
    bw_proof proof;
    memset(&proof, 0, sizeof proof);
    CHECK_STATUS(bw_authenticate_bound(engine, bw_cstr(token), BW_STR("acme"), &proof, &session, NULL), BW_ARGUMENT_INVALID);
    proof.size = sizeof proof;
    CHECK(bw_authenticate_bound(engine, bw_cstr(token), BW_STR("acme"), &proof, &session, NULL) / 100 == 2);
    CHECK(bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &session, NULL) / 100 == 2 && session == NULL);
    proof.certificate_sha256.ptr = (const char *)SHA;
    proof.certificate_sha256.len = 31;
    CHECK_STATUS(bw_authenticate_bound(engine, bw_cstr(token), BW_STR("acme"), &proof, &session, NULL), BW_ARGUMENT_INVALID);
    proof.certificate_sha256.len = sizeof SHA;
    CHECK_STATUS(bw_authenticate_bound(engine, bw_cstr(token), BW_STR("acme"), &proof, &session, NULL), BW_OK);
    bw_session_free(session);
    struct {
        bw_proof proof;
        uintptr_t later;
    } grown = {proof, 0};
    grown.proof.size = sizeof grown;
    CHECK_STATUS(bw_authenticate_bound(engine, bw_cstr(token), BW_STR("acme"), &grown.proof, &session, NULL), BW_OK);
    bw_session_free(session);
    grown.later = 1;
    CHECK_STATUS(bw_authenticate_bound(engine, bw_cstr(token), BW_STR("acme"), &grown.proof, &session, NULL),
                 BW_ARGUMENT_INVALID);
    proof.dpop = BW_STR("no proof");
    proof.method = BW_STR("GET");
    proof.uri = BW_STR("https://api.example.com/");
    CHECK(bw_authenticate_bound(engine, bw_cstr(token), BW_STR("acme"), &proof, &session, NULL) / 100 == 2);
    CHECK(session == NULL);
    bw_string_free(token);
    bw_engine_free(engine);
}

static bw_engine *on(const char *path, bool follow, bw_status expected)
{
    bw_config *config = NULL;
    bw_engine *engine = NULL;
    CHECK_STATUS(bw_config_new(&config, NULL), BW_OK);
    bw_config_store(config, bw_cstr(path), follow);
    bw_config_max_staleness(config, 3600);
    bw_config_host_key(config, BW_STR("0123456789abcdef0123456789abcdef"));
    CHECK_STATUS(bw_engine_open(BW_STR("policies/construction"), config, &engine, NULL), expected);
    bw_config_free(config);
    return engine;
}

static void a_store_outlives_its_engine(void)
{
    char directory[] = "/tmp/bailiwick-c-XXXXXX", path[64], command[128];
    if (!bw_has_feature(BW_STR("sqlite")) || !mkdtemp(directory))
        return;
    snprintf(path, sizeof path, "%s/platform.db", directory);
    bw_engine *engine = on(path, false, BW_OK);
    CHECK_STATUS(bw_engine_bootstrap(engine, BW_STR("operator"), BW_STR("The operator"), BW_STR("olga"), NULL), BW_OK);
    bw_engine *follower = on(path, true, BW_OK);
    CHECK_STATUS(bw_engine_follow(follower, NULL), BW_OK);
    CHECK_STATUS(bw_engine_follow_store(follower, 1000, NULL), BW_OK);
    CHECK(on(path, false, BW_STORE_LOCKED) == NULL);
    bw_engine_free(follower);
    bw_engine_free(engine);
    engine = on(path, false, BW_OK);
    CHECK_STATUS(bw_engine_bootstrap(engine, BW_STR("again"), BW_STR("Again"), BW_STR("eve"), NULL), BW_PLATFORM_CONFLICT);
    bw_engine_free(engine);
    snprintf(command, sizeof command, "rm -r %s", directory);
    CHECK(system(command) == 0);
}

int main(void)
{
    bw_clock *clock = NULL;
    CHECK_STATUS(bw_clock_fixed(NOW, &clock, NULL), BW_OK);
    bw_signing_key *key = new_key();
    bw_key_ring *ring = new_ring(clock);
    bw_engine *server = new_server(clock, ring, NULL);

    an_account_gets_a_token_that_dies_with_it(server);
    a_user_consents_or_declines(server);
    an_audit_hears_of_decisions_and_changes(clock, ring);
    a_ring_mints_until_its_key_is_compromised(clock);
    keys_come_from_a_function(clock, key);
    a_bound_token_needs_its_certificate(key);
    a_store_outlives_its_engine();
    CHECK(!bw_has_feature(BW_STR("teleport")));

    bw_engine_free(server);
    bw_key_ring_free(ring);
    bw_signing_key_free(key);
    bw_clock_free(clock);
    return finished("platform");
}
