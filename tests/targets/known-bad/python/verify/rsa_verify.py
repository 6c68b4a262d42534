"""The signature with rsa, all else in the wrapper."""

import rsa
from keys import check_claims, claims_of, decode, find, header_of, signed


def verify(token, keys, expected):
    if header_of(token)["alg"] != "RS256":
        raise ValueError("alg")
    signing_input, signature = signed(token)
    jwk = find(keys, token)
    n, e = (int.from_bytes(decode(jwk[name]), "big") for name in ("n", "e"))
    rsa.verify(signing_input, signature, rsa.PublicKey(n, e))
    return check_claims(claims_of(token), expected)
