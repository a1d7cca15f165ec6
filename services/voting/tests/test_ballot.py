"""One ballot: counted, changed, unchanged or final (V3, V4); pseudonyms and keys (V7, V8)."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from townhall.chassis.auth import identity_of
from townhall.contracts.values import TaskId
from voting.domain.ballot import Ballot, BallotIsFinal, CastBallot, Choice, Counted, CurrentBallot, Outcome, cast
from voting.domain.vote import Terms
from voting.domain.voter_keys import Keyring, MasterKeyUnknown, pseudonyms, voter_hash

EARLIER, NOW = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
CHANGEABLE = Terms(version=1, article="제5조", more_than=2, ballots_changeable=True)
FINAL = replace(CHANGEABLE, ballots_changeable=False)
YES, NO = Choice.YES, Choice.NO
KEYS = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize("terms", [CHANGEABLE, FINAL])
@pytest.mark.parametrize(
    ("current_ballot", "choice", "outcome", "cast_at"),
    [
        (None, YES, Outcome.COUNTED, NOW),
        (None, NO, Outcome.COUNTED, NOW),
        (YES, YES, Outcome.UNCHANGED, EARLIER),
        (NO, NO, Outcome.UNCHANGED, EARLIER),
        (YES, NO, Outcome.CHANGED, NOW),
        (NO, YES, Outcome.CHANGED, NOW),
    ],
)
def test_outcomes(
    terms: Terms, current_ballot: Choice | None, choice: Choice, *, outcome: Outcome, cast_at: datetime
) -> None:
    """V3, V4: the last choice counts; a repeated ballot is answered like the first one."""
    before = None if current_ballot is None else CurrentBallot(current_ballot, EARLIER)
    if outcome is Outcome.CHANGED and not terms.ballots_changeable:
        with pytest.raises(BallotIsFinal):
            cast(terms, before, choice, NOW)
    else:
        assert cast(terms, before, choice, NOW) == Counted(outcome, CurrentBallot(choice, cast_at))


def test_repr_shows_neither_citizen_nor_choice() -> None:
    """V8: no log and no traceback that prints a ballot shows who cast it or the choice."""
    cast_ballot = CastBallot(TaskId(UUID(int=1)), "citizen-김", YES)
    shown = repr(
        [
            cast_ballot,
            Ballot(cast_ballot.task_id, voter_hash(bytes(32), cast_ballot.subject), NO),
            CurrentBallot(YES, NOW),
        ]
    )
    assert "김" not in shown
    assert "yes" not in shown.lower()
    assert "no'" not in shown.lower()


@given(KEYS, KEYS, st.text(), st.text())
def test_a_pseudonym_holds_in_one_vote_only(key: bytes, other: bytes, subject: str, other_subject: str) -> None:
    """V7: the pseudonym is the same for the same citizen and vote, and another for any other."""
    pseudonym = voter_hash(key, subject)
    assert pseudonym == voter_hash(key, subject)
    assert (pseudonym == voter_hash(other, subject)) is (key == other)
    assert (pseudonym == voter_hash(key, other_subject)) is (subject == other_subject)
    assert len(pseudonym) == 16
    assert pseudonyms(key)(subject) == pseudonyms(key)(subject) == pseudonym


def test_a_pseudonym_is_of_issuer_and_subject() -> None:
    """V7: two issuers' same subject are two citizens, wherever the one name ends and the other begins."""
    names = [
        ("https://a", "kim"),
        ("https://b", "kim"),
        ("https://ak", "im"),
        ("https://a", "1:kim"),
        ("", "https://akim"),
    ]
    assert len({voter_hash(bytes(32), identity_of(issuer, subject)) for issuer, subject in names}) == len(names)


@given(KEYS, KEYS, KEYS)
def test_a_new_master_key_changes_no_pseudonym(old: bytes, new: bytes, key: bytes) -> None:
    """V7: the key of a vote is unwrapped with the master key it was wrapped under, also after rotation."""
    sealed = Keyring(1, {1: old}).seal(key)
    rotated = Keyring(2, {1: old, 2: new})
    assert rotated.open(sealed) == key
    assert key not in sealed.wrapped
    assert rotated.open(rotated.seal(key)) == key
    assert rotated.seal(key).version == 2


def test_a_missing_or_wrong_master_key_fails() -> None:
    """V7: without the right master key unwrapping fails, so no wrong pseudonym is computed."""
    sealed = Keyring(1, {1: bytes(32)}).seal(bytes(range(32)))
    with pytest.raises(MasterKeyUnknown):
        Keyring(2, {2: bytes(32)}).open(sealed)
    with pytest.raises(MasterKeyUnknown):
        Keyring(1, {1: bytes([1] * 32)}).open(sealed)


def test_repr_of_a_keyring_shows_no_key() -> None:
    """V8: no log and no traceback that prints the keyring shows a master key."""
    assert repr(Keyring(1, {1: b"m" * 32})) == "Keyring(current=1)"
