"""Operator commands: topics plan and apply, dead letters, outbox refill, replay."""

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
from townhall_local.errors import CommandError
from townhall_local.operating.provisioning import admin_client
from townhall_local.operating.topic_settings import settings_of

KEY = "0193a0e4-0000-7000-8000-000000000001"


def run(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(townhall, [str(word) for word in arguments])


def output(*arguments: object) -> Any:  # noqa: ANN401  JSON
    """Run the command with --json; return its output."""
    return json.loads(run(*arguments, "--json").stdout)


@pytest_asyncio.fixture(loop_scope="session")
async def voting(database_of: DatabaseOf) -> Database:
    """The voting service's database with three dead letters: unreadable, parked behind it, and without a key."""
    db = await database_of("voting")
    async with db.transaction() as tx:
        for position, (key, reason) in enumerate(
            [(KEY, "bad-body"), (KEY, dead_letters.PARKED), (None, "bad-envelope")]
        ):
            message = Message("townhall.proposal.v1", 0, position, key, {"ce_type": "proposal.x.v1"}, b"\xff{")
            await dead_letters.add(tx.session, message, reason)
    return db


def test_apply_creates_the_planned_topics(empty_broker: Server) -> None:
    """`plan` exits with 2 before and 0 after; a second `apply` changes nothing."""
    cluster = ("--kafka", empty_broker.address)
    assert run("topics", "plan", *cluster).exit_code == 2
    assert len(output("topics", "plan", *cluster)["missing"]) == 8
    assert run("topics", "apply", *cluster).exit_code == 0
    assert run("topics", "plan", *cluster).exit_code == 0
    assert output("topics", "apply", *cluster)["missing"] == []


def test_another_number_of_partitions_is_never_changed(empty_broker: Server) -> None:
    """`apply` is refused as a whole and creates nothing."""
    cluster = ("--kafka", empty_broker.address)
    asyncio.run(_create(empty_broker.address, NewTopic("townhall.voting.v1", 2, 1)))
    assert run("topics", "plan", *cluster).exit_code == 2
    assert isinstance(run("topics", "apply", *cluster).exception, CommandError)
    assert output("topics", "plan", *cluster)["repartitioned"] == ["townhall.voting.v1"]
    assert len(output("topics", "plan", *cluster)["missing"]) == 7


def test_a_topic_with_limited_retention_is_corrected(empty_broker: Server) -> None:
    """Other settings of the topic are kept. The embedded broker can't change settings and refuses."""
    cluster = ("--kafka", empty_broker.address)
    week = {"retention.ms": "604800000", "max.message.bytes": "2000000"}
    asyncio.run(_create(empty_broker.address, NewTopic("townhall.voting.v1", 6, 1, topic_configs=week)))
    assert output("topics", "plan", *cluster)["wrong_settings"] == ["townhall.voting.v1"]
    assert run("topics", "plan", *cluster).exit_code == 2
    applied = run("topics", "apply", *cluster)
    if not isinstance(empty_broker, Kafka):
        assert isinstance(applied.exception, CommandError)
        return
    assert run("topics", "plan", *cluster).exit_code == 0
    settings = asyncio.run(_settings(empty_broker.address, "townhall.voting.v1"))
    assert (settings["retention.ms"], settings["max.message.bytes"]) == ("-1", "2000000")


def test_an_unreachable_cluster_is_reported() -> None:
    """One sentence with the address."""
    with pytest.raises(CommandError, match=r"cluster at 127.*no broker answered"):
        run_and_raise("topics", "plan", "--kafka", "127.0.0.1:9")


def test_a_database_url_that_cannot_be_used_is_reported() -> None:
    """One sentence that says what is wrong with it, without the password."""
    url = ("--database-url", "postgresql://voting:hunter2@db/voting?sslmod=require")
    with pytest.raises(CommandError, match="of voting has the option sslmod") as refused:
        run_and_raise("dead-letters", "list", "--service", "voting", *url)
    assert "hunter2" not in str(refused.value)


def test_dead_letters_are_listed_without_their_bodies(voting: Database) -> None:
    """Reason, key and size are shown; the body only with --body."""
    database = ("--database-url", voting.dsn)
    items = output("dead-letters", "list", "--service", "voting", *database)["items"]
    assert ["bad-body", "parked", "bad-envelope"] == [item["reason"] for item in items]
    assert not any("value" in item or "body" in item for item in items)
    shown = output("dead-letters", "show", "voting", items[0]["id"], *database)
    assert (shown["headers"], shown["size"], "body" in shown) == ({"ce_type": "proposal.x.v1"}, 2, False)
    assert output("dead-letters", "show", "voting", items[0]["id"], "--body", *database)["body"] == "\ufffd{"


def test_dead_letters_are_requeued_and_dropped_once(voting: Database) -> None:
    """A settled dead letter can't be changed again, and one of them fails the whole command."""
    database = ("--database-url", voting.dsn)
    first, parked, other = (
        item["id"] for item in output("dead-letters", "list", "--service", "voting", *database)["items"]
    )
    assert output("dead-letters", "requeue", "voting", first, *database) == {"service": "voting", "requeued": [first]}
    assert output("dead-letters", "drop", "voting", other, *database, "--yes") == {
        "service": "voting",
        "dropped": [other],
    }
    assert isinstance(run("dead-letters", "drop", "voting", first, other, *database, "--yes").exception, CommandError)
    left = output("dead-letters", "list", "--service", "voting", *database)["items"]
    assert [(first, "requeued"), (parked, "waiting")] == [(item["id"], item["status"]) for item in left]


def test_an_unknown_or_settled_dead_letter_is_reported_before_the_confirmation(voting: Database) -> None:
    """Each with its own sentence, and without a question."""
    database = ("--database-url", voting.dsn)
    first = output("dead-letters", "list", "--service", "voting", *database)["items"][0]["id"]
    with pytest.raises(CommandError, match=r"has no dead letter 9999\."):
        run_and_raise("dead-letters", "drop", "voting", first, 9999, *database)
    with pytest.raises(CommandError, match="No ids given"):
        run_and_raise("dead-letters", "requeue", "voting", *database)
    run("dead-letters", "drop", "voting", first, *database, "--yes")
    with pytest.raises(CommandError, match=f"dead letter {first} was applied or dropped already"):
        run_and_raise("dead-letters", "drop", "voting", first, *database)


def test_requeue_all_leaves_parked_messages(voting: Database) -> None:
    """They follow automatically."""
    database = ("--database-url", voting.dsn)
    assert "2 requeued" in run("dead-letters", "requeue", "voting", "--all", "--yes", *database).stdout
    items = output("dead-letters", "list", "--service", "voting", *database)["items"]
    assert ["requeued", "waiting", "requeued"] == [item["status"] for item in items]


async def test_refill_marks_every_event_as_unsent(voting: Database) -> None:
    """Every row of the outbox is unsent again, and the rows are counted."""
    async with voting.transaction() as tx:
        for _ in range(3):
            await write_record(tx.session, Record("townhall.voting.v1", KEY, {}, b"{}", tx.now))
        await tx.session.execute(text("UPDATE outbox SET sent_at = now()"))
    database = ("--database-url", voting.dsn, "--service", "voting")
    assert await asyncio.to_thread(output, "outbox", "refill", *database) == {"voting": 3}
    async with voting.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))).scalar_one() == 3


