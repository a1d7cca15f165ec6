"""Reading a Polis export: `comments.csv` and `votes.csv` of one conversation. Nothing here knows the platform."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from townhall_local.rehearsal.statement import Statement
from townhall_local.rehearsal.table import Unreadable, rows

AGREE: Final = 1
DISAGREE: Final = -1
PASSED: Final = 0
NOBODY: Final = "nobody"
"""The author of a comment whose row names none."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What one voter said about one comment at one time; a voter may say something else later."""

    at: int
    """Milliseconds since 1970."""
    comment: str
    voter: str
    value: int


@dataclass(frozen=True, slots=True)
class Recording:
    """A consultation as it was: its comments, and its votes in time order."""

    comments: tuple[Statement, ...]
    votes: tuple[Vote, ...]
    strays: int = 0
    """Votes left out because their comment is not in the export."""

    def of_first_voters(self, most: int) -> "Recording":
        """The same consultation with only the `most` people who voted first."""
        first = set(islice(dict.fromkeys(vote.voter for vote in self.votes), most))
        return Recording(self.comments, tuple(vote for vote in self.votes if vote.voter in first), self.strays)


def read(folder: Path) -> Recording:
    """Read an export. Votes are sorted by time; those of one instant keep the order of the file."""
    comments = tuple(_comments(folder / "comments.csv"))
    known = {comment.id for comment in comments}
    votes = sorted(_votes(folder / "votes.csv"), key=lambda vote: vote.at)
    kept = tuple(vote for vote in votes if vote.comment in known)
    return Recording(comments, kept, strays=len(votes) - len(kept))


def _comments(file: Path) -> Iterator[Statement]:
    seen: set[str] = set()
    for line, row in rows(file, ("comment-id", "author-id", "comment-body")):
        comment = Statement(row["comment-id"].strip(), row["author-id"].strip() or NOBODY, row["comment-body"])
        if not comment.id:
            raise Unreadable(f"{file.name}, line {line}: a comment without comment-id")
        if comment.id not in seen:  # written twice, it is still one comment
            seen.add(comment.id)
            yield comment


def _votes(file: Path) -> Iterator[Vote]:
    for line, row in rows(file, ("timestamp", "comment-id", "voter-id", "vote")):
        try:
            vote = Vote(int(row["timestamp"]), row["comment-id"].strip(), row["voter-id"].strip(), int(row["vote"]))
        except ValueError:
            raise Unreadable(f"{file.name}, line {line}: timestamp or vote is no whole number") from None
        if not vote.voter or vote.value not in (AGREE, DISAGREE, PASSED):
            raise Unreadable(f"{file.name}, line {line}: no voter-id, or a vote other than 1, 0, -1")
        yield vote
