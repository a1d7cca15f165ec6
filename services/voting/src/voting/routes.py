"""HTTP in: parse, call, answer. Totals are public; a ballot is its citizen's own."""

from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from townhall.chassis.auth import Caller, Role, allow, identify
from townhall.chassis.http import Cursor, Db, Page, PageOf, problem_responses
from townhall.chassis.telemetry import tracing
from townhall.contracts.values import TaskId
from voting import handlers
from voting.domain.ballot import BallotIsFinal, CastBallot, NoBallot
from voting.domain.nullifier import Keyring
from voting.domain.vote import NoSuchVote, State, VoteNotOpen
from voting.intake import Intake, NotSure, TooBusy
from voting.schemas import BallotRequest, BallotResponse, CountedResponse, VoteResponse
from voting.store import votes
from voting.store.votes import Shown
from voting.tally_cache import TallyCache

router = APIRouter(tags=["votes"])
Citizen = Annotated[Caller, allow(Role.CITIZEN)]


# The one route where each microsecond counts: the framework's dependencies cost more than the ballot itself, so the
# same checks are called here one after the other, and declared as the framework would.
_BY_HAND: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": BallotRequest.model_json_schema()}},
    },
    "security": [{"bearer": [Role.CITIZEN]}],
}


def _payload(body: bytes) -> BallotRequest:
    try:
        return BallotRequest.model_validate_json(body)
    except ValidationError as wrong:
        faults = wrong.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([fault | {"loc": ("body", *fault["loc"])} for fault in faults]) from None


def _intake(request: Request) -> Intake:
    return cast("Intake", request.app.state.intake)


def _noticeboard(request: Request) -> TallyCache:
    return cast("TallyCache", request.app.state.tally_cache)


def _keyring(request: Request) -> Keyring:
    return cast("Keyring", request.app.state.keyring)


@router.get("/votes")
async def get_votes(db: Db, page: Page, state: State | None = None) -> PageOf[VoteResponse]:
    """List votes, from the one that opens last."""
    async with db.reading() as session:
        found = await votes.page(session, state, page.after, page.limit)
    return page.of(found, _cursor, VoteResponse.of)


@router.get(
    "/votes/{task_id}",
    response_model=VoteResponse,
    responses=problem_responses(NoSuchVote) | {304: {"description": "Nothing changed since the version you have."}},
)
async def get_vote(task_id: UUID, request: Request, board: Annotated[TallyCache, Depends(_noticeboard)]) -> Response:
    """Show the vote on a task with its totals, at most a second old. Send `If-None-Match` to hear only of changes."""
    tally = await board.tally(TaskId(task_id))
    if _matches(request.headers.get("if-none-match"), tally.etag):
        return Response(status_code=304, headers=tally.headers)
    return Response(tally.body, media_type="application/json", headers=tally.headers)


@router.put(
    "/votes/{task_id}/ballot",
    response_model=CountedResponse,
    responses=problem_responses(NoSuchVote, VoteNotOpen, BallotIsFinal, TooBusy, NotSure),
    openapi_extra=_BY_HAND,
)
async def put_ballot(task_id: UUID, request: Request) -> Response:
    """Cast your ballot, or change it where the vote's rule allows. Sending it again never counts twice."""
    who = await identify(request, (Role.CITIZEN,))
    cast_ballot = CastBallot(TaskId(task_id), who.subject, _payload(await request.body()).choice, tracing.current())
    counted = await _intake(request).cast(cast_ballot)
    return Response(
        CountedResponse.after(cast_ballot.task_id, counted).model_dump_json(), media_type="application/json"
    )


@router.get("/votes/{task_id}/ballot", responses=problem_responses(NoSuchVote, NoBallot))
async def get_ballot(
    task_id: UUID, who: Citizen, db: Db, keyring: Annotated[Keyring, Depends(_keyring)]
) -> BallotResponse:
    """Show your own ballot."""
    current_ballot = await handlers.own_ballot(db, TaskId(task_id), who.subject, keyring)
    return BallotResponse.of(TaskId(task_id), current_ballot)


def _matches(asked: str | None, etag: str) -> bool:
    """Compare as RFC 9110 does for reading: any of the list, weak or not, or a star."""
    given = [each.strip().removeprefix("W/") for each in (asked or "").split(",")]
    return etag in given or given == ["*"]


def _cursor(shown: Shown) -> Cursor:
    return Cursor(shown.vote.opens_at, shown.vote.task_id)
