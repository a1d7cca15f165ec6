"""Recusals, positions and decisions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from committee.domain.case import CaseElsewhere, NoSuchCase
from committee.domain.deliberation import (
    AgainstMajority,
    CaseNotInDeliberation,
    MemberRecused,
    NoDecisionQuorum,
    NoPosition,
    NotAttending,
    Position,
)
from committee.domain.reasons import UnknownReason
from committee.handlers.deliberation import decide_case, recuse, take_position
from committee.schemas.cases import CaseResponse
from committee.schemas.deliberation import (
    DecisionRequest,
    PositionRequest,
    PositionResponse,
    RecusalRequest,
    RecusalResponse,
)
from committee.store import cases, deliberation
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Idempotent, problem_responses
from townhall.contracts.values import CaseId

router = APIRouter(tags=["cases"])
Member = Annotated[Caller, allow(Role.MEMBER, Role.CHAIR)]
Chair = Annotated[Caller, allow(Role.CHAIR)]


@router.put("/cases/{case_id}/recusal", responses=problem_responses(NoSuchCase, CaseElsewhere))
async def put_recusal(case_id: UUID, payload: RecusalRequest, caller: Member, db: Db) -> RecusalResponse:
    """Recuse yourself from a case, in all its sittings. A position you took is deleted."""
    async with db.transaction() as tx:
        await recuse(tx, CaseId(case_id), payload.reason, caller)
    return RecusalResponse(case_id=case_id)


@router.put(
    "/cases/{case_id}/position",
    responses=problem_responses(NoSuchCase, CaseNotInDeliberation, NotAttending, MemberRecused),
)
async def put_position(case_id: UUID, payload: PositionRequest, caller: Member, db: Db) -> PositionResponse:
    """Take a position. You may change it until the decision; the last one counts."""
    async with db.transaction() as tx:
        position = Position(payload.stance, payload.note, tx.now)
        await take_position(tx, CaseId(case_id), position, caller)
    return PositionResponse.of(case_id, position)


@router.get("/cases/{case_id}/position", responses=problem_responses(NoSuchCase, NoPosition))
async def get_position(case_id: UUID, caller: Member, db: Db) -> PositionResponse:
    """Return your own position in the sitting that has the case."""
    async with db.reading() as session:
        case = await cases.get(session, CaseId(case_id))
        position = await deliberation.position(session, case, caller.person) if case else None
    if case is None:
        raise NoSuchCase
    if position is None:
        raise NoPosition
    return PositionResponse.of(case_id, position)


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
async def post_decision(case_id: UUID, payload: DecisionRequest, caller: Chair, idempotent: Idempotent) -> CaseResponse:
    """Decide a case by the positions taken. It then goes automatically on an agenda, or to a later sitting."""

    async def decide(tx: Transaction) -> CaseResponse:
        return CaseResponse.of(await decide_case(tx, CaseId(case_id), payload.verdict(), caller))

    return await idempotent(decide)
