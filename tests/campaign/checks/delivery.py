"""Delivery: what was committed is on the topics, in order; what is on the topics has had its effect once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.campaign.evidence import HEARS, LISTENS, Announced, Evidence
from tests.campaign.topics import Record


def broken(evidence: Evidence, *, calm: bool) -> Iterator[tuple[str, str]]:
    """Name every promise about events that does not hold. `calm`: nothing excuses a repeat."""
    announced = evidence.announced()
    yield from _versions("outbox", ((each.source, each.key, each.version) for each in announced))
    yield from _versions("topic", _first(evidence.sound))
    yield from _same(evidence, announced)
    yield from _heard(evidence, announced)
    yield from _timeline(evidence, announced)
    if calm:
        yield from _published_once(evidence)


def parked(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Before anybody decided on it: what could not be read is aside, and what came behind it waits."""
    junk = [record for record in evidence.records if record.place in evidence.junk]
    for service in HEARS:
        wanted = [each for each in junk if _wanted(service, each)]
        rows = evidence.rows(service, "dead_letter")
        causes = {_place(row) for row in rows if row["reason"] != "parked"}
        aside = {_place(row) for row in rows}
        for place in {each.place for each in wanted} - aside:
            yield "aside-differs", f"{service}: {place} is not aside"
        for place in causes - {each.place for each in wanted}:
            yield "aside-differs", f"{service}: {place} is aside and no junk"
        for each in _behind(service, wanted, evidence.sound):
            if each.place not in aside:
                yield "overtaken", f"{service} took {each.place} past a message of its key that was set aside"


def _place(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["topic"], row["partition"], row["position"]


def _wanted(service: str, record: Record) -> bool:
    kind = record.says("ce_type")
    return record.topic in LISTENS[service] and (not kind or kind in HEARS[service])


def _behind(service: str, junk: list[Record], sound: list[Record]) -> list[Record]:
    """Return what came later than a piece of junk, under the same key."""
    first: dict[tuple[str, int, bytes], int] = {}
    for each in junk:
        if each.key is not None:
            first.setdefault((each.topic, each.partition, each.key), each.offset)
    later = [each for each in sound if _wanted(service, each) and each.key is not None]
    return [each for each in later if each.offset > first.get((each.topic, each.partition, each.key), each.offset)]  # type: ignore[arg-type]  # keys are there


def _first(records: Iterable[Record]) -> Iterator[tuple[str, str, int]]:
    """Return each event where it comes first; a repeat counts for nothing."""
    known: set[str] = set()
    for record in records:
        if record.says("ce_id") not in known:
            known.add(record.says("ce_id"))
            source = record.says("ce_source").removeprefix("townhall/")
            yield source, (record.key or b"").decode(), int(record.says("ce_sequence"))


def _versions(where: str, events: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, str]]:
    """Every source counts 1, 2, 3 … for each key, in the order in which its events stand."""
    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for source, key, version in events:
        versions[source, key].append(version)
    for (source, key), found in versions.items():
        if found != list(range(1, len(found) + 1)):
            yield f"versions-on-{where}", f"{source} {key}: {found[:12]}"


def _same(evidence: Evidence, announced: list[Announced]) -> Iterator[tuple[str, str]]:
    """What was committed was published, and what was published was committed."""
    committed = {each.event_id: each for each in announced}
    published = {record.event_id: record for record in evidence.sound}
    for event_id in committed.keys() - published.keys():
        yield "event-lost", f"{committed[event_id].type} was committed and never published"
    for event_id in published.keys() - committed.keys():
        yield "event-without-commit", f"{published[event_id].says('ce_type')} was published and never committed"
    for service, tables in evidence.tables.items():
        unsent = sum(row["sent_at"] is None for row in tables["outbox"])
        if unsent:
            yield "outbox-not-empty", f"{service} still has {unsent} to publish"


def _heard(evidence: Evidence, announced: list[Announced]) -> Iterator[tuple[str, str]]:
    for service, types in HEARS.items():
        taken = {row["event_id"] for row in evidence.rows(service, "inbox")}
        missing = Counter(each.type for each in announced if each.type in types and each.event_id not in taken)
        for kind, times in missing.items():
            yield "event-unheard", f"{service} never heard {times} of {kind}"


def _timeline(evidence: Evidence, announced: list[Announced]) -> Iterator[tuple[str, str]]:
    """The public timeline has every event about a task once, and nothing else."""
    due = {each.event_id for each in announced if each.type in HEARS["proposal"]}
    facts = Counter(row["event_id"] for row in evidence.rows("proposal", "fact"))
    if missing := due - facts.keys():
        yield "fact-missing", f"{len(missing)} events about tasks are on no timeline"
    if spurious := facts.keys() - due:
        yield "fact-without-cause", f"{len(spurious)} facts on timelines are no events"
    if doubled := [each for each, times in facts.items() if times > 1]:
        yield "fact-doubled", f"{len(doubled)} events are on a timeline twice"


def _published_once(evidence: Evidence) -> Iterator[tuple[str, str]]:
    doubled = sum(times > 1 for times in Counter(record.event_id for record in evidence.sound).values())
    if doubled:
        yield "published-twice", f"{doubled} events were published more than once, with nothing to excuse it"
