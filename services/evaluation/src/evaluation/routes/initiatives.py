"""Routes of initiatives: public reads, reports of the responsible body, verification by the Support Unit."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation.domain.initiative import MoveNotAllowed, NoSuchInitiative, State
from evaluation.domain.lifecycle import NewDateNotLater
from evaluation.domain.reasons import UnknownReason
from evaluation.handlers import initiatives as handlers
from evaluation.schemas.initiatives import DelayRequest, DropRequest, InitiativeResponse, NoteRequest
from evaluation.schemas.text import Empty
from evaluation.store import initiatives
from evaluation.store.initiatives import InitiativeDetails
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import InitiativeId

router = APIRouter(tags=["initiatives"])
Agency = Annotated[Caller, allow(Role.AGENCY)]
Officer = Annotated[Caller, allow(Role.OFFICER)]


@router.get("/initiatives")
async def get_initiatives(db: Db, page: Page, state: State | None = None) -> PageOf[InitiativeResponse]:
    """List initiatives, newest first."""
    async with db.reading() as session:
        found = await initiatives.page(session, state, page.after, page.limit)
    return page.of(found, _cursor, InitiativeResponse.of)


@router.get("/initiatives/{initiative_id}")
async def get_initiative(initiative_id: UUID, db: Db) -> InitiativeResponse:
    """Show an initiative with its milestones, delays, report, opinions and result."""
    async with db.reading() as session:
        found = await initiatives.get(session, InitiativeId(initiative_id))
    if found is None:
        raise NoSuchInitiative
    return InitiativeResponse.of(found)


@router.post("/initiatives/{initiative_id}/start", responses=problem_responses(MoveNotAllowed))
async def post_start(
    initiative_id: UUID, _caller: Agency, idempotent: Idempotent, _payload: Empty = None
) -> InitiativeResponse:
    """Report that work has begun."""

    async def start(tx: Transaction) -> InitiativeResponse:
        return InitiativeResponse.of(await handlers.start(tx, InitiativeId(initiative_id)))

    return await idempotent(start)


@router.post(
    "/initiatives/{initiative_id}/delays",
    status_code=201,
    responses=problem_responses(MoveNotAllowed, NewDateNotLater, UnknownReason),
)
async def post_delay(
    initiative_id: UUID, payload: DelayRequest, _caller: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Move the due date, with a reason. Every delay stays public."""

    async def delay(tx: Transaction) -> InitiativeResponse:
        of = InitiativeId(initiative_id)
        return InitiativeResponse.of(await handlers.delay(tx, of, payload.reason, payload.note, payload.due_on))

    return await idempotent(delay)


@router.post("/initiatives/{initiative_id}/completion", responses=problem_responses(MoveNotAllowed))
async def post_completion(
    initiative_id: UUID, payload: NoteRequest, _caller: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Report the initiative as done."""

    async def complete(tx: Transaction) -> InitiativeResponse:
        return InitiativeResponse.of(await handlers.complete(tx, InitiativeId(initiative_id), payload.note))

    return await idempotent(complete)


@router.post("/initiatives/{initiative_id}/drop", responses=problem_responses(MoveNotAllowed, UnknownReason))
async def post_drop(
    initiative_id: UUID, payload: DropRequest, _caller: Agency, idempotent: Idempotent
) -> InitiativeResponse:
    """Drop the initiative, with a reason."""

    async def drop(tx: Transaction) -> InitiativeResponse:
        of = InitiativeId(initiative_id)
        return InitiativeResponse.of(await handlers.drop(tx, of, payload.reason, payload.note))

    return await idempotent(drop)


@router.post("/initiatives/{initiative_id}/verification", responses=problem_responses(MoveNotAllowed))
async def post_verification(
    initiative_id: UUID, payload: NoteRequest, _caller: Officer, idempotent: Idempotent
) -> InitiativeResponse:
    """Confirm the responsible body's report that the initiative is done, or that it was dropped."""

    async def verify(tx: Transaction) -> InitiativeResponse:
        return InitiativeResponse.of(await handlers.verify(tx, InitiativeId(initiative_id), payload.note))

    return await idempotent(verify)


def _cursor(details: InitiativeDetails) -> Cursor:
    return Cursor(details.initiative.opened_at, details.initiative.id)
