"""A client of the platform: it repeats a request until it is answered or its patience is over."""

import time
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from typing import Any, Final
from uuid import uuid4

import aiohttp

from tests.campaign.deployment import Deployment
from townhall.chassis.retrying import sleep

Json = dict[str, Any]
ATTEMPT: Final = aiohttp.ClientTimeout(total=3)
WITHOUT_EFFECT: Final = {"too-busy", "starting"}
"""Codes of 503 responses to requests that certainly had no effect."""
PATIENCE: Final = 8.0
"""Seconds after which a request is not repeated."""


@dataclass(slots=True)
class Result:
    """The result of a request and its repeats."""

    status: int = 0
    """Of the response; 0 if there was none."""
    body: Any = None
    indeterminate: bool = False
    """Whether some attempt may have had its effect without a response."""
    sent_at: float = 0.0
    answered_at: float = 0.0
    """Times of the attempt that was answered, by this machine's clock, which is also the database's."""

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def code(self) -> str:
        """The code of the refusal, if any."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Client:
    """Sends requests of any user, over persistent connections."""

    def __init__(self, deployment: Deployment, session: aiohttp.ClientSession, rng: Random) -> None:
        self._deployment = deployment
        self._session = session
        self._rng = rng
        self.unexpected: list[str] = []
        """Responses that no fault may cause."""
        self.ending = False
        """Whether requests are not repeated any more, since the load is over."""
        self.refused_busy = 0
        """How often a ballot was refused because the intake was full."""

    async def request(
        self, user: tuple[str, str] | None, method: str, target: tuple[str, str], body: Json | None = None,
        *, patience: float = PATIENCE,
    ) -> Result:  # fmt: skip
        """Send a request until it is answered. `user` is a role and a name, `target` a service and a path."""
        headers = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        result, deadline, wait = Result(), time.monotonic() + patience, 0.05
        while not await self._attempt(result, user, method, target, headers, body):
            if self.ending or time.monotonic() > deadline:
                result.status = 0
                break
            await sleep(wait * self._rng.uniform(0.5, 1.5))
            wait = min(wait * 2, 1.0)
        return result

    async def get(self, service: str, path: str) -> Any:  # noqa: ANN401  JSON
        """Return a public document, or None without a successful response."""
        result = await self.request(None, "GET", (service, path))
        return result.body if result.ok else None

    async def _attempt(  # noqa: PLR0917  the parts of one request
        self, result: Result, user: tuple[str, str] | None, method: str, target: tuple[str, str],
        headers: dict[str, str], body: Json | None,
    ) -> bool:  # fmt: skip
        """Send the request once; return whether the response is final."""
        service, path = target
        url = self._rng.choice(self._deployment.urls(service)) + path
        sent = headers | ({"Authorization": f"Bearer {self._deployment.token(service, *user)}"} if user else {})
        result.sent_at = _now()
        try:
            async with self._session.request(method, url, headers=sent, json=body, timeout=ATTEMPT) as response:
                result.status = response.status
                result.body = await response.json(content_type=None)
        except aiohttp.ClientConnectorError:
            return False
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            result.indeterminate = True
            return False
        result.answered_at = _now()
        return self._final(result, target)

    def _final(self, result: Result, target: tuple[str, str]) -> bool:
        """Return whether the response is final. 503 is not, nor 401: a service's clock may be wrong."""
        if result.status >= HTTPStatus.INTERNAL_SERVER_ERROR and result.status != HTTPStatus.SERVICE_UNAVAILABLE:
            self.unexpected.append(f"{result.status} from {target[0]} {result.code}")
            result.indeterminate = True
            return False
        if result.status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.refused_busy += result.code == "too-busy"
            result.indeterminate = result.indeterminate or result.code not in WITHOUT_EFFECT
            return False
        return result.status != HTTPStatus.UNAUTHORIZED


def _now() -> float:
    return time.time()  # noqa: TID251  compared with times of the database, on this same machine
