"""The rules of who may use which topic, without a cluster: who owns, who reads, and what differs."""

import pytest

from townhall.contracts import TOPICS
from townhall_local.operating.access_rules import Access, Rule

ACCESS = Access("p.", "th-", ["audit"])


def test_only_the_owner_writes_a_topic() -> None:
    """One writer per topic and per dead-letter topic, with both prefixes."""
    writes = {rule.name: rule.principal for rule in ACCESS.rules() if rule.operation == "write"}
    assert len(writes) == len([rule for rule in ACCESS.rules() if rule.operation == "write"]) == 2 * len(TOPICS)
    assert all(principal == f"User:th-{name.split('.')[2]}" for name, principal in writes.items())


def test_a_subscriber_reads_events_only() -> None:
    """Every event topic, groups of its own, and nothing else."""
    mine = {rule for rule in ACCESS.rules() if rule.principal == "User:th-audit"}
    assert {(rule.operation, rule.name) for rule in mine if rule.resource == "topic"} == {
        ("read", f"p.{topic}") for topic in TOPICS
    }
    assert {rule for rule in mine if rule.resource != "topic"} == {
        Rule("User:th-audit", "read", "group", "p.subscriber.audit.", "prefixed")
    }


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        (Rule("User:x", "write", "topic", "p.townhall.voting.v1"), "superfluous"),
        (Rule("User:th-voting", "read", "topic", "p.townhall.committee.dead-letter"), "superfluous"),
        (Rule("User:x", "read", "topic", "p.townhall.voting.", "prefixed"), "superfluous"),
        (Rule("User:gone", "read", "group", "p.subscriber.gone.", "prefixed"), "superfluous"),
        (Rule("User:x", "write", "topic", "p.townhall.voting.v1", permission="deny"), "superfluous"),
        (Rule("User:x", "all", "topic", "*"), "broader"),
        (Rule("User:x", "read", "topic", "p.town", "prefixed"), "broader"),
        (Rule("User:x", "read", "group", "", "prefixed"), "broader"),
        (Rule("User:x", "create", "cluster", "kafka-cluster"), "broader"),
        (Rule("User:x", "write", "topic", "q.townhall.voting.v1"), None),
        (Rule("User:x", "read", "group", "other-"), None),
        (Rule("User:x", "write", "transactional_id", "*"), None),
    ],
)
def test_rules_nobody_needs_are_found(rule: Rule, part: str | None) -> None:
    """On the platform's own resources as superfluous, on more than these as broader, on others not at all."""
    found = ACCESS.compare({*ACCESS.rules(), rule})
    assert found.missing == ()
    assert (found.superfluous, found.broader) == (
        (rule,) if part == "superfluous" else (),
        (rule,) if part == "broader" else (),
    )


def test_what_is_missing_is_found() -> None:
    """Each rule that the cluster lacks, and only that."""
    for rule in ACCESS.rules():
        assert ACCESS.compare(set(ACCESS.rules()) - {rule}).missing == (rule,)
