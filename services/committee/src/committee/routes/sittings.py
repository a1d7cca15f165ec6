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
from committee.papers.sittings import SittingPaper, SittingView
from committee.store import places, sittings
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Once, Page, PageOf, Place, refusing
from townhall.contracts.values import SittingId

asks = APIRouter(tags=["sittings"])
Secretary = Annotated[Caller, allow(Role.SECRETARY)]
Member = Annotated[Caller, allow(Role.MEMBER, Role.CHAIR)]
Chair = Annotated[Caller, allow(Role.CHAIR)]


@asks.post("/sittings", status_code=201, responses=refusing(SittingInPast))
async def post_sitting(paper: SittingPaper, _who: Secretary, once: Once) -> SittingView:
    """Call a sitting. Cases that wait go on its docket at once, oldest first."""

    async def call(tx: Transaction) -> SittingView:
        called = await acts.call_sitting(tx, paper.sits_at, paper.capacity, paper.place)
        return SittingView.of(called, await places.docketed(tx.session, called.sitting_id))

    return await once(call)


@asks.get("/sittings")
async def get_sittings(db: Db, page: Page, state: SittingState | None = None) -> PageOf[SittingView]:
    """List sittings, latest first."""
    async with db.reading() as session:
        found = await sittings.page(session, state, page.after, page.limit + 1)
        docket = await places.docket_of(session, [each.sitting_id for each in found])
    return page.of(found, _place, lambda each: SittingView.of(each, docket[each.sitting_id]))


@asks.get("/sittings/{sitting_id}")
async def get_sitting(sitting_id: UUID, db: Db) -> SittingView:
    """Show a sitting with its docket."""
    async with db.reading() as session:
        found = await sittings.found(session, SittingId(sitting_id))
        if found is None:
            raise NoSuchSitting
        return SittingView.of(found, await places.docketed(session, found.sitting_id))


@asks.put("/sittings/{sitting_id}/attendance", responses=refusing(NoSuchSitting, SittingNotDue, SittingElsewhere))
async def put_attendance(sitting_id: UUID, who: Member, db: Db) -> SittingView:
    """Say that you are in the room. Saying it again changes nothing."""
    async with db.transaction() as tx:
        attended = await acts.attend_sitting(tx, SittingId(sitting_id), who)
        return SittingView.of(attended, await places.docketed(tx.session, attended.sitting_id))


@asks.post(
    "/sittings/{sitting_id}/opening", responses=refusing(NoSuchSitting, SittingNotDue, SittingElsewhere, NoQuorum)
)
async def post_opening(sitting_id: UUID, who: Chair, once: Once) -> SittingView:
    """Open a sitting with a quorum; you count as present. Its cases are deliberated from now."""

    async def open_it(tx: Transaction) -> SittingView:
        opened = await acts.open_sitting(tx, SittingId(sitting_id), who)
        return SittingView.of(opened, await places.docketed(tx.session, opened.sitting_id))

    return await once(open_it)


@asks.post("/sittings/{sitting_id}/closing", responses=refusing(NoSuchSitting, SittingElsewhere))
async def post_closing(sitting_id: UUID, _who: Chair, once: Once) -> SittingView:
    """Close a sitting. What it did not decide goes to the next sitting with room by itself."""

    async def close(tx: Transaction) -> SittingView:
        closed = await acts.close_sitting(tx, SittingId(sitting_id))
        return SittingView.of(closed, await places.docketed(tx.session, closed.sitting_id))

    return await once(close)


def _place(sitting: Sitting) -> Place:
    return Place(sitting.sits_at, sitting.sitting_id)
