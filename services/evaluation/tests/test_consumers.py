"""E1 over the bus: one initiative per adopted task, whatever comes twice, late, at once or again from the beginning."""

import asyncio

import pytest
from sqlalchemy import text

from services.evaluation.tests.bureau import Bureau, directive
from townhall.contracts import evaluation
from townhall.contracts.values import Outcome


async def test_directive_twice_opens_one(bureau: Bureau) -> None:
    """E1: redelivered in a batch, alone, and with a lost inbox, a directive has one initiative, announced once."""
    issued = directive()
    messages = await bureau.hear(issued)
    await bureau.again(messages + messages)
    async with bureau.db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE inbox"))
    await bureau.again(messages)
    await bureau.hear(issued)
    (opened,) = await bureau.announced()
    (shown,) = (await bureau.get("/initiatives"))["items"]
    assert opened["type"] == evaluation.InitiativeOpened.TYPE
    assert opened["initiative_id"] == shown["initiative_id"]
    assert (shown["task_id"], shown["directive_id"]) == (str(issued.task_id), str(issued.directive_id))
    assert (shown["state"], shown["due_on"]) == ("planned", str(issued.due_on))


async def test_directives_at_once_open_one(bureau: Bureau) -> None:
    """E1: two consumers that hear the same directive at the same time open one initiative."""
    issued = directive()
    await asyncio.gather(*(bureau.hear(issued) for _ in range(4)))
    assert len(await bureau.announced(evaluation.InitiativeOpened)) == 1
    assert await bureau.count("initiative") == 1


async def test_second_directive_for_a_task_is_refused(bureau: Bureau) -> None:
    """E1: the first directive of a task has the initiative; the other is heard, and has no effect."""
    first = directive()
    await bureau.hear(first)
    await bureau.hear(directive(task_id=first.task_id))
    assert await bureau.count("initiative") == 1
    assert await bureau.count("inbox") == 2
    assert await bureau.count("aside") == 0


async def test_what_is_refused_in_a_batch_refuses_no_other(bureau: Bureau) -> None:
    """E1: a second directive of a task, and one that adopts nothing, leave the others their initiative."""
    first, last = directive(), directive()
    second = directive(task_id=first.task_id)
    await bureau.hear(first, second, directive(outcome=Outcome.RETURNED), first, last)
    opened = await bureau.announced(evaluation.InitiativeOpened)
    assert [each["directive_id"] for each in opened] == [str(first.directive_id), str(last.directive_id)]
    assert (await bureau.count("inbox"), await bureau.count("aside")) == (5, 0)


async def test_directives_that_come_together_open_together(bureau: Bureau) -> None:
    """E1: a batch is one transaction; a directive that was heard before is no news in it."""
    known, new = directive(), [directive() for _ in range(3)]
    await bureau.hear(known)
    await bureau.hear(*new, known, new[0])
    assert len(await bureau.announced(evaluation.InitiativeOpened)) == await bureau.count("initiative") == 4
    async with bureau.db.reading() as session:
        assert (await session.execute(text("SELECT count(DISTINCT xmin::text) FROM inbox"))).scalar_one() == 2


@pytest.mark.parametrize("outcome", [Outcome.RETURNED, Outcome.DEFERRED])
async def test_what_was_not_adopted_opens_nothing(bureau: Bureau, outcome: Outcome) -> None:
    """E1: a directive that doesn't adopt is heard, and has no effect."""
    await bureau.hear(directive(outcome=outcome))
    assert (await bureau.get("/initiatives"))["items"] == []
    assert await bureau.count("inbox") == 1


async def test_replay_rebuilds_the_same(bureau: Bureau) -> None:
    """E1: heard again by an emptied database, every directive has the initiative it had before."""
    messages = await bureau.hear(directive(), directive(), directive())
    before = (await bureau.get("/initiatives"))["items"]
    async with bureau.db.transaction() as tx:
        await tx.session.execute(text("TRUNCATE initiative, inbox, outbox, stream CASCADE"))
    await bureau.again(messages)
    assert (await bureau.get("/initiatives"))["items"] == before
