"""Verifies the tokens of this library with PyJWT and joserfc, and makes some for it to verify.

usage: exchange.py FOLDER
"""

import base64
import json
import pathlib
import sys

import joserfc.jwt
import jwt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

HEADER = "at+jwt"


def private_pem(entry):
    key = load_der_private_key(base64.b64decode(entry["pkcs8"]), password=None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def with_pyjwt(ours):
    made = {}
    for entry in ours["tokens"]:
        alg = entry["alg"]
        if "secret" in entry:
            sign = verify = base64.b64decode(entry["secret"])
        else:
            sign, verify = private_pem(entry), jwt.PyJWK(entry["jwk"]).key
        options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        read = jwt.decode(entry["token"], verify, algorithms=[alg], audience="api", options=options)
        assert read == ours["claims"], alg
        refuse(lambda: jwt.decode(altered(entry), verify, algorithms=[alg], audience="api", options=options), alg)
        made[alg] = jwt.encode(ours["claims"], sign, algorithm=alg, headers={"typ": HEADER, "kid": alg})
    return made


def with_joserfc(ours):
    made = {}
    families = {"Ed": OKPKey, "ES": ECKey, "RS": RSAKey, "PS": RSAKey}
    for entry in ours["tokens"]:
        alg = entry["alg"]
        if "secret" in entry:
            sign = verify = OctKey.import_key(base64.b64decode(entry["secret"]))
        else:
            family = families[alg[:2]]
            sign, verify = family.import_key(private_pem(entry)), family.import_key(entry["jwk"])
        read = joserfc.jwt.decode(entry["token"], verify, algorithms=[alg])
        assert read.claims == ours["claims"], alg
        refuse(lambda: joserfc.jwt.decode(altered(entry), verify, algorithms=[alg]), alg)
        header = {"alg": alg, "typ": HEADER, "kid": alg}
        made[alg] = joserfc.jwt.encode(header, ours["claims"], sign, algorithms=[alg])
    return made


def altered(entry):
    header, claims, signature = entry["token"].split(".")
    other = "A" if signature[9] != "A" else "B"
    return ".".join([header, claims, signature[:9] + other + signature[10:]])


def refuse(call, alg):
    try:
        call()
    except Exception:
        return
    raise AssertionError(f"{alg}: an altered token was accepted")


def main():
    folder = pathlib.Path(sys.argv[1])
    ours = json.loads((folder / "ours.json").read_text())
    for name, exchange in [("pyjwt", with_pyjwt), ("joserfc", with_joserfc)]:
        made = exchange(ours)
        (folder / f"theirs-{name}.json").write_text(json.dumps(made))
        print(f"{name} verifies ours: {len(made)} algorithms")


main()
