"""Citizens: each known, most voting once, some again, some otherwise, all going on until they are answered."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.campaign.client import Asked, Client
from tests.campaign.ledger import Ledger, Made, Poll
from townhall.chassis.retrying import sleep

REPEATS: Final = 0.08
CHANGES: Final = 0.02
AT_ONCE: Final = 0.03
"""The share that sends the same ballot twice at the same moment."""
TOO_LATE: Final = 0.03
"""The share that tries a vote which is over."""
HOT: Final = 0.5
"""The share of all ballots that one task draws."""
PACE: Final = 0.1
"""Seconds a lane rests between ballots at the most."""
AUTHORS_PACE: Final = 0.4


@dataclass
class Crowd:
    """Lanes of citizens. A citizen stays in one lane, so that what they do has an order."""

    client: Client
    ledger: Ledger
    seed: int
    lanes: int
    hurried: bool = False
    going: bool = True
    _votes: dict[int, list[tuple[Poll, str, str]]] = field(default_factory=dict)

    async def run(self) -> None:
        """Vote in every lane, and hand in proposals, until told to stop."""
        async with asyncio.TaskGroup() as group:
            for number in range(self.lanes):
                group.create_task(self._lane(number))
            for number in range(3):
                group.create_task(self._authors(number))

    async def _lane(self, number: int) -> None:
        dice, cast = Random(f"{self.seed} lane {number}"), 0
        while self.going:
            poll, citizen, choice = self._next(number, dice, f"c{number}-{cast}")
            cast += 1
            times = 2 if dice.random() < AT_ONCE else 1
            await asyncio.gather(*(self._cast(poll, citizen, choice) for _ in range(times)))
            self._votes.setdefault(number, []).append((poll, citizen, choice))
            if not self.hurried:
                await sleep(dice.uniform(0, PACE))

    def _next(self, number: int, dice: Random, newcomer: str) -> tuple[Poll, str, str]:
        """Choose who votes next, on what, and how."""
        before, roll = self._votes.get(number), dice.random()
        if before and roll < REPEATS:
            return dice.choice(before)
        if before and roll < REPEATS + CHANGES:
            poll, citizen, choice = dice.choice(before)
            return poll, citizen, "no" if choice == "yes" else "yes"
        poll = self._poll(dice)
        return poll, newcomer, "yes" if dice.random() < poll.lean else "no"

    def _poll(self, dice: Random) -> Poll:
        polls = list(self.ledger.polls.values())
        opened = [poll for poll in polls if poll.seen_open]
        if dice.random() < HOT:
            return polls[0]
        return dice.choice((opened[-4:] or polls) if dice.random() > TOO_LATE else polls)

    async def _cast(self, poll: Poll, citizen: str, choice: str) -> None:
        place = ("voting", f"/votes/{poll.task_id}/ballot")
        known = self.ledger.known(poll.task_id, citizen)
        asked = await self.client.ask(("citizen", citizen), "PUT", place, {"choice": choice})
        if asked.unsure or not asked.status:
            known.maybe.add(choice)
        self._note(poll, choice, asked)
        if asked.ok:
            known.acknowledged = choice

    def _note(self, poll: Poll, choice: str, asked: Asked) -> None:
        """Count the answer, and judge by the time whether it can be right."""
        said = str(asked.body["outcome"]) if asked.ok else asked.code or "no answer"
        self.ledger.answers[said] += 1
        if asked.ok and asked.sent_at >= poll.closes_at:
            self.ledger.wrong.append(f"late-ballot: {said}, sent {asked.sent_at - poll.closes_at:.2f} s after closing")
        if asked.ok and asked.body["choice"] != choice:
            self.ledger.wrong.append(f"another-choice: {choice} was answered with {asked.body['choice']}")
        if said == "vote-not-open" and poll.seen_open and asked.answered_at < poll.closes_at:
            self.ledger.wrong.append(f"shut-out: refused {poll.closes_at - asked.answered_at:.2f} s before closing")

    async def _authors(self, number: int) -> None:
        dice, written = Random(f"{self.seed} authors {number}"), 0
        while self.going:
            title, role = f"제안 {number}-{written}", dice.choice(["citizen"] * 9 + ["member"])
            written += 1
            paper = {"title": title, "problem": "불편합니다.", "remedy": "고쳐 주세요."}
            asked = await self.client.ask((role, f"a{number}-{written}"), "POST", ("proposal", "/proposals"), paper)
            note_made(self.ledger.proposals, title, asked)
            await sleep(dice.uniform(0, AUTHORS_PACE))


def note_made(made: Made, name: str, asked: Asked) -> None:
    """Note whether something was made: surely, perhaps, or surely not."""
    unsure = asked.unsure or not asked.status
    (made.acknowledged if asked.ok else made.maybe if unsure else made.refused).add(name)
