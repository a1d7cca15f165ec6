"""A service process starts, serves, drains and ends without leftovers."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from shared.tests.sample_service import SECRET
from townhall.chassis.http.probe import unready
from townhall.chassis.retrying import sleep
from townhall.embedded.ports import HOST, free_port
from townhall.embedded.process import Child
from townhall.testing.sockets import NO_TLS

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
START = 60
"""Seconds a process may take to listen on a busy machine."""

Start = Callable[..., Child]


@pytest.fixture
async def port() -> int:
    """A port that is free."""
    return free_port()


@pytest.fixture
async def start(port: int, tmp_path: Path) -> AsyncIterator[Start]:
    """Start processes of the small service; none outlives the test."""
    async with AsyncExitStack() as stack:

        def begin(*words: str) -> Child:
            log = tmp_path / f"{len(list(tmp_path.iterdir()))}.log"
            child = Child([sys.executable, "-m", "shared.tests.serving", str(port), *words], log=log, cwd=ROOT)
            stack.callback(child.kill)
            return child

        yield begin


@asynccontextmanager
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    """Call the process."""
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", verify=NO_TLS, timeout=30) as http:
        yield http


async def until(http: httpx.AsyncClient, path: str, status: int) -> None:
    """Return once a path is answered so."""
    async with asyncio.timeout(START):
        while await answered(http, path) != status:
            await sleep(0.02)


async def answered(http: httpx.AsyncClient, path: str) -> int:
    """Return the status of an answer, or 0 when there is none."""
    try:
        return (await http.get(path)).status_code
    except httpx.TransportError:
        return 0


async def test_it_lives_before_it_serves(start: Start, port: int) -> None:
    """While it starts it is alive and takes no requests; then it does."""
    child = start("hold")
    async with client(port) as http:
        await until(http, "/livez", 200)
        early = await http.get("/notes")
        assert (early.status_code, early.json()["code"]) == (503, "starting")
        assert await answered(http, "/readyz") == 503
        child.signal(signal.SIGUSR1)
        await until(http, "/notes", 200)


async def test_a_health_check_asks_readiness(start: Start, port: int) -> None:
    """The health check of a container passes only while `/readyz` is answered with 200, also for 0.0.0.0."""

    def check() -> str | None:
        return unready("0.0.0.0", port)  # noqa: S104  as an image sets HOST

    assert check() == "The service doesn't answer: ConnectionRefusedError."
    child = start("hold")
    async with client(port) as http:
        await until(http, "/livez", 200)
        assert await asyncio.to_thread(check) == "The service is not ready: /readyz answers 503."
        child.signal(signal.SIGUSR1)
        await until(http, "/notes", 200)
    assert await asyncio.to_thread(check) is None


async def test_its_end_is_graceful(start: Start, port: int) -> None:
    """Readiness first, while it still serves; what is under way is answered; then it exits with 0."""
    child = start("drain_seconds=1.5")
    async with client(port) as http, asyncio.TaskGroup() as tasks:
        await until(http, "/readyz", 200)
        held = [tasks.create_task(http.get("/held")) for _ in range(5)]
        assert await answered(http, "/notes") == 200
        child.signal(signal.SIGTERM)
        await until(http, "/readyz", 503)
        assert await answered(http, "/notes") == 200
        async with asyncio.timeout(START):
            while await answered_anew(port):
                await sleep(0.02)
        child.signal(signal.SIGUSR1)
    assert [task.result().status_code for task in held] == [200] * 5
    assert child.wait(5)
    assert (child.exit_code, child.log_tail()) == (0, "lifespan ended")


async def answered_anew(port: int) -> int:
    """Return the status on a new connection; 0 when none is taken."""
    async with client(port) as http:
        return await answered(http, "/notes")


async def test_it_ends_whoever_is_connected(start: Start, port: int) -> None:
    """Callers who never read, requests that never end and idle connections are cut after their time."""
    child = start("stop_seconds=0.5")
    async with client(port) as http:
        await until(http, "/readyz", 200)
    with (
        socket.socket() as deaf,
        socket.create_connection((HOST, port)) as slow,
        socket.create_connection((HOST, port)),
    ):
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect((HOST, port))
        deaf.sendall(b"GET /large HTTP/1.1\r\nhost: desk\r\n\r\n" * 2)
        slow.sendall(b"GET /held HTTP/1.1\r\nhost: desk\r\n\r\n")
        assert deaf.recv(10)
        child.signal(signal.SIGTERM)
        assert child.wait(5)
    assert child.exit_code == 0
    assert "lifespan ended" in child.log_tail()


@pytest.mark.parametrize("fault", ["fail-start", "fail-stop"])
async def test_a_failed_start_or_end_is_an_error(fault: str, start: Start, port: int) -> None:
    """Whoever started it sees it by the exit code; the log names no secret."""
    child = start(fault)
    if fault == "fail-stop":
        async with client(port) as http:
            await until(http, "/readyz", 200)
        child.signal(signal.SIGTERM)
    assert child.wait(START)
    assert child.exit_code == 1
    assert "serving_failed" in child.log_tail()
    assert SECRET not in child.log_tail()


async def test_a_second_process_on_the_port_fails(start: Start, port: int) -> None:
    """It says why, and takes no connection from the first."""
    start()
    async with client(port) as http:
        await until(http, "/readyz", 200)
        second = start()
        assert second.wait(START)
        assert second.exit_code == 1
        assert "already in use" in second.log_tail()
        assert await answered(http, "/readyz") == 200


async def test_a_kill_leaves_nothing_behind(start: Start, port: int) -> None:
    """It is one process; when that is killed the port is free at once."""
    child = start()
    async with client(port) as http:
        await until(http, "/readyz", 200)
    assert psutil.Process(child.pid).children(recursive=True) == []
    child.kill()
    socket.create_server((HOST, port)).close()
