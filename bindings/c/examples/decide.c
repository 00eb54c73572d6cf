/*
 * From a token to a decision: loads policies, authenticates a bearer token, decides, and prints why.
 *
 *     cargo build -p bailiwick-c
 *     gcc -Iinclude bindings/c/examples/decide.c -Ltarget/debug -lbailiwick -Wl,-rpath,target/debug -o decide
 *     ./decide policies/construction
 *
 * The identity provider is played by a key made on the spot; a real host gives the provider's JWKS file to
 * bw_profile_jwks_file, and takes the token from the Authorization header.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bailiwick.h"

/* Prints what went wrong and ends the program. */
static void fail(const char *what, bw_error *err)
{
    fprintf(stderr, "%s failed\n%s", what, bw_error_report(err));
    bw_error_free(err);
    exit(EXIT_FAILURE);
}

/* An engine that trusts the owner of the key. */
static bw_engine *open_engine(const char *directory, const bw_signing_key *key)
{
    bw_error *err = NULL;
    bw_engine *engine = NULL;
    bw_profile *profile = NULL;
    bw_config *config = NULL;
    char *jwks = NULL;

    if (bw_signing_key_jwks(key, &jwks, &err))
        fail("reading the key", err);
    bw_profile_new(BW_STR("https://id.example.com"), &profile, NULL);
    bw_profile_audience(profile, BW_STR("api"));
    bw_profile_jwks(profile, bw_cstr(jwks));
    bw_config_new(&config, NULL);
    bw_config_issuer(config, profile);
    /* Steps of a builder need no checks: the call that uses it fails if one of them did. */
    if (bw_engine_open(bw_cstr(directory), config, &engine, &err))
        fail("opening the engine", err);

    bw_config_free(config);
    bw_profile_free(profile);
    bw_string_free(jwks);
    return engine;
}

/* What the identity provider does: a token for Ana, through the app fieldlink, that may read and write RFIs. */
static char *sign_token(const bw_signing_key *key)
{
    bw_error *err = NULL;
    char claims[512];
    char *token = NULL;
    snprintf(claims, sizeof claims,
             "{\"iss\": \"https://id.example.com\", \"aud\": \"api\", \"sub\": \"ana\", \"client_id\": \"fieldlink\","
             " \"tenant\": \"acme\", \"scope\": \"rfis:write\", \"exp\": %" PRId64 "}",
             (int64_t)time(NULL) + 600);
    if (bw_signing_key_sign(key, bw_cstr(claims), BW_STR("at+jwt"), &token, &err))
        fail("signing a token", err);
    return token;
}

/* Decides, and prints the decision in one line. */
static void decide(const bw_session *session, const char *action, const bw_request *request)
{
    bw_decision decision = BW_DECISION_INIT;
    bw_details *details = NULL;
    bw_decide_detailed(session, bw_cstr(action), request, &decision, &details, NULL);
    printf("%-5s %-12s %-16s %s\n", decision.allowed ? "allow" : "deny", action, bw_reason_name(decision.reason),
           bw_details_message(details));
    bw_details_free(details);
}

int main(int argc, char **argv)
{
    bw_error *err = NULL;
    bw_signing_key *key = NULL;
    if (bw_signing_key_generate_ed25519(BW_STR("k1"), &key, &err))
        fail("making a key", err);
    bw_engine *engine = open_engine(argc > 1 ? argv[1] : "policies/construction", key);
    char *token = sign_token(key);

    bw_session *session = NULL;
    if (bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &session, &err))
        fail("authenticating", err);

    bw_request *request = NULL;
    bw_request_new(&request, NULL);

    /* An RFI that the engine knows. */
    bw_request_resource(request, BW_STR("Rfi"), BW_STR("42"));
    decide(session, "rfis.view", request);
    decide(session, "rfis.close", request);

    /* What the token's scopes do not cover. */
    bw_request_resource(request, BW_STR("BudgetLine"), BW_STR("concrete"));
    decide(session, "budget.view", request);

    /* A costly one, which is closed with a second factor only. */
    bw_request_resource(request, BW_STR("Rfi"), BW_STR("45"));
    decide(session, "rfis.close", request);
    bw_request_context_bool(request, BW_STR("mfa"), true);
    decide(session, "rfis.close", request);

    /* One that lies in the host's database. */
    bw_request_clear(request);
    bw_request_bring_resource(request, BW_STR("Rfi"), BW_STR("9001"));
    bw_request_parent(request, BW_STR("Project"), BW_STR("p1"));
    bw_request_attr_bool(request, BW_STR("private"), false);
    bw_request_attr_string(request, BW_STR("state"), BW_STR("open"));
    bw_request_attr_json(request, BW_STR("assignees"), BW_STR("[]"));
    decide(session, "rfis.update", request);

    /* Why not? */
    char *why = NULL;
    bw_request_clear(request);
    bw_request_resource(request, BW_STR("Rfi"), BW_STR("70"));
    if (bw_explain(session, BW_STR("rfis.view"), request, &why, &err))
        fail("explaining", err);
    printf("\n%s\n", why);

    /* A token that has been tampered with is refused, and nothing is decided with it. */
    bw_session *refused = NULL;
    char *last = token + strlen(token) - 8;
    *last = *last == 'A' ? 'B' : 'A';
    if (bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &refused, &err)) {
        printf("\n%s: %s\n", bw_status_name(bw_error_code(err)), bw_error_message(err));
        bw_error_free(err);
    }

    bw_string_free(why);
    bw_string_free(token);
    bw_request_free(request);
    bw_session_free(refused);
    bw_session_free(session);
    bw_engine_free(engine);
    bw_signing_key_free(key);
    return EXIT_SUCCESS;
}
