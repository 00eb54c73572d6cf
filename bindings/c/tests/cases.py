"""Writes the cases of tests/conformance as a flat file for conformance.c, which has no JSON parser.

One instruction a line: a word and its arguments, separated by tabs. `\\\\`, `\\t`, `\\n`, `\\r` and `\\0` stand for a backslash,
tab, line feed, carriage return and NUL. Values of types that the C interface has functions for become calls of those;
everything else is passed as Cedar's JSON.
"""

import base64
import hashlib
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
KINDS = [("schema", "inline.cedarschema"), ("schema_json", "inline.cedarschema.json"), ("cedar", "inline.cedar"),
         ("entities", "entities.json"), ("links", "links.json")]


def say(word, *arguments):
    print("\t".join([word, *(str(argument).translate(ESCAPES) for argument in arguments)]))


def text_of(value):
    """A string is the text itself."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def uid_of(text):
    """The type and id of `Type::"id"`."""
    type_name, quoted = re.fullmatch(r'([^"]*)::"(.*)"', text, re.DOTALL).groups()
    return type_name, json.loads(f'"{quoted}"', strict=False)


def say_policies(policies):
    if isinstance(policies, str):
        say("directory", policies)
        return
    say("texts")
    for kind, name in KINDS:
        if kind in policies:
            say("text", kind, name, text_of(policies[kind]))


def say_issuer(issuer):
    if "provider" in issuer:
        say("issuer_of", issuer["provider"], issuer["issuer"])
    else:
        say("issuer", issuer["issuer"])
    for audience in issuer["audience"]:
        say("audience", audience)
    if "jwks" in issuer:
        say("keys", text_of(issuer["jwks"]))
    if "secrets" in issuer:
        say("secrets", text_of(issuer["secrets"]))
    if "encryption_keys" in issuer:
        say("profile_text", "encryption_keys", text_of(issuer["encryption_keys"]))
    for name in ["algorithms", "token_types", "client_claims", "scope_claims"]:
        if name in issuer:
            say("profile_list", name, *issuer[name])
    for name in ["leeway", "max_lifetime"]:
        if name in issuer:
            say("profile_number", name, issuer[name])
    for name in ["principal_claim", "tenant_claim"]:
        if name in issuer:
            say("profile_text", name, issuer[name])
    for name in ["accept_untyped", "tenant_from_request"]:
        if issuer.get(name):
            say("profile_flag", name)
    for claim in issuer.get("required", []):
        say("profile_text", "require", claim)
    for settings in issuer.get("context_claims", []):
        say("context_claim", *settings)
    if "service_account_when" in issuer:
        say("service_account_when", *issuer["service_account_when"])


def say_value(where, name, value):
    match value:
        case _ if where == "tag" and not isinstance(value, str):
            say(where, "json", name, text_of_json(value))
        case bool():
            say(where, "bool", name, int(value))
        case int():
            say(where, "long", name, value)
        case str():
            say(where, "string", name, value)
        case {"__entity": {"type": str(type_name), "id": str(id)}} if len(value) == 1:
            say(where, "entity", name, type_name, id)
        case {"__extn": {"fn": "ip" | "decimal" as kind, "arg": str(argument)}} if len(value) == 1:
            say(where, kind, name, argument)
        case _:
            say(where, "json", name, text_of_json(value))


def text_of_json(value):
    return json.dumps(value, ensure_ascii=False)


def say_entity(word, entity):
    uid = entity["uid"]
    type_name, id = uid_of(uid) if isinstance(uid, str) else (lambda pair: (pair["type"], pair["id"]))(
        uid.get("__entity", uid))
    say(word, type_name, id)
    for parent in entity.get("parents", []):
        parent = parent if isinstance(parent, str) else parent.get("__entity", parent)
        say("parent", *(uid_of(parent) if isinstance(parent, str) else (parent["type"], parent["id"])))
    for name, value in entity.get("attrs", {}).items():
        say_value("attr", name, value)
    for name, value in entity.get("tags", {}).items():
        say_value("tag", name, value)


def say_request(case):
    """The request twice: step by step, and as JSON."""
    resource = case["resource"]
    say("request")
    if set(resource) == {"type", "id"}:
        say("resource", resource["type"], resource["id"])
    else:
        say_entity("bring_resource", resource)
    for entity in case.get("entities", []):
        say_entity("bring_entity", entity)
    for name, value in case.get("context", {}).items():
        say_value("context", name, value)
    say("again")
    if set(resource) == {"type", "id"}:
        say("resource", resource["type"], resource["id"])
    else:
        say("resource_json", text_of_json(resource))
    for entity in case.get("entities", []):
        say("entity_json", text_of_json(entity))
    if "context" in case:
        say("context_json", text_of_json(case["context"]))


def say_case(case):
    say("case", case["name"])
    if "tenant" in case:
        say("tenant", case["tenant"])
    if "principal" in case:
        say("principal", *uid_of(case["principal"]))
    elif "identity" in case:
        identity = case["identity"]
        for scope in identity.get("scopes", []):
            say("scope", scope)
        say("identity", *uid_of(identity["principal"]), "scopes" in identity, "app" in identity,
            identity.get("app", ""), "grant_type" in identity, identity.get("grant_type", ""),
            identity.get("expires", "never"))
    else:
        proof = case.get("proof", {})
        if "dpop" in proof:
            say("dpop", proof["dpop"], proof["method"], proof["uri"])
        if "certificate" in proof:
            say("certificate", hashlib.sha256(base64.b64decode(proof["certificate"])).hexdigest())
        say("token", case["token"])
    expect = case["expect"]
    if "error" in expect:
        say("refused", expect["error"])
        return
    if "at" in case:
        say("at", case["at"])
    say_request(case)
    for policy in expect.get("policies", []):
        say("policy", policy)
    for policy in expect.get("errors", []):
        say("failed", policy)
    for text in expect.get("explained", []):
        say("explained", text)
    say("decide", case["action"], int(expect["allowed"]), expect["reason"])


def say_suite(name, suite):
    say("suite", name)
    say("now", suite.get("now", 1_800_000_000))
    say_policies(suite["policies"])
    for issuer in suite.get("issuers", []):
        say_issuer(issuer)
    say("load", suite.get("load_error", "ok"))
    for case in suite.get("cases", []):
        say_case(case)


sys.stdout.reconfigure(encoding="utf-8", newline="\n")
for path in sorted((ROOT / "tests/conformance").glob("*.json")):
    suite = json.loads(path.read_bytes())
    for load in suite.get("loads", []):
        say_suite(f"{path.stem}: {load['name']}", load)
    if "loads" not in suite:
        say_suite(path.stem, suite)
