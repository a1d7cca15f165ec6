"""One way to ask the platform anything: again and again until answered, or until the one who asks gives up."""

import time
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from typing import Any, Final
from uuid import uuid4

import aiohttp

from tests.campaign.stage import Stage
from townhall.chassis.retrying import sleep

Json = dict[str, Any]
ATTEMPT: Final = aiohttp.ClientTimeout(total=3)
PATIENCE: Final = 8.0


@dataclass(slots=True)
class Asked:
    """What became of a request and its repeats."""

    status: int = 0
    """Of the answer; 0 when there was none."""
    body: Any = None
    unsure: bool = False
    """Whether some attempt may have had its effect without an answer."""
    sent_at: float = 0.0
    answered_at: float = 0.0
    """Of the attempt that was answered, by this machine's clock, which is also the database's."""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def code(self) -> str:
        """Why it was refused."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Client:
    """Asks in anybody's name, over kept-alive connections."""

    def __init__(self, stage: Stage, session: aiohttp.ClientSession, dice: Random) -> None:
        self._stage = stage
        self._session = session
        self._dice = dice
        self.strange: list[str] = []
        """Answers of kinds that a fault must never cause."""
        self.leaving = False
        """Whether everybody gives up at the next attempt that is not answered: the load is over."""
        self.turned_away = 0
        """How often there was no room for a ballot."""

    async def ask(
        self, who: tuple[str, str] | None, method: str, place: tuple[str, str], body: Json | None = None,
        *, patience: float = PATIENCE,
    ) -> Asked:  # fmt: skip
        """Send a request until it is answered. `who` is a role and a name, `place` a service and a path."""
        headers = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        asked, give_up, wait = Asked(), time.monotonic() + patience, 0.05
        while not await self._attempt(asked, who, method, place, headers, body):
            if self.leaving or time.monotonic() > give_up:
                asked.status = 0
                break
            await sleep(wait * self._dice.uniform(0.5, 1.5))
            wait = min(wait * 2, 1.0)
        return asked

    async def get(self, service: str, path: str) -> Any:  # noqa: ANN401  JSON
        """Read what anybody may read; None when nobody answers."""
        asked = await self.ask(None, "GET", (service, path))
        return asked.body if asked.ok else None

    async def _attempt(  # noqa: PLR0917  the parts of one request
        self, asked: Asked, who: tuple[str, str] | None, method: str, place: tuple[str, str],
        headers: dict[str, str], body: Json | None,
    ) -> bool:  # fmt: skip
        """Ask once; return whether that settled it."""
        service, path = place
        url = self._dice.choice(self._stage.urls(service)) + path
        sent = headers | ({"Authorization": f"Bearer {self._stage.token(service, *who)}"} if who else {})
        asked.sent_at = _now()
        try:
            async with self._session.request(method, url, headers=sent, json=body, timeout=ATTEMPT) as response:
                asked.status = response.status
                asked.body = await response.json(content_type=None)
        except aiohttp.ClientConnectorError:
            return False
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            asked.unsure = True
            return False
        asked.answered_at = _now()
        return self._settled(asked, place)

    def _settled(self, asked: Asked, place: tuple[str, str]) -> bool:
        """Tell whether the answer is final. A token the service's clock doesn't like, and 503, are not."""
        if asked.status >= HTTPStatus.INTERNAL_SERVER_ERROR and asked.status != HTTPStatus.SERVICE_UNAVAILABLE:
            self.strange.append(f"{asked.status} from {place[0]} {asked.code}")
            asked.unsure = True
            return False
        if asked.status == HTTPStatus.SERVICE_UNAVAILABLE:
            busy = asked.code == "too-busy"
            self.turned_away += busy
            asked.unsure = asked.unsure or not busy
            return False
        return asked.status != HTTPStatus.UNAUTHORIZED


def _now() -> float:
    return time.time()  # noqa: TID251  judged against times the database wrote, on this same machine
