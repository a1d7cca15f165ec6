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
from committee.schemas.cases import (
    CaseResponse,
    DecisionRequest,
    PositionRequest,
    PositionResponse,
    RecusalRequest,
    RecusalResponse,
)
from committee.store import cases, members, records
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import CaseId, TaskId

router = APIRouter(tags=["cases"])
Member = Annotated[Caller, allow(Role.MEMBER, Role.CHAIR)]
Chair = Annotated[Caller, allow(Role.CHAIR)]


@router.get("/cases")
async def get_cases(
    db: Db, page: Page, state: CaseState | None = None, task_id: UUID | None = None
) -> PageOf[CaseResponse]:
    """List cases, newest first."""
    wanted = TaskId(task_id) if task_id else None
    async with db.reading() as session:
        found = await records.page(session, state, wanted, page.after, page.limit + 1)
    return page.of(found, _cursor, CaseResponse.of)


@router.get("/cases/{case_id}")
async def get_case(case_id: UUID, db: Db) -> CaseResponse:
    """Show a case with its whole record."""
    async with db.reading() as session:
        found = await records.found(session, CaseId(case_id))
    if found is None:
        raise NoSuchCase
    return CaseResponse.of(found)


@router.put("/cases/{case_id}/recusal", responses=problem_responses(NoSuchCase, CaseElsewhere))
async def put_recusal(case_id: UUID, payload: RecusalRequest, who: Member, db: Db) -> RecusalResponse:
    """Stand back from a case, for good. A position you took is struck."""
    async with db.transaction() as tx:
        await deliberation.recuse(tx, CaseId(case_id), payload.reason, who)
    return RecusalResponse(case_id=case_id)


@router.put(
    "/cases/{case_id}/position",
    responses=problem_responses(NoSuchCase, CaseNotInDeliberation, NotAttending, MemberRecused),
)
async def put_position(case_id: UUID, payload: PositionRequest, who: Member, db: Db) -> PositionResponse:
    """Take a position. Until the decision you may change it; the last one counts."""
    async with db.transaction() as tx:
        taken = Position(payload.stance, payload.note, tx.now)
        await deliberation.take_position(tx, CaseId(case_id), taken, who)
    return PositionResponse(case_id=case_id, stance=taken.stance, note=taken.note, taken_at=taken.taken_at)


@router.get("/cases/{case_id}/position", responses=problem_responses(NoSuchCase, NoPosition))
async def get_position(case_id: UUID, who: Member, db: Db) -> PositionResponse:
    """Show your own position in the sitting that has the case."""
    async with db.reading() as session:
        case = await cases.found(session, CaseId(case_id))
        taken = await members.position(session, case, who.person) if case else None
    if case is None:
        raise NoSuchCase
    if taken is None:
        raise NoPosition
    return PositionResponse(case_id=case_id, stance=taken.stance, note=taken.note, taken_at=taken.taken_at)


@router.post(
    "/cases/{case_id}/decision",
    responses=problem_responses(
        NoSuchCase,
        UnknownReason,
        CaseNotInDeliberation,
        NotAttending,
        MemberRecused,
        NoDecisionQuorum,
        AgainstMajority,
    ),
)
async def post_decision(case_id: UUID, payload: DecisionRequest, who: Chair, idempotent: Idempotent) -> CaseResponse:
    """Decide a case as the positions taken say. What follows, follows by itself: the agenda, or a later sitting."""

    async def decide(tx: Transaction) -> CaseResponse:
        verdict = Verdict(payload.decision, tuple(dict.fromkeys(payload.reasons)), payload.note)
        return CaseResponse.of(await deliberation.decide_case(tx, CaseId(case_id), verdict, who))

    decided = await idempotent(decide)
    metrics.DECISIONS.labels(payload.decision).inc()
    return decided


def _cursor(record: CaseFile) -> Cursor:
    return Cursor(record.case.opened_at, record.case.case_id)
