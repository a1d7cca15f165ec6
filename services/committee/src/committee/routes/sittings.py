"""Calling, reading, attending, opening and closing sittings."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from committee.domain.sitting import (
    NoQuorum,
    NoSuchSitting,
    Sitting,
    SittingElsewhere,
    SittingInPast,
    SittingNotDue,
    SittingState,
)
from committee.handlers.sittings import attend_sitting, call_sitting, close_sitting, open_sitting
from committee.schemas.sittings import SittingRequest, SittingResponse
from committee.store import assignments, sittings
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import SittingId

router = APIRouter(tags=["sittings"])
Secretary = Annotated[Caller, allow(Role.SECRETARY)]
Member = Annotated[Caller, allow(Role.MEMBER, Role.CHAIR)]
Chair = Annotated[Caller, allow(Role.CHAIR)]


@router.post("/sittings", status_code=201, responses=problem_responses(SittingInPast))
async def post_sitting(payload: SittingRequest, _caller: Secretary, idempotent: Idempotent) -> SittingResponse:
    """Call a sitting. Waiting cases go on its docket at once, the oldest first."""

    async def call(tx: Transaction) -> SittingResponse:
        sitting = await call_sitting(tx, payload.sits_at, payload.capacity, payload.place)
        return SittingResponse.of(sitting, await assignments.docket(tx.session, sitting.sitting_id))

    return await idempotent(call)


@router.get("/sittings")
async def get_sittings(db: Db, page: Page, state: SittingState | None = None) -> PageOf[SittingResponse]:
    """List sittings, latest first."""
    async with db.reading() as session:
        found = await sittings.page(session, state, page.after, page.limit)
        dockets = await assignments.dockets(session, [each.sitting_id for each in found])
    return page.of(found, _cursor, lambda each: SittingResponse.of(each, dockets[each.sitting_id]))


@router.get("/sittings/{sitting_id}")
async def get_sitting(sitting_id: UUID, db: Db) -> SittingResponse:
    """Return a sitting with its docket."""
    async with db.reading() as session:
        found = await sittings.get(session, SittingId(sitting_id))
        if found is None:
            raise NoSuchSitting
        return SittingResponse.of(found, await assignments.docket(session, found.sitting_id))


@router.put(
    "/sittings/{sitting_id}/attendance", responses=problem_responses(NoSuchSitting, SittingNotDue, SittingElsewhere)
)
async def put_attendance(sitting_id: UUID, caller: Member, db: Db) -> SittingResponse:
    """Record that you attend. Repeating the request changes nothing."""
    async with db.transaction() as tx:
        attended = await attend_sitting(tx, SittingId(sitting_id), caller)
        return SittingResponse.of(attended, await assignments.docket(tx.session, attended.sitting_id))


@router.post(
    "/sittings/{sitting_id}/opening",
    responses=problem_responses(NoSuchSitting, SittingNotDue, SittingElsewhere, NoQuorum),
)
async def post_opening(sitting_id: UUID, caller: Chair, idempotent: Idempotent) -> SittingResponse:
    """Open a sitting that has a quorum; you count as present. The deliberation of its cases starts."""

    async def open_(tx: Transaction) -> SittingResponse:
        opened = await open_sitting(tx, SittingId(sitting_id), caller)
        return SittingResponse.of(opened, await assignments.docket(tx.session, opened.sitting_id))

    return await idempotent(open_)


@router.post("/sittings/{sitting_id}/closing", responses=problem_responses(NoSuchSitting, SittingElsewhere))
async def post_closing(sitting_id: UUID, _caller: Chair, idempotent: Idempotent) -> SittingResponse:
    """Close a sitting. Its undecided cases go automatically to the next sitting with room."""

    async def close(tx: Transaction) -> SittingResponse:
        closed = await close_sitting(tx, SittingId(sitting_id))
        return SittingResponse.of(closed, await assignments.docket(tx.session, closed.sitting_id))

    return await idempotent(close)


def _cursor(sitting: Sitting) -> Cursor:
    return Cursor(sitting.sits_at, sitting.sitting_id)
