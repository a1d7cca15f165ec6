"""`townhall up` starts the platform, restarts what fails, and keeps its data across restarts."""

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
from townhall_local.client.polling import poll
from townhall_local.running_platform import RunningPlatform, ServiceAddress

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("up")]

COMMAND = [sys.executable, "-m", "townhall_local"]
PROPOSAL = {"title": "심야 버스", "problem": "밤 11시 이후에는 버스가 없습니다.", "remedy": ""}


@contextmanager
def up(data_dir: Path) -> Iterator[RunningPlatform]:
    """Run `townhall up` and stop it with SIGTERM, as from a terminal."""
    command = [*COMMAND, "up", "--data-dir", str(data_dir), "--base-port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield RunningPlatform.model_validate_json(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


def townhall(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a `townhall` command to its end."""
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)


def submit(running: RunningPlatform, data_dir: Path) -> str:
    """Submit a proposal as a citizen; return its path below `/proposals`."""
    token = townhall("token", "--role", "citizen", "--subject", "김", "--data-dir", data_dir).stdout.strip()
    proposals = f"{running.services['proposal'].url}/proposals"
    answer = httpx.post(proposals, json=PROPOSAL, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201
    return f"/{answer.json()['proposal_id']}"


def read_title(running: RunningPlatform, path: str) -> str:
    """Read the title of a proposal, anonymously."""
    return str(httpx.get(f"{running.services['proposal'].url}/proposals{path}").json()["title"])


@pytest.fixture(scope="module")
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in a directory that only its owner can enter."""
    return tmp_path_factory.mktemp("data_directory") / "data"


@pytest.fixture(scope="module")
def proposal(data_directory: Path) -> str:
    """The path of a proposal on a platform that was stopped afterwards."""
    with up(data_directory) as running:
        return submit(running, data_directory)


@pytest.fixture(scope="module")
def running(data_directory: Path, proposal: str) -> Iterator[RunningPlatform]:
    """That platform, started again."""
    with ExitStack() as stack:
        yield stack.enter_context(up(data_directory))


def test_data_survives_a_restart(running: RunningPlatform, proposal: str) -> None:
    """A proposal submitted before the restart can be read after it."""
    assert read_title(running, proposal) == PROPOSAL["title"]


def test_an_emptied_broker_is_refilled_from_the_outboxes(running: RunningPlatform, proposal: str) -> None:
    """The embedded broker is memory-only; events of before the restart are on its topics again."""
    assert asyncio.run(_first_key(running.kafka, contracts.proposal.TOPIC)) == proposal.removeprefix("/")


def test_a_killed_service_is_restarted(running: RunningPlatform, data_directory: Path, proposal: str) -> None:
    """After SIGKILL a new process, named in `townhall.json`, answers at the same address."""
    killed = running.services["proposal"]
    psutil.Process(killed.pid).kill()
    asyncio.run(
        poll(lambda: _ready_after_restart(data_directory, killed), what="restart of the proposal service", within=120)
    )
    assert read_title(running, proposal) == PROPOSAL["title"]


def test_secrets_are_readable_by_their_owner_only(running: RunningPlatform, data_directory: Path) -> None:
    """Both the keys and `townhall.json`, which holds database passwords."""
    secrets = [data_directory / "townhall.json", *(data_directory / "keys").iterdir()]
    assert len(running.databases) < len(secrets)
    assert {0o600} == {file.stat().st_mode & 0o777 for file in secrets}


def test_a_service_cannot_connect_to_another_service_s_database(running: RunningPlatform) -> None:
    """Each has its own role, without the right to connect to other databases."""
    other = running.databases["voting"].removesuffix("/voting") + "/proposal"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        asyncio.run(_connect(other))


def test_a_browser_page_cannot_request_tokens(running: RunningPlatform) -> None:
    """The token endpoint needs JSON, which a browser sends to another origin only after a preflight."""
    body = {"role": "citizen", "subject": "김"}
    discovered = httpx.get(f"{running.issuer}/.well-known/openid-configuration").json()
    assert discovered["issuer"] == running.issuer
    assert httpx.get(discovered["jwks_uri"]).json()["keys"]
    assert "access_token" in httpx.post(discovered["token_endpoint"], json=body).json()
    assert httpx.post(discovered["token_endpoint"], data=body).status_code == 415
    assert httpx.post(discovered["token_endpoint"], json=body | {"role": "king"}).status_code == 400


def test_a_second_platform_on_the_same_data_directory_is_refused(
    running: RunningPlatform, data_directory: Path
) -> None:
    """With one sentence and exit code 1; the first keeps running."""
    second = townhall("up", "--data-dir", data_directory, "--base-port", "0")
    assert second.returncode == 1
    assert "Another `townhall up` runs" in second.stderr
    assert "Traceback" not in second.stderr
    assert httpx.get(f"{running.services['voting'].url}/livez").is_success


def test_a_port_in_use_is_reported(tmp_path: Path) -> None:
    """Before anything is created or started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = townhall("up", "--data-dir", tmp_path / "data", "--base-port", str(port - 4))
    assert refused.returncode == 1
    assert f"Port {port}" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_tokens_need_a_running_platform(tmp_path: Path) -> None:
    """The message names the command that starts one."""
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


async def _ready_after_restart(data_directory: Path, killed: ServiceAddress) -> bool | None:
    restarted = RunningPlatform.read(data_directory).services["proposal"]
    if restarted.pid == killed.pid:
        return None
    async with httpx.AsyncClient() as http:
        with suppress(httpx.TransportError):
            return True if (await http.get(f"{killed.url}/readyz")).is_success else None
    return None


async def _connect(url: str) -> None:
    await (await asyncpg.connect(url)).close()
