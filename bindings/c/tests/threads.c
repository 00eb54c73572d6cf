/* Many threads with one engine, one session and one request, while another thread reloads the policies. */
#define _POSIX_C_SOURCE 200809L

#include "fixture.h"

#include <pthread.h>

enum { THREADS = 8, LEAST_RELOADS = 5 };

static const bw_engine *engine;
static const bw_session *shared_session;
static const bw_request *shared_request;
static const char *token;
static int rounds;
static atomic_int deciding = THREADS;

static void *decide(void *unused)
{
    bw_request *own = new_request();
    (void)unused;
    for (int round = 0; round < rounds; round++) {
        bw_decision decision = BW_DECISION_INIT;
        CHECK_STATUS(bw_decide(shared_session, BW_STR("rfis.view"), shared_request, &decision, NULL), BW_OK);
        CHECK(decision.allowed);
        bw_request_clear(own);
        bw_request_resource(own, BW_STR("Rfi"), BW_STR("43"));
        bw_request_context_long(own, BW_STR("tries"), round);
        CHECK(!bw_allows(shared_session, BW_STR("rfis.view"), own));
        if (round % 1000 == 0) {
            bw_session *session = NULL;
            bw_error *err = NULL;
            CHECK_STATUS(bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &session, NULL), BW_OK);
            CHECK(bw_allows(session, BW_STR("rfis.view"), shared_request));
            bw_session_free(session);
            CHECK_STATUS(bw_authenticate(engine, BW_STR("no token"), BW_STR("acme"), &session, &err), BW_TOKEN_MALFORMED);
            bw_error_free(err);
        }
    }
    bw_request_free(own);
    deciding--;
    return NULL;
}

static void *reload(void *unused)
{
    (void)unused;
    for (int times = 0; times < LEAST_RELOADS || deciding > 0; times++) {
        bw_source *source = new_source();
        CHECK_STATUS(bw_engine_reload_source(engine, source, NULL, NULL), BW_OK);
        bw_source_free(source);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS], reloader;
    /* Two decisions a round: a million in all, unless a slower tool asks for fewer. */
    rounds = argc > 1 ? atoi(argv[1]) : 1000000 / THREADS / 2;
    bw_signing_key *key = new_key();
    bw_engine *own_engine = simple_engine(key);
    bw_session *session = new_session(own_engine);
    bw_request *request = new_request();
    char *signed_token = new_token(key, "rfis:read");
    engine = own_engine;
    shared_session = session;
    shared_request = request;
    token = signed_token;

    for (int at = 0; at < THREADS; at++)
        CHECK(pthread_create(&threads[at], NULL, decide, NULL) == 0);
    CHECK(pthread_create(&reloader, NULL, reload, NULL) == 0);
    for (int at = 0; at < THREADS; at++)
        CHECK(pthread_join(threads[at], NULL) == 0);
    CHECK(pthread_join(reloader, NULL) == 0);

    bw_string_free(signed_token);
    bw_request_free(request);
    bw_session_free(session);
    bw_engine_free(own_engine);
    bw_signing_key_free(key);
    return finished("threads");
}
