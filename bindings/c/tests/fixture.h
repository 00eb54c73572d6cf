/* One engine with a little of everything, for tests that need valid objects. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "check.h"

#define NOW INT64_C(1800000000)
#define ISSUER "https://id.example.com"

static const char SCHEMA[] =
    "@bailiwick(\"tenant\") entity Company;\n"
    "@bailiwick(\"user\") entity User in [Company];\n"
    "@bailiwick(\"app\") entity App;\n"
    "entity Rfi in [Company] { private: Bool, owner?: User, state?: String, number?: Long,\n"
    "    from?: ipaddr, cost?: decimal, due?: datetime, left?: duration, labels?: Set<String> } tags String;\n"
    "@bailiwick(\"scope\") action \"rfis:write\";\n"
    "@bailiwick(\"scope\") action \"rfis:read\" in [\"rfis:write\"];\n"
    "type Call = { mfa?: Bool, tries?: Long, why?: String, as?: User, from?: ipaddr, cost?: decimal,\n"
    "    at?: datetime, took?: duration, labels?: Set<String> };\n"
    "action \"rfis.view\" in [\"rfis:read\"] appliesTo { principal: User, resource: Rfi, context: Call };\n"
    "action \"rfis.close\" in [\"rfis:write\"] appliesTo { principal: User, resource: Rfi, context: Call };\n";

static const char RULES[] =
    "@id(\"view\") permit (principal, action == Action::\"rfis.view\", resource);\n"
    "@id(\"close\") permit (principal, action == Action::\"rfis.close\", resource)\n"
    "    when { context has mfa && context.mfa };\n"
    "@id(\"private\") forbid (principal, action, resource) when { resource.private };\n";

static const char ENTITIES[] =
    "[{\"uid\": {\"type\": \"Company\", \"id\": \"acme\"}, \"attrs\": {}, \"parents\": []},\n"
    " {\"uid\": {\"type\": \"Rfi\", \"id\": \"42\"}, \"attrs\": {\"private\": false},\n"
    "  \"parents\": [{\"type\": \"Company\", \"id\": \"acme\"}]},\n"
    " {\"uid\": {\"type\": \"Rfi\", \"id\": \"43\"}, \"attrs\": {\"private\": true},\n"
    "  \"parents\": [{\"type\": \"Company\", \"id\": \"acme\"}]}]";

static inline bw_source *new_source(void)
{
    bw_source *source = NULL;
    CHECK_STATUS(bw_source_new(&source, NULL), BW_OK);
    bw_source_schema(source, BW_STR("schema.cedarschema"), bw_cstr(SCHEMA));
    bw_source_cedar(source, BW_STR("rules.cedar"), bw_cstr(RULES));
    bw_source_entities(source, BW_STR("entities.json"), bw_cstr(ENTITIES));
    return source;
}

static inline bw_signing_key *new_key(void)
{
    bw_signing_key *key = NULL;
    CHECK_STATUS(bw_signing_key_generate_ed25519(BW_STR("k1"), &key, NULL), BW_OK);
    return key;
}

static inline bw_keys *new_keys(const bw_signing_key *key)
{
    char *jwks = NULL;
    bw_keys *keys = NULL;
    CHECK_STATUS(bw_signing_key_jwks(key, &jwks, NULL), BW_OK);
    CHECK_STATUS(bw_keys_from_jwks(bw_cstr(jwks), &keys, NULL), BW_OK);
    bw_string_free(jwks);
    return keys;
}

static inline bw_profile *new_profile(const bw_keys *keys)
{
    bw_profile *profile = NULL;
    CHECK_STATUS(bw_profile_new(BW_STR(ISSUER), &profile, NULL), BW_OK);
    bw_profile_audience(profile, BW_STR("api"));
    bw_profile_keys(profile, keys);
    return profile;
}

static inline bw_config *new_config(const bw_profile *profile, const bw_clock *clock)
{
    bw_config *config = NULL;
    CHECK_STATUS(bw_config_new(&config, NULL), BW_OK);
    bw_config_issuer(config, profile);
    bw_config_clock(config, clock);
    return config;
}

static inline bw_engine *new_engine(const bw_config *config)
{
    bw_source *source = new_source();
    bw_engine *engine = NULL;
    bw_error *err = NULL;
    CHECK_STATUS(bw_engine_from_source(source, config, &engine, &err), BW_OK);
    if (err)
        fputs(bw_error_report(err), stderr);
    bw_error_free(err);
    bw_source_free(source);
    return engine;
}

/* An engine on its own, at the time NOW, that trusts the owner of the key. */
static inline bw_engine *simple_engine(const bw_signing_key *key)
{
    bw_clock *clock = NULL;
    CHECK_STATUS(bw_clock_fixed(NOW, &clock, NULL), BW_OK);
    bw_keys *keys = new_keys(key);
    bw_profile *profile = new_profile(keys);
    bw_config *config = new_config(profile, clock);
    bw_engine *engine = new_engine(config);
    bw_config_free(config);
    bw_profile_free(profile);
    bw_keys_free(keys);
    bw_clock_free(clock);
    return engine;
}

