"""`make isolation`: each service, installed in its own environment, migrates, becomes ready and stops cleanly."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from townhall.embedded import Postgres, Tansu, databases
from townhall.embedded.issuer import AUDIENCE, Issuer, new_key
from townhall.embedded.ports import HOST, free_port
from townhall.embedded.process import Child
from townhall_local.operating.provisioning import admin_client, create, desired
from townhall_local.service_names import SERVICES

KEY: Final = secrets.token_hex(32)
ISSUER: Final = "https://issuer.example"
READY_WITHIN: Final = 60.0
STOPS_WITHIN: Final = 20.0


async def main(environments: Path) -> None:
    """Run the services one after the other, from the virtual environments in this directory."""
    with tempfile.TemporaryDirectory(prefix="townhall-isolation-") as name:
        directory = Path(name)
        postgres, broker = Postgres(directory / "postgres", password="isolation"), Tansu(directory / "tansu")
        (directory / "jwks.json").write_bytes(Issuer(new_key(), ISSUER).jwks)
        try:
            postgres.start()
            broker.start()
            async with admin_client(broker.address) as admin:
                await create(admin, desired())
            for service in SERVICES:
                url = await databases.provide(postgres.url, service, KEY)
                settings = _settings(service, url, broker.address, directory)
                _run(service, environments / service / "bin" / service, settings, directory)
        finally:
            broker.stop()
            postgres.stop()


def _settings(name: str, url: str, servers: str, directory: Path) -> dict[str, str]:
    settings = {
        "HOST": HOST, "PORT": str(free_port()), "ENVIRONMENT": "local", "DATABASE_URL": url, "KAFKA_SERVERS": servers,
        "ISSUER": ISSUER, "AUDIENCE": AUDIENCE, "JWKS_URL": str(directory / "jwks.json"), "PERSON_KEY": KEY,
        "MASTER_KEY": KEY,
    }  # fmt: skip
    return {"PATH": os.defpath} | {f"{name.upper()}_{setting}": value for setting, value in settings.items()}


def _run(name: str, program: Path, env: Mapping[str, str], directory: Path) -> None:
    subprocess.run([program, "migrate"], env=env, cwd=directory, check=True)
    started_at, child = (
        time.monotonic(),
        Child([program, "serve"], log=directory / f"{name}.log", env=env, cwd=directory),
    )
    try:
        while not _ready(env[f"{name.upper()}_PORT"]):
            if child.wait(0.1) or time.monotonic() - started_at > READY_WITHIN:
                sys.exit(f"{name} did not become ready: {child.log_tail()}")
        took = time.monotonic() - started_at
        child.signal(signal.SIGTERM)
        if not child.wait(STOPS_WITHIN) or child.exit_code not in {0, -signal.SIGTERM}:
            sys.exit(f"{name} did not stop cleanly: {child.log_tail()}")
        sys.stdout.write(f"{name}: migrated, ready after {took:.1f} s, stopped cleanly\n")
    finally:
        child.kill()


def _ready(port: str) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/readyz", timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).absolute()))
