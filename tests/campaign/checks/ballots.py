"""Ballots: every acknowledged one is stored, one per citizen, counted exactly, none too late; each threshold once."""

import hmac
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from tests.campaign.evidence import Evidence, Rows
from tests.campaign.ledger import Ledger

REACHED: Final = "voting.threshold-reached.v1"
CLOSED: Final = "voting.vote-closed.v1"


def broken(evidence: Evidence, ledger: Ledger, master: bytes, issuer: str) -> Iterator[tuple[str, str]]:
    """Return each broken promise about ballots: rule and finding."""
    yield from _current_ballots(evidence, ledger, _names(evidence, ledger, master, issuer))
    yield from _counted(evidence)
    yield from _in_time(evidence)
    yield from _thresholds(evidence)
    yield from _closings(evidence)


def _rows(evidence: Evidence, table: str) -> Rows:
    """Return ballots of a table with the task and the choice that they are for."""
    tasks = {row["id"]: row["task_id"] for row in evidence.rows("voting", "vote")}
    rows = evidence.rows("voting", table)
    return [row | {"task_id": tasks[row["vote_id"]], "choice": ("no", "yes")[row["choice"]]} for row in rows]


def _accepted(evidence: Evidence) -> Rows:
    """Return every ballot ever accepted."""
    return [*_rows(evidence, "current_ballot"), *_rows(evidence, "replaced_ballot")]


def _names(evidence: Evidence, ledger: Ledger, master: bytes, issuer: str) -> dict[tuple[str, bytes], str]:
    """Return the citizen of each pseudonym in each vote, computed from the rule and not with the product's code."""
    keys = {str(row["task_id"]): aes_key_unwrap(master, row["wrapped_key"]) for row in evidence.rows("voting", "vote")}
    return {
        (task_id, hmac.digest(keys[task_id], f"{len(issuer)}:{issuer}{citizen}".encode(), "sha256")[:16]): citizen
        for task_id, citizen in ledger.ballots
        if task_id in keys
    }


def _current_ballots(
    evidence: Evidence, ledger: Ledger, names: dict[tuple[str, bytes], str]
) -> Iterator[tuple[str, str]]:
    stored: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in _rows(evidence, "current_ballot"):
        stored[str(row["task_id"]), names.get((str(row["task_id"]), row["voter"]), "nobody")].append(row["choice"])
    for citizen, choices in stored.items():
        entry = ledger.ballots.get(citizen)
        if entry is None or not entry.allowed:
            yield "ballot-without-cause", "a ballot is stored that no citizen sent, or that was refused"
        elif len(choices) > 1:
            yield "ballot-doubled", f"{len(choices)} current ballots of one citizen"
        elif choices[0] not in entry.allowed:
            yield "ballot-lost", f"{choices[0]} is stored, {entry.acknowledged} was acknowledged"
    for citizen, entry in ledger.ballots.items():
        if entry.acknowledged and citizen not in stored:
            yield "ballot-lost", "an acknowledged ballot is not stored"


def _counted(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Compare the totals with a recount of the current ballots, and that with the last of all ballots."""
    current_ballots = _recount(_rows(evidence, "current_ballot"))
    last_by_voter = {(row["task_id"], row["voter"]): row for row in _in_order(_accepted(evidence))}
    last_ballots = _recount(list(last_by_voter.values()))
    for row in evidence.rows("voting", "tally"):
        tally, current, last = (row["yes"], row["no"]), current_ballots[row["task_id"]], last_ballots[row["task_id"]]
        if not tally == current == last:
            yield "tally-differs", f"the tally is {tally}, of current ballots {current}, of last ballots {last}"


def _recount(rows: Rows) -> dict[Any, tuple[int, int]]:
    counted = Counter((row["task_id"], row["choice"]) for row in rows)
    return defaultdict(lambda: (0, 0)) | {task: (counted[task, "yes"], counted[task, "no"]) for task, _ in counted}


def _in_order(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: int(row["id"]))


def _in_time(evidence: Evidence) -> Iterator[tuple[str, str]]:
    votes = {row["task_id"]: row for row in evidence.rows("voting", "vote")}
    for row in _accepted(evidence):
        vote = votes[row["task_id"]]
        if not vote["opens_at"] <= row["cast_at"] < vote["closes_at"]:
            yield "late-ballot", f"cast {row['cast_at'] - vote['closes_at']} after closing"


def crossings(evidence: Evidence) -> dict[str, tuple[int, int]]:
    """Recount from the first ballot on: return the tasks that had more than N yes at some moment, with their totals."""
    more_than = {row["task_id"]: row["more_than"] for row in evidence.rows("voting", "vote")}
    found: dict[str, tuple[int, int]] = {}
    current: dict[tuple[Any, bytes], str] = {}
    totals: dict[Any, Counter[str]] = defaultdict(Counter)
    for row in _in_order(_accepted(evidence)):
        task_id, voter = row["task_id"], (row["task_id"], row["voter"])
        if before := current.get(voter):
            totals[task_id][before] -= 1
        current[voter] = row["choice"]
        totals[task_id][row["choice"]] += 1
        if totals[task_id]["yes"] > more_than[task_id]:
            found.setdefault(str(task_id), (totals[task_id]["yes"], totals[task_id]["no"]))
    return found


def _thresholds(evidence: Evidence) -> Iterator[tuple[str, str]]:
    due = crossings(evidence)
    announced = Counter((each.key, each.body["rule"]["version"]) for each in evidence.announced(REACHED))
    for (task_id, version), times in announced.items():
        if task_id not in due:
            yield "threshold-spurious", f"announced for {task_id}, which never had more than N yes"
        elif times > 1:
            yield "threshold-doubled", f"announced {times} times for {task_id} under version {version}"
    for task_id in due.keys() - {task_id for task_id, _ in announced}:
        yield "threshold-missing", f"{task_id} had more than N yes and nothing was announced"
    for each in evidence.announced(REACHED):
        totals = (each.body["yes"], each.body["no"])
        if totals != due.get(each.key, totals):
            yield "threshold-elsewhere", f"announced at {totals}, reached at {due[each.key]}"


def _closings(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Each closed vote announced its totals once."""
    tallies = {str(row["task_id"]): (row["yes"], row["no"]) for row in evidence.rows("voting", "tally")}
    closed = Counter(each.key for each in evidence.announced(CLOSED))
    for each in evidence.announced(CLOSED):
        if (each.body["yes"], each.body["no"]) != tallies[each.key]:
            yield "closed-with-other-totals", f"{each.key} closed with totals it does not have"
    for row in evidence.rows("voting", "vote"):
        if closed[str(row["task_id"])] != (row["state"] == "closed"):
            yield "closing-not-announced-once", f"{row['task_id']} is {row['state']}"
