"""Calls the API of evaluation, delivers directives to it, and reads what it announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from httpx import AsyncClient, Response
from sqlalchemy import text

from evaluation.consumers import subscriptions
from evaluation.domain import panel_draw
from evaluation.domain.initiative import initiative_id
from townhall.chassis.consuming import Message
from townhall.chassis.db import Database
from townhall.contracts import Event, committee
from townhall.contracts.values import CaseId, DirectiveId, Outcome, TaskId
from townhall.testing import deliver_events, deliver_messages
from townhall.testing.tokens import Mint

Json = dict[str, Any]
SEED = "공정한 추첨 · a fair draw 4f1c9e07"
STRATUM = {"region": "서울", "age_band": "20-39", "sex": "female"}
REGIONS, AGES, SEXES = ("서울", "부산", "전남"), ("20-39", "40-59", "60+"), ("female", "male")
FAR = date(2150, 6, 30)
"""A due date in the far future."""

_OUTBOX = text("""
    SELECT headers->>'ce_type' AS type, convert_from(payload, 'UTF8')::jsonb AS payload FROM outbox ORDER BY id
""")
_LOCK_WAITS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_CLOSE_APPLICATIONS = text("UPDATE round SET applications_close_at = now() WHERE id = :id")
_STEPS = {
    "planned": (),
    "started": ("start",),
    "done": ("start", "completion"),
    "verified": ("start", "completion", "verification"),
    "dropped": ("drop",),
}


def directive(*, due_on: date = FAR, outcome: Outcome = Outcome.ADOPTED, **more: Any) -> committee.DirectiveIssued:  # noqa: ANN401  any field
    """Return a directive, for a new task unless one is given."""
    defaults = {
        "task_id": TaskId(uuid4()),
        "case_id": CaseId(uuid4()),
        "directive_id": DirectiveId(uuid4()),
        "title": "심야 버스 · Night buses",
        "responsible_body": "국토교통부",
        "instruction": "시범 운행하십시오.",
        "due_on": due_on,
        "outcome": outcome,
    }
    return committee.DirectiveIssued.model_validate(defaults | more)


@dataclass
class EvaluationApi:
    """A client of the API with tokens for any role, and the service's database."""

    http: AsyncClient
    mint: Mint
    db: Database

    async def receive(self, *events: Event) -> list[Message]:
        """Deliver events to the service as one batch; return the messages."""
        return await deliver_events(self.db, subscriptions(), *events)

    async def redeliver(self, messages: Sequence[Message]) -> None:
        """Deliver messages again."""
        await deliver_messages(self.db, subscriptions(), messages)

    async def request(
        self, method: str, path: str, payload: object = None, *, role: str = "", name: str = "mina", **headers: str
    ) -> Response:
        """Call a route as a person with this role; without a token if no role is given."""
        more = {key.replace("_", "-"): value for key, value in headers.items()}
        token = self.mint(role, name).header if role else {}
        return await self.http.request(method, path, json=payload, headers=token | more)

    async def post(self, role: str, path: str, payload: object = None) -> Json:
        """POST as a person with this role; return the body of the successful response."""
        return body_of(await self.request("POST", path, payload, role=role, name=role))

    async def put(self, name: str, path: str, payload: object) -> Json:
        """PUT as this citizen; return the body of the successful response."""
        return body_of(await self.request("PUT", path, payload, role="citizen", name=name))

    async def get(self, path: str) -> Json:
        """GET without a token; return the body of the successful response."""
        return body_of(await self.request("GET", path))

    async def initiative(self, state: str = "planned", **of: Any) -> str:  # noqa: ANN401  any field
        """Open an initiative by a directive, and bring it to this state; return its id."""
        issued = directive(**of)
        await self.receive(issued)
        opened = str(initiative_id(issued.directive_id))
        for step in _STEPS[state]:
            payload = {"reason": "superseded"} if step == "drop" else {"note": ""} if step != "start" else None
            role = "officer" if step == "verification" else "agency"
            await self.post(role, f"/initiatives/{opened}/{step}", payload)
        return opened

    async def round(self, *initiatives: str, **of: object) -> str:
        """Open a round, with a panel of three by default; return its path."""
        defaults = {
            "title": "국민평가",
            "initiative_ids": initiatives,
            "panel_size": 3,
            "seed_commitment": panel_draw.sha256(SEED),
            "applications_close_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),  # noqa: TID251  a person's clock
        }
        return f"/rounds/{(await self.post('secretary', '/rounds', defaults | of))['round_id']}"

    async def apply(self, path: str, applicants: int) -> dict[str, str]:
        """Let citizens of several strata apply; return their names by ticket."""
        tickets = {}
        for number in range(applicants):
            region, age, sex = REGIONS[number % 3], AGES[number % 3], SEXES[number % 2]
            payload = {"region": region, "age_band": age, "sex": sex}
            answer = await self.put(f"citizen {number}", f"{path}/application", payload)
            tickets[str(answer["ticket"])] = f"citizen {number}"
        return tickets

    async def close_applications(self, path: str) -> None:
        """Move the closing time of applications to now."""
        async with self.db.transaction() as tx:
            await tx.session.execute(_CLOSE_APPLICATIONS, {"id": UUID(path.rpartition("/")[2])})

    async def draw(self, path: str, applicants: int = 6) -> tuple[list[str], list[str]]:
        """Let citizens apply, and draw the panel; return the names of its members and of the others."""
        tickets = await self.apply(path, applicants)
        await self.close_applications(path)
        await self.post("secretary", f"{path}/draw", {"seed": SEED})
        panel = set((await self.get(f"{path}/draw"))["drawn"])
        return [tickets[each] for each in tickets if each in panel], [
            tickets[each] for each in tickets if each not in panel
        ]

    async def announced(self, *kinds: type[Event]) -> list[Json]:
        """Return the announced events, in order; only those of these types if any are given."""
        wanted = {kind.TYPE for kind in kinds}
        async with self.db.reading() as session:
            rows = (await session.execute(_OUTBOX)).all()
        return [row.payload | {"type": row.type} for row in rows if not wanted or row.type in wanted]

    async def waits_for_lock(self) -> bool:
        """Return whether a transaction waits for a lock."""
        async with self.db.reading() as session:
            return bool((await session.execute(_LOCK_WAITS)).scalar_one())

    async def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        async with self.db.reading() as session:
            return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608  a name of this file


def body_of(response: Response) -> Json:
    """Return the body of a successful response."""
    assert response.status_code in {200, 201}, response.text
    return dict(response.json())


def problem(response: Response) -> tuple[int, str]:
    """Return the status and code of a problem."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]
