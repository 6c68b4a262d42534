"""GET /whoami answers with the claims of a bearer token, by one verify function and what PYTHONPATH holds:
server.py VERIFY. The key set is read anew for every token."""

import importlib
import json
import os
import re
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

verify = importlib.import_module("verify." + sys.argv[1]).verify
expected = SimpleNamespace(issuer=os.environ["ISSUER"], audience=os.environ["AUDIENCE"])
jwks_uri = os.environ["JWKS_URI"]


def judge(token):
    with urllib.request.urlopen(jwks_uri, timeout=5) as answer:
        expected.key_set = answer.read().decode()
    claims = verify(token, json.loads(expected.key_set)["keys"], expected)
    if not isinstance(claims, dict):
        raise ValueError("no claims")
    return claims


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
            claims = judge(bearer[1])
        except Exception as error:
            return self.reply(401, {"error": "invalid_token", "error_description": repr(error)})
        return self.reply(200, {"claims": claims})

    def reply(self, status, body):
        text = json.dumps(body, default=str).encode()
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
