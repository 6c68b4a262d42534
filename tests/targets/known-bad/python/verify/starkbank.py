"""The signature with starkbank-ecdsa, all else in the wrapper."""

from ellipticcurve.ecdsa import Ecdsa
from ellipticcurve.publicKey import PublicKey
from ellipticcurve.signature import Signature
from keys import check_claims, claims_of, find, header_of, pem, signed


def verify(token, keys, expected):
    if header_of(token)["alg"] != "ES256":
        raise ValueError("alg")
    signing_input, signature = signed(token)
    if len(signature) != 64:
        raise ValueError("length")
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    key = PublicKey.fromPem(pem(find(keys, token)))
    if not Ecdsa.verify(signing_input.decode(), Signature(r, s), key):
        raise ValueError("signature")
    return check_claims(claims_of(token), expected)
