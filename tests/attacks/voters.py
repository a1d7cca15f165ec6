"""Load that can be counted: citizens who change their ballot as fast as they are answered."""

import threading
from dataclasses import replace
from typing import Self

from tests.attacks.ballots import Ballots
from tests.attacks.callers import Caller, statuses
from townhall.embedded.ports import HOST


class Voters:
    """So many citizens with a connection each, voting for as long as the block lasts or their connection does."""

    def __init__(self, ballots: Ballots, port: int, *, many: int = 16, source: str = HOST) -> None:
        self._ballots, self._port, self._source = ballots, port, source
        self._threads = [threading.Thread(target=self._vote, args=(number,)) for number in range(many)]
        self._over = threading.Event()
        self._answered_more = threading.Condition()
        self.answered = 0
        """Ballots that were answered with 200; each differs from its citizen's last, so each is counted anew."""
        self.others: list[int] = []
        """Other statuses; 0 where a connection ended without an answer to what was sent."""

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.wait_for_end()

    def wait_for_end(self) -> None:
        """Wait until every connection has ended, or every citizen has their last answer."""
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, within: float = 20.0) -> None:
        """Wait until so many more ballots are answered."""
        with self._answered_more:
            enough = self.answered + more
            assert self._answered_more.wait_for(lambda: self.answered >= enough, within), (
                f"{self.answered} answered in time"
            )

    def _vote(self, number: int) -> None:
        citizen = replace(self._ballots, voter=f"{self._ballots.voter}-{number}")
        requests = [citizen.put(choice="yes"), citizen.put(choice="no")]
        with Caller(self._port, source=self._source) as caller:
            while not caller.closed and not self._over.is_set():
                caller.received = b""
                self._note(statuses(caller.send(requests[0]).answered()) or [0])
                requests.reverse()

    def _note(self, found: list[int]) -> None:
        with self._answered_more:
            self.answered += found.count(200)
            self.others += [status for status in found if status != 200]
            self._answered_more.notify_all()
