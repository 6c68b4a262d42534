"""PyJWT behind the adapter protocol: one question a line on standard input, one reply a line on standard output."""

import base64
import json
import sys
import traceback

import jwt

ALGORITHMS = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA",
    "HS256", "HS384", "HS512",
]

trust = {}


def configure(ask):
    trust.clear()
    trust.update(ask)
    # A set that PyJWT refuses as a whole is refused again with each token.
    try:
        trust["set"] = jwt.PyJWKSet.from_dict(ask["keys"])
    except jwt.PyJWTError as error:
        trust["refused"] = error
    return {"ok": {}}


def key_of(token):
    if "refused" in trust:
        raise trust["refused"]
    kid = jwt.get_unverified_header(token).get("kid")
    keys = trust["set"].keys
    if kid is None and len(keys) == 1:
        return keys[0]
    return trust["set"][kid]


def validate(token):
    claims = jwt.decode(
        token,
        key_of(token),
        algorithms=trust["algorithms"],
        audience=trust["audience"],
        issuer=trust["issuer"],
        leeway=trust["leeway"],
    )
    return {"verdict": "accept", "claims": claims}


def verify_jws(token):
    payload = jwt.PyJWS().decode(token, key_of(token), algorithms=trust["algorithms"])
    return {"verdict": "accept", "payload-base64": base64.b64encode(payload).decode()}


def judged(verify, ask):
    token = ask.get("token")
    if token is None:
        token = base64.b64decode(ask["token-base64"])
    try:
        return verify(token)
    # PyJWTError is the base class of every error that PyJWT documents; PyJWKSet's lookup is a KeyError.
    except (jwt.PyJWTError, KeyError) as error:
        return {"verdict": "reject", "reason": f"{type(error).__name__}: {error}"}
    except Exception as error:
        return {"error": {"message": repr(error), "trace": traceback.format_exc()}}


def answer(ask):
    match ask["do"]:
        case "hello":
            provides = ["claims:returned", *(f"alg:{name}" for name in ALGORITHMS)]
            return {"ok": {"name": "pyjwt", "version": jwt.__version__, "language": "python", "provides": provides}}
        case "configure":
            return configure(ask)
        case "validate":
            return judged(validate, ask)
        case "verify-jws":
            return judged(verify_jws, ask)
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
