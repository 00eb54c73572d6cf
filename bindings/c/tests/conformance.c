/* Every case of tests/conformance through the C interface. cases.py writes them as the instructions that are carried out here. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <inttypes.h>

enum { MAX_FIELDS = 32, MAX_SCOPES = 64, MAX_POLICIES = 64 };

/* One instruction: its fields, the first being the word. */
static bw_str fields[MAX_FIELDS];
static size_t field_count;

/* The suite. */
static char suite[256], directory[256];
static bool in_directory;
static int64_t suite_now, now;
static bw_clock *suite_clock;
static bw_source *source;
static bw_config *config;
static bw_profile *profile;
static bw_engine *engine;

/* The case. */
static char title[512];
static bw_status session_status;
static bw_session *session;
static bw_str tenant;
static char tenant_text[4096];
static bw_str scopes[MAX_SCOPES];
static char scope_texts[MAX_SCOPES][256];
static size_t scope_count;
/* What is presented beside the token, if anything is. */
static bw_proof proof;
static bool has_proof;
static char proof_texts[3][8192];
static char thumbprint[32];
static char policies[MAX_POLICIES][256], failing[MAX_POLICIES][256];
static size_t policy_count, failing_count;
/* Texts that the explanation's tree contains. */
static char explained[MAX_POLICIES][256];
static size_t explained_count;

/* The request twice: filled step by step, and from JSON. Both are used again and again. */
static bw_request *requests[2];
static bw_request *request;

static size_t case_count, case_failures;

static void fail(const char *format_of_what, bw_str found)
{
    failed++;
    case_failures++;
    fprintf(stderr, "%s: %s: %s %.*s\n", suite, title, format_of_what, (int)found.len, found.ptr ? found.ptr : "");
}

static void expect(bool holds, const char *what, bw_str found)
{
    checked++;
    if (!holds)
        fail(what, found);
}

