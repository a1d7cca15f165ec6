"""Routes of votes with their totals. Public."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from townhall.chassis.http import Cursor, Db, Page, PageOf, problem_responses
from townhall.chassis.state import from_state
from townhall.contracts.values import TaskId
from voting.domain.vote import NoSuchVote, State
from voting.schemas.votes import VoteResponse
from voting.state import VotingState
from voting.store import votes
from voting.store.votes import VoteDetails

router = APIRouter(tags=["votes"])


@router.get("/votes")
async def get_votes(db: Db, page: Page, state: State | None = None) -> PageOf[VoteResponse]:
    """List votes, the one that opens last first."""
    async with db.reading() as session:
        found = await votes.page(session, state, page.after, page.limit)
    return page.of(found, _cursor, VoteResponse.of)


@router.get(
    "/votes/{task_id}",
    response_model=VoteResponse,
    responses=problem_responses(NoSuchVote) | {304: {"description": "Not changed since the version in If-None-Match."}},
)
async def get_vote(
    task_id: UUID, request: Request, state: Annotated[VotingState, Depends(from_state(VotingState))]
) -> Response:
    """Show the vote on a task with its totals, at most a second old. Supports `If-None-Match`."""
    tally = await state.tally_cache.tally(TaskId(task_id))
    if _matches(request.headers.get("if-none-match"), tally.etag):
        return Response(status_code=304, headers=tally.headers)
    return Response(tally.body, media_type="application/json", headers=tally.headers)


def _matches(if_none_match: str | None, etag: str) -> bool:
    """Compare as RFC 9110 (13.1.2): any tag of the list, weak or strong, or `*`."""
    tags = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    return etag in tags or tags == ["*"]


def _cursor(details: VoteDetails) -> Cursor:
    return Cursor(details.vote.opens_at, details.vote.task_id)
