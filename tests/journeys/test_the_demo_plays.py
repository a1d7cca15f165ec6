"""What a newcomer types first: one command, and a whole consultation goes by."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE

import pytest

from townhall.testing.brokers import KIND

pytestmark = [pytest.mark.broker, pytest.mark.process, pytest.mark.xdist_group("copy")]

WITHIN = 240.0


async def play(*options: str) -> tuple[int | None, str]:
    """Run the demo to its end; return its exit code and what it printed."""
    broker = os.environ.get(KIND, "tansu")
    command = [sys.executable, "-m", "townhall_local", "demo", "--broker", broker, *options]
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(WITHIN):
        printed, complaints = await process.communicate()
    return process.returncode, (printed + complaints).decode()


@pytest.mark.usefixtures("copy")
async def test_the_demo_reaches_the_published_evaluation_beside_another_copy() -> None:
    """It takes free ports and a directory of its own, so copies never meet, and leaves with exit code 0."""
    code, printed = await play("--exit")
    assert code == 0, printed
    assert "✗" not in printed
    assert "evaluation.initiative-evaluated.v1" in printed
    assert "whole consultation took" in printed
