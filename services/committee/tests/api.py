"""The Committee's api in tests: its API over a fresh database, the people who call it, and a clock to look ahead."""

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


def passed(task_id: TaskId, *, version: int = 1) -> voting.ThresholdReached:
    """More than enough citizens voted yes."""
    rule = RuleUsed(version=version, article="훈령 제5조")
    return voting.ThresholdReached(
        task_id=task_id, title=TITLE, yes=301, no=7, more_than=300, reached_at=NOON, rule=rule
    )


def referred(task_id: TaskId) -> proposal.TaskReferred:
    """The Support Unit referred a task."""
    return proposal.TaskReferred(task_id=task_id, title=TITLE, acted_by=ActedBy.OFFICER, reason="urgent", note="급함")


@dataclass
class CommitteeApi:
    """The API, and the tokens of those who call it."""

    http: AsyncClient
    mint: Callable[[str, str], Any]
    db: Database

    async def ask(self, method: str, path: str, payload: Json | None = None, **who: str) -> Response:
        """Call a route as somebody: `member="han"`; as nobody when nobody is named."""
        headers = next((dict(self.mint(role, name).header) for role, name in who.items()), {})
        return await self.http.request(method, path, json=payload, headers=headers)

    async def done(self, method: str, path: str, payload: Json | None = None, **who: str) -> Json:
        """Call a route that accepts."""
        answer = await self.ask(method, path, payload, **who)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def opened(self, number: int = 1) -> list[UUID]:
        """Cases of that many tasks, oldest first."""
        tasks = [TaskId(uuid4()) for _ in range(number)]
        for task_id in tasks:
            await deliver_events(self.db, subscriptions(), passed(task_id))
        return [case_id_of(task_id) for task_id in tasks]

    async def case(self, case_id: UUID | str) -> Json:
        """The public record of a case."""
        return await self.done("GET", f"/cases/{case_id}")

    async def sitting(self, hours: float = 1, capacity: int = 5) -> str:
        """A sitting called for so many hours from now."""
        payload = {"sits_at": _ahead(hours), "capacity": capacity}
        return str((await self.done("POST", "/sittings", payload, secretary="yun"))["sitting_id"])

    async def meeting(self, hours: float = 2, capacity: int = 5) -> str:
        """A strategy meeting called for so many hours from now."""
        payload = {"meets_at": _ahead(hours), "capacity": capacity}
        return str((await self.done("POST", "/strategy-meetings", payload, secretary="yun"))["meeting_id"])

    async def open(self, sitting_id: str) -> None:
        """Open the sitting with two members and the chair."""
        for member in MEMBERS[:2]:
            await self.done("PUT", f"/sittings/{sitting_id}/attendance", member=member)
        await self.done("POST", f"/sittings/{sitting_id}/opening", chair="lee")

    async def position(self, case_id: UUID, stance: str, member: str) -> Response:
        """A member takes a position."""
        return await self.ask("PUT", f"/cases/{case_id}/position", {"stance": stance}, member=member)

    async def decide(self, case_id: UUID, decision: str = "recommended", reason: str = "public-benefit") -> Response:
        """The chair decides."""
        payload = {"decision": decision, "reasons": [reason], "note": "기록"}
        return await self.ask("POST", f"/cases/{case_id}/decision", payload, chair="lee")

    async def deliberated(self, number: int = 1) -> list[UUID]:
        """Cases that a sitting recommended."""
        cases = await self.opened(number)
        await self.open(await self.sitting(capacity=number))
        for case_id in cases:
            for member in MEMBERS[:2]:
                await self.position(case_id, "for", member)
            assert (await self.decide(case_id)).is_success
        return cases

    async def events(self, *names: str) -> list[Json]:
        """What was announced, in order; of these types when some are named."""
        async with self.db.reading() as session:
            rows = (await session.execute(_EVENTS)).all()
        told = [{"type": kind.removeprefix("committee.").removesuffix(".v1")} | said for kind, said in rows]
        return [each for each in told if not names or each["type"] in names]

    @asynccontextmanager
    async def in_days(self, days: float) -> AsyncIterator[Transaction]:
        """A transaction that runs so many days from now."""
        async with self.db.transaction() as tx:
            yield replace(tx, now=tx.now + timedelta(days=days))

    async def count(self, statement: str) -> int:
        """What the database itself counts."""
        async with self.db.reading() as session:
            return int((await session.execute(text(statement))).scalar_one())


def refusal(answer: Response) -> tuple[int, str]:
    """Status and public code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def _ahead(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()  # noqa: TID251  the API is told real times
