"""The local token issuer as an HTTP server: its JWKS, its metadata and a token endpoint."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from townhall.contracts.roles import Role
from townhall.embedded.issuer import LIFETIME, Issuer
from townhall.embedded.ports import HOST

JWKS: Final = "/jwks.json"


class TokenRequest(BaseModel):
    """The body of a request to the token endpoint."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    subject: str = Field(min_length=1, max_length=255)


@asynccontextmanager
async def serve_issuer(key: RSAPrivateKey, port: int) -> AsyncIterator[Issuer]:
    """Serve an issuer with this key on a port of the loopback interface; 0 is any free port."""
    listener = socket.create_server((HOST, port))
    issuer = Issuer(key, f"http://{HOST}:{listener.getsockname()[1]}")
    runner = web.AppRunner(_application(issuer), access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield issuer
    finally:
        await runner.cleanup()


def _application(issuer: Issuer) -> web.Application:
    async def keys(_request: web.Request) -> web.Response:
        return web.Response(body=issuer.jwks, content_type="application/json")

    async def metadata(_request: web.Request) -> web.Response:
        document = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}{JWKS}", "token_endpoint": f"{issuer.url}/token"}
        return web.json_response(document | {"response_types_supported": ["token"]})

    async def token(request: web.Request) -> web.Response:
        # JSON only: a browser sends that to another origin only after a CORS preflight, which fails here.
        if request.content_type != "application/json":
            return web.json_response({"error": "invalid_request"}, status=415)
        try:
            body = TokenRequest.model_validate_json(await request.read())
        except ValidationError:
            return web.json_response({"error": "invalid_request"}, status=400)
        access_token = issuer.token(body.role, body.subject)
        return web.json_response({"access_token": access_token, "token_type": "Bearer", "expires_in": LIFETIME})

    application = web.Application(client_max_size=16_384)
    application.router.add_get(JWKS, keys)
    application.router.add_get("/.well-known/openid-configuration", metadata)
    application.router.add_get("/.well-known/oauth-authorization-server", metadata)
    application.router.add_post("/token", token)
    return application
