/* Several threads administer one platform, get tokens of it and use them, and rotate its keys, all at once. */
#define _POSIX_C_SOURCE 200809L

#include "fixture.h"

#include <pthread.h>

enum { THREADS = 2, LEAST_TURNS = 10 };

static const bw_engine *server;
static const bw_session *bill;
static const bw_key_ring *ring;
static const bw_audit *audit;
static char *code_form;
static int turns;
static pthread_barrier_t start;
static atomic_int redeemed, recorded;

/* The string value of a member of flat JSON; the caller frees it. */
static char *member(const char *json, const char *name)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\":\"", name);
    const char *at = json ? strstr(json, pattern) : NULL;
    const char *end = at ? strchr(at + strlen(pattern), '"') : NULL;
    CHECK(end != NULL);
    return end ? strndup(at + strlen(pattern), (size_t)(end - at) - strlen(pattern)) : strdup("");
}

/* Posts a form, and gives the reply's status and body; the caller frees it. */
static uint32_t posted(const char *form, char **body)
{
    bw_reply *reply = NULL;
    CHECK_STATUS(bw_oauth(server, BW_STR("token"), bw_none(), bw_cstr(form), &reply, NULL), BW_OK);
    const uint32_t status = bw_reply_status(reply);
    const bw_str text = bw_reply_body(reply);
    *body = strndup(text.len ? text.ptr : "", text.len);
    bw_reply_free(reply);
    return status;
}

/* Makes a project and an account of its own, gets a token for it, and ends the account, whose token is dead then. */
static void take_a_turn(int thread, int turn, bw_request *request)
{
    char text[512], *body = NULL;
    bw_decision decision = BW_DECISION_INIT;
    bw_session *session = NULL;
    snprintf(text, sizeof text, "{\"do\": \"create_project\", \"tenant\": \"initech\", \"id\": \"p-%d-%d\", \"name\": \"P\"}",
             thread, turn);
    bw_string_free(done(server, bill, text));
    snprintf(text, sizeof text,
             "{\"do\": \"create_service_account\", \"tenant\": \"initech\", \"name\": \"A\", \"projects\": [\"p-%d-%d\"]}",
             thread, turn);
    char *made = done(server, bill, text), *id = member(made, "id"), *secret = member(made, "secret");
    snprintf(text, sizeof text, "grant_type=client_credentials&scope=rfis:read&client_id=%s&client_secret=%s", id, secret);
    CHECK(posted(text, &body) == 200);
    char *token = member(body, "access_token");
    CHECK_STATUS(bw_authenticate(server, bw_cstr(token), BW_STR("initech"), &session, NULL), BW_OK);
    CHECK_STATUS(bw_decide(session, BW_STR("rfis.view"), request, &decision, NULL), BW_OK);
    CHECK(!decision.allowed && decision.reason != BW_REASON_DISABLED);
    snprintf(text, sizeof text, "{\"do\": \"disable_account\", \"account\": \"%s\"}", id);
    bw_string_free(done(server, bill, text));
    CHECK_STATUS(bw_decide(session, BW_STR("rfis.view"), request, &decision, NULL), BW_OK);
    CHECK(!decision.allowed && decision.reason == BW_REASON_DISABLED);
    bw_session_free(session);
    free(token);
    free(body);
    free(secret);
    free(id);
    bw_string_free(made);
}

static void *administer(void *number)
{
    const int thread = *(const int *)number;
    char *body = NULL;
    bw_request *request = NULL;
    CHECK_STATUS(bw_request_new(&request, NULL), BW_OK);
    pthread_barrier_wait(&start);
    if (posted(code_form, &body) == 200)
        redeemed++;
    free(body);
    for (int turn = 0; turn < turns; turn++) {
        char project[32], *id = NULL, *usage = NULL;
        snprintf(project, sizeof project, "p-%d-%d", thread, turn);
        bw_request_clear(request);
        bw_request_resource(request, BW_STR("Project"), bw_cstr(project));
        take_a_turn(thread, turn, request);
        if (turn % 5 == 0) {
            CHECK_STATUS(bw_key_ring_rotate(ring, BW_STR("EdDSA"), &id, NULL), BW_OK);
            CHECK_STATUS(bw_audit_flush(audit), BW_OK);
            CHECK_STATUS(bw_audit_usage_json(audit, BW_STR("initech"), &usage, NULL), BW_OK);
            bw_string_free(usage);
            bw_string_free(id);
        }
    }
    bw_request_free(request);
    return NULL;
}

