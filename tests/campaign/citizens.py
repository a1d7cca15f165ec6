"""Citizens: most vote once, some repeat or change their ballot; each repeats a request until it is answered."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.campaign.client import Client, Result
from tests.campaign.ledger import Created, Ledger, VoteEntry
from townhall.chassis.retrying import sleep

REPEATS: Final = 0.08
CHANGES: Final = 0.02
CONCURRENT: Final = 0.03
"""The share that sends the same ballot twice at the same moment."""
TOO_LATE: Final = 0.03
"""The share that votes on a task whose vote is over."""
HOT: Final = 0.5
"""The share of all ballots that go to one task."""
PAUSE: Final = 0.1
"""Seconds a worker waits between ballots, at most."""
AUTHORS_PAUSE: Final = 0.4


@dataclass
class Citizens:
    """Concurrent workers that send ballots. A citizen belongs to one worker, so that their requests have an order."""

    client: Client
    ledger: Ledger
    seed: int
    workers: int
    without_pause: bool = False
    running: bool = True
    _cast: dict[int, list[tuple[VoteEntry, str, str]]] = field(default_factory=dict)

    async def run(self) -> None:
        """Send ballots and proposals until `running` is False."""
        async with asyncio.TaskGroup() as group:
            for number in range(self.workers):
                group.create_task(self._vote(number))
            for number in range(3):
                group.create_task(self._propose(number))

    async def _vote(self, number: int) -> None:
        rng, cast = Random(f"{self.seed} citizens {number}"), 0
        while self.running:
            vote, citizen, choice = self._next(number, rng, f"c{number}-{cast}")
            cast += 1
            times = 2 if rng.random() < CONCURRENT else 1
            await asyncio.gather(*(self._send(vote, citizen, choice) for _ in range(times)))
            self._cast.setdefault(number, []).append((vote, citizen, choice))
            if not self.without_pause:
                await sleep(rng.uniform(0, PAUSE))

    def _next(self, number: int, rng: Random, new_citizen: str) -> tuple[VoteEntry, str, str]:
        """Choose the next ballot: the vote, the citizen and the choice."""
        before, roll = self._cast.get(number), rng.random()
        if before and roll < REPEATS:
            return rng.choice(before)
        if before and roll < REPEATS + CHANGES:
            vote, citizen, choice = rng.choice(before)
            return vote, citizen, "no" if choice == "yes" else "yes"
        vote = self._choose_vote(rng)
        return vote, new_citizen, "yes" if rng.random() < vote.yes_share else "no"

    def _choose_vote(self, rng: Random) -> VoteEntry:
        votes = list(self.ledger.votes.values())
        opened = [vote for vote in votes if vote.seen_open]
        if rng.random() < HOT:
            return votes[0]
        return rng.choice((opened[-4:] or votes) if rng.random() > TOO_LATE else votes)

    async def _send(self, vote: VoteEntry, citizen: str, choice: str) -> None:
        target = ("voting", f"/votes/{vote.task_id}/ballot")
        entry = self.ledger.ballot(vote.task_id, citizen)
        result = await self.client.request(("citizen", citizen), "PUT", target, {"choice": choice})
        if result.indeterminate or not result.status:
            entry.indeterminate.add(choice)
        self._record(vote, choice, result)
        if result.ok:
            entry.acknowledged = choice

    def _record(self, vote: VoteEntry, choice: str, result: Result) -> None:
        """Count the answer, and check by its time whether it can be right."""
        answer = str(result.body["outcome"]) if result.ok else result.code or "no answer"
        self.ledger.answers[answer] += 1
        if result.ok and result.sent_at >= vote.closes_at:
            late = result.sent_at - vote.closes_at
            self.ledger.wrong.append(f"late-ballot: {answer}, sent {late:.2f} s after closing")
        if result.ok and result.body["choice"] != choice:
            self.ledger.wrong.append(f"another-choice: {choice} was answered with {result.body['choice']}")
        if answer == "vote-not-open" and vote.seen_open and result.answered_at < vote.closes_at:
            early = vote.closes_at - result.answered_at
            self.ledger.wrong.append(f"refused-while-open: refused {early:.2f} s before closing")

    async def _propose(self, number: int) -> None:
        rng, written = Random(f"{self.seed} authors {number}"), 0
        while self.running:
            title, role = f"제안 {number}-{written}", rng.choice(["citizen"] * 9 + ["member"])
            written += 1
            payload = {"title": title, "problem": "불편합니다.", "remedy": "고쳐 주세요."}
            author = (role, f"a{number}-{written}")
            result = await self.client.request(author, "POST", ("proposal", "/proposals"), payload)
            record_created(self.ledger.proposals, title, result)
            await sleep(rng.uniform(0, AUTHORS_PAUSE))


def record_created(created: Created, name: str, result: Result) -> None:
    """Record whether something was created, was refused, or is indeterminate."""
    unknown = result.indeterminate or not result.status
    (created.acknowledged if result.ok else created.indeterminate if unknown else created.refused).add(name)
