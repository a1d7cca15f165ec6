"""Reading cases, and what members and the chair do with them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from committee import metrics
from committee.domain.case import CaseElsewhere, CaseState, NoSuchCase
from committee.domain.deliberation import (
    AgainstMajority,
    CaseNotInDeliberation,
    MemberRecused,
    NoDecisionQuorum,
    NoPosition,
    NotAttending,
    Position,
    Verdict,
)
from committee.domain.reasons import UnknownReason
from committee.domain.record import CaseFile
from committee.handlers import deliberation
from committee.papers.cases import CaseView, DecisionPaper, PositionPaper, PositionView, RecusalPaper, RecusalView
from committee.store import cases, members, records
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Once, Page, PageOf, Place, refusing
from townhall.contracts.values import CaseId, TaskId

asks = APIRouter(tags=["cases"])
Member = Annotated[Caller, allow(Role.MEMBER, Role.CHAIR)]
Chair = Annotated[Caller, allow(Role.CHAIR)]


@asks.get("/cases")
async def get_cases(
    db: Db, page: Page, state: CaseState | None = None, task_id: UUID | None = None
) -> PageOf[CaseView]:
    """List cases, newest first."""
    wanted = TaskId(task_id) if task_id else None
    async with db.reading() as session:
        found = await records.page(session, state, wanted, page.after, page.limit + 1)
    return page.of(found, _place, CaseView.of)


@asks.get("/cases/{case_id}")
async def get_case(case_id: UUID, db: Db) -> CaseView:
    """Show a case with its whole record."""
    async with db.reading() as session:
        found = await records.found(session, CaseId(case_id))
    if found is None:
        raise NoSuchCase
    return CaseView.of(found)


@asks.put("/cases/{case_id}/recusal", responses=refusing(NoSuchCase, CaseElsewhere))
async def put_recusal(case_id: UUID, paper: RecusalPaper, who: Member, db: Db) -> RecusalView:
    """Stand back from a case, for good. A position you took is struck."""
    async with db.transaction() as tx:
        await deliberation.recuse(tx, CaseId(case_id), paper.reason, who)
    return RecusalView(case_id=case_id)


@asks.put(
    "/cases/{case_id}/position", responses=refusing(NoSuchCase, CaseNotInDeliberation, NotAttending, MemberRecused)
)
async def put_position(case_id: UUID, paper: PositionPaper, who: Member, db: Db) -> PositionView:
    """Take a position. Until the decision you may change it; the last one counts."""
    async with db.transaction() as tx:
        taken = Position(paper.stance, paper.note, tx.now)
        await deliberation.take_position(tx, CaseId(case_id), taken, who)
    return PositionView(case_id=case_id, stance=taken.stance, note=taken.note, taken_at=taken.taken_at)


@asks.get("/cases/{case_id}/position", responses=refusing(NoSuchCase, NoPosition))
async def get_position(case_id: UUID, who: Member, db: Db) -> PositionView:
    """Show your own position in the sitting that has the case."""
    async with db.reading() as session:
        case = await cases.found(session, CaseId(case_id))
        taken = await members.position(session, case, who.person) if case else None
    if case is None:
        raise NoSuchCase
    if taken is None:
        raise NoPosition
    return PositionView(case_id=case_id, stance=taken.stance, note=taken.note, taken_at=taken.taken_at)


@asks.post(
    "/cases/{case_id}/decision",
    responses=refusing(
        NoSuchCase,
        UnknownReason,
        CaseNotInDeliberation,
        NotAttending,
        MemberRecused,
        NoDecisionQuorum,
        AgainstMajority,
    ),
)
async def post_decision(case_id: UUID, paper: DecisionPaper, who: Chair, once: Once) -> CaseView:
    """Decide a case as the positions taken say. What follows, follows by itself: the agenda, or a later sitting."""

    async def decide(tx: Transaction) -> CaseView:
        verdict = Verdict(paper.decision, tuple(dict.fromkeys(paper.reasons)), paper.note)
        return CaseView.of(await deliberation.decide_case(tx, CaseId(case_id), verdict, who))

    decided = await once(decide)
    metrics.DECISIONS.labels(paper.decision).inc()
    return decided


def _place(record: CaseFile) -> Place:
    return Place(record.case.opened_at, record.case.case_id)
