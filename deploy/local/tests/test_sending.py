"""Requests are built with fresh tokens and sent in order, one at a time per voter."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from townhall.chassis.auth.tokens import key_id
from townhall_local.rehearsal.request_builder import BLOCK, BallotRequest, RequestBuilder, built_in_blocks
from townhall_local.rehearsal.schedule import Ballot
from townhall_local.rehearsal.sending import RequestQueue
from townhall_local.rehearsal.token_signer import TokenSigner
from townhall_local.up.data_directory import DataDirectory

URL = "http://127.0.0.1:8102"
TASKS = {"a": "task-a", "b": "task-b"}


@pytest.fixture
def signer(tmp_path: Path) -> TokenSigner:
    """A signer with the key of a data directory."""
    with DataDirectory(tmp_path).locked():
        return TokenSigner(tmp_path, "http://issuer")


@pytest.fixture
def builder(signer: TokenSigner) -> RequestBuilder:
    """A builder of requests to a service that doesn't run."""
    return RequestBuilder(URL, signer, TASKS)


def token_of(request: BallotRequest) -> str:
    """The token in a request."""
    return request.content.split(b"Bearer ")[1].split(b"\r\n")[0].decode()


def subject_of(request: BallotRequest) -> str:
    """The subject of the token in a request."""
    claims = token_of(request).split(".")[1]
    return str(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])


def test_a_ballot_becomes_an_http_request_with_its_voter_s_token(builder: RequestBuilder) -> None:
    """Method, path, token, length and body are those of the ballot."""
    yes, no = builder.build([Ballot("a", "kim", yes=True), Ballot("b", "lee", yes=False)])
    head, _, body = yes.content.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /votes/task-a/ballot HTTP/1.1\r\nHost: 127.0.0.1:8102\r\n")
    assert (json.loads(body), json.loads(no.content.partition(b"\r\n\r\n")[2])) == ({"choice": "yes"}, {"choice": "no"})
    assert f"Content-Length: {len(body)}".encode() in head
    assert [subject_of(request) for request in (yes, no)] == [request.voter for request in (yes, no)] == ["kim", "lee"]
    assert key_id(token_of(yes))


def test_a_token_is_reused_while_it_is_fresh(signer: TokenSigner, builder: RequestBuilder) -> None:
    """One signature serves several ballots; a new one is made long before the token expires."""
    ballots = [Ballot("a", "kim", yes=True), Ballot("b", "kim", yes=True)]
    first, second = (token_of(request) for request in builder.build(ballots))
    assert first == second == token_of(builder.build(ballots)[0])
    stale = RequestBuilder(URL, signer, TASKS, fresh=0.0)
    assert token_of(stale.build(ballots)[0]) != token_of(stale.build(ballots)[0])


def test_the_oldest_tokens_are_evicted(signer: TokenSigner) -> None:
    """Memory stays bounded; an evicted voter gets a new token."""
    builder = RequestBuilder(URL, signer, TASKS, tokens=2)
    ballots = [Ballot("a", voter, yes=True) for voter in ("kim", "lee", "park")]
    kim, lee, _ = (token_of(builder.build([ballot])[0]) for ballot in ballots)
    assert token_of(builder.build([ballots[1]])[0]) == lee
    assert token_of(builder.build([ballots[0]])[0]) != kim


async def test_all_requests_are_built_in_order(builder: RequestBuilder) -> None:
    """Whichever thread builds a block."""
    voters = [f"v{n % 40}" for n in range(10 * BLOCK + 3)]
    blocks = [block async for block in built_in_blocks(builder, [Ballot("a", voter, yes=True) for voter in voters])]
    assert [request.voter for block in blocks for request in block] == voters
    assert all(subject_of(request) == request.voter for block in blocks for request in block)


async def blocks_of(requests: Sequence[BallotRequest], size: int) -> AsyncGenerator[deque[BallotRequest]]:
    """Yield requests in blocks, as `built_in_blocks` does."""
    for start in range(0, len(requests), size):
        yield deque(requests[start : start + size])


@given(st.lists(st.sampled_from("uvwxyz"), max_size=60), st.integers(1, 7), st.integers(1, 8))
def test_a_voter_has_one_unanswered_request_and_they_keep_their_order(
    voters: list[str], size: int, connections: int
) -> None:
    """For any order, number of connections and block size: all are sent, each voter's in order."""
    requests = [BallotRequest(voter, b"%d" % number) for number, voter in enumerate(voters)]
    sent: list[BallotRequest] = []
    unanswered: set[str] = set()

    async def send_all(queue: RequestQueue) -> None:
        request = await queue.next()
        while request is not None:
            assert request.voter not in unanswered
            unanswered.add(request.voter)
            sent.append(request)
            answered = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(answered.set_result, None)
            await answered  # lets the other connections run
            unanswered.remove(request.voter)
            request = queue.answered(request.voter) or await queue.next()

    async def send_over_all_connections() -> None:
        queue = RequestQueue(blocks_of(requests, size))
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(send_all(queue))

    asyncio.run(send_over_all_connections())
    assert sorted(sent) == sorted(requests)
    for voter in set(voters):
        assert [request for request in sent if request.voter == voter] == [
            each for each in requests if each.voter == voter
        ]
