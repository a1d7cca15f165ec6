"""The service as the tests of its use cases know it: one-line steps on a database, and what is announced."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text

from proposal import handlers
from proposal.domain.lifecycle import Move, Proposal, Wording
from proposal.domain.screening import Verdict
from proposal.domain.selection import Draft, Origin, Task
from proposal.store import proposals
from townhall.chassis.auth import Caller, Role
from townhall.chassis.db import Database
from townhall.contracts.values import ProposalId

T = TypeVar("T")
WORDING = Wording("심야 버스 확대", "막차가 너무 이릅니다.", "새벽 두 시까지 운행합시다.", "교통")
DRAFT = Draft("심야 버스", "요약", Origin.PROPOSALS, (), "public-interest")
OUTBOX = text("""
    SELECT headers->>'ce_type' AS type, key, convert_from(payload, 'UTF8')::jsonb AS said FROM outbox ORDER BY id
""")
ADMIT = Verdict(Move.ADMIT, "meets-requirements")


def caller(name: str, role: Role = Role.CITIZEN) -> Caller:
    """Somebody known under a pseudonym."""
    return Caller(person=name.ljust(64, "0"), subject=f"subject-of-{name}", roles=frozenset({role}), role=role)


UNKNOWN = ProposalId(UUID(int=0))
MINA, OFFICER = caller("mina"), caller("officer", Role.OFFICER)


@dataclass
class ProposalHarness:
    """A database, with the use cases as one-line steps."""

    db: Database

    async def do(self, act: Callable[..., Awaitable[T]], *given: Any, **named: Any) -> T:  # noqa: ANN401  what the act takes
        """Run one use case in its transaction."""
        async with self.db.transaction() as tx:
            return await act(tx, *given, **named)

    async def submitted(self, who: Caller = MINA) -> Proposal:
        """A proposal that waits for screening."""
        return await self.do(handlers.submit_proposal, WORDING, who)

    async def admitted(self, who: Caller = MINA) -> Proposal:
        """A proposal that passed screening."""
        return await self.do(handlers.screen_proposal, (await self.submitted(who)).id, ADMIT, OFFICER)

    async def selected(self, *ids: ProposalId) -> Task:
        """A task from proposals."""
        return await self.do(handlers.select_task, replace(DRAFT, proposal_ids=ids))

    async def read(self, proposal_id: ProposalId) -> Proposal:
        """The proposal as it is stored."""
        async with self.db.reading() as session:
            found = await proposals.found(session, proposal_id)
        assert found is not None
        return found

    async def announced(self) -> Sequence[Any]:
        """Type, key and payload of every row of the outbox, in order."""
        async with self.db.reading() as session:
            return (await session.execute(OUTBOX)).all()

    async def run(self, statement: str, **given: object) -> None:
        """Change what a test needs changed, such as a date."""
        async with self.db.transaction() as tx:
            await tx.session.execute(text(statement), given)
