"""Starting the platform under test: PostgreSQL, the broker, the services with what is injected, and proxies."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import aiohttp

from tests.campaign.configuration import INJECTED, ROOT, Configuration
from tests.campaign.deployment import READY_WITHIN, Deployment, until
from tests.campaign.disk import small_disk
from tests.campaign.injected.switches import Switches
from tests.campaign.proxy import CLIENTS, DATABASE, Proxy
from tests.campaign.replication import Replication
from townhall.embedded.issuer import AUDIENCE
from townhall_local.service_names import SERVICES
from townhall_local.up.data_directory import DataDirectory
from townhall_local.up.infrastructure import Infrastructure
from townhall_local.up.issuer_server import JWKS, serve_issuer
from townhall_local.up.service import ServiceProcess

SESSION_MS: Final = {"tansu": "3000", "kafka": "6000"}


@asynccontextmanager
async def started(directory: Path, configuration: Configuration, seed: int) -> AsyncIterator[Deployment]:
    """Run the platform while the block runs, and kill all of it afterwards."""
    data_directory, switches = DataDirectory(directory), directory / "switches"
    switches.mkdir(parents=True)
    os.environ["PYTHONPATH"] = f"{INJECTED}{os.pathsep}{ROOT}"
    os.environ["TOWNHALL_SWITCHES"] = str(switches)
    os.environ["TOWNHALL_INJECTED"] = os.pathsep.join(map(str, configuration.injected))
    with data_directory.locked(), small_disk(directory / "postgres", configuration.small_disk):
        async with AsyncExitStack() as stack:
            infrastructure = Infrastructure(data_directory, configuration.broker)
            stack.callback(_kill_servers, infrastructure)
            issuer = await stack.enter_async_context(serve_issuer(data_directory.signing_key(), 0))
            await infrastructure.start()
            deployment = Deployment(data_directory, infrastructure, issuer, [], Switches(switches))
            stack.callback(_kill_services, deployment)
            if configuration.replicated:
                await _replicate(deployment, stack)
            for name in SERVICES:
                url = infrastructure.urls[name]
                if configuration.proxied == "database":
                    url = await _proxied_database(name, deployment, stack, seed)
                deployment.processes += _processes(name, url, deployment, configuration)
            await _start(deployment)
            if configuration.proxied == "clients":
                await _proxy_clients(deployment, stack, seed)
            yield deployment


async def _replicate(deployment: Deployment, stack: AsyncExitStack) -> None:
    """Start a standby; from now on the URLs name both servers."""
    infrastructure = deployment.infrastructure
    made = Replication(infrastructure, deployment.data_directory.directory, deployment.in_starter)
    stack.callback(made.kill)
    await made.start()
    infrastructure.urls = {name: made.both(url) for name, url in infrastructure.urls.items()}
    deployment.replication = made


async def _proxied_database(name: str, deployment: Deployment, stack: AsyncExitStack, seed: int) -> str:
    """Start a proxy to PostgreSQL for one service; return the database URL through it."""
    port = deployment.infrastructure.postgres.port
    proxy = Proxy(port, Random(f"{seed} proxy {name}"), DATABASE, closes_suspended=False)
    deployment.proxies.append(await stack.enter_async_context(proxy.serving()))
    return deployment.infrastructure.urls[name].replace(f":{port}/", f":{proxy.port}/")


async def _proxy_clients(deployment: Deployment, stack: AsyncExitStack, seed: int) -> None:
    for number, each in enumerate(deployment.processes):
        proxy = Proxy(each.port, Random(f"{seed} proxy {number}"), CLIENTS)
        deployment.client_proxies[each] = await stack.enter_async_context(proxy.serving())
        deployment.proxies.append(proxy)


async def _start(deployment: Deployment) -> None:
    for each in deployment.processes:
        each.start()
    async with aiohttp.ClientSession() as http:
        for each in deployment.processes:

            async def is_ready(process: ServiceProcess = each) -> bool:
                return await process.ready(http)

            await until(is_ready, READY_WITHIN)


def _processes(name: str, url: str, deployment: Deployment, configuration: Configuration) -> list[ServiceProcess]:
    """Return the processes of a service, not yet started, with this database URL."""
    made: list[ServiceProcess] = []
    for number in range(configuration.replicas.get(name, 1)):
        logs = deployment.data_directory.logs / str(number)
        logs.mkdir(exist_ok=True)
        settings = _settings(name, url, deployment) | _more_settings(name, configuration)
        made.append(ServiceProcess(name, 0, settings, logs))
    return made


def _settings(name: str, url: str, deployment: Deployment) -> dict[str, str]:
    secret = deployment.data_directory.secret
    settings = {
        "ENVIRONMENT": "local",
        "DATABASE_URL": url,
        "KAFKA_SERVERS": deployment.infrastructure.broker.address,
        "KAFKA_SESSION_TIMEOUT_MS": SESSION_MS[deployment.infrastructure.kind],
        "ISSUER": deployment.issuer.url,
        "AUDIENCE": AUDIENCE,
        "JWKS_URL": f"{deployment.issuer.url}{JWKS}",
        "PERSON_KEY": secret(f"{name}-person"),
    }
    return settings | ({"MASTER_KEY": secret("voting-master")} if name == "voting" else {})


def _more_settings(name: str, configuration: Configuration) -> dict[str, str]:
    prefix = f"{name.upper()}_"
    return {key.removeprefix(prefix): value for key, value in configuration.settings.items() if key.startswith(prefix)}


def _kill_services(deployment: Deployment) -> None:
    for each in deployment.processes:
        if each.ended is None:
            deployment.kill(each)
        each.stopped(5)
    deployment.starter.shutdown()


def _kill_servers(infrastructure: Infrastructure) -> None:
    for server in (infrastructure.broker, infrastructure.postgres):
        if server.running:
            server.kill()
