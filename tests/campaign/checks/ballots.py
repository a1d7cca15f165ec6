"""Ballots: every acknowledged one stands, one for each citizen, counted exactly, none too late; thresholds once."""

import hmac
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from tests.campaign.evidence import Evidence, Rows
from tests.campaign.ledger import Ledger

REACHED: Final = "voting.threshold-reached.v1"
CLOSED: Final = "voting.vote-closed.v1"


def broken(evidence: Evidence, ledger: Ledger, master: bytes) -> Iterator[tuple[str, str]]:
    """Name every promise about ballots that does not hold."""
    yield from _standing(evidence, ledger, master)
    yield from _counted(evidence)
    yield from _in_time(evidence)
    yield from _thresholds(evidence)
    yield from _closings(evidence)


def _names(evidence: Evidence, ledger: Ledger, master: bytes) -> dict[tuple[str, bytes], str]:
    """Work out what each citizen is called in each vote, as the rule says and not as the product does it."""
    keys = {str(row["task_id"]): aes_key_unwrap(master, row["wrapped_key"]) for row in evidence.rows("voting", "vote")}
    return {
        (task_id, hmac.digest(keys[task_id], citizen.encode(), "sha256")): citizen
        for task_id, citizen in ledger.ballots
        if task_id in keys
    }


def _standing(evidence: Evidence, ledger: Ledger, master: bytes) -> Iterator[tuple[str, str]]:
    names = _names(evidence, ledger, master)
    stands: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in evidence.rows("voting", "current_ballot"):
        stands[str(row["task_id"]), names.get((str(row["task_id"]), row["voter"]), "nobody")].append(row["choice"])
    for who, choices in stands.items():
        known = ledger.ballots.get(who)
        if known is None or not known.allowed:
            yield "ballot-without-cause", "a ballot stands that nobody was told of, or that was refused"
        elif len(choices) > 1:
            yield "ballot-doubled", f"{len(choices)} ballots of one citizen stand"
        elif choices[0] not in known.allowed:
            yield "ballot-lost", f"{choices[0]} stands, {known.acknowledged} was acknowledged"
    for who, known in ledger.ballots.items():
        if known.acknowledged and who not in stands:
            yield "ballot-lost", "an acknowledged ballot is not there"


def _counted(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Compare the totals with a recount of what stands, and that with the last of all ballots."""
    current_ballots = _recount(evidence.rows("voting", "current_ballot"))
    last = {(row["task_id"], row["voter"]): row for row in _in_order(evidence.rows("voting", "ballot"))}
    ballots = _recount(list(last.values()))
    for row in evidence.rows("voting", "tally"):
        shown = (row["yes"], row["no"])
        if not shown == current_ballots[row["task_id"]] == ballots[row["task_id"]]:
            found = f"{shown} shown, {current_ballots[row['task_id']]} stand, {ballots[row['task_id']]} of all ballots"
            yield "tally-differs", found


def _recount(rows: Rows) -> dict[Any, tuple[int, int]]:
    counted = Counter((row["task_id"], row["choice"]) for row in rows)
    return defaultdict(lambda: (0, 0)) | {task: (counted[task, "yes"], counted[task, "no"]) for task, _ in counted}


def _in_order(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: int(row["id"]))


def _in_time(evidence: Evidence) -> Iterator[tuple[str, str]]:
    votes = {row["task_id"]: row for row in evidence.rows("voting", "vote")}
    for row in evidence.rows("voting", "ballot"):
        vote = votes[row["task_id"]]
        if not vote["opens_at"] <= row["cast_at"] < vote["closes_at"]:
            yield "late-ballot", f"cast {row['cast_at'] - vote['closes_at']} after closing"


def crossings(evidence: Evidence) -> dict[str, tuple[int, int]]:
    """Recount from the first ballot on: the tasks with more than N yes at some moment, with their totals then."""
    more_than = {row["task_id"]: row["more_than"] for row in evidence.rows("voting", "vote")}
    found: dict[str, tuple[int, int]] = {}
    stands: dict[tuple[Any, bytes], str] = {}
    totals: dict[Any, Counter[str]] = defaultdict(Counter)
    for row in _in_order(evidence.rows("voting", "ballot")):
        task_id, who = row["task_id"], (row["task_id"], row["voter"])
        if before := stands.get(who):
            totals[task_id][before] -= 1
        stands[who] = row["choice"]
        totals[task_id][row["choice"]] += 1
        if totals[task_id]["yes"] > more_than[task_id]:
            found.setdefault(str(task_id), (totals[task_id]["yes"], totals[task_id]["no"]))
    return found


def _thresholds(evidence: Evidence) -> Iterator[tuple[str, str]]:
    due = crossings(evidence)
    told = Counter((each.key, each.body["rule"]["version"]) for each in evidence.announced(REACHED))
    for (task_id, version), times in told.items():
        if task_id not in due:
            yield "threshold-spurious", f"announced for {task_id}, which never had more than enough"
        elif times > 1:
            yield "threshold-doubled", f"announced {times} times for {task_id} under version {version}"
    for task_id in due.keys() - {task_id for task_id, _ in told}:
        yield "threshold-missing", f"{task_id} had more than enough and nothing was announced"
    for each in evidence.announced(REACHED):
        totals = (each.body["yes"], each.body["no"])
        if totals != due.get(each.key, totals):
            yield "threshold-elsewhere", f"announced at {totals}, reached at {due[each.key]}"


def _closings(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """A closed vote announced the totals it has."""
    tallies = {str(row["task_id"]): (row["yes"], row["no"]) for row in evidence.rows("voting", "tally")}
    closed = Counter(each.key for each in evidence.announced(CLOSED))
    for each in evidence.announced(CLOSED):
        if (each.body["yes"], each.body["no"]) != tallies[each.key]:
            yield "closed-with-other-totals", f"{each.key} closed with totals it does not have"
    for row in evidence.rows("voting", "vote"):
        if closed[str(row["task_id"])] != (row["state"] == "closed"):
            yield "closing-not-told-once", f"{row['task_id']} is {row['state']}"
