"""E1, consuming directives: one initiative per adopted task, also with redelivery, concurrency and replay."""

import asyncio

import pytest
from sqlalchemy import text

from services.evaluation.tests.api import EvaluationApi, directive
from townhall.contracts import evaluation
from townhall.contracts.values import Outcome


async def test_directive_twice_opens_one(api: EvaluationApi) -> None:
    """E1: redelivered in a batch, and after the inbox is lost, a directive opens one initiative, announced once."""
    issued = directive()
    messages = await api.receive(issued)
    await api.redeliver(messages + messages)
    async with api.db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE inbox"))
    await api.redeliver(messages)
    await api.receive(issued)
    (opened,) = await api.announced()
    (shown,) = (await api.get("/initiatives"))["items"]
    assert opened["type"] == evaluation.InitiativeOpened.TYPE
    assert opened["initiative_id"] == shown["initiative_id"]
    assert (shown["task_id"], shown["directive_id"]) == (str(issued.task_id), str(issued.directive_id))
    assert (shown["state"], shown["due_on"]) == ("planned", str(issued.due_on))


async def test_directives_at_once_open_one(api: EvaluationApi) -> None:
    """E1: concurrent consumers of the same directive open one initiative."""
    issued = directive()
    await asyncio.gather(*(api.receive(issued) for _ in range(4)))
    assert len(await api.announced(evaluation.InitiativeOpened)) == 1
    assert await api.count("initiative") == 1


async def test_second_directive_for_a_task_is_refused(api: EvaluationApi) -> None:
    """E1: the first directive of a task opens its initiative; the second is consumed without effect."""
    first = directive()
    await api.receive(first)
    await api.receive(directive(task_id=first.task_id))
    assert await api.count("initiative") == 1
    assert await api.count("inbox") == 2
    assert await api.count("dead_letter") == 0


async def test_a_refused_directive_fails_no_other_in_its_batch(api: EvaluationApi) -> None:
    """E1: a second directive of a task, and one that doesn't adopt, don't affect the rest of the batch."""
    first, last = directive(), directive()
    second = directive(task_id=first.task_id)
    await api.receive(first, second, directive(outcome=Outcome.RETURNED), first, last)
    opened = await api.announced(evaluation.InitiativeOpened)
    assert [each["directive_id"] for each in opened] == [str(first.directive_id), str(last.directive_id)]
    assert (await api.count("inbox"), await api.count("dead_letter")) == (5, 0)


async def test_a_batch_is_one_transaction(api: EvaluationApi) -> None:
    """E1: a batch is one transaction; a directive consumed before opens nothing in it."""
    known, new = directive(), [directive() for _ in range(3)]
    await api.receive(known)
    await api.receive(*new, known, new[0])
    assert len(await api.announced(evaluation.InitiativeOpened)) == await api.count("initiative") == 4
    async with api.db.reading() as session:
        assert (await session.execute(text("SELECT count(DISTINCT xmin::text) FROM inbox"))).scalar_one() == 2


@pytest.mark.parametrize("outcome", [Outcome.RETURNED, Outcome.DEFERRED])
async def test_other_outcomes_open_nothing(api: EvaluationApi, outcome: Outcome) -> None:
    """E1: a directive that doesn't adopt is consumed without effect."""
    await api.receive(directive(outcome=outcome))
    assert (await api.get("/initiatives"))["items"] == []
    assert await api.count("inbox") == 1


async def test_replay_rebuilds_the_same(api: EvaluationApi) -> None:
    """E1: replayed into emptied tables, every directive opens the same initiative as before."""
    messages = await api.receive(directive(), directive(), directive())
    before = (await api.get("/initiatives"))["items"]
    async with api.db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE initiative, inbox, outbox, stream CASCADE"))
    await api.redeliver(messages)
    assert (await api.get("/initiatives"))["items"] == before
