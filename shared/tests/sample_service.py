"""A small service with one route of each kind, for HTTP tests of the chassis."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import APIRouter, FastAPI
from sqlalchemy.exc import DBAPIError, OperationalError

from shared.tests.token_variants import ISSUER, Issuer
from townhall.chassis.auth import Caller, Role, allow, persons_of
from townhall.chassis.db import Database, Transaction
from townhall.chassis.http import (
    Application,
    Cursor,
    Day,
    Idempotent,
    Line,
    Moment,
    Page,
    PageOf,
    Prose,
    RequestModel,
    ResponseModel,
)
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import provide, state_of
from townhall.rejected import Rejected

SECRET = "s3cr3t-주민번호"
BEGINNING = datetime(2027, 1, 1, tzinfo=UTC)
NOTES: list[int] = list(range(250))


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Detail(RequestModel):
    """A nested model."""

    count: int


class NoteRequest(RequestModel):
    """A field of each kind."""

    title: Annotated[str, Line(100)]
    text: Annotated[str, Prose(20_000, least=0)] = ""
    colour: Colour = Colour.RED
    colours: tuple[Colour, ...] = ()
    task_id: UUID | None = None
    task_ids: tuple[UUID, ...] = ()
    at: Moment | None = None
    on: Day | None = None
    urgent: bool = False
    weight: float | None = None
    detail: Detail | None = None


class NoteResponse(ResponseModel):
    """The accepted note."""

    title: str
    at: datetime | None = None


class Unwilling(Rejected):
    """A rule that always refuses."""

    code = "unwilling"
    rule = "X1"
    title = "Not today."


@dataclass(slots=True)
class Acts:
    """How often the creating route had its effect."""

    number: int = 0


def app_of(issuer: Issuer, db: Database | None = None, **own: Any) -> FastAPI:  # noqa: ANN401  settings are of any type
    """Build the service. Keyword arguments are settings."""
    own.setdefault("port", 0)
    settings = ServiceSettings(
        environment="local",
        database_url="postgresql://nobody@localhost/none",
        kafka_servers="localhost:9",
        issuer=ISSUER,
        jwks_url="/none",
        person_key=bytes(range(32)),  # type: ignore[arg-type]  # as it comes from the environment, but for the digits
        **own,
    )
    app = Application(settings, title="SampleService", version="1")
    provide(app, issuer.keys())
    provide(app, persons_of(settings))
    provide(app, Acts())
    provide(app, db or Database(settings.database_url, source="sample"))
    _add_routes(app)
    return app


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """Return an in-process client; exceptions of the application become responses."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample_service.test")


def _add_routes(app: FastAPI) -> None:  # noqa: C901  one route of each kind
    router = APIRouter()

    @router.post("/notes", status_code=201)
    async def post_note(payload: NoteRequest) -> NoteResponse:
        return NoteResponse(title=payload.title, at=payload.at)

    @router.post("/notes/once", status_code=201)
    async def post_once(
        payload: NoteRequest, who: Annotated[Caller, allow(Role.CITIZEN)], idempotent: Idempotent
    ) -> NoteResponse:
        async def act(tx: Transaction) -> NoteResponse:
            acts = state_of(app, Acts)
            acts.number += 1
            if payload.title == "unwilling":
                raise Unwilling
            return NoteResponse(title=f"{payload.title} {acts.number}", at=tx.now)

        return await idempotent(act)

    @router.get("/notes")
    async def get_notes(page: Page) -> PageOf[NoteResponse]:
        after = page.after.id.int if page.after else -1
        found = [number for number in NOTES if number > after][: page.limit + 1]
        return page.of(found, lambda number: Cursor(BEGINNING, UUID(int=number)), lambda n: NoteResponse(title=str(n)))

    @router.get("/notes/{note_id}")
    async def get_note(note_id: UUID, colour: Colour | None = None) -> NoteResponse:
        return NoteResponse(title=f"{note_id} {colour}")

    @router.get("/me")
    async def get_me(who: Annotated[Caller, allow(Role.CHAIR, Role.CITIZEN)]) -> dict[str, Any]:
        return {"person": who.person, "role": who.role, "roles": sorted(who.roles)}

    @router.get("/fails/{how}")
    async def get_failure(how: str) -> NoteResponse:
        raise _failures()[how]

    app.include_router(router)


def _failures() -> dict[str, Exception]:
    return {
        "refused": Unwilling(),
        "unplanned": RuntimeError(SECRET),
        "database-away": OperationalError(SECRET, {"p": SECRET}, ConnectionRefusedError(SECRET)),
        "network": ConnectionResetError(SECRET),
        "deadlock": DBAPIError(SECRET, {"p": SECRET}, _Postgres("40P01")),
        "bug": DBAPIError(SECRET, {"p": SECRET}, _Postgres("42703")),
    }


class _Postgres(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(SECRET)
        self.sqlstate = sqlstate


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that the response is a problem of this status and code without an echo of the input; return its body."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["type"].endswith(code)
    assert SECRET not in answer.text
    return body
