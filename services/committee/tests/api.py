"""A client of committee's HTTP API, with one method per step that tests repeat."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from httpx import AsyncClient, Response
from sqlalchemy import text

from committee.consumers import subscriptions
from committee.domain.case import case_id_of
from services.committee.tests.samples import NOON, TITLE
from townhall.chassis.db import Database, Transaction
from townhall.contracts import proposal, voting
from townhall.contracts.values import ActedBy, RuleUsed, TaskId
from townhall.testing import deliver_events

Json = dict[str, Any]
MEMBERS: Final = ("han", "choi", "park")
_EVENTS: Final = text("SELECT headers ->> 'ce_type', convert_from(payload, 'UTF8')::jsonb FROM outbox ORDER BY id")


def threshold_reached(task_id: TaskId, *, version: int = 1) -> voting.ThresholdReached:
    """Return the event of a vote that passed the threshold of this rule version."""
    rule = RuleUsed(version=version, article="훈령 제5조")
    return voting.ThresholdReached(
        task_id=task_id, title=TITLE, yes=301, no=7, more_than=300, reached_at=NOON, rule=rule
    )


def task_referred(task_id: TaskId) -> proposal.TaskReferred:
    """Return the event of a referral."""
    return proposal.TaskReferred(task_id=task_id, title=TITLE, acted_by=ActedBy.OFFICER, reason="urgent", note="급함")


@dataclass
class CommitteeApi:
    """An HTTP client, a factory of tokens by role and name, and the database behind the API."""

    http: AsyncClient
    mint: Callable[[str, str], Any]
    db: Database

    async def call(self, method: str, path: str, payload: Json | None = None, **caller: str) -> Response:
        """Send a request as the caller given by role and name, such as `member="han"`, or without a token."""
        headers = next((dict(self.mint(role, name).header) for role, name in caller.items()), {})
        return await self.http.request(method, path, json=payload, headers=headers)

    async def json(self, method: str, path: str, payload: Json | None = None, **caller: str) -> Json:
        """Send a request that must succeed, and return the JSON of its response."""
        response = await self.call(method, path, payload, **caller)
        assert response.is_success, response.text
        return dict(response.json())

    async def opened(self, number: int = 1) -> list[UUID]:
        """Open this many cases and return their ids, oldest first."""
        tasks = [TaskId(uuid4()) for _ in range(number)]
        for task_id in tasks:
            await deliver_events(self.db, subscriptions(), threshold_reached(task_id))
        return [case_id_of(task_id) for task_id in tasks]

    async def case(self, case_id: UUID | str) -> Json:
        """Return the public record of a case."""
        return await self.json("GET", f"/cases/{case_id}")

    async def sitting(self, hours: float = 1, capacity: int = 5) -> str:
        """Call a sitting that starts in this many hours, and return its id."""
        payload = {"sits_at": _in_hours(hours), "capacity": capacity}
        return str((await self.json("POST", "/sittings", payload, secretary="yun"))["sitting_id"])

    async def meeting(self, hours: float = 2, capacity: int = 5) -> str:
        """Call a strategy meeting that starts in this many hours, and return its id."""
        payload = {"meets_at": _in_hours(hours), "capacity": capacity}
        return str((await self.json("POST", "/strategy-meetings", payload, secretary="yun"))["meeting_id"])

    async def open(self, sitting_id: str) -> None:
        """Open a sitting with two members and the chair."""
        for member in MEMBERS[:2]:
            await self.json("PUT", f"/sittings/{sitting_id}/attendance", member=member)
        await self.json("POST", f"/sittings/{sitting_id}/opening", chair="lee")

    async def position(self, case_id: UUID, stance: str, member: str) -> Response:
        """Take a position as a member."""
        return await self.call("PUT", f"/cases/{case_id}/position", {"stance": stance}, member=member)

    async def decide(self, case_id: UUID, decision: str = "recommended", reason: str = "public-benefit") -> Response:
        """Decide as the chair."""
        payload = {"decision": decision, "reasons": [reason], "note": "기록"}
        return await self.call("POST", f"/cases/{case_id}/decision", payload, chair="lee")

    async def deliberated(self, number: int = 1) -> list[UUID]:
        """Open this many cases, let a sitting recommend them, and return their ids."""
        cases = await self.opened(number)
        await self.open(await self.sitting(capacity=number))
        for case_id in cases:
            for member in MEMBERS[:2]:
                await self.position(case_id, "for", member)
            assert (await self.decide(case_id)).is_success
        return cases

    async def events(self, *types: str) -> list[Json]:
        """Return the announced events in order, only those of these types if any are given."""
        async with self.db.reading() as session:
            rows = (await session.execute(_EVENTS)).all()
        events = [{"type": kind.removeprefix("committee.").removesuffix(".v1")} | body for kind, body in rows]
        return [each for each in events if not types or each["type"] in types]

    @asynccontextmanager
    async def in_days(self, days: float) -> AsyncIterator[Transaction]:
        """Open a transaction whose `now` is this many days ahead."""
        async with self.db.transaction() as tx:
            yield replace(tx, now=tx.now + timedelta(days=days))

    async def count(self, statement: str) -> int:
        """Return the number that a SQL query returns."""
        async with self.db.reading() as session:
            return int((await session.execute(text(statement))).scalar_one())


def problem(response: Response) -> tuple[int, str]:
    """Return the status and the public code of a problem response."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


def _in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()  # noqa: TID251  the API compares it to real time
