"""Delivery: committed events are on the topics, in order; events on the topics have had their effect once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.campaign.evidence import CONSUMES, SUBSCRIBES, Announced, Evidence
from tests.campaign.topics import Record


def broken(evidence: Evidence, *, publishes_once: bool) -> Iterator[tuple[str, str]]:
    """Return each broken promise about events. With `publishes_once`, an event that is published twice is one."""
    announced = evidence.announced()
    yield from _versions("outbox", ((each.source, each.key, each.version) for each in announced))
    yield from _versions("topic", _without_repeats(evidence.events))
    yield from _same(evidence, announced)
    yield from _consumed(evidence, announced)
    yield from _timeline(evidence, announced)
    if publishes_once:
        yield from _published_once(evidence)


def parked(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Return what differs from this: poison messages are dead letters, and later messages of their keys are parked."""
    poison = [record for record in evidence.records if record.position in evidence.poison]
    for service in CONSUMES:
        wanted = [each for each in poison if _wanted(service, each)]
        rows = evidence.rows(service, "dead_letter")
        unreadable = {_position(row) for row in rows if row["reason"] != "parked"}
        stored = {_position(row) for row in rows}
        for position in {each.position for each in wanted} - stored:
            yield "dead-letters-differ", f"{service}: {position} is no dead letter"
        for position in unreadable - {each.position for each in wanted}:
            yield "dead-letters-differ", f"{service}: {position} is a dead letter and no poison message"
        for each in _behind(service, wanted, evidence.events):
            if each.position not in stored:
                yield "overtaken", f"{service} applied {each.position} before an earlier dead letter of its key"


def _position(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["topic"], row["partition"], row["position"]


def _wanted(service: str, record: Record) -> bool:
    kind = record.header("ce_type")
    return record.topic in SUBSCRIBES[service] and (not kind or kind in CONSUMES[service])


def _behind(service: str, poison: list[Record], events: list[Record]) -> list[Record]:
    """Return the events after a poison message of the same key."""
    first: dict[tuple[str, int, bytes], int] = {}
    for each in poison:
        if each.key is not None:
            first.setdefault((each.topic, each.partition, each.key), each.offset)
    later = [each for each in events if _wanted(service, each) and each.key is not None]
    return [each for each in later if each.offset > first.get((each.topic, each.partition, each.key), each.offset)]  # type: ignore[arg-type]  # keys are there


def _without_repeats(records: Iterable[Record]) -> Iterator[tuple[str, str, int]]:
    """Return each event where it first comes, without its repeats."""
    known: set[str] = set()
    for record in records:
        if record.header("ce_id") not in known:
            known.add(record.header("ce_id"))
            source = record.header("ce_source").removeprefix("townhall/")
            yield source, (record.key or b"").decode(), int(record.header("ce_sequence"))


def _versions(where: str, events: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, str]]:
    """Check that the events of each source and key have the versions 1, 2, 3 … in this order."""
    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for source, key, version in events:
        versions[source, key].append(version)
    for (source, key), found in versions.items():
        if found != list(range(1, len(found) + 1)):
            yield f"versions-on-{where}", f"{source} {key}: {found[:12]}"


def _same(evidence: Evidence, announced: list[Announced]) -> Iterator[tuple[str, str]]:
    """Check that committed events were published, and published events were committed."""
    committed = {each.event_id: each for each in announced}
    published = {record.event_id: record for record in evidence.events}
    for event_id in committed.keys() - published.keys():
        yield "event-lost", f"{committed[event_id].type} was committed and never published"
    for event_id in published.keys() - committed.keys():
        yield "event-without-commit", f"{published[event_id].header('ce_type')} was published and never committed"
    for service, tables in evidence.tables.items():
        unsent = sum(row["sent_at"] is None for row in tables["outbox"])
        if unsent:
            yield "outbox-not-empty", f"{service} still has {unsent} to publish"


def _consumed(evidence: Evidence, announced: list[Announced]) -> Iterator[tuple[str, str]]:
    for service, types in CONSUMES.items():
        claimed = {row["event_id"] for row in evidence.rows(service, "inbox")}
        missing = Counter(each.type for each in announced if each.type in types and each.event_id not in claimed)
        for kind, times in missing.items():
            yield "event-not-consumed", f"{service} did not consume {times} of {kind}"


def _timeline(evidence: Evidence, announced: list[Announced]) -> Iterator[tuple[str, str]]:
    """Check that the public timeline has every event about a task once, and nothing else."""
    due = {each.event_id for each in announced if each.type in CONSUMES["proposal"]}
    facts = Counter(row["event_id"] for row in evidence.rows("proposal", "fact"))
    if missing := due - facts.keys():
        yield "fact-missing", f"{len(missing)} events about tasks are on no timeline"
    if spurious := facts.keys() - due:
        yield "fact-without-cause", f"{len(spurious)} facts on timelines belong to no event"
    if doubled := [each for each, times in facts.items() if times > 1]:
        yield "fact-doubled", f"{len(doubled)} events are on a timeline twice"


def _published_once(evidence: Evidence) -> Iterator[tuple[str, str]]:
    doubled = sum(times > 1 for times in Counter(record.event_id for record in evidence.events).values())
    if doubled:
        yield "published-twice", f"{doubled} events were published more than once, and no fault explains it"
