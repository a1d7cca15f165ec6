"""Reading a Polis export: `comments.csv` and `votes.csv` of one conversation. Independent of the platform."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from townhall_local.rehearsal.csv_rows import Unreadable, rows
from townhall_local.rehearsal.statement import Statement

COMMENTS: Final = "comments.csv"
VOTES: Final = "votes.csv"
AGREE: Final = 1
DISAGREE: Final = -1
PASSED: Final = 0
UNKNOWN_AUTHOR: Final = "nobody"
"""The author of a comment whose row has no author-id."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote on one comment. The voter may vote on it again later."""

    at: int
    """Unix time in milliseconds."""
    comment: str
    voter: str
    value: int


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded consultation: its comments, and its votes in time order."""

    comments: tuple[Statement, ...]
    votes: tuple[Vote, ...]
    orphan_votes: int = 0
    """Number of votes left out because their comment is not in the export."""

    def of_first_voters(self, limit: int) -> "Recording":
        """Return the recording with only the votes of the first `limit` voters."""
        first = set(islice(dict.fromkeys(vote.voter for vote in self.votes), limit))
        return Recording(self.comments, tuple(vote for vote in self.votes if vote.voter in first), self.orphan_votes)


def read(folder: Path) -> Recording:
    """Read an export. Votes are sorted by time; those of one instant keep the order of the file.

    Raises `Unreadable`.
    """
    for name in (COMMENTS, VOTES):
        if not (folder / name).is_file():
            raise Unreadable(f"{folder} has no {name}: give the folder of one Polis export")
    comments = tuple(_comments(folder / COMMENTS))
    known = {comment.id for comment in comments}
    votes = sorted(_votes(folder / VOTES), key=lambda vote: vote.at)
    kept = tuple(vote for vote in votes if vote.comment in known)
    return Recording(comments, kept, orphan_votes=len(votes) - len(kept))


def _comments(file: Path) -> Iterator[Statement]:
    seen: set[str] = set()
    for line, row in rows(file, ("comment-id", "author-id", "comment-body")):
        comment = Statement(row["comment-id"].strip(), row["author-id"].strip() or UNKNOWN_AUTHOR, row["comment-body"])
        if not comment.id:
            raise Unreadable(f"{file.name}, line {line}: a comment without comment-id")
        if comment.id not in seen:  # duplicates of a comment are ignored
            seen.add(comment.id)
            yield comment


def _votes(file: Path) -> Iterator[Vote]:
    for line, row in rows(file, ("timestamp", "comment-id", "voter-id", "vote")):
        try:
            vote = Vote(int(row["timestamp"]), row["comment-id"].strip(), row["voter-id"].strip(), int(row["vote"]))
        except ValueError:
            raise Unreadable(f"{file.name}, line {line}: timestamp or vote is not a whole number") from None
        if not vote.voter or vote.value not in (AGREE, DISAGREE, PASSED):
            raise Unreadable(f"{file.name}, line {line}: no voter-id, or a vote other than 1, 0, -1")
        yield vote
