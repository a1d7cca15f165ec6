"""E1 over the bus: one initiative per adopted task, whatever comes twice, late, at once or again from the beginning."""

import asyncio

import pytest
from sqlalchemy import text

from services.evaluation.tests.api import EvaluationApi, directive
from townhall.contracts import evaluation
from townhall.contracts.values import Outcome


async def test_directive_twice_opens_one(api: EvaluationApi) -> None:
    """E1: redelivered in a batch, alone, and with a lost inbox, a directive has one initiative, announced once."""
    issued = directive()
    messages = await api.hear(issued)
    await api.again(messages + messages)
    async with api.db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE inbox"))
    await api.again(messages)
    await api.hear(issued)
    (opened,) = await api.announced()
    (shown,) = (await api.get("/initiatives"))["items"]
    assert opened["type"] == evaluation.InitiativeOpened.TYPE
    assert opened["initiative_id"] == shown["initiative_id"]
    assert (shown["task_id"], shown["directive_id"]) == (str(issued.task_id), str(issued.directive_id))
    assert (shown["state"], shown["due_on"]) == ("planned", str(issued.due_on))


async def test_directives_at_once_open_one(api: EvaluationApi) -> None:
    """E1: two consumers that hear the same directive at the same time open one initiative."""
    issued = directive()
    await asyncio.gather(*(api.hear(issued) for _ in range(4)))
    assert len(await api.announced(evaluation.InitiativeOpened)) == 1
    assert await api.count("initiative") == 1


async def test_second_directive_for_a_task_is_refused(api: EvaluationApi) -> None:
    """E1: the first directive of a task has the initiative; the other is received, and has no effect."""
    first = directive()
    await api.hear(first)
    await api.hear(directive(task_id=first.task_id))
    assert await api.count("initiative") == 1
    assert await api.count("inbox") == 2
    assert await api.count("dead_letter") == 0


async def test_what_is_refused_in_a_batch_refuses_no_other(api: EvaluationApi) -> None:
    """E1: a second directive of a task, and one that adopts nothing, leave the others their initiative."""
    first, last = directive(), directive()
    second = directive(task_id=first.task_id)
    await api.hear(first, second, directive(outcome=Outcome.RETURNED), first, last)
    opened = await api.announced(evaluation.InitiativeOpened)
    assert [each["directive_id"] for each in opened] == [str(first.directive_id), str(last.directive_id)]
    assert (await api.count("inbox"), await api.count("dead_letter")) == (5, 0)


async def test_directives_that_come_together_open_together(api: EvaluationApi) -> None:
    """E1: a batch is one transaction; a directive that was heard before is no news in it."""
    known, new = directive(), [directive() for _ in range(3)]
    await api.hear(known)
    await api.hear(*new, known, new[0])
    assert len(await api.announced(evaluation.InitiativeOpened)) == await api.count("initiative") == 4
    async with api.db.reading() as session:
        assert (await session.execute(text("SELECT count(DISTINCT xmin::text) FROM inbox"))).scalar_one() == 2


@pytest.mark.parametrize("outcome", [Outcome.RETURNED, Outcome.DEFERRED])
async def test_what_was_not_adopted_opens_nothing(api: EvaluationApi, outcome: Outcome) -> None:
    """E1: a directive that doesn't adopt is received, and has no effect."""
    await api.hear(directive(outcome=outcome))
    assert (await api.get("/initiatives"))["items"] == []
    assert await api.count("inbox") == 1


async def test_replay_rebuilds_the_same(api: EvaluationApi) -> None:
    """E1: heard again by an emptied database, every directive has the initiative it had before."""
    messages = await api.hear(directive(), directive(), directive())
    before = (await api.get("/initiatives"))["items"]
    async with api.db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE initiative, inbox, outbox, stream CASCADE"))
    await api.again(messages)
    assert (await api.get("/initiatives"))["items"] == before
