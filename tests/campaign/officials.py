"""Officials: they put tasks to the vote, refer some, and bring every case to a decision and an outcome."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from tests.campaign.citizens import record_created
from tests.campaign.client import Client, Result
from tests.campaign.ledger import Ledger, VoteEntry
from townhall.chassis.retrying import sleep

SECRETARY: Final = ("secretary", "secretary")
OFFICER: Final = ("officer", "officer")
CHAIR: Final = ("chair", "chair")
MEMBERS: Final = (CHAIR, ("member", "m1"), ("member", "m2"), ("member", "m3"))
AHEAD: Final = 3600.0
"""Seconds from now to the sittings and meetings that are called."""
MORE_THAN: Final = 12
YES_SHARES: Final = (0.9, 0.9, 0.6, 0.1)
SHORTEST, LONGEST = 3.0, 7.0
"""Seconds a vote of the campaign is open."""
LONGEST_LATE = 4.0
"""The same, at most, of a vote that is started after the planned end."""
LAST_CLOSING: Final = 0.3
"""Seconds before the end of the load that one vote is sure to close."""
OUTCOMES: Final = {
    "adopted": "public-benefit",
    "adopted-with-change": "needs-change",
    "returned": "needs-redesign",
    "deferred": "no-time",
}
LARGE: Final = 100
"""The capacity of a sitting or meeting with room for every case."""


@dataclass
class Officials:
    """All officials."""

    client: Client
    ledger: Ledger
    rng: Random
    until: float
    """By this machine's clock: when the last vote closes."""
    running: bool = True

    async def set_up(self) -> None:
        """Enact a rule, call the first meetings, start three long votes; returns when these are open."""
        await self._enact(MORE_THAN)
        await self._call_meetings(2)
        for yes_share in (0.7, 0.5, 0.05):
            await self.select(3600.0, yes_share)
        async with asyncio.timeout(60):
            while not all(vote.seen_open for vote in self.ledger.votes.values()):
                await self._check_open()
                await sleep(0.1)

    async def run(self) -> None:
        """Start a vote that closes when the load ends, then do every duty repeatedly until `running` is False."""
        await self.select(self.until - LAST_CLOSING - _now(), YES_SHARES[0])
        async with asyncio.TaskGroup() as group:
            for duty in (self._select_and_refer, self._deliberate, self._record_outcomes, self._watch):
                group.create_task(self._repeat(duty))

    async def call_large_meetings(self) -> None:
        """Call a sitting and a meeting with room for every case, so that none has to wait."""
        await self._call_meetings(LARGE)

    async def select(self, open_for: float, yes_share: float, user: tuple[str, str] = OFFICER) -> Result:
        """Put a task to the vote, for so many seconds."""
        title, closes_at = f"과제 {len(self.ledger.votes)}-{self.rng.getrandbits(32):08x}", _now() + open_for
        payload = {
            "title": title, "summary": title, "origin": "government", "reason": "public-interest",
            "closes_at": _moment(closes_at),
        }  # fmt: skip
        result = await self.client.request(user, "POST", ("proposal", "/tasks"), payload)
        record_created(self.ledger.tasks, title, result)
        if result.ok:
            task_id = str(result.body["task_id"])
            self.ledger.votes[task_id] = VoteEntry(task_id, title, closes_at, yes_share)
        return result

    async def _repeat(self, duty: Callable[[], Awaitable[None]]) -> None:
        while self.running:
            await duty()
            await sleep(self.rng.uniform(0.2, 0.6))

    async def _watch(self) -> None:
        """Note which votes are open, and send a request that must be refused."""
        await self._check_open()
        if self.rng.random() < 0.2:
            await self.select(60.0, 0.5, ("citizen", "nobody"))

    async def _check_open(self) -> None:
        for vote in list(self.ledger.votes.values()):
            if not vote.seen_open and (shown := await self.client.get("voting", f"/votes/{vote.task_id}")):
                vote.seen_open = shown["state"] == "open"

    async def _select_and_refer(self) -> None:
        """Select a task with a short vote, and refer one; sometimes enact a new rule."""
        left = self.until - _now()
        # Strikes that were delayed come after the planned end, and one of them needs a vote that closes.
        if left > SHORTEST or left < 0:
            longest = min(LONGEST, left) if left > 0 else LONGEST_LATE
            await self.select(self.rng.uniform(SHORTEST, longest), self.rng.choice(YES_SHARES))
        roll = self.rng.random()
        if roll < 0.25:
            await self._refer(self.rng.choice(list(self.ledger.votes)))
        elif roll < 0.35:
            await self._enact(self.rng.randint(5, 25))
        await sleep(1.0)

    async def _refer(self, task_id: str) -> None:
        target = ("proposal", f"/tasks/{task_id}/referral")
        result = await self.client.request(OFFICER, "POST", target, {"reason": "urgent"})
        if result.code == "already-referred" or (not result.ok and task_id in self.ledger.referrals.indeterminate):
            return
        record_created(self.ledger.referrals, task_id, result)

    async def _enact(self, more_than: int) -> None:
        rule = {"article": "제5조", "parameters": {"yes_more_than": more_than, "ballots_changeable": True}}
        await self.client.request(SECRETARY, "POST", ("voting", "/rules"), rule)

    async def _call_meetings(self, capacity: int) -> None:
        """Call one sitting and one strategy meeting."""
        at = _moment(_now() + AHEAD)
        await self._request(SECRETARY, "POST", "/sittings", {"sits_at": at, "capacity": capacity})
        await self._request(SECRETARY, "POST", "/strategy-meetings", {"meets_at": at, "capacity": capacity})

    async def _deliberate(self) -> None:
        """Open the sitting of every docketed case, decide its cases, and close it."""
        cases = await self._list("/cases?state=docketed")
        for sitting_id in {case["sitting_id"] for case in cases if case["sitting_id"]}:
            for member in MEMBERS:
                await self._request(member, "PUT", f"/sittings/{sitting_id}/attendance")
            await self._request(CHAIR, "POST", f"/sittings/{sitting_id}/opening")
            for case in [each for each in cases if each["sitting_id"] == sitting_id]:
                await self._decide(str(case["case_id"]))
            await self._request(CHAIR, "POST", f"/sittings/{sitting_id}/closing")
        if len(await self._list("/cases?state=opened") or await self._list("/cases?state=deliberated")):
            await self._call_meetings(2)

    async def _decide(self, case_id: str) -> None:
        stance, decision, reason = self.rng.choice(
            [("for", "recommended", "public-benefit")] * 3
            + [("against", "declined", "costs-outweigh"), ("for", "deferred", "no-time")]
        )
        for member in MEMBERS:
            await self._request(member, "PUT", f"/cases/{case_id}/position", {"stance": stance})
        await self._request(CHAIR, "POST", f"/cases/{case_id}/decision", {"decision": decision, "reasons": [reason]})

    async def _record_outcomes(self) -> None:
        """Record an outcome for each case on the agenda of a strategy meeting."""
        for case in await self._list("/cases?state=on-agenda"):
            outcome = self.rng.choice(["adopted", "adopted", *OUTCOMES])
            payload = {"case_id": case["case_id"], "outcome": outcome, "reason": OUTCOMES[outcome]}
            if outcome.startswith("adopted"):
                payload["directive"] = {"responsible_body": "행정안전부", "instruction": "시행", "due_on": "2099-12-31"}
            await self._request(SECRETARY, "POST", f"/strategy-meetings/{case['meeting_id']}/outcomes", payload)

    async def _list(self, path: str) -> list[Any]:
        page = await self.client.get("committee", path)
        return list(page["items"]) if page else []

    async def _request(
        self, user: tuple[str, str], method: str, path: str, payload: dict[str, Any] | None = None
    ) -> Result:
        if not self.running:
            return Result()
        result = await self.client.request(user, method, ("committee", path), payload or {})
        self.ledger.answers["official " + ("done" if result.ok else result.code or "no answer")] += 1
        return result


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _now() -> float:
    return time.time()  # noqa: TID251  the calendar of this machine
