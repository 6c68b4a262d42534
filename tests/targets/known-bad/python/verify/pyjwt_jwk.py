"""The issuer's key by kid, as PyJWK; two algorithms allowed."""

import jwt
from keys import find


def verify(token, keys, expected):
    return jwt.decode(
        token,
        jwt.PyJWK(find(keys, token)),
        algorithms=["RS256", "RS512"],
        audience=expected.audience,
        issuer=expected.issuer,
    )