static inline char *new_token(const bw_signing_key *key, const char *scope)
{
    char claims[512], *token = NULL;
    snprintf(claims, sizeof claims,
             "{\"iss\": \"" ISSUER "\", \"aud\": \"api\", \"sub\": \"ana\", \"client_id\": \"dashboards\","
             " \"tenant\": \"acme\", \"scope\": \"%s\", \"exp\": 1800000600}",
             scope);
    CHECK_STATUS(bw_signing_key_sign(key, bw_cstr(claims), BW_STR("at+jwt"), &token, NULL), BW_OK);
    return token;
}

static inline bw_session *new_session(const bw_engine *engine)
{
    bw_session *session = NULL;
    CHECK_STATUS(bw_session_user(engine, BW_STR("ana"), BW_STR("acme"), &session, NULL), BW_OK);
    return session;
}

/* A request about an RFI that everybody may view. */
static inline bw_request *new_request(void)
{
    bw_request *request = NULL;
    CHECK_STATUS(bw_request_new(&request, NULL), BW_OK);
    CHECK_STATUS(bw_request_resource(request, BW_STR("Rfi"), BW_STR("42")), BW_OK);
    return request;
}

static inline bw_key_ring *new_ring(const bw_clock *clock)
{
    bw_key_ring *ring = NULL;
    char *id = NULL;
    CHECK_STATUS(bw_key_ring_new(clock, &ring, NULL), BW_OK);
    CHECK_STATUS(bw_key_ring_rotate(ring, BW_STR("EdDSA"), &id, NULL), BW_OK);
    bw_string_free(id);
    return ring;
}

/* The reference platform as an authorization server with an audit, founded, with one tenant that Bill administers. */
static inline bw_engine *new_server(const bw_clock *clock, const bw_key_ring *ring, const bw_audit *audit)
{
    bw_config *config = NULL;
    bw_engine *server = NULL;
    bw_error *err = NULL;
    bw_session *olga = NULL;
    char *answer = NULL;
    CHECK_STATUS(bw_config_new(&config, NULL), BW_OK);
    bw_config_clock(config, clock);
    if (audit)
        bw_config_audit(config, audit);
    bw_config_host_key(config, BW_STR("0123456789abcdef0123456789abcdef"));
    bw_config_oauth(config, BW_STR("{\"issuer\": \"" ISSUER "\", \"audience\": [\"api\"]}"), ring);
    CHECK_STATUS(bw_engine_open(BW_STR("policies/construction"), config, &server, &err), BW_OK);
    if (err)
        fputs(bw_error_report(err), stderr);
    bw_config_free(config);
    CHECK_STATUS(bw_engine_bootstrap(server, BW_STR("operator"), BW_STR("The operator"), BW_STR("olga"), NULL), BW_OK);
    CHECK_STATUS(bw_session_user(server, BW_STR("olga"), BW_STR("operator"), &olga, NULL), BW_OK);
    CHECK_STATUS(bw_administer(server, olga,
                               BW_STR("{\"do\": \"create_tenant\", \"id\": \"initech\", \"name\": \"Initech\","
                                      " \"admin\": \"bill\", \"roles\": [\"rfis-standard\"]}"),
                               &answer, NULL),
                 BW_OK);
    bw_string_free(answer);
    bw_session_free(olga);
    return server;
}

/* Does an operation that must succeed, and gives its answer. */
static inline char *done(const bw_engine *server, const bw_session *session, const char *request)
{
    char *answer = NULL;
    bw_error *err = NULL;
    CHECK_STATUS(bw_administer(server, session, bw_cstr(request), &answer, &err), BW_OK);
    if (err)
        fputs(bw_error_report(err), stderr);
    bw_error_free(err);
    return answer;
}

/* An app's request to the authorization endpoint, with the app registered and installed for it. */
static inline bw_authorization *new_authorization(const bw_engine *server)
{
    static const char *const OPERATIONS[] = {
        "{\"do\": \"register_app\", \"owner\": \"initech\", \"name\": \"Dashboards\", \"id\": \"dashboards\"}",
        "{\"do\": \"draft_version\", \"app\": \"dashboards\", \"manifest\": {\"scopes\": [\"rfis:read\"],"
        " \"redirect_uris\": [\"https://app.example/cb\"], \"grant_types\": [\"authorization_code\"]}}",
        "{\"do\": \"publish_version\", \"app\": \"dashboards\", \"number\": 1}",
        "{\"do\": \"install\", \"tenant\": \"initech\", \"app\": \"dashboards\", \"scopes\": [\"rfis:read\"],"
        " \"projects\": \"all\"}",
    };
    bw_session *bill = NULL;
    bw_authorization *authorization = NULL;
    bw_reply *refused = NULL;
    CHECK_STATUS(bw_session_user(server, BW_STR("bill"), BW_STR("initech"), &bill, NULL), BW_OK);
    for (size_t at = 0; at < sizeof OPERATIONS / sizeof *OPERATIONS; at++)
        bw_string_free(done(server, bill, OPERATIONS[at]));
    CHECK_STATUS(bw_authorize(server,
                              BW_STR("response_type=code&client_id=dashboards&redirect_uri=https://app.example/cb"
                                     "&scope=rfis:read&state=s&code_challenge_method=S256"
                                     "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
                              &authorization, &refused, NULL),
                 BW_OK);
    CHECK(authorization != NULL && refused == NULL);
    bw_session_free(bill);
    return authorization;
}

/* A function for keys that has none. */
static inline bw_status no_keys(void *user_data, bw_keys **out)
{
    (void)user_data, (void)out;
    return BW_IO;
}

#endif
