"""The issuer's key as PEM, and the default list of algorithms."""

from authlib.jose import jwt
from keys import check_claims, pem


def verify(token, keys, expected):
    return check_claims(dict(jwt.decode(token, pem(keys[0]))), expected)