static void sink(void *user_data, bw_str record)
{
    CHECK(user_data == &recorded && record.len > 0);
    recorded++;
}

/* The form that redeems a code to which Bill has consented. */
static char *code_of(bw_authorization *asked)
{
    char form[1024] = "";
    bw_reply *reply = NULL;
    char *made = done(server, bill, "{\"do\": \"create_secret\", \"owner\": {\"app\": \"dashboards\"}}");
    char *secret = member(made, "secret");
    CHECK_STATUS(bw_authorization_consent(asked, server, bill, &reply, NULL), BW_OK);
    for (size_t at = 0; at < bw_reply_header_count(reply); at++) {
        const bw_str value = bw_reply_header_value(reply, at);
        const char before[] = "https://app.example/cb?code=";
        const size_t begin = sizeof before - 1;
        if (value.len > begin && memcmp(value.ptr, before, begin) == 0) {
            size_t end = begin;
            while (end < value.len && value.ptr[end] != '&')
                end++;
            snprintf(form, sizeof form,
                     "grant_type=authorization_code&code=%.*s&redirect_uri=https://app.example/cb&client_id=dashboards"
                     "&client_secret=%s&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                     (int)(end - begin), value.ptr + begin, secret);
        }
    }
    bw_reply_free(reply);
    free(secret);
    bw_string_free(made);
    CHECK(*form);
    return strdup(form);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    bw_clock *clock_ = NULL;
    bw_audit *own_audit = NULL;
    bw_session *own_bill = NULL;
    turns = argc > 1 ? atoi(argv[1]) : 100;
    if (turns < LEAST_TURNS)
        turns = LEAST_TURNS;
    CHECK_STATUS(bw_clock_fixed(NOW, &clock_, NULL), BW_OK);
    CHECK_STATUS(bw_audit_new(bw_none(), sink, &recorded, &own_audit, NULL), BW_OK);
    bw_key_ring *own_ring = new_ring(clock_);
    bw_engine *engine = new_server(clock_, own_ring, own_audit);
    CHECK_STATUS(bw_session_user(engine, BW_STR("bill"), BW_STR("initech"), &own_bill, NULL), BW_OK);
    server = engine;
    bill = own_bill;
    ring = own_ring;
    audit = own_audit;
    bw_authorization *asked = new_authorization(engine);
    code_form = code_of(asked);

    CHECK(pthread_barrier_init(&start, NULL, THREADS) == 0);
    for (int at = 0; at < THREADS; at++) {
        numbers[at] = at;
        CHECK(pthread_create(&threads[at], NULL, administer, &numbers[at]) == 0);
    }
    for (int at = 0; at < THREADS; at++)
        CHECK(pthread_join(threads[at], NULL) == 0);
    CHECK(pthread_barrier_destroy(&start) == 0);

    CHECK(redeemed == 1);
    /* No change of either thread was lost. */
    char *projects = done(engine, bill, "{\"do\": \"projects\", \"tenant\": \"initech\"}");
    for (int thread = 0; thread < THREADS; thread++)
        for (int turn = 0; turn < turns; turn++) {
            char id[40];
            snprintf(id, sizeof id, "\"p-%d-%d\"", thread, turn);
            CHECK(strstr(projects, id) != NULL);
        }
    bw_string_free(projects);
    CHECK_STATUS(bw_engine_flush(engine, NULL), BW_OK);
    CHECK(recorded >= THREADS * turns * 4);

    free(code_form);
    bw_authorization_free(asked);
    bw_session_free(own_bill);
    bw_engine_free(engine);
    bw_key_ring_free(own_ring);
    bw_audit_free(own_audit);
    bw_clock_free(clock_);
    return finished("administration");
}
