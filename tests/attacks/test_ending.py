"""The end of a process: what was acknowledged is counted, what was counted is answered, and nothing stays behind."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic

from sqlalchemy import text

from services.voting.tests.harness import VotingHarness
from tests.attacks.ballots import Ballots
from tests.attacks.callers import Caller, ask, request
from tests.attacks.conftest import Got, StartOf
from tests.attacks.crowd import LIVEZ, flood
from tests.attacks.service import GRACE, in_session, launch, listens
from tests.attacks.voters import Voters

ENDS_WITHIN = GRACE + 3.0
"""Seconds from SIGTERM to the end at the most: the grace, and what closing takes on two busy processors."""
_BALLOTS = text("SELECT count(*) FROM accepted_ballot WHERE task_id = CAST(:task_id AS uuid)")


async def count(harness: VotingHarness, task_id: str) -> int:
    """Return how many ballots were ever accepted, by the database itself."""
    async with harness.db.reading() as session:
        return int((await session.execute(_BALLOTS, {"task_id": task_id})).scalar_one())


DEAF = request("GET", "/openapi.json") * 3000


@contextmanager
def burdens(port: int) -> Iterator[None]:
    """Callers a process must not wait for at its end: some read nothing, some are idle, some sent half a request."""
    with ExitStack() as stack:
        crowd = [stack.enter_context(Caller(port, receive_buffer=2048)) for _ in range(12)]
        flood(crowd, DEAF, read=False, within=0.5)
        _, head, body = (stack.enter_context(Caller(port)) for _ in range(3))
        head.send(b"GET /livez HTTP/1.1\r\n")
        body.send(request("PUT", "/votes/00000000-0000-0000-0000-000000000000/ballot", "Content-Length: 9"))
        yield


async def test_a_graceful_end_answers_what_it_counts(
    start_service: StartOf, harness: VotingHarness, ballots: Ballots, got: Got
) -> None:
    """SIGTERM under load: as many ballots are counted as were answered with 200; the end is in time, with code 0."""
    service = start_service()
    with Voters(ballots, service.port) as voters, burdens(service.port):
        voters.wait_for(300)
        began = monotonic()
        service.child.signal(signal.SIGTERM)
        ended = service.child.wait(ENDS_WITHIN + 8.0)
        took = monotonic() - began
        voters.wait_for_end()
    counted, others = await count(harness, ballots.task_id), sorted(set(voters.others))
    ending = f"ended after {took:.1f} s with {service.child.exit_code}"
    got(f"{counted} counted, {voters.answered} answered, others {others}, {ending}")
    assert ended
    assert took < ENDS_WITHIN
    assert service.child.exit_code == 0
    assert counted == voters.answered
    assert set(others) <= {0, 503}


def test_one_process_a_service(start_service: StartOf, got: Got) -> None:
    """A second one on the same port fails and says why; killed, the first leaves nothing, and its port is free."""
    service = start_service()
    second = launch(service.env, service.child.log.with_suffix(".second"), service.port)
    refused = second.wait(15.0)
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
    assert str(service.port) in second.log_tail() or "in use" in second.log_tail()
    assert still == [200]
    assert members == {service.child.pid}
    assert not left
    assert not open_
