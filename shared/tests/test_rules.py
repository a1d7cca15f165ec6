"""Rule versions: which one is in force at a time, and how a new one is enacted."""

from datetime import timedelta

import pytest
from pydantic import BaseModel
from sqlalchemy import text

from townhall.chassis import tables
from townhall.chassis.db import Database
from townhall.chassis.rules import NoSuchRule, RuleInThePast, Rules


class Numbers(BaseModel):
    """The parameters of a made-up service."""

    days: int


RULES = Rules(Numbers)


@pytest.fixture
async def ruled(database: Database) -> Database:
    """A database whose first rule was enacted by its migration."""
    statements: list[str] = []
    tables.seed_rule(_Collected(statements), "제1조 (the people's article)", {"days": 7})
    async with database.transaction() as tx:
        await tx.session.execute(text(statements[0]))
    return database


class _Collected:
    def __init__(self, statements: list[str]) -> None:
        self._statements = statements

    def execute(self, statement: str) -> None:
        self._statements.append(statement)


async def test_the_first_version_has_always_held(ruled: Database) -> None:
    """No act is ever without a rule."""
    async with ruled.transaction() as tx:
        rule = await RULES.in_force(tx.session, tx.now - timedelta(days=100_000))
    assert (rule.version, rule.article, rule.parameters.days) == (1, "제1조 (the people's article)", 7)
    assert rule.effective_from is None


async def test_a_version_holds_from_its_date_on(ruled: Database) -> None:
    """A version enacted for later changes nothing before."""
    async with ruled.transaction() as tx:
        later = tx.now + timedelta(days=3)
        enacted = await RULES.enact(tx, "제2조", Numbers(days=9), later)
        assert (await RULES.in_force(tx.session, later - timedelta(microseconds=1))).version == 1
        assert (await RULES.in_force(tx.session, later)) == enacted
    assert enacted.used.version == 2


async def test_a_rule_is_never_enacted_for_the_past(ruled: Database) -> None:
    """What was decided under a rule stays decided under it."""
    with pytest.raises(RuleInThePast):
        async with ruled.transaction() as tx:
            await RULES.enact(tx, "제2조", Numbers(days=9), tx.now - timedelta(seconds=1))


async def test_an_unknown_version_is_not_found(ruled: Database) -> None:
    """Asking for what was never enacted says so."""
    async with ruled.transaction() as tx:
        with pytest.raises(NoSuchRule):
            await RULES.version(tx.session, 2**31 - 1)
