"""Setting the platform up: PostgreSQL, the broker, the services, what is planted in them, and wires between them."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import aiohttp
from townhall_local.up.infrastructure import Infrastructure
from townhall_local.up.data_directory import DataDirectory

from tests.campaign.disk import small_disk
from tests.campaign.injected.switches import Switches
from tests.campaign.proxy import CLIENTS, DATABASE, Wire
from tests.campaign.setting import PLANTED, ROOT, Setting
from tests.campaign.stage import READY_WITHIN, Stage, until
from townhall.embedded.issuer import AUDIENCE
from townhall_local.service_names import SERVICES
from townhall_local.up.issuer_server import JWKS, serve_issuer
from townhall_local.up.service import ServiceProcess

SESSION_MS: Final = {"tansu": "3000", "kafka": "6000"}


@asynccontextmanager
async def staged(directory: Path, setting: Setting, seed: int) -> AsyncIterator[Stage]:
    """Set the platform up for the length of the block, and end all of it afterwards."""
    home, switches = DataDirectory(directory), directory / "switches"
    switches.mkdir(parents=True)
    os.environ["PYTHONPATH"] = f"{PLANTED}{os.pathsep}{ROOT}"
    os.environ["TOWNHALL_SWITCHES"] = str(switches)
    os.environ["TOWNHALL_INJECTED"] = os.pathsep.join(map(str, setting.plants))
    with home.locked(), small_disk(directory / "postgres", setting.small_disk):
        async with AsyncExitStack() as stack:
            ground = Infrastructure(home, setting.broker)
            stack.callback(_end, ground)
            issuer = await stack.enter_async_context(serve_issuer(home.signing_key(), 0))
            await ground.start()
            stage = Stage(home, ground, issuer, [], Switches(switches))
            stack.callback(_end_all, stage)
            for name in SERVICES:
                way = ground.urls[name]
                if setting.wires == "database":
                    wire = Wire(ground.postgres.port, Random(f"{seed} wire {name}"), DATABASE, ends=False)
                    stage.wires.append(await stack.enter_async_context(wire.laid()))
                    way = way.replace(f":{ground.postgres.port}/", f":{wire.port}/")
                stage.processes += _processes(name, way, stage, setting)
            await _raise(stage)
            if setting.wires == "clients":
                for number, each in enumerate(stage.processes):
                    wire = Wire(each.port, Random(f"{seed} wire {number}"), CLIENTS)
                    stage.ways[each] = await stack.enter_async_context(wire.laid())
                    stage.wires.append(wire)
            yield stage


async def _raise(stage: Stage) -> None:
    for each in stage.processes:
        each.start()
    async with aiohttp.ClientSession() as http:
        for each in stage.processes:

            async def look(process: ServiceProcess = each) -> bool:
                return await process.ready(http)

            await until(look, READY_WITHIN)


def _processes(name: str, way: str, stage: Stage, setting: Setting) -> list[ServiceProcess]:
    """Make the processes of a service that reaches its database this way."""
    made: list[ServiceProcess] = []
    for number in range(setting.replicas.get(name, 1)):
        logs = stage.home.logs / str(number)
        logs.mkdir(exist_ok=True)
        made.append(ServiceProcess(name, 0, _told(name, way, stage) | _more(name, setting), logs))
    return made


def _told(name: str, way: str, stage: Stage) -> dict[str, str]:
    told = {
        "ENVIRONMENT": "local",
        "DATABASE_URL": way,
        "KAFKA_SERVERS": stage.ground.broker.address,
        "KAFKA_SESSION_TIMEOUT_MS": SESSION_MS[stage.ground.kind],
        "ISSUER": stage.issuer.url,
        "AUDIENCE": AUDIENCE,
        "JWKS_URL": f"{stage.issuer.url}{JWKS}",
        "PERSON_KEY": stage.home.secret(f"{name}-person"),
    }
    return told | ({"MASTER_KEY": stage.home.secret("voting-master")} if name == "voting" else {})


def _more(name: str, setting: Setting) -> dict[str, str]:
    prefix = f"{name.upper()}_"
    return {key.removeprefix(prefix): value for key, value in setting.told.items() if key.startswith(prefix)}


def _end_all(stage: Stage) -> None:
    for each in stage.processes:
        if each.ended is None:
            stage.kill(each)
        each.stopped(5)
    stage.hands.shutdown()


def _end(ground: Infrastructure) -> None:
    for server in (ground.broker, ground.postgres):
        if server.running:
            server.kill()
