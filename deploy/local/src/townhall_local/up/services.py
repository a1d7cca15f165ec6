"""The four services of one platform, as child processes."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import aiohttp

from townhall.chassis.retrying import sleep
from townhall_local.errors import CommandError
from townhall_local.running_platform import ServiceAddress
from townhall_local.up.service import STOP_WITHIN, ServiceProcess

READY_WITHIN: Final = 120.0
_POLL_EVERY: Final = 0.1


class Services:
    """The services, started and stopped together."""

    def __init__(self, ports: Mapping[str, int], settings: Mapping[str, Mapping[str, str]], logs: Path) -> None:
        self._services = [ServiceProcess(name, port, settings[name], logs) for name, port in ports.items()]

    @property
    def addresses(self) -> dict[str, ServiceAddress]:
        """The URL and process id of each service."""
        return {each.name: ServiceAddress(url=each.url, pid=each.pid) for each in self._services}

    async def start(self) -> None:
        """Start all and wait until all are ready; raises `CommandError` if one is not within `READY_WITHIN` seconds."""
        for service in self._services:
            service.start()
        deadline = time.monotonic() + READY_WITHIN
        async with aiohttp.ClientSession() as http:
            pending = list(self._services)
            while pending := [each for each in pending if not await each.ready(http)]:
                if time.monotonic() > deadline:
                    slow = pending[0]
                    raise CommandError(
                        f"The {slow.name} service was not ready within {READY_WITHIN:.0f} s; its log is {slow.log}."
                    )
                await sleep(_POLL_EVERY)

    async def stop(self) -> None:
        """Send SIGTERM to all, wait `STOP_WITHIN` seconds for their end, and kill the rest."""
        deadline = time.monotonic() + STOP_WITHIN
        for service in self._services:
            service.stop()
        while time.monotonic() < deadline and any(each.pid and each.ended is None for each in self._services):
            await sleep(_POLL_EVERY)
        for service in self._services:
            service.stopped(0)

    def restart_ended(self, notify: Callable[[str], None]) -> bool:
        """Restart ended services whose delay is over; return whether there was one."""
        restarted = [each.restart_ended(notify) for each in self._services]
        return any(restarted)
