"""The local issuer over HTTP: its keys for the services, and a token for whoever asks."""

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


class Asked(BaseModel):
    """Who somebody wants to be."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    subject: str = Field(min_length=1, max_length=255)


@asynccontextmanager
async def issuing(key: RSAPrivateKey, port: int) -> AsyncIterator[Issuer]:
    """Serve an issuer with this key on this port of the loopback interface, or on a free one."""
    place = socket.create_server((HOST, port))
    issuer = Issuer(key, f"http://{HOST}:{place.getsockname()[1]}")
    runner = web.AppRunner(_application(issuer), access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, place).start()
        yield issuer
    finally:
        await runner.cleanup()


def _application(issuer: Issuer) -> web.Application:
    async def keys(_request: web.Request) -> web.Response:
        return web.Response(body=issuer.jwks, content_type="application/json")

    async def metadata(_request: web.Request) -> web.Response:
        known = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}{JWKS}", "token_endpoint": f"{issuer.url}/token"}
        return web.json_response(known | {"response_types_supported": ["token"]})

    async def token(request: web.Request) -> web.Response:
        # JSON only: a page in a browser can't send that to another origin without being asked first.
        if request.content_type != "application/json":
            return web.json_response({"error": "invalid_request"}, status=415)
        try:
            asked = Asked.model_validate_json(await request.read())
        except ValidationError:
            return web.json_response({"error": "invalid_request"}, status=400)
        said = {"access_token": issuer.token(asked.role, asked.subject), "token_type": "Bearer", "expires_in": LIFETIME}
        return web.json_response(said)

    application = web.Application(client_max_size=16_384)
    application.router.add_get(JWKS, keys)
    application.router.add_get("/.well-known/openid-configuration", metadata)
    application.router.add_get("/.well-known/oauth-authorization-server", metadata)
    application.router.add_post("/token", token)
    return application
