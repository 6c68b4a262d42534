"""Authlib's introspection endpoint for JWT access tokens (RFC 7662, RFC 9068) in Flask: POST /introspect."""

import json
import os
import urllib.request
from functools import cache

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9068 import JWTIntrospectionEndpoint
from flask import Flask

ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ["AUDIENCE"]
JWKS_URI = os.environ["JWKS_URI"]


class ResourceServer:
    """The one client: it may ask, and does so with a secret that it shares with nobody but this test."""

    client_id = "orders"

    def check_client_secret(self, secret):
        return secret == "orders-secret"

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"


@cache
def jwks():
    with urllib.request.urlopen(JWKS_URI, timeout=5) as answer:
        return json.load(answer)


class JWTAccessTokens(JWTIntrospectionEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_basic"]

    def get_jwks(self):
        return jwks()

    def check_permission(self, token, client, request):
        # Whoever asks may learn about the tokens that are for it.
        audience = token.get("aud")
        return AUDIENCE in (audience if isinstance(audience, list) else [audience])


class OtherTokens(IntrospectionEndpoint):
    """What is no JWT of ours: there are no other tokens here."""

    CLIENT_AUTH_METHODS = ["client_secret_basic"]

    def query_token(self, token_string, token_type_hint):
        return None


app = Flask(__name__)
server = AuthorizationServer(app, query_client=lambda client_id: ResourceServer() if client_id == "orders" else None)
server.register_endpoint(JWTAccessTokens(issuer=ISSUER))
server.register_endpoint(OtherTokens)


@app.post("/introspect")
def introspect():
    return server.create_endpoint_response("introspection")


@app.get("/healthz")
def healthz():
    return "ok"


app.run("127.0.0.1", int(os.environ["PORT"]), threaded=True)
