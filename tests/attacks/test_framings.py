"""No framing makes two requests of one, or counts a ballot that is not answered with 200."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest
from typing_extensions import override

from tests.attacks.ballots import Ballots
from tests.attacks.callers import Caller, Seen, request
from tests.attacks.conftest import Got
from tests.attacks.crowd import others_at
from tests.attacks.framings import FRAMINGS, Wanted
from tests.attacks.service import Service
from townhall.embedded.ports import HOST
from townhall.testing.tokens import Mint

LAST = request("GET", "/livez", "X-Request-Id: the-last-one", close=True)
"""Sent behind the first answer: answered only if the connection was kept and nothing is left of the framing."""


@dataclass(frozen=True)
class Outcome:
    """What became of a framing."""

    seen: Seen
    """Without the answer to `LAST`."""
    kept: bool
    """Whether `LAST` was answered."""
    counted: bool

    @override
    def __str__(self) -> str:
        ends = "then served on" if self.kept else "closed" if self.seen.closed else "kept open"
        counts = "counted" if self.counted else "not counted"
        return f"{' '.join(map(str, self.seen.statuses)) or 'no answer'}, {counts}, {ends}"


def outcome(service: Service, vote: Ballots, raw: bytes, source: str = HOST) -> Outcome:
    """Send one framing of one ballot from an address."""
    token = vote.authorization().encode() + b"\r\n"
    filled = raw.replace(b"<token>", token).replace(b"%b", vote.target.encode())
    with Caller(service.port, source=source) as caller:
        if caller.send(filled).answered():
            caller.send(LAST)
        seen = caller.seen()
    answers = [answer for answer in seen.answers if answer.header("x-request-id") != "the-last-one"]
    kept = len(answers) < len(seen.answers)
    return Outcome(replace(seen, answers=tuple(answers)), kept, vote.counted(service.port))


@pytest.fixture(scope="module")
def vote(task_id: str, mint: Mint) -> Ballots:
    """One vote for all framings, with a citizen each."""
    return Ballots(task_id, mint)


@pytest.fixture(scope="module")
def outcomes(service: Service, vote: Ballots) -> Mapping[str, Outcome]:
    """Send all framings at once: some end only when their time is over."""
    with ThreadPoolExecutor(len(FRAMINGS)) as pool, others_at(service.port) as others:
        waiting = {
            name: pool.submit(outcome, service, replace(vote, voter=uuid4().hex), raw)
            for name, (raw, _) in FRAMINGS.items()
        }
        found = {name: each.result() for name, each in waiting.items()}
    assert not others.failures
    return found


@pytest.mark.parametrize(("name", "wanted"), [(name, wanted) for name, (_, wanted) in FRAMINGS.items()])
def test_a_framing_makes_no_second_request(
    outcomes: Mapping[str, Outcome], name: str, wanted: Wanted, got: Got
) -> None:
    """It is served, refused, or taken as one request; where readers could differ the connection ends."""
    found = outcomes[name]
    got(found)
    answers = found.seen.statuses
    assert len(answers) <= 1
    assert found.counted == (answers == [200])
    assert found.kept or found.seen.closed
    assert not {500, 502, 503} & set(answers)
    if wanted is Wanted.SERVED:
        assert answers == [200]
    elif wanted is not Wanted.TOLERATED:
        assert not found.kept
        assert wanted is Wanted.ONCE or not found.counted
