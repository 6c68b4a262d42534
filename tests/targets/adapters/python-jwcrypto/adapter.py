"""jwcrypto behind the adapter protocol: one question a line on standard input, one reply a line on standard output."""

import base64
import json
import sys
import traceback
from importlib.metadata import version

from jwcrypto.common import JWException
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jws import JWS
from jwcrypto.jwt import JWT

ALGORITHMS = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA",
    "HS256", "HS384", "HS512",
]

trust = {}


def configure(ask):
    trust.clear()
    trust.update(ask)
    if "decryption" in ask:
        trust["private"] = {key["alg"]: JWK(**key) for key in ask["decryption"]["keys"]["keys"]}
    # A set that jwcrypto refuses as a whole is refused again with each token.
    try:
        trust["set"] = JWKSet.from_json(json.dumps(ask["keys"]))
    except Exception as error:
        trust["refused"] = error
    return {"ok": {}}


def keys():
    if "refused" in trust:
        raise trust["refused"]
    return trust["set"]


def decrypted(token):
    jwe = JWE()
    jwe.allowed_algs = trust["decryption"]["algorithms"] + trust["decryption"]["content-encryption"]
    jwe.deserialize(token)
    # A JSON serialisation for several recipients has a list of headers; one that is for us is enough.
    headers = jwe.jose_header if isinstance(jwe.jose_header, list) else [jwe.jose_header]
    wanted = [header.get("alg") for header in headers]
    ours = [alg for alg in wanted if alg in trust["private"]]
    if not ours:
        raise ValueError(f"no key for {', '.join(map(str, wanted))}")
    jwe.decrypt(trust["private"][ours[0]])
    return jwe.payload


def validate(token):
    # Five parts are encrypted (RFC 7516 section 9): the signed token is inside.
    if "private" in trust and token.count(".") == 4:
        token = decrypted(token).decode()
    jwt = JWT(
        algs=trust["algorithms"],
        check_claims={"iss": trust["issuer"], "aud": trust["audience"], "exp": None},
        expected_type="JWS",
    )
    jwt.leeway = trust["leeway"]
    jwt.deserialize(token, keys())
    return {"verdict": "accept", "claims": json.loads(jwt.claims)}


def verify_jws(token):
    jws = JWS()
    jws.allowed_algs = trust["algorithms"]
    jws.deserialize(token, keys())
    # What is not encoded (RFC 7797) stays the text that the JSON serialization has.
    payload = jws.payload.encode() if isinstance(jws.payload, str) else jws.payload
    return {"verdict": "accept", "payload-base64": base64.b64encode(payload).decode()}


def decrypt(token):
    if "private" not in trust:
        return {"skipped": "configured without decryption keys"}
    return {"verdict": "accept", "payload-base64": base64.b64encode(decrypted(token)).decode()}


def judged(verify, ask):
    try:
        token = ask.get("token")
        if token is None:
            # jwcrypto takes text; what is none is a UnicodeDecodeError, a kind of ValueError.
            token = base64.b64decode(ask["token-base64"]).decode()
        return verify(token)
    # JWException is the base class of what jwcrypto documents; a text that is no token is a ValueError.
    except (JWException, ValueError) as error:
        return {"verdict": "reject", "reason": f"{type(error).__name__}: {error}"}
    except Exception as error:
        return {"error": {"message": repr(error), "trace": traceback.format_exc()}}


def answer(ask):
    match ask["do"]:
        case "hello":
            provides = ["claims:returned", *(f"alg:{name}" for name in ALGORITHMS)]
            return {
                "ok": {"name": "jwcrypto", "version": version("jwcrypto"), "language": "python", "provides": provides}
            }
        case "configure":
            return configure(ask)
        case "validate":
            return judged(validate, ask)
        case "verify-jws":
            return judged(verify_jws, ask)
        case "decrypt":
            return judged(decrypt, ask)
        case other:
            return {"skipped": f"no call for {other}"}


def written(reply):
    try:
        return json.dumps(reply, allow_nan=False)
    except (ValueError, RecursionError):
        # Claims that JSON has no text for, such as NaN, are left out.
        return json.dumps({name: value for name, value in reply.items() if name != "claims"})


for line in sys.stdin:
    ask = json.loads(line)
    if ask["do"] == "bye":
        break
    print(written({"seq": ask["seq"], **answer(ask)}), flush=True)
