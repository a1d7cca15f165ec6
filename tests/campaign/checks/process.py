"""The process: each thing that must follow by itself follows once, and nothing follows without its cause."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

from tests.campaign.checks.ballots import crossings
from tests.campaign.evidence import Evidence
from tests.campaign.ledger import Ledger, Made

ADOPTING = {"adopted", "adopted-with-change"}


def broken(evidence: Evidence, ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Name every step that is missing, doubled or without cause."""
    yield from _votes(evidence)
    yield from _cases(evidence)
    yield from _agenda(evidence)
    yield from _initiatives(evidence)
    yield from _requests(evidence, ledger)


def _once(what: str, due: Iterable[Hashable], found: Iterable[Hashable]) -> Iterator[tuple[str, str]]:
    """Compare causes with their effects, one to one."""
    expected, counted = set(due), Counter(found)
    for each in expected - counted.keys():
        yield f"{what}-missing", f"nothing followed from {each}"
    for each, times in counted.items():
        if each not in expected:
            yield f"{what}-without-cause", f"{each} has no cause"
        elif times > 1:
            yield f"{what}-doubled", f"{each} has {times}"


def _votes(evidence: Evidence) -> Iterator[tuple[str, str]]:
    tasks = [row["id"] for row in evidence.rows("proposal", "task")]
    yield from _once("vote", tasks, [row["task_id"] for row in evidence.rows("voting", "vote")])
    yield from _once("tally", tasks, [row["task_id"] for row in evidence.rows("voting", "tally")])
    told = [each.key for each in evidence.announced("voting.vote-scheduled.v1")]
    yield from _once("schedule", map(str, tasks), told)


def _cases(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """One case for each task that crossed its threshold or was referred; both still make one case."""
    due = set(crossings(evidence)) | {str(row["task_id"]) for row in evidence.rows("proposal", "referral")}
    yield from _once("case", due, [str(row["task_id"]) for row in evidence.rows("committee", "case")])
    yield from _once("case-opened", due, [each.key for each in evidence.announced("committee.case-opened.v1")])


def _agenda(evidence: Evidence) -> Iterator[tuple[str, str]]:
    decided = [row["case_id"] for row in evidence.rows("committee", "decision")]
    yield from _once("agenda-item", decided, [row["case_id"] for row in evidence.rows("committee", "agenda_item")])
    told = [each.body["case_id"] for each in evidence.announced("committee.case-deliberated.v1")]
    yield from _once("deliberated", map(str, decided), told)
    waiting = [row for row in evidence.rows("committee", "case") if row["state"] in {"opened", "deferred"}]
    for row in waiting:
        yield "case-waits", f"{row['case_id']} is {row['state']} although a sitting has room"


def _initiatives(evidence: Evidence) -> Iterator[tuple[str, str]]:
    adopted = [row["case_id"] for row in evidence.rows("committee", "outcome") if row["outcome"] in ADOPTING]
    directives = evidence.rows("committee", "directive")
    yield from _once("directive", adopted, [row["case_id"] for row in directives])
    issued = [row["directive_id"] for row in directives]
    yield from _once("initiative", issued, [row["directive_id"] for row in evidence.rows("evaluation", "initiative")])
    told = [each.body["directive_id"] for each in evidence.announced("evaluation.initiative-opened.v1")]
    yield from _once("initiative-opened", map(str, issued), told)


def _requests(evidence: Evidence, ledger: Ledger) -> Iterator[tuple[str, str]]:
    """What was acknowledged is there once, what was refused is not, what was not answered is there at most once."""
    tasks = Counter(row["title"] for row in evidence.rows("proposal", "task"))
    proposals = Counter(row["title"] for row in evidence.rows("proposal", "proposal"))
    referrals = Counter(str(row["task_id"]) for row in evidence.rows("proposal", "referral"))
    yield from _made("task", ledger.tasks, tasks)
    yield from _made("proposal", ledger.proposals, proposals)
    yield from _made("referral", ledger.referrals, referrals)


def _made(what: str, made: Made, found: Counter[str]) -> Iterator[tuple[str, str]]:
    for name in made.acknowledged:
        if found[name] != 1:
            yield f"{what}-{'lost' if not found[name] else 'doubled'}", f"{name} is there {found[name]} times"
    for name in made.maybe - made.acknowledged:
        if found[name] > 1:
            yield f"{what}-doubled", f"{name} is there {found[name]} times"
    for name in made.refused - made.acknowledged - made.maybe:
        if found[name]:
            yield f"{what}-refused-and-done", f"{name} was refused and is there"
