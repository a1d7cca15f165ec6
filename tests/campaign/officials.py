"""Officials: they put tasks to the vote, refer some, and walk every case to a decision and an outcome."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from tests.campaign.citizens import note_made
from tests.campaign.client import Asked, Client
from tests.campaign.ledger import Ledger, Poll
from townhall.chassis.retrying import sleep

SECRETARY: Final = ("secretary", "secretary")
OFFICER: Final = ("officer", "officer")
CHAIR: Final = ("chair", "chair")
MEMBERS: Final = (CHAIR, ("member", "m1"), ("member", "m2"), ("member", "m3"))
YEARS_AHEAD: Final = 3600.0
MORE_THAN: Final = 12
LEANS: Final = (0.9, 0.9, 0.6, 0.1)
SHORTEST, LONGEST = 3.0, 7.0
"""Seconds a vote of the campaign is open."""
LATE = 4.0
"""The longest of one that is put up after the planned end."""
LAST_CLOSING: Final = 0.3
"""Seconds before the end of the load that one vote surely closes."""
OUTCOMES: Final = {
    "adopted": "public-benefit",
    "adopted-with-change": "needs-change",
    "returned": "needs-redesign",
    "deferred": "no-time",
}
ROOM: Final = 100


class NotSetUp(Exception):
    """The platform did not even do what it was asked before the first fault."""


@dataclass
class Officials:
    """The desk of every official."""

    client: Client
    ledger: Ledger
    dice: Random
    until: float
    """By this machine's clock: when the last vote closes."""
    going: bool = True

    async def set_up(self) -> None:
        """Enact a rule, call the first meetings, put three long votes up; returns when the first is open."""
        await self._enact(MORE_THAN)
        await self._call_ahead(2)
        for lean in (0.7, 0.5, 0.05):
            await self.select(3600.0, lean)
        async with asyncio.timeout(60):
            while not all(poll.seen_open for poll in self.ledger.polls.values()):
                await self._look()
                await sleep(0.1)

    async def run(self) -> None:
        """Put a vote up that closes when the load ends, then work at every desk until told to stop."""
        await self.select(self.until - LAST_CLOSING - _now(), LEANS[0])
        async with asyncio.TaskGroup() as group:
            for desk in (self._support_unit, self._committee, self._meeting, self._watch):
                group.create_task(self._at(desk))

    async def make_room(self) -> None:
        """Call a sitting and a meeting with room for all, so that nothing has to wait."""
        await self._call_ahead(ROOM)

    async def select(self, open_for: float, lean: float, who: tuple[str, str] = OFFICER) -> Asked:
        """Put a task to the vote."""
        title, closes_at = f"과제 {len(self.ledger.polls)}-{self.dice.getrandbits(32):08x}", _now() + open_for
        paper = {
            "title": title, "summary": title, "origin": "government", "reason": "public-interest",
            "closes_at": _moment(closes_at),
        }  # fmt: skip
        asked = await self.client.ask(who, "POST", ("proposal", "/tasks"), paper)
        note_made(self.ledger.tasks, title, asked)
        if asked.ok:
            task_id = str(asked.body["task_id"])
            self.ledger.polls[task_id] = Poll(task_id, title, closes_at, lean)
        return asked

    async def _at(self, desk: Any) -> None:  # noqa: ANN401  one of the desks
        while self.going:
            await desk()
            await sleep(self.dice.uniform(0.2, 0.6))

    async def _watch(self) -> None:
        """See which votes are open, and try what must be refused."""
        await self._look()
        if self.dice.random() < 0.2:
            await self.select(60.0, 0.5, ("citizen", "nobody"))

    async def _look(self) -> None:
        for poll in list(self.ledger.polls.values()):
            if not poll.seen_open and (shown := await self.client.get("voting", f"/votes/{poll.task_id}")):
                poll.seen_open = shown["state"] == "open"

    async def _support_unit(self) -> None:
        """Select a task with a short vote, and refer one; sometimes enact a new rule."""
        left = self.until - _now()
        # Strikes that had to wait for what was down come after the planned end, and one of them wants a closing time.
        if left > SHORTEST or left < 0:
            longest = min(LONGEST, left) if left > 0 else LATE
            await self.select(self.dice.uniform(SHORTEST, longest), self.dice.choice(LEANS))
        roll = self.dice.random()
        if roll < 0.25:
            await self._refer(self.dice.choice(list(self.ledger.polls)))
        elif roll < 0.35:
            await self._enact(self.dice.randint(5, 25))
        await sleep(1.0)

    async def _refer(self, task_id: str) -> None:
        place = ("proposal", f"/tasks/{task_id}/referral")
        asked = await self.client.ask(OFFICER, "POST", place, {"reason": "urgent"})
        if asked.code == "already-referred" or (not asked.ok and task_id in self.ledger.referrals.maybe):
            return
        note_made(self.ledger.referrals, task_id, asked)

    async def _enact(self, more_than: int) -> None:
        rule = {"article": "제5조", "parameters": {"yes_more_than": more_than, "ballots_changeable": True}}
        await self.client.ask(SECRETARY, "POST", ("voting", "/rules"), rule)

    async def _call_ahead(self, capacity: int) -> None:
        """Call one sitting and one meeting."""
        at = _moment(_now() + YEARS_AHEAD)
        await self._ask(SECRETARY, "POST", "/sittings", {"sits_at": at, "capacity": capacity})
        await self._ask(SECRETARY, "POST", "/strategy-meetings", {"meets_at": at, "capacity": capacity})

    async def _committee(self) -> None:
        """Open the sitting of every case that is on a docket, decide its cases, and close it."""
        cases = await self._listed("/cases?state=docketed")
        for sitting_id in {case["sitting_id"] for case in cases if case["sitting_id"]}:
            for member in MEMBERS:
                await self._ask(member, "PUT", f"/sittings/{sitting_id}/attendance")
            await self._ask(CHAIR, "POST", f"/sittings/{sitting_id}/opening")
            for case in [one for one in cases if one["sitting_id"] == sitting_id]:
                await self._decide(str(case["case_id"]))
            await self._ask(CHAIR, "POST", f"/sittings/{sitting_id}/closing")
        if len(await self._listed("/cases?state=opened") or await self._listed("/cases?state=deliberated")):
            await self._call_ahead(2)

    async def _decide(self, case_id: str) -> None:
        stance, decision, reason = self.dice.choice(
            [("for", "recommended", "public-benefit")] * 3
            + [("against", "declined", "costs-outweigh"), ("for", "deferred", "no-time")]
        )
        for member in MEMBERS:
            await self._ask(member, "PUT", f"/cases/{case_id}/position", {"stance": stance})
        await self._ask(CHAIR, "POST", f"/cases/{case_id}/decision", {"decision": decision, "reasons": [reason]})

    async def _meeting(self) -> None:
        """Record what the strategy meetings make of what is on their agendas."""
        for case in await self._listed("/cases?state=on-agenda"):
            outcome = self.dice.choice(["adopted", "adopted", *OUTCOMES])
            paper = {"case_id": case["case_id"], "outcome": outcome, "reason": OUTCOMES[outcome]}
            if outcome.startswith("adopted"):
                paper["directive"] = {"responsible_body": "행정안전부", "instruction": "시행", "due_on": "2099-12-31"}
            await self._ask(SECRETARY, "POST", f"/strategy-meetings/{case['meeting_id']}/outcomes", paper)

    async def _listed(self, path: str) -> list[Any]:
        page = await self.client.get("committee", path)
        return list(page["items"]) if page else []

    async def _ask(self, who: tuple[str, str], method: str, path: str, paper: dict[str, Any] | None = None) -> Asked:
        if not self.going:
            return Asked()
        asked = await self.client.ask(who, method, ("committee", path), paper or {})
        self.ledger.answers["official " + ("done" if asked.ok else asked.code or "no answer")] += 1
        return asked


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _now() -> float:
    return time.time()  # noqa: TID251  a calendar of this machine
