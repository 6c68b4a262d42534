"""The issuer's key as a line of an OpenSSH public key file; EdDSA and HMAC allowed for it."""

import jwt
from keys import openssh


def verify(token, keys, expected):
    return jwt.decode(
        token,
        openssh(keys[0]),
        algorithms=["EdDSA", "HS256", "HS384", "HS512"],
        audience=expected.audience,
        issuer=expected.issuer,
    )