static bool equal(bw_str text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

static bool is(const char *word)
{
    return equal(fields[0], word);
}

static const char *copy(char *place, size_t size, bw_str text)
{
    if (text.len >= size) {
        fprintf(stderr, "a field of %zu bytes is too long for the runner\n", text.len);
        exit(2);
    }
    if (text.len)
        memcpy(place, text.ptr, text.len);
    place[text.len] = '\0';
    return place;
}

static int64_t number(bw_str text)
{
    char digits[32];
    return strtoll(copy(digits, sizeof digits, text), NULL, 10);
}

static bool flag(bw_str text)
{
    return equal(text, "1") || equal(text, "True");
}

/* Splits a line at its tabs and takes the escapes back. */
static void split(char *line, size_t length)
{
    char *write = line;
    field_count = 0;
    fields[0].ptr = line;
    for (size_t at = 0; at <= length; at++) {
        if (at == length || line[at] == '\t') {
            fields[field_count].len = (size_t)(write - fields[field_count].ptr);
            if (++field_count == MAX_FIELDS) {
                fputs("a line has too many fields for the runner\n", stderr);
                exit(2);
            }
            fields[field_count].ptr = write;
        } else if (line[at] == '\\') {
            const char escaped = line[++at];
            *write++ = escaped == 't' ? '\t' : escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped == '0' ? '\0' : '\\';
        } else {
            *write++ = line[at];
        }
    }
}

static void end_case(void)
{
    bw_session_free(session);
    session = NULL;
    tenant = bw_none();
    has_proof = false;
    memset(&proof, 0, sizeof proof);
    proof.size = sizeof proof;
    scope_count = policy_count = failing_count = explained_count = 0;
}

static void begin_suite(void)
{
    end_case();
    bw_engine_free(engine);
    bw_profile_free(profile);
    bw_config_free(config);
    bw_source_free(source);
    bw_clock_free(suite_clock);
    engine = NULL;
    profile = NULL;
    suite_clock = NULL;
    copy(suite, sizeof suite, fields[1]);
    copy(title, sizeof title, BW_STR("load"));
    in_directory = false;
    CHECK_STATUS(bw_source_new(&source, NULL), BW_OK);
    CHECK_STATUS(bw_config_new(&config, NULL), BW_OK);
}

static void add_profile(void)
{
    if (profile)
        bw_config_issuer(config, profile);
    bw_profile_free(profile);
    profile = NULL;
}

/* Any step of loading may fail: what fails last decides. */
static void load(void)
{
    bw_error *err = NULL;
    add_profile();
    bw_config_clock(config, suite_clock);
    const bw_status status = in_directory ? bw_engine_open(bw_cstr(directory), config, &engine, &err)
                                          : bw_engine_from_source(source, config, &engine, &err);
    const char *expected = equal(fields[1], "ok") ? "ok" : NULL;
    char name[64];
    if (!expected)
        expected = copy(name, sizeof name, fields[1]);
    expect(strcmp(bw_status_name(status), expected) == 0, "loading gives", bw_cstr(bw_status_name(status)));
    expect(bw_error_code(err) == status, "the error has another code:", bw_cstr(bw_status_name(bw_error_code(err))));
    expect((status == BW_OK) == (engine != NULL), "an engine and an error", bw_none());
    expect(status == BW_OK || bw_error_message(err)[0] != '\0', "the error has no message", bw_none());
    if (equal(fields[1], "ok") && status != BW_OK)
        fputs(bw_error_report(err), stderr);
    bw_error_free(err);
    case_count += status != BW_OK;
}

static bw_status add_text(bw_str kind, bw_str name, bw_str text)
{
    if (equal(kind, "schema"))
        return bw_source_schema(source, name, text);
    if (equal(kind, "schema_json"))
        return bw_source_schema_json(source, name, text);
    if (equal(kind, "cedar"))
        return bw_source_cedar(source, name, text);
    if (equal(kind, "entities"))
        return bw_source_entities(source, name, text);
    return equal(kind, "links") ? bw_source_links(source, name, text) : BW_ARGUMENT_INVALID;
}

static bw_status set_list(bw_str name, const bw_str *items, size_t count)
{
    if (equal(name, "algorithms"))
        return bw_profile_algorithms(profile, items, count);
    if (equal(name, "token_types"))
        return bw_profile_token_types(profile, items, count);
    if (equal(name, "client_claims"))
        return bw_profile_client_claims(profile, items, count);
    return equal(name, "scope_claims") ? bw_profile_scope_claims(profile, items, count) : BW_ARGUMENT_INVALID;
}

static bw_status set_text(bw_str name, bw_str value)
{
    if (equal(name, "require"))
        return bw_profile_require(profile, value);
    if (equal(name, "principal_claim"))
        return bw_profile_principal_claim(profile, value);
    if (equal(name, "encryption_keys"))
        return bw_profile_encryption_keys(profile, value);
    return equal(name, "tenant_claim") ? bw_profile_tenant_claim(profile, value) : BW_ARGUMENT_INVALID;
}

static bw_status set_other(bw_str name, uint32_t value)
{
    if (equal(name, "leeway"))
        return bw_profile_leeway(profile, value);
    if (equal(name, "max_lifetime"))
        return bw_profile_max_lifetime(profile, value);
    if (equal(name, "accept_untyped"))
        return bw_profile_accept_untyped(profile);
    return equal(name, "tenant_from_request") ? bw_profile_tenant_from_request(profile) : BW_ARGUMENT_INVALID;
}

/* A key set that cannot be read fails the profile, and so the engine: the step is taken with what there is. */
static void set_keys(void)
{
    bw_keys *keys = NULL;
    bw_error *err = NULL;
    const bool secret = is("secrets");
    const bw_status status = secret ? bw_keys_from_secret_jwks(fields[1], &keys, &err)
                                    : bw_keys_from_jwks(fields[1], &keys, &err);
    if (status == BW_OK) {
        CHECK_STATUS(bw_profile_keys(profile, keys), BW_OK);
    } else {
        CHECK(keys == NULL && bw_error_code(err) == status);
        bw_profile_jwks(profile, fields[1]);
    }
    bw_error_free(err);
    bw_keys_free(keys);
}

static void begin_session(void)
{
    bw_error *err = NULL;
    if (is("principal")) {
        session_status = bw_session_principal(engine, fields[1], fields[2], tenant, &session, &err);
    } else if (is("token")) {
        session_status = has_proof ? bw_authenticate_bound(engine, fields[1], tenant, &proof, &session, &err)
                                   : bw_authenticate(engine, fields[1], tenant, &session, &err);
    } else {
        bw_identity who;
        memset(&who, 0, sizeof who);
        who.size = sizeof who;
        who.principal_type = fields[1];
        who.principal_id = fields[2];
        who.first_party = !flag(fields[3]);
        who.scopes = scopes;
        who.scope_count = scope_count;
        who.app = flag(fields[4]) ? fields[5] : bw_none();
        who.grant_type = flag(fields[6]) ? fields[7] : bw_none();
        who.expires = equal(fields[8], "never") ? BW_NEVER : number(fields[8]);
        session_status = bw_session_identity(engine, &who, tenant, &session, &err);
    }
    expect(bw_error_code(err) == session_status, "the error has another code", bw_none());
    expect((session_status == BW_OK) == (session != NULL), "a session and an error", bw_none());
    bw_error_free(err);
}

static bw_str kept_proof(size_t at)
{
    return (bw_str){copy(proof_texts[at], sizeof proof_texts[at], fields[at + 1]), fields[at + 1].len};
}

/* The SHA-256 of a certificate, in hexadecimal. */
static void set_certificate(void)
{
    char digits[65];
    CHECK(fields[1].len == 64);
    copy(digits, sizeof digits, fields[1]);
    for (size_t at = 0; at < sizeof thumbprint; at++) {
        const char pair[3] = {digits[2 * at], digits[2 * at + 1], '\0'};
        thumbprint[at] = (char)strtol(pair, NULL, 16);
    }
    proof.certificate_sha256 = (bw_str){thumbprint, sizeof thumbprint};
    has_proof = true;
}

static void set_value(void)
{
    const bw_str kind = fields[1], name = fields[2], value = fields[3];
    bw_status status = BW_ARGUMENT_INVALID;
#define SET(where)                                                                           \
    do {                                                                                     \
        if (equal(kind, "bool"))                                                             \
            status = bw_request_##where##_bool(request, name, flag(value));                  \
        else if (equal(kind, "long"))                                                        \
            status = bw_request_##where##_long(request, name, number(value));                \
        else if (equal(kind, "string"))                                                      \
            status = bw_request_##where##_string(request, name, value);                      \
        else if (equal(kind, "entity"))                                                      \
            status = bw_request_##where##_entity(request, name, value, fields[4]);           \
        else if (equal(kind, "ip"))                                                          \
            status = bw_request_##where##_ip(request, name, value);                          \
        else if (equal(kind, "decimal"))                                                     \
            status = bw_request_##where##_decimal(request, name, value);                     \
        else if (equal(kind, "json"))                                                        \
            status = bw_request_##where##_json(request, name, value);                        \
    } while (0)
    if (is("context"))
        SET(context);
    else if (is("attr"))
        SET(attr);
    else if (equal(kind, "string"))
        status = bw_request_tag_string(request, name, value);
    else if (equal(kind, "json"))
        status = bw_request_tag_json(request, name, value);
    CHECK_STATUS(status, BW_OK);
}

static void compare(const char *what, size_t count, size_t expected_count, char expected[][256],
                    bw_str (*item)(const bw_details *, size_t), const bw_details *details)
{
    expect(count == expected_count, what, BW_STR("in another number"));
    for (size_t at = 0; at < count && at < expected_count; at++)
        expect(equal(item(details, at), expected[at]), what, item(details, at));
    expect(item(details, count).ptr == NULL, what, BW_STR("beyond the last"));
}

/* Decides in every way that there is: they must agree. */
static void decide(void)
{
    const bw_str action = fields[1];
    const bool allowed = flag(fields[2]);
    char reason[64];
    copy(reason, sizeof reason, fields[3]);
    expect(session_status == BW_OK, "no session:", bw_cstr(bw_status_name(session_status)));
    for (size_t at = 0; at < 2; at++) {
        bw_decision decision = BW_DECISION_INIT, again = BW_DECISION_INIT;
        bw_details *details = NULL;
        char *text = NULL, *json = NULL, *member = NULL;
        CHECK_STATUS(bw_decide(session, action, requests[at], &decision, NULL), BW_OK);
        expect(decision.allowed == allowed, "decided otherwise:", bw_cstr(bw_reason_name(decision.reason)));
        expect(strcmp(bw_reason_name(decision.reason), reason) == 0, "reason", bw_cstr(bw_reason_name(decision.reason)));
        expect(decision.revision == bw_engine_revision(engine), "another revision", bw_none());
        expect(bw_allows(session, action, requests[at]) == allowed, "bw_allows says otherwise", bw_none());

        CHECK_STATUS(bw_decide_detailed(session, action, requests[at], &again, &details, NULL), BW_OK);
        expect(again.allowed == decision.allowed && again.reason == decision.reason, "the details differ", bw_none());
        compare("policies", bw_details_policy_count(details), policy_count, policies, bw_details_policy, details);
        compare("failed", bw_details_failed_count(details), failing_count, failing, bw_details_failed_policy, details);
        for (size_t index = 0; index < bw_details_failed_count(details); index++)
            expect(bw_details_failed_message(details, index).len > 0, "a failure without a message", bw_none());

        CHECK_STATUS(bw_explain(session, action, requests[at], &text, NULL), BW_OK);
        CHECK_STATUS(bw_explain_json(session, action, requests[at], &json, NULL), BW_OK);
        expect(strncmp(text, allowed ? "allow" : "deny", allowed ? 5 : 4) == 0, "explained otherwise:", bw_cstr(text));
        expect(strncmp(json, allowed ? "{\"allowed\":true" : "{\"allowed\":false", allowed ? 15 : 16) == 0,
               "explained otherwise:", bw_cstr(json));
        member = strstr(json, "\"reason\":\"");
        expect(member && strncmp(member + 10, reason, strlen(reason)) == 0, "explained otherwise:", bw_cstr(json));

        for (size_t index = 0; index < explained_count; index++)
            expect(strstr(text, explained[index]), "the explanation does not tell", bw_cstr(explained[index]));

        bw_details_free(details);
        bw_string_free(text);
        bw_string_free(json);
    }
    case_count++;
}

static void refused(void)
{
    char name[64];
    copy(name, sizeof name, fields[1]);
    expect(strcmp(bw_status_name(session_status), name) == 0, "refused with", bw_cstr(bw_status_name(session_status)));
    case_count++;
}

static void run(void)
{
    if (is("suite")) {
        begin_suite();
    } else if (is("now")) {
        suite_now = now = number(fields[1]);
        CHECK_STATUS(bw_clock_fixed(now, &suite_clock, NULL), BW_OK);
    } else if (is("directory")) {
        in_directory = true;
        copy(directory, sizeof directory, fields[1]);
    } else if (is("texts")) {
        in_directory = false;
    } else if (is("text")) {
        CHECK_STATUS(add_text(fields[1], fields[2], fields[3]), BW_OK);
    } else if (is("issuer")) {
        add_profile();
        CHECK_STATUS(bw_profile_new(fields[1], &profile, NULL), BW_OK);
    } else if (is("issuer_of")) {
        add_profile();
        CHECK_STATUS(bw_profile_of(fields[1], fields[2], &profile, NULL), BW_OK);
    } else if (is("audience")) {
        CHECK_STATUS(bw_profile_audience(profile, fields[1]), BW_OK);
    } else if (is("keys") || is("secrets")) {
        set_keys();
    } else if (is("profile_list")) {
        set_list(fields[1], fields + 2, field_count - 2);
    } else if (is("profile_number")) {
        set_other(fields[1], (uint32_t)number(fields[2]));
    } else if (is("profile_flag")) {
        set_other(fields[1], 0);
    } else if (is("profile_text")) {
        set_text(fields[1], fields[2]);
    } else if (is("service_account_when")) {
        bw_profile_service_account_when(profile, fields[1], fields[2]);
    } else if (is("context_claim")) {
        bw_profile_context_claim(profile, fields[1], fields[2], fields[3]);
    } else if (is("load")) {
        load();
    } else if (is("case")) {
        end_case();
        copy(title, sizeof title, fields[1]);
        bw_clock_advance(suite_clock, suite_now - now);
        now = suite_now;
    } else if (is("tenant")) {
        tenant = (bw_str){copy(tenant_text, sizeof tenant_text, fields[1]), fields[1].len};
    } else if (is("scope")) {
        const char *kept = copy(scope_texts[scope_count], sizeof scope_texts[0], fields[1]);
        scopes[scope_count++] = (bw_str){kept, fields[1].len};
    } else if (is("dpop")) {
        proof.dpop = kept_proof(0);
        proof.method = kept_proof(1);
        proof.uri = kept_proof(2);
        has_proof = true;
    } else if (is("certificate")) {
        set_certificate();
    } else if (is("principal") || is("identity") || is("token")) {
        begin_session();
    } else if (is("at")) {
        bw_clock_advance(suite_clock, number(fields[1]) - now);
        now = number(fields[1]);
    } else if (is("request") || is("again")) {
        request = requests[is("again")];
        CHECK_STATUS(bw_request_clear(request), BW_OK);
    } else if (is("resource")) {
        CHECK_STATUS(bw_request_resource(request, fields[1], fields[2]), BW_OK);
    } else if (is("bring_resource")) {
        CHECK_STATUS(bw_request_bring_resource(request, fields[1], fields[2]), BW_OK);
    } else if (is("bring_entity")) {
        CHECK_STATUS(bw_request_bring_entity(request, fields[1], fields[2]), BW_OK);
    } else if (is("resource_json")) {
        CHECK_STATUS(bw_request_bring_resource_json(request, fields[1]), BW_OK);
    } else if (is("entity_json")) {
        CHECK_STATUS(bw_request_bring_entity_json(request, fields[1]), BW_OK);
    } else if (is("context_json")) {
        CHECK_STATUS(bw_request_context_object(request, fields[1]), BW_OK);
    } else if (is("parent")) {
        CHECK_STATUS(bw_request_parent(request, fields[1], fields[2]), BW_OK);
    } else if (is("context") || is("attr") || is("tag")) {
        set_value();
    } else if (is("policy")) {
        copy(policies[policy_count++], sizeof policies[0], fields[1]);
    } else if (is("failed")) {
        copy(failing[failing_count++], sizeof failing[0], fields[1]);
    } else if (is("explained")) {
        copy(explained[explained_count++], sizeof explained[0], fields[1]);
    } else if (is("decide")) {
        decide();
    } else if (is("refused")) {
        refused();
    } else {
        fprintf(stderr, "an unknown instruction: %.*s\n", (int)fields[0].len, fields[0].ptr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fputs("usage: conformance CASES\n", stderr);
        return 2;
    }
    CHECK_STATUS(bw_request_new(&requests[0], NULL), BW_OK);
    CHECK_STATUS(bw_request_new(&requests[1], NULL), BW_OK);
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t length; (length = getline(&line, &capacity, file)) > 0;) {
        split(line, (size_t)length - 1);
        run();
    }
    free(line);
    fclose(file);

    end_case();
    bw_engine_free(engine);
    bw_profile_free(profile);
    bw_config_free(config);
    bw_source_free(source);
    bw_clock_free(suite_clock);
    bw_request_free(requests[0]);
    bw_request_free(requests[1]);
    CHECK(case_count >= 120);
    fprintf(stderr, "conformance: %zu cases, %zu failures\n", case_count, case_failures);
    return finished("conformance");
}
