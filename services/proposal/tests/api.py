"""A client of proposal's HTTP API, with one method per step that tests repeat."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response

from townhall.chassis.db import Database

PROPOSAL = {"title": "심야 버스", "problem": "막차가 너무 이릅니다.", "remedy": ""}
TASK = {"title": "심야 버스", "summary": "요약", "origin": "government", "reason": "government-plan"}
ADMIT = {"decision": "admit", "reason": "meets-requirements"}
Json = dict[str, Any]


@dataclass
class ProposalApi:
    """An HTTP client, a factory of tokens by role and name, and the database behind the API."""

    http: AsyncClient
    mint: Callable[[str, str], Any]
    db: Database

    async def call(
        self, method: str, path: str, payload: Json | None = None, *, role: str = "", name: str = "mina", **headers: str
    ) -> Response:
        """Send a request in a role, or without a token when no role is given; `a_b="c"` sends the header `a-b: c`."""
        extra = {key.replace("_", "-"): value for key, value in headers.items()}
        token = self.mint(role, name).header if role else {}
        return await self.http.request(method, path, json=payload, headers=token | extra)

    async def get(self, path: str) -> Json:
        """Read a public route and return its JSON."""
        response = await self.call("GET", path)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def proposal(self, name: str = "mina") -> str:
        """Submit a proposal and return its id."""
        response = await self.call("POST", "/proposals", PROPOSAL, role="citizen", name=name)
        assert response.status_code == 201, response.text
        return str(response.json()["proposal_id"])

    async def screened(self, payload: Json) -> Response:
        """Submit a proposal, send a screening decision on it, and return the response to the decision."""
        proposal_id = await self.proposal()
        return await self.call("POST", f"/proposals/{proposal_id}/screening", payload, role="officer", name="officer")


def problem(response: Response) -> tuple[int, str]:
    """Return the status and the public code of a problem response."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]
