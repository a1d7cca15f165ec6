"""`townhall dead-letters` when there are many, and what a terminal gets to see of hostile messages."""

import json
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from typer.testing import CliRunner, Result

from townhall.chassis.consuming import Message, dead_letters
from townhall.chassis.db import Database
from townhall.testing.databases import DatabaseOf
from townhall_local.__main__ import townhall
from townhall_local.errors import CommandError
from townhall_local.output import printable

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n\x7f\x9b1m\u202egnol\u2066\u200b\ue000"
KEYS = [f"key-{number}" for number in range(5)]
REASONS = ["bad-body", "bad-envelope", "LookupError", "bad-body", "bad-envelope"]


def run(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(townhall, ["dead-letters", *(str(word) for word in arguments)])


def output(*arguments: object) -> Any:  # noqa: ANN401  JSON
    """Run the command with --json; return its output."""
    result = run(*arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


@pytest_asyncio.fixture(loop_scope="session")
async def voting(database_of: DatabaseOf) -> Database:
    """The voting service's database with five dead letters of two topics, the first a week old."""
    db = await database_of("voting")
    async with db.transaction() as tx:
        for position, (key, reason) in enumerate(zip(KEYS, REASONS, strict=True)):
            topic = "townhall.proposal.v1" if position else "townhall.other.v1"
            message = Message(topic, 0, position, key, {"ce_type": f"proposal.{reason}.v1"}, b"{}")
            await dead_letters.add(tx.session, message, reason, attempts=3)
        await tx.session.execute(
            text("UPDATE dead_letter SET dead_lettered_at = now() - interval '7 days' WHERE id = 1")
        )
    return db


@pytest_asyncio.fixture(loop_scope="session")
async def hostile(database_of: DatabaseOf) -> Database:
    """A database with a dead letter whose key, headers and body try to act on a terminal."""
    db = await database_of("voting")
    headers = {"ce_type": HOSTILE, HOSTILE: HOSTILE}
    async with db.transaction() as tx:
        await dead_letters.add(tx.session, Message("t", 0, 0, HOSTILE, headers, HOSTILE.encode()), HOSTILE)
    return db


def test_the_list_counts_all_and_pages(voting: Database) -> None:
    """How many there are in all is printed with every page, and so is how to get the next."""
    of = ("--service", "voting", "--database-url", voting.dsn)
    seen: list[int] = []
    while len(seen) < 5:
        page = output("list", *of, "--limit", 2, "--after", seen[-1] if seen else 0)
        assert page["totals"] == {"voting": 5}
        assert 1 <= len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
    assert seen == sorted(set(seen))
    assert f"voting: 2 of 5; after these: --service voting --after {seen[1]}" in run("list", *of, "--limit", 2).stdout
    assert "voting: 5 of 5\n" in run("list", *of).stdout


FILTERS: dict[str, tuple[list[object], int]] = {
    "topic": (["--topic", "townhall.proposal.v1"], 4),
    "reason": (["--reason", "bad-body"], 2),
    "type": (["--type", "proposal.LookupError.v1"], 1),
    "age": (["--older-than", "6d"], 1),
    "all of them must hold": (["--reason", "bad-body", "--older-than", "6d", "--topic", "townhall.proposal.v1"], 0),
    "everything": (["--all"], 5),
}


@pytest.mark.parametrize("command", ["drop", "requeue"])
@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_drops_or_requeues_many(command: str, name: str, voting: Database) -> None:
    """After a confirmation that says how many, and no others."""
    conditions, number = FILTERS[name]
    database = ("--database-url", voting.dsn)
    if number:
        assert run(command, "voting", *conditions, *database).exit_code == 1
        assert output("list", "--service", "voting", *database)["totals"] == {"voting": 5}
    result = run(command, "voting", *conditions, *database, "--yes")
    assert f"{number} {'dropped' if command == 'drop' else 'requeued'}" in result.stdout
    left = 5 - number if command == "drop" else 5
    assert output("list", "--service", "voting", *database)["totals"] == {"voting": left}


def test_ids_filters_and_all_exclude_each_other(voting: Database) -> None:
    """A mistake doesn't drop more than was meant."""
    for mixed in ((1, "--all"), (1, "--reason", "bad-body"), ("--all", "--reason", "bad-body")):
        result = run("drop", "voting", *mixed, "--database-url", voting.dsn, "--yes")
        assert isinstance(result.exception, CommandError)
    assert run("drop", "voting", "--older-than", "soon", "--database-url", voting.dsn).exit_code == 2


def test_show_says_why(voting: Database) -> None:
    """The reason in a sentence, how often it failed, since when, and what waits behind it."""
    items = output("list", "--service", "voting", "--database-url", voting.dsn)["items"]
    shown = [output("show", "voting", item["id"], "--database-url", voting.dsn) for item in items]
    assert "does not match the schema" in shown[0]["why"]
    assert "raised LookupError" in shown[2]["why"]
    assert all("3 attempts, since 20" in each["why"] and each["parked_behind"] == 0 for each in shown)


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_nothing_acts_on_the_terminal(hostile: Database, as_json: tuple[str, ...]) -> None:
    """Escape sequences and the like are printed as text, wherever they stand in a message."""
    database = ("--database-url", hostile.dsn, *as_json)
    listed = run("list", "--service", "voting", *database).stdout
    shown = run("show", "voting", 1, "--body", *database).stdout
    for printed in (listed, shown):
        assert all(character.isprintable() or character == "\n" for character in printed)
        assert "u202e" in printed
    assert "owned" in listed


def test_what_is_escaped() -> None:
    """Every character that is not printable, and no other: Korean text and signs stay readable."""
    assert printable("김하나 → 100 % 'ok' \\") == "김하나 → 100 % 'ok' \\"
    assert printable("\x1b[31m\u202e\n") == "\\x1b[31m\\u202e\\n"
    assert all(each.isprintable() for each in printable("".join(map(chr, [*range(0xD800), *range(0xE000, 0x11000)]))))
