"""The public HTTP APIs over kept-alive connections, with retries that never do a thing twice."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp

from townhall_local.client.patience import SECONDS, Patience

Json = dict[str, Any]


class Refused(Exception):
    """The platform answered with a problem document; the request had no effect."""

    def __init__(self, status: int, code: str, title: str) -> None:
        super().__init__(f"{status} {code}: {title}")
        self.status = status
        self.code = code


class Unreachable(Exception):
    """No answer, however often the request was repeated."""


class PublicApi:
    """One connection pool to all services. Any request may be repeated: PUTs are idempotent, POSTs carry a key each."""

    def __init__(self, services: Mapping[str, str], *, connections: int = 64, patience: float = SECONDS) -> None:
        self._services = services
        self._connections = connections
        self._patience = patience

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit_per_host=self._connections, limit=0),
            timeout=aiohttp.ClientTimeout(total=self._patience),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, service: str, path: str, *, token: str = "", **query: str) -> Json:
        """Read something."""
        return await self._until_answered("GET", service, path, _headers(token), query=query)

    async def find(self, service: str, path: str) -> Json | None:
        """Read something that may not be there yet."""
        try:
            return await self.get(service, path)
        except Refused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def put(self, service: str, path: str, body: Json, *, token: str) -> Json:
        """Say how something shall be."""
        return await self._until_answered("PUT", service, path, _headers(token), body=body)

    async def post(self, service: str, path: str, body: Json, *, token: str) -> Json:
        """Make something happen, once."""
        headers = _headers(token) | {"Idempotency-Key": str(uuid4())}
        return await self._until_answered("POST", service, path, headers, body=body)

    async def every(self, service: str, path: str, **query: str) -> list[Json]:
        """Read a whole list, page by page."""
        items: list[Json] = []
        page = await self.get(service, path, limit="100", **query)
        while True:
            items += page["items"]
            if page["next"] is None:
                return items
            page = await self.get(service, path, limit="100", cursor=page["next"], **query)

    async def _until_answered(
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
        patience = Patience(self._patience)
        while True:
            asked = ""
            try:
                async with self._session.request(method, url, headers=headers, params=query, json=body) as response:
                    if response.status != HTTPStatus.SERVICE_UNAVAILABLE:
                        return await _answer(response)
                    asked = response.headers.get("Retry-After", "")
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
                pass  # asked again below, as long as patience lasts
            if not await patience.rest(asked):
                raise Unreachable(f"{method} {path} of {service}: no answer in {self._patience:.0f} s")


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


async def _answer(response: aiohttp.ClientResponse) -> Json:
    body = await response.read()
    if not response.ok:
        raise refusal(response.status, body)
    answer: Json = json.loads(body) if body else {}
    return answer


def refusal(status: int, body: bytes) -> Refused:
    """What a problem document says; whatever else was answered is told by its status alone."""
    try:
        problem = json.loads(body)
        return Refused(status, str(problem["code"]), str(problem.get("detail") or problem.get("title", "")))
    except (ValueError, KeyError, TypeError):
        return Refused(status, "unknown", "")
