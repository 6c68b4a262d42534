"""The issuer's key kept as a line of an OpenSSH public key file; no list of algorithms. The package does not load that
form for ECDSA, so the application does; HMAC gets the key as it is kept."""

from jose import jwt
from keys import header_of, openssh, pem


def verify(token, keys, expected):
    key = pem(keys[0]) if header_of(token)["alg"] == "ES256" else openssh(keys[0])
    return jwt.decode(token, key, audience=expected.audience, issuer=expected.issuer)
