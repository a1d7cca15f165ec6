"""The fast lane: the plain requests of a crowd go past the framework, and get the framework's answers."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from services.voting.tests.harness import VotingHarness
from townhall.chassis.auth import keys_of
from townhall.chassis.http.shortcut import Head
from townhall.testing.tokens import Mint
from voting.fast_path import FastPath

pytestmark = pytest.mark.asyncio(loop_scope="session")

JSON = {"content-type": "application/json"}
THE_LONG_WAY = {"if-none-match": '"nothing"'}
"""Keeps a request off the fast lane and changes nothing else."""
ANSWERED_ANEW = {"x-request-id", "content-length", "date"}


def answered(answer: Response) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Return an answer without what is of its own request only."""
    headers = {name: value for name, value in answer.headers.items() if name not in ANSWERED_ANEW}
    assert len(answer.headers["x-request-id"]) >= 8
    return answer.status_code, headers, {**answer.json(), "request_id": None}


BALLOTS: dict[str, tuple[bytes, dict[str, str], int]] = {
    "as browsers spell it": (b'{"choice":"yes"}', JSON, 200),
    "as Python spells it": (b'{"choice": "yes"}', JSON, 200),
    "spelt another way": (b'{ "choice" : "\\u0079es" }', JSON, 200),
    "another charset word": (b'{"choice":"yes"}', {"content-type": "application/json; charset=utf-8"}, 200),
    "neither yes nor no": (b'{"choice":"maybe"}', JSON, 422),
    "more than a choice": (b'{"choice":"yes","choice2":1}', JSON, 422),
    "twice": (b'{"choice":"yes","choice":"yes"}', JSON, 400),
    "nothing": (b"", JSON, 422),
    "no JSON": (b'{"choice":"yes"}', {"content-type": "text/plain"}, 415),
    "too much": (b'{"choice":"yes"}' + b" " * 70_000, JSON, 413),
}


@pytest.mark.parametrize("ballot", BALLOTS.values(), ids=BALLOTS.keys())
async def test_a_ballot_gets_the_same_answer(
    wire: AsyncClient, harness: VotingHarness, mint: Mint, ballot: tuple[bytes, dict[str, str], int]
) -> None:
    """Whichever way it takes, with the same headers; and a repeat by the other way is the same ballot."""
    body, told, status = ballot
    url, headers = f"/votes/{await harness.schedule()}/ballot", told | mint("citizen", "김").header
    await wire.put(url, content=b'{"choice":"yes"}', headers=JSON | mint("citizen", "김").header)
    short, long = [answered(await wire.put(url, content=body, headers=headers | way)) for way in ({}, THE_LONG_WAY)]
    assert short == long
    assert short[0] == status


async def test_who_may_not_vote_hears_the_same(wire: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """Without a token, with another role, with a token that is no good, or with two of them."""
    url = f"/votes/{await harness.schedule()}/ballot"
    good = mint("citizen", "김").header["Authorization"]
    callers: list[list[tuple[str, str]]] = [
        [],
        [("authorization", mint("officer", "박").header["Authorization"])],
        [("authorization", good[:-6] + "AAAAAA")],
        [("authorization", "Basic Zm9vOmJhcg==")],
        [("authorization", "Bearer")],
        [("authorization", good), ("authorization", good)],
    ]
    for caller in callers:
        answers = []
        for way in ({}, THE_LONG_WAY):
            told = [*caller, *JSON.items(), *way.items()]
            answers.append(answered(await wire.put(url, content=b'{"choice":"yes"}', headers=told)))
        assert answers[0] == answers[1]
        assert answers[0][0] in {401, 403}


async def test_what_counting_refuses_is_told_the_same(wire: AsyncClient, harness: VotingHarness, mint: Mint) -> None:
    """A vote that is not open, and no vote at all."""
    for task_id in (await harness.schedule(opens=timedelta(days=1)), uuid4()):
        headers = JSON | mint("citizen", "김").header
        url = f"/votes/{task_id}/ballot"
        ways = [headers, headers | THE_LONG_WAY]
        short, long = [answered(await wire.put(url, content=b'{"choice":"yes"}', headers=way)) for way in ways]
        assert short == long
        assert short[1]["content-type"] == "application/problem+json"


async def test_totals_are_told_the_same(wire: AsyncClient, harness: VotingHarness) -> None:
    """Of a vote, and of none."""
    for task_id in (await harness.schedule(), uuid4()):
        ways: list[dict[str, str]] = [{}, THE_LONG_WAY]
        short, long = [answered(await wire.get(f"/votes/{task_id}", headers=way)) for way in ways]
        assert short == long


async def test_keys_that_are_not_here_are_fetched(
    wire: AsyncClient, app: FastAPI, harness: VotingHarness, mint: Mint
) -> None:
    """The first caller after a new key waits for it, as on the long way; and while the issuer is away hears so."""
    headers = JSON | mint("citizen", "김").header
    url = f"/votes/{await harness.schedule()}/ballot"
    here = app.state.settings
    for settings, status in ((here, 200), (here.model_copy(update={"jwks_url": "/none"}), 503)):
        answers = []
        for way in ({}, THE_LONG_WAY):
            app.state.keys = keys_of(settings)
            answers.append(answered(await wire.put(url, content=b'{"choice":"no"}', headers=headers | way)))
        assert answers[0][:2] == answers[1][:2]
        assert answers[0][0] == status


VOTE = "/votes/0190a0a0-0000-7000-8000-000000000000"
TOLD = {b"authorization": b"Bearer a.b.c", b"content-type": b"application/json"}
HEADS: dict[str, tuple[Head, str | None]] = {
    "a ballot": (Head(b"PUT", f"{VOTE}/ballot".encode(), TOLD), "/votes/{task_id}/ballot"),
    "totals": (Head(b"GET", VOTE.encode(), {}), "/votes/{task_id}"),
    "totals since": (Head(b"GET", VOTE.encode(), {b"if-none-match": b"*"}), None),
    "totals for somebody": (Head(b"GET", VOTE.encode(), {b"authorization": b"Bearer a.b.c"}), None),
    "totals with a question": (Head(b"GET", f"{VOTE}?a=b".encode(), {}), None),
    "one's own ballot": (Head(b"GET", f"{VOTE}/ballot".encode(), TOLD), None),
    "a ballot packed": (Head(b"PUT", f"{VOTE}/ballot".encode(), TOLD | {b"content-encoding": b"gzip"}), None),
    "a ballot of nobody": (Head(b"PUT", f"{VOTE}/ballot".encode(), {b"content-type": b"application/json"}), None),
    "another scheme": (Head(b"PUT", f"{VOTE}/ballot".encode(), TOLD | {b"authorization": b"Basic a.b.c"}), None),
    "another method": (Head(b"DELETE", f"{VOTE}/ballot".encode(), TOLD), None),
    "another spelling": (Head(b"GET", VOTE.upper().encode(), {}), None),
    "another place": (Head(b"GET", b"/votes", {}), None),
}


@pytest.mark.parametrize(("head", "route"), HEADS.values(), ids=HEADS.keys())
async def test_only_a_plain_request_finds_a_window(app: FastAPI, head: Head, route: str | None) -> None:
    """A lane that everything leaves at once would pass the other tests, and be no lane."""
    window = FastPath(app.state)(head)
    assert (window and window.route) == route
    assert window is None or window.take(b'{"choice": "perhaps"}') is None
