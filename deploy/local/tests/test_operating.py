"""What operators do: topics planned and made, messages set aside looked at and decided, outboxes refilled."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
import pytest_asyncio
from aiokafka.admin import NewTopic
from sqlalchemy import text
from typer.testing import CliRunner, Result

from townhall.chassis.consuming import Message, dead_letters
from townhall.chassis.db import Database
from townhall.chassis.outbox import Record, write_record
from townhall.embedded import Kafka
from townhall.embedded.server import Server
from townhall.testing.databases import DatabaseOf
from townhall_local.__main__ import townhall
from townhall_local.operating.provisioning import administering
from townhall_local.operating.retaining import settings_of
from townhall_local.trouble import Trouble

KEY = "0193a0e4-0000-7000-8000-000000000001"


def run(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(townhall, [str(word) for word in arguments])


def answer(*arguments: object) -> Any:  # noqa: ANN401  JSON
    """Run the command as a program would, and read what it says."""
    return json.loads(run(*arguments, "--json").stdout)


@pytest_asyncio.fixture(loop_scope="session")
async def voting(database_of: DatabaseOf) -> Database:
    """The database of the voting service with three messages aside: an unreadable one, one behind it, one of no key."""
    db = await database_of("voting")
    async with db.transaction() as tx:
        for position, (key, reason) in enumerate(
            [(KEY, "bad-body"), (KEY, dead_letters.PARKED), (None, "bad-envelope")]
        ):
            message = Message("townhall.proposal.v1", 0, position, key, {"ce_type": "proposal.x.v1"}, b"\xff{")
            await dead_letters.add(tx.session, message, reason)
    return db


def test_plan_then_apply_then_nothing_to_do(empty_broker: Server) -> None:
    """Exit code 2 while something is missing, 0 when nothing is."""
    at = ("--kafka", empty_broker.address)
    assert run("topics", "plan", *at).exit_code == 2
    assert len(answer("topics", "plan", *at)["missing"]) == 8
    assert run("topics", "apply", *at).exit_code == 0
    assert run("topics", "plan", *at).exit_code == 0
    assert answer("topics", "apply", *at)["missing"] == []


def test_another_number_of_partitions_is_never_changed(empty_broker: Server) -> None:
    """Keys would move and lose their order: refused whole, nothing is created."""
    at = ("--kafka", empty_broker.address)
    asyncio.run(_create(empty_broker.address, NewTopic("townhall.voting.v1", 2, 1)))
    assert run("topics", "plan", *at).exit_code == 2
    assert isinstance(run("topics", "apply", *at).exception, Trouble)
    assert answer("topics", "plan", *at)["repartitioned"] == ["townhall.voting.v1"]
    assert len(answer("topics", "plan", *at)["missing"]) == 7


def test_a_topic_that_forgets_is_told_and_made_to_keep_everything(empty_broker: Server) -> None:
    """A topic somebody made by hand, with a cluster's week of retention. The embedded broker can't change settings."""
    at = ("--kafka", empty_broker.address)
    week = {"retention.ms": "604800000", "max.message.bytes": "2000000"}
    asyncio.run(_create(empty_broker.address, NewTopic("townhall.voting.v1", 6, 1, topic_configs=week)))
    assert answer("topics", "plan", *at)["forgetful"] == ["townhall.voting.v1"]
    assert run("topics", "plan", *at).exit_code == 2
    applied = run("topics", "apply", *at)
    if not isinstance(empty_broker, Kafka):
        assert isinstance(applied.exception, Trouble)
        return
    assert run("topics", "plan", *at).exit_code == 0
    kept = asyncio.run(_settings(empty_broker.address, "townhall.voting.v1"))
    assert (kept["retention.ms"], kept["max.message.bytes"]) == ("-1", "2000000")


def test_a_cluster_that_is_away_is_named() -> None:
    """One sentence with its address."""
    with pytest.raises(Trouble, match="cluster at 127"):
        run_to_the_end("topics", "plan", "--kafka", "127.0.0.1:9")


def test_set_aside_messages_are_listed_without_their_bodies(voting: Database) -> None:
    """Why, of which key, how large; what people wrote only on demand."""
    of = ("--database-url", voting.dsn)
    items = answer("dead-letters", "list", "--service", "voting", *of)["items"]
    assert ["bad-body", "parked", "bad-envelope"] == [item["reason"] for item in items]
    assert not any("value" in item or "body" in item for item in items)
    shown = answer("dead-letters", "show", "voting", items[0]["id"], *of)
    assert (shown["headers"], shown["size"], "body" in shown) == ({"ce_type": "proposal.x.v1"}, 2, False)
    assert answer("dead-letters", "show", "voting", items[0]["id"], "--body", *of)["body"] == "\ufffd{"


def test_messages_are_requeued_and_dropped_once(voting: Database) -> None:
    """What is settled can't be decided again, and one that is settled stops the whole request."""
    of = ("--database-url", voting.dsn)
    first, behind, other = (item["id"] for item in answer("dead-letters", "list", "--service", "voting", *of)["items"])
    assert answer("dead-letters", "requeue", "voting", first, *of) == {"service": "voting", "requeued": [first]}
    assert answer("dead-letters", "drop", "voting", other, *of, "--yes") == {"service": "voting", "dropped": [other]}
    assert isinstance(run("dead-letters", "drop", "voting", first, other, *of, "--yes").exception, Trouble)
    left = answer("dead-letters", "list", "--service", "voting", *of)["items"]
    assert [(first, "requeued"), (behind, "waiting")] == [(item["id"], item["status"]) for item in left]


def test_requeue_all_means_what_waits_for_a_decision(voting: Database) -> None:
    """Those behind another go on by themselves."""
    of = ("--database-url", voting.dsn)
    assert "2 requeued" in run("dead-letters", "requeue", "voting", "--all", *of).stdout
    items = answer("dead-letters", "list", "--service", "voting", *of)["items"]
    assert ["requeued", "waiting", "requeued"] == [item["status"] for item in items]


async def test_refill_announces_everything_again(voting: Database) -> None:
    """Every row of the outbox is unsent again, and counted."""
    async with voting.transaction() as tx:
        for _ in range(3):
            await write_record(tx.session, Record("townhall.voting.v1", KEY, {}, b"{}", tx.now))
        await tx.session.execute(text("UPDATE outbox SET sent_at = now()"))
    of = ("--database-url", voting.dsn, "--service", "voting")
    assert await asyncio.to_thread(answer, "outbox", "refill", *of) == {"voting": 3}
    async with voting.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))).scalar_one() == 3


async def test_replay_begins_a_new_life(voting: Database) -> None:
    """The consumer group is named after the database's life, so a new one hears from the beginning."""
    lives = text("SELECT id FROM incarnation")
    async with voting.reading() as session:
        before = (await session.execute(lives)).scalar_one()
    await asyncio.to_thread(run, "replay", "voting", "--database-url", voting.dsn)
    async with voting.reading() as session:
        assert (await session.execute(lives)).scalar_one() != before


def test_an_unknown_service_is_named() -> None:
    """With those there are."""
    with pytest.raises(Trouble, match="choose one of proposal, voting"):
        run_to_the_end("dead-letters", "show", "treasury", 1)


def run_to_the_end(*arguments: object) -> None:
    """Run the command and raise what it raises."""
    if fault := run(*arguments).exception:
        raise fault


async def _create(servers: str, topic: NewTopic) -> None:
    async with administering(servers) as admin:
        await admin.create_topics([topic])


async def _settings(servers: str, topic: str) -> Mapping[str, str]:
    async with administering(servers) as admin:
        return (await settings_of(admin, [topic]))[topic]
