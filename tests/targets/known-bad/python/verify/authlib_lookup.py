"""The issuer's key by kid; None where nobody has it."""

import json

from authlib.jose import JsonWebSignature
from keys import check_claims, find, pem

jws = JsonWebSignature(algorithms=["RS256"])


def verify(token, keys, expected):
    key = find(keys, token)
    answer = jws.deserialize_compact(token.encode(), key and pem(key))
    return check_claims(json.loads(answer["payload"]), expected)
