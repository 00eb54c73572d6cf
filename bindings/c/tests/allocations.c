/* Deciding allocates nothing, and neither does filling a request that has grown to its size: counted by the allocator that
 * this program puts in front of the system's. */
#define _GNU_SOURCE

#include "fixture.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_size_t allocations;

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocations++;
    return __libc_realloc(memory, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    allocations++;
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : 12;
}

enum { TIMES = 10000 };

static void fill(bw_request *request)
{
    bw_request_clear(request);
    bw_request_bring_resource(request, BW_STR("Rfi"), BW_STR("9001"));
    bw_request_parent(request, BW_STR("Company"), BW_STR("acme"));
    bw_request_attr_bool(request, BW_STR("private"), false);
    bw_request_attr_string(request, BW_STR("state"), BW_STR("open"));
    bw_request_attr_entity(request, BW_STR("owner"), BW_STR("User"), BW_STR("ana"));
    bw_request_context_bool(request, BW_STR("mfa"), true);
    bw_request_context_long(request, BW_STR("tries"), 2);
    bw_request_context_string(request, BW_STR("why"), BW_STR("because"));
    bw_request_context_entity(request, BW_STR("as"), BW_STR("User"), BW_STR("ana"));
    bw_request_context_ip(request, BW_STR("from"), BW_STR("10.1.2.3"));
}

static void measure(const char *what, const bw_session *session, bw_request *request, bool refill)
{
    for (int round = 0; round < 2; round++) {
        const size_t before = allocations;
        for (int time = 0; time < TIMES; time++) {
            bw_decision decision = BW_DECISION_INIT;
            if (refill)
                fill(request);
            bw_decide(session, BW_STR("rfis.close"), request, &decision, NULL);
            if (!decision.allowed)
                CHECK(decision.allowed);
        }
        const size_t count = allocations - before;
        checked++;
        /* The first round grows what grows. */
        if (round == 1 && count != 0) {
            failed++;
            fprintf(stderr, "%s: %zu allocations in %d decisions\n", what, count, TIMES);
        }
    }
}

int main(void)
{
    bw_signing_key *key = new_key();
    bw_engine *engine = simple_engine(key);
    bw_session *session = new_session(engine);
    bw_request *request = new_request();
    char *token = new_token(key, "rfis:write");
    bw_session *bearer = NULL;
    CHECK_STATUS(bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &bearer, NULL), BW_OK);
    CHECK(allocations > 0);

    bw_request_context_bool(request, BW_STR("mfa"), true);
    measure("a stored resource", session, request, false);
    measure("a stored resource, by a token", bearer, request, false);
    fill(request);
    measure("a resource brought along", session, request, false);
    measure("a request filled anew each time", session, request, true);
    measure("the same by a token", bearer, request, true);

    bw_session_free(bearer);
    bw_string_free(token);
    bw_request_free(request);
    bw_session_free(session);
    bw_engine_free(engine);
    bw_signing_key_free(key);
    return finished("allocations");
}
