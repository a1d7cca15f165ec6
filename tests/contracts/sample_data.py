"""A service with its own database and sample data, for tests that call every route."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from townhall.chassis.db import Database
from townhall.chassis.serve import Service
from townhall.chassis.state import state_of
from townhall.contracts import Event, committee, proposal, voting
from townhall.contracts.values import CaseId, DirectiveId, Outcome, RuleUsed, TaskId
from townhall.testing import deliver_events
from townhall.testing.tokens import Mint

TASK: Final = TaskId(UUID(int=0x7A5C))
TITLE: Final = "심야 버스를 늘려 주세요 · More night buses"
RULE: Final = RuleUsed(version=1, article="국민참여 규정 제4조")
TABLES: Final = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")

TABLE_CONTENT: Final = "SELECT coalesce(string_agg(t::text, '' ORDER BY t::text), '') FROM \"{}\" t"


def initial_events(now: datetime) -> Mapping[str, list[Event]]:
    """Return the events of other services that each service needs for its sample data."""
    return {
        "proposal": [],
        "voting": [
            proposal.TaskSelected(
                task_id=TASK, title=TITLE, origin="government", proposal_ids=(), reason="government-plan",
                opens_at=now, closes_at=now + timedelta(days=30), rule=RULE,
            )
        ],
        "committee": [
            voting.ThresholdReached(
                task_id=TASK, title=TITLE, yes=301, no=9, more_than=300, reached_at=now, rule=RULE
            )
        ],
        "evaluation": [
            committee.DirectiveIssued(
                task_id=TASK, case_id=CaseId(uuid4()), directive_id=DirectiveId(uuid4()), title=TITLE,
                responsible_body="국토교통부", instruction="", due_on=date(2199, 1, 1), outcome=Outcome.ADOPTED,
            )
        ],
    }  # fmt: skip


SEED: Final = "1987-06-10"
REQUESTS: Final[Mapping[str, list[tuple[str, str, dict[str, Any]]]]] = {
    "proposal": [
        ("citizen", "/proposals", {"title": TITLE, "problem": "막차가 일찍 끊깁니다.", "remedy": ""}),
        ("officer", "/tasks", {"title": TITLE, "summary": "-", "origin": "government", "reason": "government-plan"}),
    ],
    "voting": [],
    "committee": [
        ("secretary", "/sittings", {"sits_at": "2199-01-01T00:00:00Z", "capacity": 3}),
        ("secretary", "/strategy-meetings", {"meets_at": "2199-02-01T00:00:00Z", "capacity": 3}),
    ],
    "evaluation": [
        ("agency", "/initiatives/{initiative_id}/milestones", {"title": TITLE, "due_on": "2198-01-01"}),
        ("agency", "/initiatives/{initiative_id}/start", {}),
        ("agency", "/initiatives/{initiative_id}/completion", {"note": ""}),
        (
            "secretary",
            "/rounds",
            {
                "title": TITLE,
                "initiative_ids": ["{initiative_id}"],
                "seed_commitment": sha256(SEED.encode()).hexdigest(),
                "applications_close_at": "2199-01-01T00:00:00Z",
            },
        ),
    ],
}
"""Requests that create sample data: role, path, body. Braces are filled with ids from earlier responses."""


@dataclass
class SampleService:
    """One service with sample data, and a client of its API."""

    app: FastAPI
    client: AsyncClient
    db: Database
    mint: Mint
    ids: dict[str, str] = field(default_factory=dict)
    """Ids of the sample data, by path parameter."""

    async def create_sample_data(self) -> None:
        """Deliver the initial events, run the timers once, and send the requests."""
        service = state_of(self.app, Service)
        await deliver_events(self.db, service.subscriptions, *initial_events(datetime.now(UTC))[service.name])  # noqa: TID251  the time of the first event
        for timer in service.timers:
            async with self.db.transaction() as tx:
                await timer.act(tx)
        for path in ("/votes", "/cases", "/initiatives"):
            answer = await self.client.get(path)
            self._remember_ids(answer.json()["items"][0] if answer.is_success else {})
        for role, path, payload in REQUESTS[service.name]:
            answer = await self.client.post(
                path.format_map(self.ids), json=self._with_ids(payload), headers=self.mint(role, "kim").header
            )
            assert answer.is_success, answer.text
            self._remember_ids(answer.json())

    def _with_ids(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        lists = {name: given for name, given in payload.items() if isinstance(given, list)}
        return {**payload, **{name: [each.format_map(self.ids) for each in given] for name, given in lists.items()}}

    def _remember_ids(self, answer: Mapping[str, Any]) -> None:
        self.ids |= {name: str(value) for name, value in answer.items() if name.endswith("_id") and value}
        for each in answer.get("milestones", ()):
            self.ids["milestone_id"] = each["milestone_id"]

    async def state(self) -> str:
        """Return a digest of all tables."""
        async with self.db.reading() as session:
            tables = (await session.execute(TABLES)).scalars().all()
            whole = text(" UNION ALL ".join(TABLE_CONTENT.format(table) for table in tables))
            rows = (await session.execute(whole)).scalars().all()
        return sha256("".join(rows).encode()).hexdigest()
