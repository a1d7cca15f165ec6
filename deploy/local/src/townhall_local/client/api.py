"""A client of the public HTTP APIs: keep-alive connections, and retries that are safe to repeat."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp

from townhall_local.client.retrying import TIMEOUT, RetryDelay

Json = dict[str, Any]


class Refused(Exception):
    """The platform answered with a problem document; the request had no effect."""

    def __init__(self, status: int, code: str, title: str) -> None:
        super().__init__(f"{status} {code}: {title}")
        self.status = status
        self.code = code


class Unreachable(Exception):
    """The service did not answer before the timeout, retries included."""


class PublicApi:
    """A connection pool to all services.

    Requests are retried until `timeout` seconds have passed when the connection fails or the service answers 503. That
    is safe: a PUT is idempotent, and each POST carries an idempotency key. Every method raises `Refused` on any other
    error status and `Unreachable` after the timeout.
    """

    def __init__(self, services: Mapping[str, str], *, connections: int = 64, timeout: float = TIMEOUT) -> None:
        self._services = services
        self._connections = connections
        self._timeout = timeout

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit_per_host=self._connections, limit=0),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, service: str, path: str, *, token: str = "", **query: str) -> Json:
        """Send a GET; return the body."""
        return await self._send("GET", service, path, _headers(token), query=query)

    async def find(self, service: str, path: str) -> Json | None:
        """Send a GET; return the body, or None on 404."""
        try:
            return await self.get(service, path)
        except Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def put(self, service: str, path: str, body: Json, *, token: str) -> Json:
        """Send a PUT; return the body."""
        return await self._send("PUT", service, path, _headers(token), body=body)

    async def post(self, service: str, path: str, body: Json, *, token: str) -> Json:
        """Send a POST with a new idempotency key; return the body."""
        headers = _headers(token) | {"Idempotency-Key": str(uuid4())}
        return await self._send("POST", service, path, headers, body=body)

    async def every(self, service: str, path: str, **query: str) -> list[Json]:
        """Read all pages of a list; return its items."""
        items: list[Json] = []
        page = await self.get(service, path, limit="100", **query)
        while True:
            items += page["items"]
            if page["next"] is None:
                return items
            page = await self.get(service, path, limit="100", cursor=page["next"], **query)

    async def _send(
        self,
        method: str,
        service: str,
        path: str,
        headers: dict[str, str],
        *,
        query: dict[str, str] | None = None,
        body: Json | None = None,
    ) -> Json:
        url = self._services[service] + path
        retry = RetryDelay(self._timeout)
        while True:
            retry_after = ""
            try:
                async with self._session.request(method, url, headers=headers, params=query, json=body) as response:
                    if response.status != HTTPStatus.SERVICE_UNAVAILABLE:
                        return await _body(response)
                    retry_after = response.headers.get("Retry-After", "")
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
                pass  # retried below, until the timeout
            if not await retry.wait(retry_after):
                raise Unreachable(f"{method} {path} of {service}: no answer in {self._timeout:.0f} s")


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


async def _body(response: aiohttp.ClientResponse) -> Json:
    content = await response.read()
    if not response.ok:
        raise refusal(response.status, content)
    body: Json = json.loads(content) if content else {}
    return body


def refusal(status: int, body: bytes) -> Refused:
    """Return the error of a problem document; its code is `unknown` if the body is no problem document."""
    try:
        problem = json.loads(body)
        return Refused(status, str(problem["code"]), str(problem.get("detail") or problem.get("title", "")))
    except (ValueError, KeyError, TypeError):
        return Refused(status, "unknown", "")
