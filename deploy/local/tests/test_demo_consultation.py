"""The demo's consultation is consistent: its texts and numbers agree."""

import unicodedata

from townhall_local.demo.consultation import read_consultation
from townhall_local.rehearsal.statement import TITLE

CONSULTATION = read_consultation()


def test_only_the_final_ballots_reach_the_threshold() -> None:
    """The first ballots give exactly as many yes as the rule requires more than."""
    first, final = dict(CONSULTATION.vote.first), CONSULTATION.vote.final
    assert len(first) == 40
    assert list(first.values()).count("yes") == CONSULTATION.rule.more_than
    assert list(final.values()).count("yes") > CONSULTATION.rule.more_than


def test_every_change_differs_from_the_first_ballot() -> None:
    """And every citizen who repeats a ballot has cast one."""
    first = dict(CONSULTATION.vote.first)
    assert all(first[change.citizen] != change.to for change in CONSULTATION.vote.changes)
    assert set(CONSULTATION.vote.repeats) <= set(first)


def test_each_screening_decision_occurs_once() -> None:
    """One admitted, one merged, one rejected, one admitted after a revision; the task is made of the admitted ones."""
    decisions = {proposal.key: proposal.screening.decision for proposal in CONSULTATION.proposals}
    assert sorted(decisions.values()) == ["admit", "merge", "reject", "request-revision"]
    again = {
        one.key for one in CONSULTATION.proposals if one.second_screening and one.second_screening.decision == "admit"
    }
    assert set(CONSULTATION.task.proposals) == again | {
        key for key, decision in decisions.items() if decision == "admit"
    }
    assert {one.screening.merge_into for one in CONSULTATION.proposals} - {None} <= set(decisions)


def test_the_panel_fits_the_round() -> None:
    """A score for each seat, and enough citizens outside the panel for the open scores."""
    round_ = CONSULTATION.round
    assert len(round_.panel_scores) == round_.panel_size
    assert round_.panel_size + len(round_.open_scores) <= round_.applicants


def test_the_texts_fit_the_api() -> None:
    """Titles are short enough and the text is in Unicode NFC."""
    titles = [proposal.title for proposal in CONSULTATION.proposals] + [
        CONSULTATION.task.title,
        CONSULTATION.round.title,
    ]
    titles += [milestone.title for milestone in CONSULTATION.delivery.milestones]
    assert max(map(len, titles)) <= TITLE
    assert unicodedata.is_normalized("NFC", CONSULTATION.model_dump_json())
