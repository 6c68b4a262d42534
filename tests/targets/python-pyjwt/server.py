"""PyJWT and its PyJWKClient behind http.server: GET /whoami answers with the verified claims
of a bearer token."""

import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ["AUDIENCE"]
ALGORITHMS = os.environ["ALGORITHMS"].split(",")
LEEWAY = int(os.environ["LEEWAY"])

jwks_client = jwt.PyJWKClient(os.environ["JWKS_URI"])

# PyJWTError is the base class of every error that PyJWT documents, PyJWKClientError and
# PyJWKClientConnectionError included. PyJWKClient lets two JWKS failures through unwrapped:
# a body that is not JSON, and a connection that breaks while the body is read.
REFUSALS = (jwt.PyJWTError, json.JSONDecodeError, OSError)


def verify(token):
    signing_key = jwks_client.get_signing_key_from_jwt(token)
    return jwt.decode(
        token,
        signing_key,
        algorithms=ALGORITHMS,
        audience=AUDIENCE,
        issuer=ISSUER,
        leeway=LEEWAY,
    )


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
