"""HTTP in: parse, call, answer. Totals are public; a ballot is its citizen's own."""

from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from townhall.chassis.auth import Caller, Role, allow, identify
from townhall.chassis.http import Db, Page, PageOf, Place, refusing
from townhall.contracts.values import TaskId
from voting import handlers
from voting.domain.ballot import BallotIsFinal, NoBallot, Slip
from voting.domain.nullifier import Keyring
from voting.domain.vote import NoSuchVote, State, VoteNotOpen
from voting.intake import Intake, NotSure, TooBusy
from voting.noticeboard import Noticeboard
from voting.papers import BallotPaper, BallotView, CountedView, VoteView
from voting.store import votes
from voting.store.votes import Shown

asks = APIRouter(tags=["votes"])
Citizen = Annotated[Caller, allow(Role.CITIZEN)]


# The one route where each microsecond counts: the framework's dependencies cost more than the ballot itself, so the
# same checks are called here one after the other, and declared as the framework would.
_BY_HAND: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": BallotPaper.model_json_schema()}},
    },
    "security": [{"bearer": [Role.CITIZEN]}],
}


def _paper(body: bytes) -> BallotPaper:
    try:
        return BallotPaper.model_validate_json(body)
    except ValidationError as wrong:
        faults = wrong.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([fault | {"loc": ("body", *fault["loc"])} for fault in faults]) from None


def _intake(request: Request) -> Intake:
    return cast("Intake", request.app.state.intake)


def _noticeboard(request: Request) -> Noticeboard:
    return cast("Noticeboard", request.app.state.noticeboard)


def _keyring(request: Request) -> Keyring:
    return cast("Keyring", request.app.state.keyring)


@asks.get("/votes")
async def get_votes(db: Db, page: Page, state: State | None = None) -> PageOf[VoteView]:
    """List votes, from the one that opens last."""
    async with db.reading() as session:
        found = await votes.page(session, state, page.after, page.limit)
    return page.of(found, _place, VoteView.of)


@asks.get(
    "/votes/{task_id}",
    response_model=VoteView,
    responses=refusing(NoSuchVote) | {304: {"description": "Nothing changed since the version you have."}},
)
async def get_vote(task_id: UUID, request: Request, board: Annotated[Noticeboard, Depends(_noticeboard)]) -> Response:
    """Show the vote on a task with its totals, at most a second old. Send `If-None-Match` to hear only of changes."""
    notice = await board.notice(TaskId(task_id))
    if _matches(request.headers.get("if-none-match"), notice.etag):
        return Response(status_code=304, headers=notice.headers)
    return Response(notice.body, media_type="application/json", headers=notice.headers)


@asks.put(
    "/votes/{task_id}/ballot",
    response_model=CountedView,
    responses=refusing(NoSuchVote, VoteNotOpen, BallotIsFinal, TooBusy, NotSure),
    openapi_extra=_BY_HAND,
)
async def put_ballot(task_id: UUID, request: Request) -> Response:
    """Cast your ballot, or change it where the vote's rule allows. Sending it again never counts twice."""
    who = await identify(request, (Role.CITIZEN,))
    slip = Slip(TaskId(task_id), who.subject, _paper(await request.body()).choice)
    counted = await _intake(request).cast(slip)
    return Response(CountedView.after(slip.task_id, counted).model_dump_json(), media_type="application/json")


@asks.get("/votes/{task_id}/ballot", responses=refusing(NoSuchVote, NoBallot))
async def get_ballot(task_id: UUID, who: Citizen, db: Db, keyring: Annotated[Keyring, Depends(_keyring)]) -> BallotView:
    """Show your own ballot."""
    standing = await handlers.own_ballot(db, TaskId(task_id), who.subject, keyring)
    return BallotView.of(TaskId(task_id), standing)


def _matches(asked: str | None, etag: str) -> bool:
    """Compare as RFC 9110 does for reading: any of the list, weak or not, or a star."""
    given = [each.strip().removeprefix("W/") for each in (asked or "").split(",")]
    return etag in given or given == ["*"]


def _place(shown: Shown) -> Place:
    return Place(shown.vote.opens_at, shown.vote.task_id)
