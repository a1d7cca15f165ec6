"""`townhall demo` runs a consultation from start to end."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE

import pytest

from townhall.testing.brokers import KIND

pytestmark = [pytest.mark.broker, pytest.mark.process, pytest.mark.xdist_group("copy")]

WITHIN = 240.0


async def run_demo(*options: str) -> tuple[int | None, str]:
    """Run the demo to its end; return its exit code and output."""
    broker = os.environ.get(KIND, "tansu")
    command = [sys.executable, "-m", "townhall_local", "demo", "--broker", broker, *options]
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(WITHIN):
        output, errors = await process.communicate()
    return process.returncode, (output + errors).decode()


@pytest.mark.usefixtures("shared_platform")
async def test_the_demo_succeeds_beside_another_platform() -> None:
    """It uses free ports and its own directory, reaches the published evaluation, and exits with 0."""
    code, output = await run_demo("--exit")
    assert code == 0, output
    assert "✗" not in output
    assert "evaluation.initiative-evaluated.v1" in output
    assert "whole consultation took" in output