async def test_replay_starts_a_new_incarnation(voting: Database) -> None:
    """The consumer group is named after the incarnation, so a new one consumes from the beginning."""
    incarnation = text("SELECT id FROM incarnation")
    async with voting.reading() as session:
        before = (await session.execute(incarnation)).scalar_one()
    await asyncio.to_thread(run, "replay", "voting", "--database-url", voting.dsn)
    async with voting.reading() as session:
        assert (await session.execute(incarnation)).scalar_one() != before


def test_an_unknown_service_is_reported() -> None:
    """With the valid names."""
    with pytest.raises(CommandError, match="choose one of proposal, voting"):
        run_and_raise("dead-letters", "show", "treasury", 1)


def run_and_raise(*arguments: object) -> None:
    """Run the command and raise its exception."""
    if error := run(*arguments).exception:
        raise error


async def _create(servers: str, topic: NewTopic) -> None:
    async with admin_client(servers) as admin:
        await admin.create_topics([topic])


async def _settings(servers: str, topic: str) -> Mapping[str, str]:
    async with admin_client(servers) as admin:
        return (await settings_of(admin, [topic]))[topic]


def test_recount(voting: Database) -> None:
    """It exits with 0 if all totals agree, and says how many votes there are."""
    result = run("recount", "--database-url", voting.dsn)
    assert (result.exit_code, result.stdout) == (0, "0 votes recounted, none of them differ\n")
    assert output("recount", "--database-url", voting.dsn) == {"votes": 0, "differ": 0, "items": []}
