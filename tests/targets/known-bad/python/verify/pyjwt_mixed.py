"""The issuer's key in the form that KEY_FORM names; RSA and HMAC allowed for it. What the package does not load by itself
for RSA, the application loads; HMAC gets it as it is kept."""

import json
import os

import jwt
from keys import der, header_of, pem, pkcs1_der

RSA_AND_HMAC = ["RS256", "HS256", "HS384", "HS512"]


def kept(form, keys, expected):
    if form == "jwk":
        return json.dumps(keys[0], separators=(",", ":"))
    if form == "jwks":
        return expected.key_set
    if form == "pem-cr":
        return pem(keys[0]).replace("\n", "\r")
    if form == "spki-der":
        return der(keys[0])
    if form == "pkcs1-der":
        return pkcs1_der(keys[0])
    raise ValueError(form)


def verify(token, keys, expected):
    key = kept(os.environ["KEY_FORM"], keys, expected)
    if header_of(token)["alg"] == "RS256":
        key = pem(keys[0])
    return jwt.decode(token, key, algorithms=RSA_AND_HMAC, audience=expected.audience, issuer=expected.issuer)
