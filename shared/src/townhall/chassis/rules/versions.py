"""Rules as data: versioned parameters with the article they come from and the date they take effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from townhall.chassis.db import Transaction
from townhall.contracts.values import RuleUsed
from townhall.rejected import NotFound, Rejected

P = TypeVar("P", bound=BaseModel)

_COLUMNS = "SELECT version, article, parameters, NULLIF(effective_from, '-infinity') AS effective_from FROM rule "
_IN_FORCE = text(_COLUMNS + "WHERE effective_from <= :at ORDER BY rule.effective_from DESC, version DESC LIMIT 1")
_VERSION = text(_COLUMNS + "WHERE version = :version")
_BEFORE = text(_COLUMNS + "WHERE version < :before ORDER BY version DESC LIMIT :limit")
# Two transactions that enact at the same time would take the same number: the second waits for the first.
_ONE_AT_A_TIME = text("LOCK TABLE rule IN SHARE ROW EXCLUSIVE MODE")
_ENACT = text("""
    INSERT INTO rule (version, article, parameters, effective_from)
    SELECT max(version) + 1, :article, CAST(:parameters AS jsonb), :effective_from FROM rule
    RETURNING version
""")


class NoSuchRule(NotFound):
    """No version of the rules has this number."""

    code = "no-such-rule"
    title = "There is no rule of this version."


class RuleInThePast(Rejected):
    """A version would take effect before it is enacted."""

    code = "rule-in-the-past"
    status = 422
    title = "A rule cannot take effect before it is enacted."


@dataclass(frozen=True, slots=True)
class InForce(Generic[P]):
    """One version of the rules."""

    version: int
    article: str
    effective_from: datetime | None
    """None for the first version, which has no beginning."""
    parameters: P

    @property
    def used(self) -> RuleUsed:
        """The reference to this version that events carry."""
        return RuleUsed(version=self.version, article=self.article)


class Rules(Generic[P]):
    """The versions of one service's rules. `parameters` is the frozen model of their values."""

    def __init__(self, parameters: type[P]) -> None:
        self.parameters = parameters

    async def in_force(self, session: AsyncSession, at: datetime) -> InForce[P]:
        """Return the version in force at a time: the latest to take effect, then the latest enacted."""
        return self._value((await session.execute(_IN_FORCE, {"at": at})).mappings().one())

    async def version(self, session: AsyncSession, version: int) -> InForce[P]:
        """Return one version; raises `NoSuchRule`."""
        row = (await session.execute(_VERSION, {"version": version})).mappings().one_or_none()
        if row is None:
            raise NoSuchRule
        return self._value(row)

    async def versions(self, session: AsyncSession, before: int, limit: int) -> Sequence[InForce[P]]:
        """Return up to `limit` versions with a number below `before`, newest first."""
        found = await session.execute(_BEFORE, {"before": before, "limit": limit})
        return [self._value(row) for row in found.mappings()]

    async def enact(self, tx: Transaction, article: str, parameters: P, effective_from: datetime | None) -> InForce[P]:
        """Add a version, in force from now if no date is given; raises `RuleInThePast`.

        What already opened under an earlier version keeps it.
        """
        if effective_from is not None and effective_from < tx.now:
            raise RuleInThePast
        await tx.session.execute(_ONE_AT_A_TIME)
        values: dict[str, Any] = {
            "article": article,
            "parameters": parameters.model_dump_json(),
            "effective_from": effective_from or tx.now,
        }
        version = (await tx.session.execute(_ENACT, values)).scalar_one()
        return await self.version(tx.session, version)

    def _value(self, row: RowMapping) -> InForce[P]:
        parameters = self.parameters.model_validate(row["parameters"])
        return InForce(row["version"], row["article"], row["effective_from"], parameters)
