"""The issuer's key as PEM; no list of algorithms."""

import old_python  # noqa: F401
import jwt
from keys import pem


def verify(token, keys, expected):
    return jwt.decode(token, pem(keys[0]), audience=expected.audience, issuer=expected.issuer)
