"""The story holds together: what it says of its numbers is what its numbers give."""

import unicodedata

from townhall_local.demo.story import told
from townhall_local.rehearsal.statement import TITLE

STORY = told()


def test_the_first_ballots_are_not_enough_and_the_last_ones_are() -> None:
    """Exactly as many yes as the rule names is not more than it."""
    first, final = dict(STORY.vote.first), STORY.vote.final
    assert len(first) == 40
    assert list(first.values()).count("yes") == STORY.rule.more_than
    assert list(final.values()).count("yes") > STORY.rule.more_than


def test_every_change_is_one() -> None:
    """Who changes their mind said something else before, and exists."""
    first = dict(STORY.vote.first)
    assert all(first[change.citizen] != change.to for change in STORY.vote.changes)
    assert set(STORY.vote.repeats) <= set(first)


def test_screening_shows_each_way_once() -> None:
    """One admitted, one merged, one refused, one returned and then admitted; the task rests on the admitted."""
    decisions = {proposal.key: proposal.screening.decision for proposal in STORY.proposals}
    assert sorted(decisions.values()) == ["admit", "merge", "reject", "request-revision"]
    again = {one.key for one in STORY.proposals if one.second_screening and one.second_screening.decision == "admit"}
    assert set(STORY.task.proposals) == again | {key for key, decision in decisions.items() if decision == "admit"}
    assert {one.screening.merge_into for one in STORY.proposals} - {None} <= set(decisions)


def test_the_panel_fits_the_round() -> None:
    """A score for each seat, and enough citizens beside the panel for the open scores."""
    told_round = STORY.round
    assert len(told_round.panel_scores) == told_round.panel_size
    assert told_round.panel_size + len(told_round.open_scores) <= told_round.applicants


def test_the_texts_fit_the_api() -> None:
    """Composed Unicode, and titles of at most a title's length."""
    titles = [proposal.title for proposal in STORY.proposals] + [STORY.task.title, STORY.round.title]
    titles += [milestone.title for milestone in STORY.delivery.milestones]
    assert max(map(len, titles)) <= TITLE
    assert unicodedata.is_normalized("NFC", STORY.model_dump_json())
