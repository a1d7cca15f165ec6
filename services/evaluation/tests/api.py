"""The service as its tests use it: directives come in, people call, and what is announced can be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from httpx import AsyncClient, Response
from sqlalchemy import text

from evaluation.consumers import subscriptions
from evaluation.domain import lot
from evaluation.domain.initiative import initiative_id
from townhall.chassis.consuming import Message
from townhall.chassis.db import Database
from townhall.contracts import Event, committee
from townhall.contracts.values import CaseId, DirectiveId, Outcome, TaskId
from townhall.testing import deliver_events, deliver_messages
from townhall.testing.tokens import Mint

Json = dict[str, Any]
SEED = "공정한 추첨 · a fair lot 4f1c9e07"
STRATUM = {"region": "서울", "age_band": "20-39", "sex": "female"}
REGIONS, AGES, SEXES = ("서울", "부산", "전남"), ("20-39", "40-59", "60+"), ("female", "male")
FAR = date(2150, 6, 30)
"""A due date that doesn't pass."""

_OUTBOX = text("""
    SELECT headers->>'ce_type' AS type, convert_from(payload, 'UTF8')::jsonb AS said FROM outbox ORDER BY id
""")
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
_CLOSE = text("UPDATE round SET applications_close_at = now() WHERE id = :id")
_STEPS = {
    "planned": (),
    "started": ("start",),
    "done": ("start", "completion"),
    "verified": ("start", "completion", "verification"),
    "dropped": ("drop",),
}


def directive(*, due_on: date = FAR, outcome: Outcome = Outcome.ADOPTED, **more: Any) -> committee.DirectiveIssued:  # noqa: ANN401  any field
    """An order of the strategy meeting, for a task of its own."""
    usual = {
        "task_id": TaskId(uuid4()),
        "case_id": CaseId(uuid4()),
        "directive_id": DirectiveId(uuid4()),
        "title": "심야 버스 · Night buses",
        "responsible_body": "국토교통부",
        "instruction": "시범 운행하십시오.",
        "due_on": due_on,
        "outcome": outcome,
    }
    return committee.DirectiveIssued.model_validate(usual | more)


@dataclass
class EvaluationApi:
    """The API, the tokens of those who call it, and the database behind it."""

    http: AsyncClient
    mint: Mint
    db: Database

    async def hear(self, *events: Event) -> list[Message]:
        """Take events as their topic would give them."""
        return await deliver_events(self.db, subscriptions(), *events)

    async def again(self, messages: Sequence[Message]) -> None:
        """Take the same messages once more."""
        await deliver_messages(self.db, subscriptions(), messages)

    async def ask(
        self, method: str, path: str, payload: object = None, *, role: str = "", name: str = "mina", **headers: str
    ) -> Response:
        """Call a route as somebody, or as nobody when no role is given."""
        told = {key.replace("_", "-"): value for key, value in headers.items()}
        token = self.mint(role, name).header if role else {}
        return await self.http.request(method, path, json=payload, headers=token | told)

    async def post(self, role: str, path: str, payload: object = None) -> Json:
        """Act, and be answered."""
        return answered(await self.ask("POST", path, payload, role=role, name=role))

    async def put(self, name: str, path: str, payload: object) -> Json:
        """Act as a citizen, and be answered."""
        return answered(await self.ask("PUT", path, payload, role="citizen", name=name))

    async def get(self, path: str) -> Json:
        """Read as anybody."""
        return answered(await self.ask("GET", path))

    async def initiative(self, state: str = "planned", **of: Any) -> str:  # noqa: ANN401  any field
        """Let a directive open an initiative, and bring it to that state; return its id."""
        issued = directive(**of)
        await self.hear(issued)
        opened = str(initiative_id(issued.directive_id))
        for step in _STEPS[state]:
            payload = {"reason": "superseded"} if step == "drop" else {"note": ""} if step != "start" else None
            role = "officer" if step == "verification" else "agency"
            await self.post(role, f"/initiatives/{opened}/{step}", payload)
        return opened

    async def round(self, *initiatives: str, **of: object) -> str:
        """Open a round with a panel of three; return its path."""
        usual = {
            "title": "국민평가",
            "initiative_ids": initiatives,
            "panel_size": 3,
            "seed_commitment": lot.sha256(SEED),
            "applications_close_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),  # noqa: TID251  a person's clock
        }
        return f"/rounds/{(await self.post('secretary', '/rounds', usual | of))['round_id']}"

    async def apply(self, path: str, applicants: int) -> dict[str, str]:
        """Let citizens of mixed strata apply; return their names by ticket."""
        tickets = {}
        for number in range(applicants):
            region, age, sex = REGIONS[number % 3], AGES[number % 3], SEXES[number % 2]
            payload = {"region": region, "age_band": age, "sex": sex}
            answer = await self.put(f"citizen {number}", f"{path}/application", payload)
            tickets[str(answer["ticket"])] = f"citizen {number}"
        return tickets

    async def close(self, path: str) -> None:
        """Let the time to apply pass."""
        async with self.db.transaction() as tx:
            await tx.session.execute(_CLOSE, {"id": UUID(path.rpartition("/")[2])})

    async def drawn(self, path: str, applicants: int = 6) -> tuple[list[str], list[str]]:
        """Let citizens apply and the lot decide; return the names of the panel and of the others."""
        tickets = await self.apply(path, applicants)
        await self.close(path)
        await self.post("secretary", f"{path}/draw", {"seed": SEED})
        panel = set((await self.get(f"{path}/draw"))["drawn"])
        return [tickets[each] for each in tickets if each in panel], [
            tickets[each] for each in tickets if each not in panel
        ]

    async def announced(self, *kinds: type[Event]) -> list[Json]:
        """What was announced, in order; only of these types when any are named."""
        wanted = {kind.TYPE for kind in kinds}
        async with self.db.reading() as session:
            rows = (await session.execute(_OUTBOX)).all()
        return [row.said | {"type": row.type} for row in rows if not wanted or row.type in wanted]

    async def waits(self) -> bool:
        """Tell whether a transaction waits for another one's lock."""
        async with self.db.reading() as session:
            return bool((await session.execute(_WAITING)).scalar_one())

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        async with self.db.reading() as session:
            return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608  a name of this file


def answered(answer: Response) -> Json:
    """The body of an answer that is none of refusal."""
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


def refused(answer: Response) -> tuple[int, str]:
    """Status and public code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
