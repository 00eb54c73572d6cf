/* Checks for the tests: a failed one is printed and counted, and the test goes on. */
#ifndef CHECK_H
#define CHECK_H

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bailiwick.h"

static atomic_int checked, failed;

#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition)
#define CHECK_STATUS(call, expected) check_status((call), (expected), __FILE__, __LINE__, #call)
#define CHECK_TEXT(text, expected) check_text((text), (expected), __FILE__, __LINE__, #text)
#define CHECK_STRING(string, expected) check_text(bw_cstr(string), (expected), __FILE__, __LINE__, #string)

static inline void check(bool holds, const char *file, int line, const char *what)
{
    checked++;
    if (!holds) {
        failed++;
        fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    }
}

static inline void check_status(bw_status found, bw_status expected, const char *file, int line, const char *what)
{
    checked++;
    if (found != expected) {
        failed++;
        fprintf(stderr, "%s:%d: %s: expected %s, got %s\n", file, line, what, bw_status_name(expected),
                bw_status_name(found));
    }
}

static inline void check_text(bw_str found, const char *expected, const char *file, int line, const char *what)
{
    checked++;
    if (found.len != strlen(expected) || (found.len && memcmp(found.ptr, expected, found.len) != 0)) {
        failed++;
        fprintf(stderr, "%s:%d: %s: expected \"%s\", got \"%.*s\"\n", file, line, what, expected, (int)found.len,
                found.ptr ? found.ptr : "");
    }
}

/* The result of a program: say how much was checked. */
static inline int finished(const char *name)
{
    fprintf(stderr, "%s: %d checks, %d failed\n", name, checked, failed);
    return checked > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
