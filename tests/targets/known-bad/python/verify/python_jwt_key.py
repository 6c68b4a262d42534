"""The issuer's key as JWK object, and the one algorithm that is allowed."""

import json

import python_jwt
from jwcrypto.jwk import JWK
from keys import check_claims


def verify(token, keys, expected):
    key = JWK.from_json(json.dumps(keys[0]))
    _, claims = python_jwt.verify_jwt(token, key, ["RS256"], checks_optional=True)
    return check_claims(claims, expected)
