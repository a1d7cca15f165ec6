"""`townhall up`: one command brings the platform up, keeps it up, and keeps what it knows."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
from aiokafka import AIOKafkaConsumer

from townhall import contracts
from townhall_local.client.waiting import until
from townhall_local.running import Address, Running

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("up")]

COMMAND = [sys.executable, "-m", "townhall_local"]
PAPER = {"title": "심야 버스", "problem": "밤 11시 이후에는 버스가 없습니다.", "remedy": ""}


@contextmanager
def up(data_dir: Path) -> Iterator[Running]:
    """A platform, as somebody would start and end it from a terminal."""
    command = [*COMMAND, "up", "--data-dir", str(data_dir), "--base-port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Running.model_validate_json(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


def townhall(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)


def submit(running: Running, data_dir: Path) -> str:
    """Submit a proposal as a citizen; return where it can be read."""
    token = townhall("token", "--role", "citizen", "--subject", "김", "--data-dir", data_dir).stdout.strip()
    proposals = f"{running.services['proposal'].url}/proposals"
    answer = httpx.post(proposals, json=PAPER, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201
    return f"/{answer.json()['proposal_id']}"


def read(running: Running, which: str) -> str:
    """Read a proposal's title, as anybody can."""
    return str(httpx.get(f"{running.services['proposal'].url}/proposals{which}").json()["title"])


@pytest.fixture(scope="module")
def data_dir_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose parents nobody else may enter."""
    return tmp_path_factory.mktemp("data_dir_store") / "data"


@pytest.fixture(scope="module")
def proposal(data_dir_store: Path) -> str:
    """A proposal of a platform that has been stopped since."""
    with up(data_dir_store) as running:
        return submit(running, data_dir_store)


@pytest.fixture(scope="module")
def running(data_dir_store: Path, proposal: str) -> Iterator[Running]:
    """That platform, started again."""
    with ExitStack() as stack:
        yield stack.enter_context(up(data_dir_store))


def test_what_it_knows_survives_a_restart(running: Running, proposal: str) -> None:
    """A proposal of the first start is there in the second."""
    assert read(running, proposal) == PAPER["title"]


def test_an_emptied_broker_is_filled_from_the_outboxes(running: Running, proposal: str) -> None:
    """The embedded broker forgets at each stop; what was announced before is on the topics again."""
    assert asyncio.run(_first_key(running.kafka, contracts.proposal.TOPIC)) == proposal.removeprefix("/")


def test_a_killed_service_starts_again(running: Running, data_dir_store: Path, proposal: str) -> None:
    """Kill -9 of a service: the same address answers again, from another process that the address file names."""
    killed = running.services["proposal"]
    psutil.Process(killed.pid).kill()
    asyncio.run(until(lambda: _ready_again(data_dir_store, killed), what="the proposal service again", within=120))
    assert read(running, proposal) == PAPER["title"]


def test_nobody_else_reads_the_secrets(running: Running, data_dir_store: Path) -> None:
    """Keys, and the addresses that hold passwords, are their owner's alone."""
    secrets = [data_dir_store / "townhall.json", *(data_dir_store / "keys").iterdir()]
    assert len(running.databases) < len(secrets)
    assert {0o600} == {file.stat().st_mode & 0o777 for file in secrets}


def test_a_service_cannot_enter_another_s_database(running: Running) -> None:
    """Each has its own role, and no right to connect elsewhere."""
    elsewhere = running.databases["voting"].removesuffix("/voting") + "/proposal"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        asyncio.run(_connect(elsewhere))


def test_the_issuer_answers_programs_only(running: Running) -> None:
    """A page in a browser can't have tokens made: that needs a content type which browsers don't send unasked."""
    asked = {"role": "citizen", "subject": "김"}
    discovered = httpx.get(f"{running.issuer}/.well-known/openid-configuration").json()
    assert discovered["issuer"] == running.issuer
    assert httpx.get(discovered["jwks_uri"]).json()["keys"]
    assert "access_token" in httpx.post(discovered["token_endpoint"], json=asked).json()
    assert httpx.post(discovered["token_endpoint"], data=asked).status_code == 415
    assert httpx.post(discovered["token_endpoint"], json=asked | {"role": "king"}).status_code == 400


def test_a_second_one_on_the_same_directory_is_refused(running: Running, data_dir_store: Path) -> None:
    """One sentence, exit code 1, and the first goes on."""
    second = townhall("up", "--data-dir", data_dir_store, "--base-port", "0")
    assert second.returncode == 1
    assert "Another `townhall up` runs" in second.stderr
    assert "Traceback" not in second.stderr
    assert httpx.get(f"{running.services['voting'].url}/livez").is_success


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """Before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = townhall("up", "--data-dir", tmp_path / "data", "--base-port", str(port - 4))
    assert refused.returncode == 1
    assert f"Port {port}" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_tokens_need_a_running_platform(tmp_path: Path) -> None:
    """The sentence says which command starts one."""
    refused = townhall("token", "--role", "citizen", "--data-dir", tmp_path)
    assert refused.returncode == 1
    assert "townhall up --data-dir" in refused.stderr


async def _first_key(servers: str, topic: str) -> str:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return bytes((await asyncio.wait_for(consumer.getone(), 30)).key).decode()
    finally:
        await consumer.stop()


async def _ready_again(data_dir_store: Path, killed: Address) -> bool | None:
    again = Running.on(data_dir_store).services["proposal"]
    if again.pid == killed.pid:
        return None
    async with httpx.AsyncClient() as http:
        with suppress(httpx.TransportError):
            return True if (await http.get(f"{killed.url}/readyz")).is_success else None
    return None


async def _connect(url: str) -> None:
    await (await asyncpg.connect(url)).close()
