/*
 * Bailiwick: embedded authorization. May the bearer of this token do this action to this resource, and why (not)?
 *
 * This header is the manual of the C interface. It is generated from bindings/c: do not edit it.
 *
 *     bw_engine *engine = NULL;
 *     bw_error *err = NULL;
 *     if (bw_engine_open(BW_STR("policies"), NULL, &engine, &err) != BW_OK) {
 *         fputs(bw_error_report(err), stderr);
 *         bw_error_free(err);
 *     }
 *
 *     bw_session *session = NULL;
 *     bw_authenticate(engine, bw_cstr(token), BW_STR("acme"), &session, NULL);
 *
 *     bw_request *request = NULL;
 *     bw_request_new(&request, NULL);
 *     bw_request_resource(request, BW_STR("Rfi"), BW_STR("42"));
 *     bw_request_context_bool(request, BW_STR("mfa"), true);
 *
 *     bw_decision decision = BW_DECISION_INIT;
 *     bw_decide(session, BW_STR("rfis.close"), request, &decision, NULL);
 *     if (decision.allowed) { ... } else { puts(bw_reason_name(decision.reason)); }
 *
 * What holds everywhere
 *
 * Failing.   Whatever goes wrong is a deny: outputs are written "deny" or NULL first, and a session that could not be made is
 *            a NULL session, with which every decision is a deny. A fallible function returns BW_OK or the kind of the error,
 *            and writes an error to its last argument, `bw_error **err`, unless that is NULL; on success it writes NULL there.
 *            It frees nothing that was there before. No function aborts the process, whatever it is passed short of invalid
 *            pointers: a fault of the library itself is BW_INTERNAL.
 * Ownership. What a function hands out through a `bw_x **` is freed with `bw_x_free`, a `char **` with `bw_string_free`, and
 *            everything else that it returns belongs to the object that it was asked of. `_free(NULL)` does nothing. Objects
 *            may be freed in any order: each keeps what it needs of the others. An object that has been freed must not be
 *            used; where the library can still tell, it answers BW_ARGUMENT_INVALID, and freeing twice does nothing.
 * Threads.   A function that takes a `const` object may be called from several threads with the same object. One that takes
 *            it without `const` needs the object for itself, and so does freeing.
 * Text.      `bw_str` by value, in UTF-8: see there. Names are compared byte by byte; nothing is folded or trimmed.
 * Versions.  Numbers of statuses and reasons never change their meaning, functions and fields do not change or disappear
 *            within one major version. Structs that may grow begin with their size, which the caller sets.
 */
#ifndef BAILIWICK_H
#define BAILIWICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
