"""Writes a C program that calls every function of the header with each of its arguments made bad in turn; with --faults, one
in which the library itself fails in every call.

NULL for each pointer; text that is NULL with a length, that is not UTF-8, and that is longer than any limit; a handle of
another type. Each must be refused with the right status, an error that says the same, and outputs that say "deny"; what is
marked optional must be taken.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
FUNCTION = re.compile(r"^(?!typedef|static)([a-z][\w ]*?[ *]+)(bw_\w+)\(([^;{]*)\);", re.MULTILINE)

# What may be NULL, by function and argument.
OPTIONAL = {("bw_engine_open", "config"), ("bw_engine_from_source", "config"), ("bw_engine_reload", "revision"),
            ("bw_engine_reload_source", "revision"), ("bw_filter", "allowed_count"), ("bw_key_ring_new", "clock"),
            ("bw_audit_new", "user_data"), ("bw_profile_keys_callback", "user_data")}
# What is bytes, not text, and what comes of any.
BYTES = {("bw_config_host_key", "key"): "BW_ARGUMENT_INVALID", ("bw_oauth", "body"): None}
# Texts that must make sense for the later arguments to be looked at.
TEXTS = {"claims": "{}", "json": "{}", "directory": "policies/construction", "path": "policies/construction",
         "algorithm": "EdDSA", "provider": "okta", "endpoint": "token", "settings": "{}", "key": "0123456789abcdef0123456789abcdef"}
# Objects that never change are made once; a builder is made anew for each call.
SHARED = {"bw_engine": "engine", "bw_session": "session", "bw_keys": "keys", "bw_clock": "clock_", "bw_error": "error",
          "bw_details": "details", "bw_signing_key": "key", "bw_identity": "&identity", "bw_proof": "&proof",
          "bw_key_ring": "ring", "bw_audit": "audit", "bw_reply": "reply", "bw_authorization": "authorization"}
FRESH = {"bw_profile": "new_profile(keys)", "bw_config": "new_config(profile, clock_)", "bw_source": "new_source()",
         "bw_request": "new_request()"}


class Argument:
    def __init__(self, text):
        self.type, self.name = re.fullmatch(r"(.*?)(\w+)", " ".join(text.split())).groups()
        self.type = self.type.strip().replace(" *", "*").replace("const ", "")
        self.base = self.type.rstrip("*")

    @property
    def is_handle(self):
        return self.type.endswith("*") and not self.type.endswith("**") and (self.base in SHARED or self.base in FRESH)

    def valid(self):
        if self.type == "bw_str":
            return f'BW_STR("{TEXTS.get(self.name, "x")}")'
        if self.is_handle:
            return SHARED.get(self.base) or f"fresh_{self.base}"
        return {"bw_error**": "&err", "char**": "&string", "bw_str*": "&text", "bw_decision*": "&decision",
                "uint64_t*": "&revision", "bool*": "&flag", "bw_keys_callback": "no_keys", "bw_audit_sink": "NULL",
                "void*": "NULL", "size_t*": "&count", "bool": "true",
                "size_t": "sizeof decision" if self.name == "decision_size" else "1"}.get(
                    self.type, f"&out_{self.base}" if self.type.endswith("**") else "0")


def functions():
    header = re.sub(r"/\*.*?\*/", "", (ROOT / "include/bailiwick.h").read_text(), flags=re.DOTALL)
    for result, name, arguments in FUNCTION.findall(header):
        arguments = [Argument(it) for it in arguments.split(",") if it.strip() != "void"]
        yield result.strip().replace(" *", "*"), name, arguments


def call(result, name, arguments, bad, value, expected):
    """One call with one bad argument, and what must come of it."""
    values = [value if argument is bad else argument.valid() for argument in arguments]
    lines = []
    for argument in arguments:
        if argument.base in FRESH and argument is not bad and argument.is_handle:
            lines.append(f"{argument.base} *fresh_{argument.base} = {FRESH[argument.base]};")
        if argument.type.endswith("**") and argument.base not in ("bw_error", "char"):
            lines.append(f"{argument.base} *out_{argument.base} = NULL;")
    invocation = f"{name}({', '.join(values)})"
    if bad is FAULT:
        lines.append("bw_fault_arm(1);")
    errs = any(argument.type == "bw_error**" for argument in arguments) and (bad is FAULT or bad.type != "bw_error**")
    if result == "void":
        lines.append(f"{invocation};")
    elif result == "bw_status" and name != "bw_error_code" and expected:
        lines.append(f"CHECK_STATUS({invocation}, {expected});")
        if errs:
            lines.append(f"CHECK(bw_error_code(err) == {expected} && bw_error_message(err)[0] != 0);")
        for argument in arguments:
            if argument.type.endswith("**") and argument.base != "bw_error" and argument is not bad:
                place = "string" if argument.base == "char" else f"out_{argument.base}"
                lines.append(f"CHECK({place} == NULL);")
            if argument.type == "bw_decision*" and argument is not bad:
                lines.append("CHECK(!decision.allowed && decision.reason != BW_REASON_PERMITTED);")
                lines.append("decision.allowed = true;")
    elif result in ("bw_status", "size_t", "uint64_t", "int64_t", "bool", "uint32_t"):
        lines.append(f"CHECK({invocation} == 0);" if expected and name != "bw_error_code" else f"(void){invocation};")
    elif result == "bw_str":
        lines.append(f"CHECK({invocation}.len == 0);")
    else:
        lines.append(f"(void){invocation};")
    lines.append("bw_error_free(err); err = NULL; bw_string_free(string); string = NULL;")
    for argument in arguments:
        if argument.base in FRESH and argument is not bad and argument.is_handle and not name.endswith("_free"):
            lines.append(f"bw_{argument.base[3:]}_free(fresh_{argument.base});")
        if argument.type.endswith("**") and argument.base not in ("bw_error", "char"):
            lines.append(f"bw_{argument.base[3:]}_free(out_{argument.base});")
    return "    {\n        " + "\n        ".join(lines) + "\n    }"


# In the place of a bad argument: none is, and the library fails.
FAULT = object()


def faults():
    for result, name, arguments in functions():
        # What frees cannot fail in a way that could be seen.
        if result != "void":
            yield call(result, name, arguments, FAULT, None, "BW_INTERNAL")


def calls():
    for result, name, arguments in functions():
        for bad in arguments:
            if bad.type == "bw_str":
                yield call(result, name, arguments, bad, "null_with_length", "BW_NULL_ARGUMENT")
                yield call(result, name, arguments, bad, "not_utf8", BYTES.get((name, bad.name), "BW_NOT_UTF8"))
                yield call(result, name, arguments, bad, "too_long", "BW_LIMIT_EXCEEDED")
            elif bad.type.endswith("*"):
                optional = bad.type == "bw_error**" or (name, bad.name) in OPTIONAL
                yield call(result, name, arguments, bad, "NULL", None if optional else "BW_NULL_ARGUMENT")
            if bad.is_handle and bad.base not in ("bw_identity", "bw_proof"):
                other = "session" if bad.base != "bw_session" else "engine"
                yield call(result, name, arguments, bad, f"({bad.base} *)(void *)(uintptr_t){other}",
                           "BW_ARGUMENT_INVALID")


print('''#include "fixture.h"

/* Of the library with the feature fault-injection alone. */
void bw_fault_arm(uint32_t entries);

int main(void)
{
    bw_clock *clock_ = NULL;
    bw_clock_fixed(NOW, &clock_, NULL);
    bw_signing_key *key = new_key();
    bw_keys *keys = new_keys(key);
    bw_profile *profile = new_profile(keys);
    bw_config *config = new_config(profile, clock_);
    bw_engine *engine = NULL;
    bw_error *error = NULL, *err = NULL;
    CHECK_STATUS(bw_engine_open(BW_STR("no/such/directory"), NULL, &engine, &error), BW_IO);
    engine = new_engine(config);
    bw_session *session = new_session(engine);
    bw_request *request = new_request();
    bw_decision decision = BW_DECISION_INIT;
    bw_details *details = NULL;
    CHECK_STATUS(bw_decide_detailed(session, BW_STR("rfis.view"), request, &decision, &details, NULL), BW_OK);
    CHECK(decision.allowed);
    bw_identity identity;
    memset(&identity, 0, sizeof identity);
    identity.size = sizeof identity;
    bw_proof proof;
    memset(&proof, 0, sizeof proof);
    proof.size = sizeof proof;
    bw_key_ring *ring = new_ring(clock_);
    bw_audit *audit = NULL;
    CHECK_STATUS(bw_audit_new(bw_none(), NULL, NULL, &audit, NULL), BW_OK);
    bw_engine *server = new_server(clock_, ring, audit);
    bw_authorization *authorization = new_authorization(server);
    bw_reply *reply = NULL;
    CHECK_STATUS(bw_oauth(server, BW_STR("jwks"), bw_none(), bw_none(), &reply, NULL), BW_OK);
    const bw_str text = BW_STR("x"), null_with_length = {NULL, 5}, not_utf8 = {"a\\xff", 2}, too_long = {"x", (size_t)-1};
    char *string = NULL;
    uint64_t revision = 0;
    size_t count = 0;
    bool flag = false;
    (void)text, (void)null_with_length, (void)not_utf8, (void)too_long;
''')
print("\n".join(faults() if "--faults" in sys.argv else calls()))
print('''
    bw_error_free(error);
    bw_reply_free(reply);
    bw_authorization_free(authorization);
    bw_engine_free(server);
    bw_audit_free(audit);
    bw_key_ring_free(ring);
    bw_details_free(details);
    bw_request_free(request);
    bw_session_free(session);
    bw_engine_free(engine);
    bw_config_free(config);
    bw_profile_free(profile);
    bw_keys_free(keys);
    bw_signing_key_free(key);
    bw_clock_free(clock_);
    return finished("arguments");
}''')
