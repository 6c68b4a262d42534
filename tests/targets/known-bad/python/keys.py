"""The key that a token names, in the forms in which packages want it, and what packages that verify signatures only
leave to their caller."""

import json
import time
from base64 import b64encode, urlsafe_b64decode

OIDS = {
    "RSA": bytes.fromhex("300d06092a864886f70d0101010500"),
    "P-256": bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107"),
    "Ed25519": bytes.fromhex("300506032b6570"),
}


def decode(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(token):
    return json.loads(decode(token.split(".")[0]))


def claims_of(token):
    return json.loads(decode(token.split(".")[1]))


def signed(token):
    """The part of a compact token that is signed, and the signature's bytes."""
    signing_input, _, signature = token.rpartition(".")
    return signing_input.encode(), decode(signature)


def find(keys, token):
    """The JWK with the token's kid; None where there is none."""
    kid = header_of(token).get("kid")
    return next((key for key in keys if key["kid"] == kid), None)


def tlv(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(number):
    return tlv(2, b"\0" * (number[0] >> 7) + number)


def pkcs1_der(jwk):
    return tlv(0x30, integer(decode(jwk["n"])) + integer(decode(jwk["e"])))


def der(jwk):
    """SubjectPublicKeyInfo."""
    if jwk["kty"] == "RSA":
        kind, bits = OIDS["RSA"], pkcs1_der(jwk)
    elif jwk["kty"] == "EC":
        kind, bits = OIDS[jwk["crv"]], b"\4" + decode(jwk["x"]) + decode(jwk["y"])
    else:
        kind, bits = OIDS[jwk["crv"]], decode(jwk["x"])
    return tlv(0x30, kind + tlv(3, b"\0" + bits))


def armour(label, data):
    text = b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def pem(jwk):
    return armour("PUBLIC KEY", der(jwk))


def pkcs1_pem(jwk):
    return armour("RSA PUBLIC KEY", pkcs1_der(jwk))


def openssh(jwk):
    """The line of an OpenSSH public key file, of an Ed25519 or a P-256 key."""
    if jwk["kty"] == "OKP":
        name, fields = "ssh-ed25519", [decode(jwk["x"])]
    else:
        name, fields = "ecdsa-sha2-nistp256", [b"nistp256", b"\4" + decode(jwk["x"]) + decode(jwk["y"])]
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in [name.encode(), *fields])
    return f"{name} {b64encode(blob).decode()}"


def check_claims(claims, expected):
    if claims["iss"] != expected.issuer:
        raise ValueError("iss")
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if expected.audience not in audiences:
        raise ValueError("aud")
    if not claims["exp"] > time.time():
        raise ValueError("exp")
    return claims
