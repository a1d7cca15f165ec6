"""The HTTP API of proposal, and those who call it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response

from townhall.chassis.db import Database

PAPER = {"title": "심야 버스", "problem": "막차가 너무 이릅니다.", "remedy": ""}
TASK = {"title": "심야 버스", "summary": "요약", "origin": "government", "reason": "government-plan"}
ADMIT = {"decision": "admit", "reason": "meets-requirements"}
Json = dict[str, Any]


@dataclass
class ProposalApi:
    """The API, and the tokens of those who call it."""

    http: AsyncClient
    mint: Callable[[str, str], Any]
    db: Database

    async def ask(
        self, method: str, path: str, payload: Json | None = None, *, role: str = "", name: str = "mina", **headers: str
    ) -> Response:
        """Call a route as somebody, or as nobody when no role is given."""
        told = {key.replace("_", "-"): value for key, value in headers.items()}
        token = self.mint(role, name).header if role else {}
        return await self.http.request(method, path, json=payload, headers=token | told)

    async def get(self, path: str) -> Json:
        """Read as anybody."""
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def proposal(self, name: str = "mina") -> str:
        """A proposal that waits for screening."""
        answer = await self.ask("POST", "/proposals", PAPER, role="citizen", name=name)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["proposal_id"])

    async def screened(self, payload: Json) -> Response:
        """A new proposal, decided on."""
        proposal_id = await self.proposal()
        return await self.ask("POST", f"/proposals/{proposal_id}/screening", payload, role="officer", name="desk")


def refused(answer: Response) -> tuple[int, str]:
    """Status and public code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
