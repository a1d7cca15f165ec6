"""Ballots on their way: written with fresh tokens, handed out in order, one of a voter at a time."""

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
from townhall_local.rehearsal.casting import Turns
from townhall_local.rehearsal.programme import Ballot
from townhall_local.rehearsal.signing import Signer
from townhall_local.rehearsal.writing import BLOCK, Letter, Writer, written
from townhall_local.up.data_directory import DataDirectory

URL = "http://127.0.0.1:8102"
TASKS = {"a": "task-a", "b": "task-b"}


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    """Signs with the key of a data directory."""
    with DataDirectory(tmp_path).held():
        return Signer(tmp_path, "http://issuer")


@pytest.fixture
def writer(signer: Signer) -> Writer:
    """Writes to a service that isn't asked here."""
    return Writer(URL, signer, TASKS)


def token_of(letter: Letter) -> str:
    """The token in a request."""
    return letter.request.split(b"Bearer ")[1].split(b"\r\n")[0].decode()


def subject_of(letter: Letter) -> str:
    """Whom the token names."""
    claims = token_of(letter).split(".")[1]
    return str(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])


def test_a_ballot_becomes_a_request_of_its_voter(writer: Writer) -> None:
    """Method, path, token and body: nothing else says who or what."""
    yes, no = writer.write([Ballot("a", "kim", yes=True), Ballot("b", "lee", yes=False)])
    head, _, body = yes.request.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /votes/task-a/ballot HTTP/1.1\r\nHost: 127.0.0.1:8102\r\n")
    assert (json.loads(body), json.loads(no.request.partition(b"\r\n\r\n")[2])) == ({"choice": "yes"}, {"choice": "no"})
    assert f"Content-Length: {len(body)}".encode() in head
    assert [subject_of(letter) for letter in (yes, no)] == [letter.voter for letter in (yes, no)] == ["kim", "lee"]
    assert key_id(token_of(yes))


def test_a_voter_keeps_a_token_while_it_is_fresh(signer: Signer, writer: Writer) -> None:
    """One signature for all ballots of a visit; a new one long before the old one ends."""
    ballots = [Ballot("a", "kim", yes=True), Ballot("b", "kim", yes=True)]
    first, second = (token_of(letter) for letter in writer.write(ballots))
    assert first == second == token_of(writer.write(ballots)[0])
    stale = Writer(URL, signer, TASKS, fresh=0.0)
    assert token_of(stale.write(ballots)[0]) != token_of(stale.write(ballots)[0])


def test_tokens_of_those_who_left_are_let_go(signer: Signer) -> None:
    """Millions may come; who comes back later gets a new one."""
    writer = Writer(URL, signer, TASKS, tokens=2)
    ballots = [Ballot("a", voter, yes=True) for voter in ("kim", "lee", "park")]
    kim, lee, _ = (token_of(writer.write([ballot])[0]) for ballot in ballots)
    assert token_of(writer.write([ballots[1]])[0]) == lee
    assert token_of(writer.write([ballots[0]])[0]) != kim


async def test_all_ballots_are_written_in_order(writer: Writer) -> None:
    """However many threads write them."""
    voters = [f"v{n % 40}" for n in range(10 * BLOCK + 3)]
    blocks = [block async for block in written(writer, [Ballot("a", voter, yes=True) for voter in voters])]
    assert [letter.voter for block in blocks for letter in block] == voters
    assert all(subject_of(letter) == letter.voter for block in blocks for letter in block)


async def blocks_of(letters: Sequence[Letter], size: int) -> AsyncGenerator[deque[Letter]]:
    """Hand them over as a writer does."""
    for start in range(0, len(letters), size):
        yield deque(letters[start : start + size])


@given(st.lists(st.sampled_from("uvwxyz"), max_size=60), st.integers(1, 7), st.integers(1, 8))
def test_a_voter_has_one_ballot_under_way_and_they_go_in_order(voters: list[str], size: int, lanes: int) -> None:
    """Whatever the order, the number of lanes and the size of blocks: all are sent, and no voter overtakes themself."""
    letters = [Letter(voter, b"%d" % number) for number, voter in enumerate(voters)]
    sent: list[Letter] = []
    under_way: set[str] = set()

    async def walk(turns: Turns) -> None:
        letter = await turns.next()
        while letter is not None:
            assert letter.voter not in under_way
            under_way.add(letter.voter)
            sent.append(letter)
            answered = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(answered.set_result, None)
            await answered  # others have their turn while this one is under way
            under_way.remove(letter.voter)
            letter = turns.after(letter.voter) or await turns.next()

    async def all_walk() -> None:
        turns = Turns(blocks_of(letters, size))
        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(walk(turns))

    asyncio.run(all_walk())
    assert sorted(sent) == sorted(letters)
    for voter in set(voters):
        assert [letter for letter in sent if letter.voter == voter] == [each for each in letters if each.voter == voter]
