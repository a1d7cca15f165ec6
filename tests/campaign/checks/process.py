"""The process: each automatic step happens exactly once, and none without its cause."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

from tests.campaign.checks.ballots import crossings
from tests.campaign.evidence import Evidence
from tests.campaign.ledger import Created, Ledger

ADOPTING = {"adopted", "adopted-with-change"}


def broken(evidence: Evidence, ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Return each step that is missing, doubled or without cause: rule and finding."""
    yield from _votes(evidence)
    yield from _cases(evidence)
    yield from _agenda(evidence)
    yield from _initiatives(evidence)
    yield from _requests(evidence, ledger)


def _one_to_one(what: str, due: Iterable[Hashable], found: Iterable[Hashable]) -> Iterator[tuple[str, str]]:
    """Compare causes with their effects, one to one."""
    expected, counted = set(due), Counter(found)
    for each in expected - counted.keys():
        yield f"{what}-missing", f"no effect of {each}"
    for each, times in counted.items():
        if each not in expected:
            yield f"{what}-without-cause", f"{each} has no cause"
        elif times > 1:
            yield f"{what}-doubled", f"{each} has {times}"


def _votes(evidence: Evidence) -> Iterator[tuple[str, str]]:
    tasks = [row["id"] for row in evidence.rows("proposal", "task")]
    yield from _one_to_one("vote", tasks, [row["task_id"] for row in evidence.rows("voting", "vote")])
    yield from _one_to_one("tally", tasks, [row["task_id"] for row in evidence.rows("voting", "tally")])
    announced = [each.key for each in evidence.announced("voting.vote-scheduled.v1")]
    yield from _one_to_one("schedule", map(str, tasks), announced)


def _cases(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Check that there is one case for each task that reached its threshold, was referred, or both."""
    due = set(crossings(evidence)) | {str(row["task_id"]) for row in evidence.rows("proposal", "referral")}
    yield from _one_to_one("case", due, [str(row["task_id"]) for row in evidence.rows("committee", "case")])
    yield from _one_to_one("case-opened", due, [each.key for each in evidence.announced("committee.case-opened.v1")])


def _agenda(evidence: Evidence) -> Iterator[tuple[str, str]]:
    decided = [row["case_id"] for row in evidence.rows("committee", "decision")]
    yield from _one_to_one(
        "agenda-item", decided, [row["case_id"] for row in evidence.rows("committee", "agenda_item")]
    )
    announced = [each.body["case_id"] for each in evidence.announced("committee.case-deliberated.v1")]
    yield from _one_to_one("deliberated", map(str, decided), announced)
    undocketed = [row for row in evidence.rows("committee", "case") if row["state"] in {"opened", "deferred"}]
    for row in undocketed:
        yield "case-waits", f"{row['case_id']} is {row['state']} although a sitting has capacity"


def _initiatives(evidence: Evidence) -> Iterator[tuple[str, str]]:
    adopted = [row["case_id"] for row in evidence.rows("committee", "outcome") if row["outcome"] in ADOPTING]
    directives = evidence.rows("committee", "directive")
    yield from _one_to_one("directive", adopted, [row["case_id"] for row in directives])
    issued = [row["directive_id"] for row in directives]
    yield from _one_to_one(
        "initiative", issued, [row["directive_id"] for row in evidence.rows("evaluation", "initiative")]
    )
    announced = [each.body["directive_id"] for each in evidence.announced("evaluation.initiative-opened.v1")]
    yield from _one_to_one("initiative-opened", map(str, issued), announced)


def _requests(evidence: Evidence, ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Check that what was acknowledged exists once, what was refused doesn't, what is indeterminate at most once."""
    tasks = Counter(row["title"] for row in evidence.rows("proposal", "task"))
    proposals = Counter(row["title"] for row in evidence.rows("proposal", "proposal"))
    referrals = Counter(str(row["task_id"]) for row in evidence.rows("proposal", "referral"))
    yield from _created("task", ledger.tasks, tasks)
    yield from _created("proposal", ledger.proposals, proposals)
    yield from _created("referral", ledger.referrals, referrals)


def _created(what: str, created: Created, found: Counter[str]) -> Iterator[tuple[str, str]]:
    for name in created.acknowledged:
        if found[name] != 1:
            yield f"{what}-{'lost' if not found[name] else 'doubled'}", f"{name} exists {found[name]} times"
    for name in created.indeterminate - created.acknowledged:
        if found[name] > 1:
            yield f"{what}-doubled", f"{name} exists {found[name]} times"
    for name in created.refused - created.acknowledged - created.indeterminate:
        if found[name]:
            yield f"{what}-refused-and-done", f"{name} was refused and exists"
