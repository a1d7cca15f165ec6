"""The end of a process: what was acknowledged is counted, what was counted is answered, and nothing stays behind."""

import signal
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import monotonic

import pytest
from sqlalchemy import text

from services.voting.tests.polls import Polls
from tests.attacks.ballots import Ballots
from tests.attacks.callers import Caller, ask, request
from tests.attacks.conftest import Got, StartOf
from tests.attacks.crowd import LIVEZ, flood
from tests.attacks.service import GRACE, Service, in_session, launch, listens

ENDS_WITHIN = GRACE + 3.0
"""Seconds from SIGTERM to the end at the most: the grace, and what closing takes on two busy processors."""
CROWD = 16
_BALLOTS = text("SELECT count(*) FROM ballot WHERE task_id = CAST(:task_id AS uuid)")


@dataclass
class Voter:
    """A citizen who changes their mind as fast as they are answered."""

    ballots: Ballots
    number: int
    answered: int = 0
    others: list[int] = field(default_factory=list)
    """Statuses that were not 200."""

    def vote(self, port: int, voting: threading.Barrier) -> None:
        """Cast ballots over one connection until it ends; each one differs from the one before."""
        line = self.ballots.authorization(f"voter-{self.number}")
        bodies = [b'{"choice":"yes"}', b'{"choice":"no"}']
        requests = [request("PUT", self.ballots.target, line, body=body) for body in bodies]
        with Caller(port) as caller:
            voting.wait(10)
            while not caller.closed:
                caller.received = b""
                caller.send(requests[self.answered % 2])
                for answer in caller.answered():
                    self.answered += answer.status == 200
                    self.others += [answer.status] * (answer.status != 200)


async def count(polls: Polls, task_id: str) -> int:
    """Return how many ballots were ever accepted, by the database itself."""
    async with polls.db.reading() as session:
        return int((await session.execute(_BALLOTS, {"task_id": task_id})).scalar_one())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
async def test_a_graceful_end_answers_what_it_counts(
    start_service: StartOf, polls: Polls, ballots: Ballots, number: signal.Signals, got: Got
) -> None:
    """Under load: as many ballots are counted as were answered with 200, and the exit code is 0."""
    service, voters = start_service(), [Voter(ballots, number) for number in range(CROWD)]
    voting, over = threading.Barrier(CROWD + 1), threading.Event()
    threads = [threading.Thread(target=voter.vote, args=(service.port, voting)) for voter in voters]
    for thread in threads:
        thread.start()
    voting.wait(10)
    with Caller(service.port) as idle:
        idle.send(LIVEZ.replace(b"Connection: close\r\n", b"")).answered()
        while sum(voter.answered for voter in voters) < 20 * CROWD and not over.wait(0.01):
            pass
        began = monotonic()
        service.child.signal(number)
        ended = service.child.ended(ENDS_WITHIN + 8.0)
        took = monotonic() - began
        for thread in threads:
            thread.join()
        left = idle.seen(1.0)
    answered, counted = sum(voter.answered for voter in voters), await count(polls, ballots.task_id)
    others = sorted({status for voter in voters for status in voter.others})
    got(f"{counted} counted, {answered} answered, others {others}, ended after {took:.1f} s, {service.child.exit_code}")
    assert ended
    assert took < ENDS_WITHIN
    assert service.child.exit_code == 0
    assert counted == answered
    assert set(others) <= {503}
    assert left.closed


DEAF = request("GET", "/openapi.json") * 3000


def test_deaf_callers_do_not_hold_up_the_end(start_service: StartOf, got: Got) -> None:
    """Callers who read nothing, and some who send nothing, at SIGTERM: the process ends within its grace."""
    service = start_service()
    with ExitStack() as stack:
        crowd = [stack.enter_context(Caller(service.port, receive_buffer=2048)) for _ in range(12)]
        flood(crowd, DEAF, read=False, within=0.5)
        silent = [stack.enter_context(Caller(service.port)) for _ in range(4)]
        silent[0].send(b"GET /livez HTTP/1.1\r\n")
        silent[1].send(request("PUT", "/votes/00000000-0000-0000-0000-000000000000/ballot", "Content-Length: 9"))
        began = monotonic()
        service.child.signal(signal.SIGTERM)
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
    again = start_service(port=service.port)
    got(
        f"second: {f'exit code {second.exit_code}' if refused else 'runs beside the first'}; processes: {len(members)}; "
        f"after kill -9: {len(left)} left, port {'open' if open_ else 'free'}"
    )
    assert refused
    assert second.exit_code not in {0, None}
    assert str(service.port) in second.last_words() or "in use" in second.last_words()
    assert still == [200]
    assert members == {service.child.pid}
    assert not left
    assert not open_
    assert ask(again.port, LIVEZ).statuses == [200]
    again.kill()


def test_a_start_that_fails_says_so(start_service: StartOf, service: Service, got: Got) -> None:
    """A service whose database is not there ends or stays unready, and no process serves in its place."""
    child = launch(
        {**service.env, "VOTING_HOST": "192.0.2.1"}, service.child.log.with_suffix(".failed"), service.port + 1
    )
    ended = child.ended(15.0)
    child.kill()
    got(f"{'ended' if ended else 'did not end'}, exit code {child.exit_code}")
    assert ended
    assert child.exit_code not in {0, None, -signal.SIGKILL}
