"""Each service, from an environment of its own, migrates, gets ready and ends in order: `make isolation`."""

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
ENDS_WITHIN: Final = 20.0


async def main(homes: Path) -> None:
    """Serve them one after the other on one PostgreSQL and one broker."""
    with tempfile.TemporaryDirectory(prefix="townhall-alone-") as directory:
        place = Path(directory)
        postgres, broker = Postgres(place / "postgres", password="alone"), Tansu(place / "tansu")
        (place / "jwks.json").write_bytes(Issuer(new_key(), ISSUER).jwks)
        try:
            postgres.start()
            broker.start()
            async with admin_client(broker.address) as admin:
                await create(admin, desired())
            for name in SERVICES:
                url = await databases.provide(postgres.url, name, KEY)
                _serve(name, homes / name / "bin" / name, _settings(name, url, broker.address, place), place)
        finally:
            broker.stop()
            postgres.stop()


def _settings(name: str, url: str, servers: str, place: Path) -> dict[str, str]:
    told = {
        "HOST": HOST, "PORT": str(free_port()), "ENVIRONMENT": "local", "DATABASE_URL": url, "KAFKA_SERVERS": servers,
        "ISSUER": ISSUER, "AUDIENCE": AUDIENCE, "JWKS_URL": str(place / "jwks.json"), "PERSON_KEY": KEY,
        "MASTER_KEY": KEY,
    }  # fmt: skip
    return {"PATH": os.defpath} | {f"{name.upper()}_{setting}": value for setting, value in told.items()}


def _serve(name: str, program: Path, env: Mapping[str, str], place: Path) -> None:
    subprocess.run([program, "migrate"], env=env, cwd=place, check=True)
    began, child = time.monotonic(), Child([program, "serve"], log=place / f"{name}.log", env=env, cwd=place)
    try:
        while not _ready(env[f"{name.upper()}_PORT"]):
            if child.wait(0.1) or time.monotonic() - began > READY_WITHIN:
                sys.exit(f"{name} did not get ready alone: {child.log_tail()}")
        took = time.monotonic() - began
        child.signal(signal.SIGTERM)
        if not child.wait(ENDS_WITHIN) or child.exit_code not in {0, -signal.SIGTERM}:
            sys.exit(f"{name} did not end in order: {child.log_tail()}")
        sys.stdout.write(f"{name}: migrated, ready after {took:.1f} s, ended in order\n")
    finally:
        child.kill()


def _ready(port: str) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/readyz", timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).absolute()))
