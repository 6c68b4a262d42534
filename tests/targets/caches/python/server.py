"""GET /whoami answers with the claims of a bearer token, by PyJWT and its PyJWKClient."""

import json
import os
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

jwks_client = jwt.PyJWKClient(
    os.environ["JWKS_URI"],
    lifespan=float(os.environ["LIFETIME"]),
    timeout=float(os.environ["TIMEOUT"]),
    cooldown_duration=float(os.environ["COOLDOWN"]),
)


def verify(token):
    key = jwks_client.get_signing_key_from_jwt(token)
    return jwt.decode(
        token, key, algorithms=["RS256"], audience=os.environ["AUDIENCE"], issuer=os.environ["ISSUER"]
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == "/healthz":
            return self.reply(200, {})
        if self.path != "/whoami":
            return self.reply(404, {})
        bearer = re.fullmatch(r"Bearer +(.+)", self.headers.get("Authorization", ""), re.IGNORECASE)
        if bearer is None:
            return self.reply(401, {})
        try:
            claims = verify(bearer[1])
        except Exception as error:  # noqa: BLE001: most applications cannot tell one from the other
            return self.reply(401, {"error": "invalid_token", "error_description": type(error).__name__})
        return self.reply(200, {"claims": claims})

    def reply(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
