"""Calling, attending, opening and closing sittings."""

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
from committee.handlers import sittings as acts
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
async def post_sitting(payload: SittingRequest, _who: Secretary, idempotent: Idempotent) -> SittingResponse:
    """Call a sitting. Cases that wait go on its docket at once, oldest first."""

    async def call(tx: Transaction) -> SittingResponse:
        called = await acts.call_sitting(tx, payload.sits_at, payload.capacity, payload.place)
        return SittingResponse.of(called, await assignments.docketed(tx.session, called.sitting_id))

    return await idempotent(call)


@router.get("/sittings")
async def get_sittings(db: Db, page: Page, state: SittingState | None = None) -> PageOf[SittingResponse]:
    """List sittings, latest first."""
    async with db.reading() as session:
        found = await sittings.page(session, state, page.after, page.limit + 1)
        docket = await assignments.docket_of(session, [each.sitting_id for each in found])
    return page.of(found, _cursor, lambda each: SittingResponse.of(each, docket[each.sitting_id]))


@router.get("/sittings/{sitting_id}")
async def get_sitting(sitting_id: UUID, db: Db) -> SittingResponse:
    """Show a sitting with its docket."""
    async with db.reading() as session:
        found = await sittings.found(session, SittingId(sitting_id))
        if found is None:
            raise NoSuchSitting
        return SittingResponse.of(found, await assignments.docketed(session, found.sitting_id))


@router.put(
    "/sittings/{sitting_id}/attendance", responses=problem_responses(NoSuchSitting, SittingNotDue, SittingElsewhere)
)
async def put_attendance(sitting_id: UUID, who: Member, db: Db) -> SittingResponse:
    """Say that you are in the room. Saying it again changes nothing."""
    async with db.transaction() as tx:
        attended = await acts.attend_sitting(tx, SittingId(sitting_id), who)
        return SittingResponse.of(attended, await assignments.docketed(tx.session, attended.sitting_id))


@router.post(
    "/sittings/{sitting_id}/opening",
    responses=problem_responses(NoSuchSitting, SittingNotDue, SittingElsewhere, NoQuorum),
)
async def post_opening(sitting_id: UUID, who: Chair, idempotent: Idempotent) -> SittingResponse:
    """Open a sitting with a quorum; you count as present. Its cases are deliberated from now."""

    async def open_it(tx: Transaction) -> SittingResponse:
        opened = await acts.open_sitting(tx, SittingId(sitting_id), who)
        return SittingResponse.of(opened, await assignments.docketed(tx.session, opened.sitting_id))

    return await idempotent(open_it)


@router.post("/sittings/{sitting_id}/closing", responses=problem_responses(NoSuchSitting, SittingElsewhere))
async def post_closing(sitting_id: UUID, _who: Chair, idempotent: Idempotent) -> SittingResponse:
    """Close a sitting. What it did not decide goes to the next sitting with room by itself."""

    async def close(tx: Transaction) -> SittingResponse:
        closed = await acts.close_sitting(tx, SittingId(sitting_id))
        return SittingResponse.of(closed, await assignments.docketed(tx.session, closed.sitting_id))

    return await idempotent(close)


def _cursor(sitting: Sitting) -> Cursor:
    return Cursor(sitting.sits_at, sitting.sitting_id)
