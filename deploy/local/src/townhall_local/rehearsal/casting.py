"""Casting the ballots: many at once, yet each voter's own in the order in which they voted."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pydantic_core import from_json

from townhall_local.client.api import refusal
from townhall_local.client.line import Answer, Line
from townhall_local.rehearsal.programme import Ballot
from townhall_local.rehearsal.report import Ballots
from townhall_local.rehearsal.signing import Signer
from townhall_local.rehearsal.writing import Letter, Writer, written

LINES: Final = 128
"""Requests under way at once."""
OK: Final = int(HTTPStatus.OK)
CONFLICT: Final = int(HTTPStatus.CONFLICT)


@dataclass(frozen=True, slots=True)
class Booths:
    """Where ballots are cast, and what signs the voters' tokens."""

    url: str
    signer: Signer

    async def cast(self, ballots: Iterable[Ballot], task_ids: Mapping[str, str], done: Callable[[], None]) -> Ballots:
        """Cast them all and count the answers."""
        counts = Ballots()
        lines = [Line(self.url) for _ in range(LINES)]
        try:
            async with aclosing(written(Writer(self.url, self.signer, task_ids), ballots)) as letters:
                turns = Turns(letters)
                async with asyncio.TaskGroup() as group:
                    for line in lines:
                        group.create_task(_walk(line, turns, counts, done))
        finally:
            for line in lines:
                line.hang_up()
        return counts


class Turns:
    """Hands letters out in their order, never two of one voter at a time."""

    def __init__(self, blocks: AsyncGenerator[deque[Letter]]) -> None:
        self._blocks = blocks
        self._ready: deque[Letter] = deque()
        self._fetching = asyncio.Lock()
        self._behind: dict[str, deque[Letter]] = {}
        """Whoever has a letter under way, with those that wait behind it."""

    async def next(self) -> Letter | None:
        """The next letter of somebody who has none under way; None when there is none left."""
        while self._ready or await self._fetch():
            letter = self._ready.popleft()
            behind = self._behind.get(letter.voter)
            if behind is None:
                self._behind[letter.voter] = deque()
                return letter
            behind.append(letter)
        return None

    def after(self, voter: str) -> Letter | None:
        """That voter's letter is answered: their next one, if it has come up already."""
        behind = self._behind[voter]
        if behind:
            return behind.popleft()
        del self._behind[voter]
        return None

    async def _fetch(self) -> bool:
        async with self._fetching:
            if not self._ready:
                self._ready = await anext(self._blocks, self._ready)
            return bool(self._ready)


async def _walk(line: Line, turns: Turns, counts: Ballots, done: Callable[[], None]) -> None:
    letter = await turns.next()
    while letter is not None:
        _count(await line.ask(letter.request), counts)
        done()
        letter = turns.after(letter.voter) or await turns.next()


def _count(answer: Answer, counts: Ballots) -> None:
    counts.sent += 1
    if answer.status == OK:
        counts.accepted += 1
        counts.revised += from_json(answer.body)["outcome"] == "changed"
    elif answer.status == CONFLICT:
        counts.refused += 1
    else:  # a fault of ours or theirs, not a rule of the vote
        raise refusal(answer.status, answer.body)
