"""The end of a process: what was acknowledged is counted, what was counted is answered, and nothing stays behind."""

import signal
from contextlib import ExitStack
from time import monotonic

from sqlalchemy import text

from services.voting.tests.polls import Polls
from tests.attacks.ballots import Ballots
from tests.attacks.callers import Caller, ask, request
from tests.attacks.conftest import Got, StartOf
from tests.attacks.crowd import LIVEZ, flood
from tests.attacks.service import GRACE, Service, in_session, launch, listens
from tests.attacks.voters import Voters

ENDS_WITHIN = GRACE + 3.0
"""Seconds from SIGTERM to the end at the most: the grace, and what closing takes on two busy processors."""
_BALLOTS = text("SELECT count(*) FROM ballot WHERE task_id = CAST(:task_id AS uuid)")


async def count(polls: Polls, task_id: str) -> int:
    """Return how many ballots were ever accepted, by the database itself."""
    async with polls.db.reading() as session:
        return int((await session.execute(_BALLOTS, {"task_id": task_id})).scalar_one())


async def test_a_graceful_end_answers_what_it_counts(
    start_service: StartOf, polls: Polls, ballots: Ballots, got: Got
) -> None:
    """SIGTERM under load: as many ballots are counted as were answered with 200, and the exit code is 0."""
    service = start_service()
    with Voters(ballots, service.port) as voters, Caller(service.port) as idle:
        voters.wait_for(300)
        began = monotonic()
        service.child.signal(signal.SIGTERM)
        ended = service.child.ended(ENDS_WITHIN + 8.0)
        took = monotonic() - began
        voters.wait_for_end()
        left = idle.seen(1.0)
    counted, others = await count(polls, ballots.task_id), sorted(set(voters.others))
    ending = f"ended after {took:.1f} s with {service.child.exit_code}"
    got(f"{counted} counted, {voters.answered} answered, others {others}, {ending}")
    assert ended
    assert took < ENDS_WITHIN
    assert service.child.exit_code == 0
    assert counted == voters.answered
    assert set(others) <= {0, 503}
    assert left.closed


DEAF = request("GET", "/openapi.json") * 3000


def test_deaf_callers_do_not_hold_up_the_end(start_service: StartOf, got: Got) -> None:
    """Callers who read nothing, and some who send nothing, at SIGINT: the process ends within its grace."""
    service = start_service()
    with ExitStack() as stack:
        crowd = [stack.enter_context(Caller(service.port, receive_buffer=2048)) for _ in range(12)]
        flood(crowd, DEAF, read=False, within=0.5)
        silent = [stack.enter_context(Caller(service.port)) for _ in range(4)]
        silent[0].send(b"GET /livez HTTP/1.1\r\n")
        silent[1].send(request("PUT", "/votes/00000000-0000-0000-0000-000000000000/ballot", "Content-Length: 9"))
        began = monotonic()
        service.child.signal(signal.SIGINT)
        ended = service.child.ended(ENDS_WITHIN + 20.0)
        took = monotonic() - began
    got(f"{'ended' if ended else 'not ended'} after {took:.1f} s, exit code {service.child.exit_code}")
    assert ended
    assert took < ENDS_WITHIN
    assert service.child.exit_code == 0


def test_one_process_a_service(start_service: StartOf, got: Got) -> None:
    """A second one on the same port fails and says why; killed, the first leaves nothing, and its port is free."""
    service = start_service()
    second = launch(service.env, service.child.log.with_suffix(".second"), service.port)
    refused = second.ended(15.0)
    second.kill()
    still = ask(service.port, LIVEZ).statuses
    members = service.processes()
    service.kill()
    left, open_ = in_session(service.child.pid), listens(service.port)
    ending = f"exit code {second.exit_code}" if refused else "runs beside the first"
    after = f"{len(left)} left, port {'open' if open_ else 'free'}"
    got(f"second: {ending}; processes: {len(members)}; after kill -9: {after}")
    assert refused
    assert second.exit_code not in {0, None}
    assert str(service.port) in second.last_words() or "in use" in second.last_words()
    assert still == [200]
    assert members == {service.child.pid}
    assert not left
    assert not open_


def test_a_start_that_fails_says_so(start_service: StartOf, service: Service, got: Got) -> None:
    """A process that can't listen at its address ends with an exit code of failure."""
    child = launch(
        {**service.env, "VOTING_HOST": "192.0.2.1"}, service.child.log.with_suffix(".failed"), service.port + 1
    )
    ended = child.ended(15.0)
    child.kill()
    got(f"{'ended' if ended else 'did not end'}, exit code {child.exit_code}")
    assert ended
    assert child.exit_code not in {0, None, -signal.SIGKILL}
