"""Ballots as requests, for one vote; and what the service says it counted."""

from dataclasses import dataclass, field
from uuid import uuid4

from tests.attacks.callers import ask, request
from townhall.testing.tokens import Mint


@dataclass(frozen=True)
class Ballots:
    """A vote and the citizens of one test."""

    task_id: str
    mint: Mint
    voter: str = field(default_factory=lambda: uuid4().hex)
    """The test's citizen."""

    @property
    def target(self) -> str:
        """The path of a ballot."""
        return f"/votes/{self.task_id}/ballot"

    def authorization(self, voter: str | None = None) -> str:
        """Return the header line of a citizen."""
        return f"Authorization: Bearer {self.mint('citizen', voter or self.voter)}"

    def put(self, *headers: str, choice: str = "yes", target: str | None = None, close: bool = False) -> bytes:
        """Write a ballot of the test's citizen in the form browsers send."""
        body = b'{"choice":"%b"}' % choice.encode()
        return request("PUT", target or self.target, self.authorization(), *headers, body=body, close=close)

    def counted(self, port: int) -> bool:
        """Ask the service whether the test's citizen has a ballot."""
        seen = ask(port, request("GET", self.target, self.authorization(), close=True))
        assert seen.statuses in ([200], [404]), seen
        return seen.statuses == [200]
