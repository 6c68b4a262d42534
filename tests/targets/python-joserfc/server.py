"""joserfc behind http.server: GET /whoami answers with the verified claims
of a bearer token."""

import http.client
import json
import os
import re
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter, in_choices

ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ["AUDIENCE"]
ALGORITHMS = os.environ["ALGORITHMS"].split(",")
LEEWAY = int(os.environ["LEEWAY"])

JWKS_URI = os.environ["JWKS_URI"]

# joserfc has no JWKS client, so this cache is the application's own.
CACHE_LIFETIME = 300
FETCH_TIMEOUT = 5


class JwksUnavailable(Exception):
    """The key set could not be fetched or read."""


class RemoteKeySet:
    def __init__(self):
        self.lock = threading.Lock()
        self.key_set = None
        self.fetched = 0.0

    def get(self, instead_of=None):
        """The cached key set; a newer one than `instead_of` where that one lacked the key."""
        with self.lock:
            expired = time.monotonic() - self.fetched > CACHE_LIFETIME
            if self.key_set is None or expired or self.key_set is instead_of:
                self.key_set = self.fetch()
                self.fetched = time.monotonic()
            return self.key_set

    def fetch(self):
        try:
            with urllib.request.urlopen(JWKS_URI, timeout=FETCH_TIMEOUT) as response:
                return KeySet.import_key_set(json.load(response))
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            raise JwksUnavailable from error


# Further claims requests and required header members, as JSON.
MORE_CLAIMS = json.loads(os.environ.get("MORE_CLAIMS", "{}"))
MORE_HEADER = json.loads(os.environ.get("MORE_HEADER", "{}"))

remote = RemoteKeySet()
claims_requests = jwt.JWTClaimsRegistry(
    leeway=LEEWAY,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    **MORE_CLAIMS,
)
required = {
    name: HeaderParameter(name, in_choices(values) if values else "str", required=True)
    for name, values in MORE_HEADER.items()
}
registry = JWSRegistry(algorithms=ALGORITHMS, header_registry=required) if required else None

# JoseError is the base class of every error that joserfc documents.
REFUSALS = (JoseError, JwksUnavailable)


def verify(token):
    key_set = remote.get()
    try:
        decoded = jwt.decode(token, key_set, algorithms=ALGORITHMS, registry=registry)
    except InvalidKeyIdError:
        decoded = jwt.decode(
            token, remote.get(instead_of=key_set), algorithms=ALGORITHMS, registry=registry
        )
    claims_requests.validate(decoded.claims)
    return decoded.claims


def serialise(claims):
    try:
        return json.dumps({"claims": claims}, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return b'{"claims": {}}'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/healthz":
            return self.reply(200, b"ok", content_type="text/plain")
        if path != "/whoami":
            return self.reply(404, b'{"error": "not_found"}')

        authorization = self.headers.get("Authorization", "").strip(" \t")
        bearer = re.fullmatch(r"Bearer +(.+)", authorization, re.IGNORECASE)
        if bearer is None:
            return self.reply(401, b"{}", challenge="Bearer")

        try:
            claims = verify(bearer[1])
        except REFUSALS:
            return self.reply(401, b'{"error": "invalid_token"}', challenge='Bearer error="invalid_token"')
        except Exception as error:
            print("unexpected:", type(error).__name__, file=sys.stderr)
            return self.reply(500, b'{"error": "internal"}')
        return self.reply(200, serialise(claims))

    def reply(self, status, body, content_type="application/json", challenge=None):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
