"""Running proposal's use cases over a database, and reading what they stored and announced."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text

from proposal.domain.lifecycle import Move, Proposal, Wording
from proposal.domain.screening import Verdict
from proposal.domain.selection import Draft, Origin, Task
from proposal.handlers.proposals import submit_proposal
from proposal.handlers.screenings import screen_proposal
from proposal.handlers.tasks import select_task
from proposal.store import proposals
from townhall.chassis.auth import Caller, Role
from townhall.chassis.db import Database
from townhall.contracts.values import ProposalId

T = TypeVar("T")
WORDING = Wording("심야 버스 확대", "막차가 너무 이릅니다.", "새벽 두 시까지 운행합시다.", "교통")
DRAFT = Draft("심야 버스", "요약", Origin.PROPOSALS, (), "public-interest")
OUTBOX = text("""
    SELECT headers->>'ce_type' AS type, key, convert_from(payload, 'UTF8')::jsonb AS body FROM outbox ORDER BY id
""")
ADMIT = Verdict(Move.ADMIT, "meets-requirements")


def caller(name: str, role: Role = Role.CITIZEN) -> Caller:
    """Return a caller with a pseudonym made from the name."""
    return Caller(person=name.ljust(64, "0"), identity=f"subject-of-{name}", roles=frozenset({role}), role=role)


UNKNOWN = ProposalId(UUID(int=0))
MINA, OFFICER = caller("mina"), caller("officer", Role.OFFICER)


@dataclass
class ProposalHarness:
    """The use cases over a database, each call in a transaction of its own."""

    db: Database

    async def run(self, handler: Callable[..., Awaitable[T]], *args: Any) -> T:  # noqa: ANN401  the handler's arguments
        """Call a handler in a transaction and return its result."""
        async with self.db.transaction() as tx:
            return await handler(tx, *args)

    async def submitted(self, author: Caller = MINA) -> Proposal:
        """Submit a proposal."""
        return await self.run(submit_proposal, WORDING, author)

    async def admitted(self, author: Caller = MINA) -> Proposal:
        """Submit a proposal and admit it."""
        return await self.run(screen_proposal, (await self.submitted(author)).id, ADMIT, OFFICER)

    async def selected(self, *ids: ProposalId) -> Task:
        """Select a task from proposals."""
        return await self.run(select_task, replace(DRAFT, proposal_ids=ids))

    async def read(self, proposal_id: ProposalId) -> Proposal:
        """Return the proposal as it is stored."""
        async with self.db.reading() as session:
            found = await proposals.get(session, proposal_id)
        assert found is not None
        return found

    async def announced(self) -> Sequence[Any]:
        """Return `type`, `key` and `body` of every announced event, in order."""
        async with self.db.reading() as session:
            return (await session.execute(OUTBOX)).all()

    async def execute(self, statement: str) -> None:
        """Execute a SQL statement, such as one that moves a date into the past."""
        async with self.db.transaction() as tx:
            await tx.session.execute(text(statement))
