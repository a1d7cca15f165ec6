"""The four services of one platform, as child processes."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import aiohttp

from townhall.chassis.retrying import sleep
from townhall_local.running import Address
from townhall_local.trouble import Trouble
from townhall_local.up.service import STOP_WITHIN, ServiceProcess

READY_WITHIN: Final = 120.0
_LOOK_EVERY: Final = 0.1


class Services:
    """The services, started and stopped together."""

    def __init__(self, ports: Mapping[str, int], settings: Mapping[str, Mapping[str, str]], logs: Path) -> None:
        self._services = [ServiceProcess(name, port, settings[name], logs) for name, port in ports.items()]

    @property
    def addresses(self) -> dict[str, Address]:
        """Where each listens, and its process."""
        return {each.name: Address(url=each.url, pid=each.pid) for each in self._services}

    async def start(self) -> None:
        """Start all and return when all are ready."""
        for service in self._services:
            service.start()
        deadline = time.monotonic() + READY_WITHIN
        async with aiohttp.ClientSession() as http:
            waiting = list(self._services)
            while waiting := [each for each in waiting if not await each.ready(http)]:
                if time.monotonic() > deadline:
                    late = waiting[0]
                    raise Trouble(
                        f"The {late.name} service was not ready within {READY_WITHIN:.0f} s; its log is {late.log}."
                    )
                await sleep(_LOOK_EVERY)

    async def stop(self) -> None:
        """Stop all at once, and wait for the end of each for a bounded time."""
        deadline = time.monotonic() + STOP_WITHIN
        for service in self._services:
            service.stop()
        while time.monotonic() < deadline and any(each.pid and each.ended is None for each in self._services):
            await sleep(_LOOK_EVERY)
        for service in self._services:
            service.stopped(0)

    def revive(self, tell: Callable[[str], None]) -> bool:
        """Start again what ended by itself and has waited long enough; return whether there was any."""
        revived = [each.revive(tell) for each in self._services]
        return any(revived)
