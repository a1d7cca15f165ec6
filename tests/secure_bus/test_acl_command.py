"""`townhall topics acl`: the rules of the cluster are compared with those needed, created, and removed."""

import json
from collections.abc import Iterator

import pytest

from tests.secure_bus.conftest import ACCESS, SUBSCRIBER, Command, bus_of
from townhall.testing.secure_kafka import ADMIN, SecureKafka
from townhall_local.errors import CommandError
from townhall_local.operating.access_rules import Rule
from townhall_local.operating.acl_client import AclClient

MINE = ("topics", "acl", "--prefix", "acl.", "--principal-prefix", "th-", "--subscriber", SUBSCRIBER)
"""A platform of its own on the same cluster."""
FORMER = Rule("User:former", "read", "topic", "acl.townhall.voting.dead-letter")
BROAD = Rule("User:backup", "read", "topic", "ac", "prefixed")
OTHERS = Rule("User:other", "read", "topic", "another.townhall.voting.v1")


@pytest.fixture
def client(secure_kafka: SecureKafka) -> Iterator[AclClient]:
    """The administrator's client; the rules of this file's platform are removed afterwards."""
    client = AclClient(bus_of(secure_kafka, ADMIN))
    yield client
    client.delete([rule for rule in client.rules() if rule not in ACCESS.rules()])


def test_missing_rules_are_created_once(command: Command, client: AclClient) -> None:
    """Exit code 2 before and 0 after; a second `--apply` finds nothing to do, and JSON has every rule."""
    planned = command(*MINE)
    assert planned.exit_code == 2
    assert "+ User:th-voting        write  topic acl.townhall.voting.v1" in planned.stdout
    assert command(*MINE, "--apply").exit_code == 0
    assert command(*MINE).exit_code == 0
    again = json.loads(command(*MINE, "--apply", "--json").stdout)
    assert (again["missing"], again["superfluous"], again["broader"]) == ([], [], [])
    assert len(again["wanted"]) == len(ACCESS.rules())
    assert not {rule.principal for rule in client.rules() if rule.name.startswith("acl.")} & {"User:voting"}


def test_superfluous_rules_are_shown_and_removed_on_request(command: Command, client: AclClient) -> None:
    """Those on the platform's own topics only; broader ones are shown, and rules of others are left alone."""
    client.create([FORMER, BROAD, OTHERS])
    shown = command(*MINE, "--apply")
    assert shown.exit_code == 2
    assert "- User:former           read   topic acl.townhall.voting.dead-letter" in shown.stdout
    assert "! User:backup           read   topic ac…" in shown.stdout
    assert "another" not in shown.stdout
    assert {FORMER, BROAD, OTHERS} <= client.rules()
    assert command(*MINE, "--prune").exit_code == 2
    assert {FORMER, BROAD, OTHERS} & client.rules() == {BROAD, OTHERS}


def test_topics_are_planned_with_a_login(command: Command) -> None:
    """`plan` reaches the secured cluster too, and finds the topics there."""
    assert len(json.loads(command("topics", "plan", "--json").stdout)["present"]) == 8


@pytest.mark.parametrize("arguments", [("topics", "plan"), ("topics", "apply"), ("topics", "acl")])
def test_a_wrong_password_is_reported(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """As such, and without the password."""
    monkeypatch.setenv("TOWNHALL_KAFKA_PASSWORD", "hunter2")
    error = command(*arguments).exception
    assert isinstance(error, CommandError)
    assert "login-refused" in str(error)
    assert "hunter2" not in str(error)


def test_who_is_no_administrator_is_refused(
    command: Command, secure_kafka: SecureKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence that says what the user needs."""
    monkeypatch.setenv("TOWNHALL_KAFKA_USERNAME", "voting")
    monkeypatch.setenv("TOWNHALL_KAFKA_PASSWORD", secure_kafka.security("voting").password)
    error = command("topics", "acl").exception
    assert isinstance(error, CommandError)
    assert "needs DESCRIBE and ALTER on the cluster" in str(error)


@pytest.mark.parametrize("name", ["voting", "a.b", ""])
def test_impossible_subscribers_are_refused(command: Command, name: str) -> None:
    """A service's name would give it the service's groups."""
    assert isinstance(command("topics", "acl", "--subscriber", name).exception, CommandError)
