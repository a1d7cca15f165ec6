"""Routes of ballots. A citizen casts and sees their own ballot, and no other (V8)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from townhall.chassis.auth import Caller, Role, allow, verify
from townhall.chassis.http import Db, problem_responses
from townhall.chassis.state import from_state, state_of
from townhall.chassis.telemetry import tracing
from townhall.contracts.values import TaskId
from voting.domain.ballot import BallotIsFinal, CastBallot, NoBallot
from voting.domain.vote import NoSuchVote, VoteNotOpen
from voting.domain.voter_keys import MasterKeyUnknown, voter_hash
from voting.intake import ResultUnknown, TooBusy
from voting.schemas.ballots import BallotRequest, BallotResponse, CountedResponse
from voting.state import VotingState
from voting.store import ballots

router = APIRouter(tags=["votes"])
Citizen = Annotated[Caller, allow(Role.CITIZEN)]

# FastAPI's dependencies cost more than counting the ballot, so `put_ballot` calls the same checks itself and declares
# here what FastAPI would have added to the OpenAPI document.
_PUT_BALLOT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": BallotRequest.model_json_schema()}},
    },
    "security": [{"bearer": [Role.CITIZEN]}],
}


def _payload(body: bytes) -> BallotRequest:
    """Parse the body, or raise `RequestValidationError` without the input in it."""
    try:
        return BallotRequest.model_validate_json(body)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([error | {"loc": ("body", *error["loc"])} for error in errors]) from None


@router.put(
    "/votes/{task_id}/ballot",
    response_model=CountedResponse,
    responses=problem_responses(NoSuchVote, VoteNotOpen, BallotIsFinal, TooBusy, ResultUnknown, MasterKeyUnknown),
    openapi_extra=_PUT_BALLOT,
)
async def put_ballot(task_id: UUID, request: Request) -> Response:
    """Cast your ballot, or change it where the vote's rule allows. Repeating the request never counts twice."""
    claims, _ = await verify(request, (Role.CITIZEN,))
    cast_ballot = CastBallot(TaskId(task_id), claims.identity, _payload(await request.body()).choice, tracing.current())
    counted = await state_of(request.app, VotingState).intake.cast(cast_ballot)
    response = CountedResponse.from_counted(cast_ballot.task_id, counted)
    return Response(response.model_dump_json(), media_type="application/json")


@router.get("/votes/{task_id}/ballot", responses=problem_responses(NoSuchVote, NoBallot, MasterKeyUnknown))
async def get_ballot(
    task_id: UUID, caller: Citizen, db: Db, state: Annotated[VotingState, Depends(from_state(VotingState))]
) -> BallotResponse:
    """Show your own ballot."""
    task = TaskId(task_id)
    async with db.reading() as session:
        key = await ballots.sealed_key(session, task)
        if key is None:
            raise NoSuchVote
        current_ballot = await ballots.current_ballot(
            session, task, voter_hash(state.keyring.open(key), caller.identity)
        )
    if current_ballot is None:
        raise NoBallot
    return BallotResponse.of(task, current_ballot)
