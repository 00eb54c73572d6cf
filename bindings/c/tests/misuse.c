/* Freeing twice, and using what has been freed: undefined, but noticed where the memory can still be read. Not for
 * sanitizers, which rightly object. */
#include "fixture.h"

int main(void)
{
    bw_signing_key *key = new_key();
    bw_engine *engine = simple_engine(key);
    bw_session *session = new_session(engine);
    bw_request *request = new_request();
    bw_decision decision = BW_DECISION_INIT;

    /* The compiler must not see through the pointers. */
    bw_session *volatile freed_session = session;
    bw_request *volatile freed_request = request;
    bw_session_free(session);
    bw_session_free(freed_session);
    CHECK_STATUS(bw_decide(freed_session, BW_STR("rfis.view"), request, &decision, NULL), BW_ARGUMENT_INVALID);
    CHECK(!decision.allowed);
    bw_request_free(request);
    bw_request_free(freed_request);
    CHECK_STATUS(bw_request_clear(freed_request), BW_ARGUMENT_INVALID);

    bw_engine_free(engine);
    bw_signing_key_free(key);
    return finished("misuse");
}
