"""The issuer's key as PKCS#1 PEM; no list of algorithms."""

import old_python  # noqa: F401
import jwt
from keys import pkcs1_pem


def verify(token, keys, expected):
    return jwt.decode(token, pkcs1_pem(keys[0]), audience=expected.audience, issuer=expected.issuer)
