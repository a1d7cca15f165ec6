"""The command line of every service: `python -m <service> serve | migrate | check | healthcheck`."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from structlog import get_logger

from townhall.chassis.serve import serve
from townhall.chassis.settings import ServiceSettings, SettingsRefused, load
from townhall.chassis.telemetry import logs, tracers

log = get_logger()


def main(name: str, build: Callable[[Any], FastAPI], settings_class: type[ServiceSettings]) -> None:
    """Parse the command line, read the settings once and run the command; exit with 2 if the settings are invalid."""
    command = _parser(name).parse_args().command
    try:
        settings = load(settings_class)
    except SettingsRefused as refused:
        sys.exit(_print_errors(name, refused))
    logs.configure(name, settings.log_level)
    if command == "migrate":
        _migrate(name, settings.session_url)
    elif command == "serve":
        tracers.configure(name)
        serve(build, settings)
    elif command == "healthcheck":
        sys.exit(_unhealthy(settings))
    else:
        build(settings)


def _migrate(name: str, url: str) -> None:
    from townhall.chassis import migrate  # noqa: PLC0415  `serve` doesn't load the migration tool

    revision = asyncio.run(migrate.upgrade(url, name))
    log.info("migrated", revision=revision)


def _unhealthy(settings: ServiceSettings) -> str | None:
    from townhall.chassis.http import probe  # noqa: PLC0415  no other command calls the service

    return probe.unready(settings.host, settings.port)


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {name}",
        description=f"The {name} service of Townhall. Settings: {name.upper()}_* variables, or files named by them.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="serve | migrate | check | healthcheck")
    commands.add_parser("serve", help="serve HTTP, publish and consume events until SIGTERM")
    commands.add_parser("migrate", help="migrate the database to this version; safe to repeat and to run concurrently")
    commands.add_parser("check", help="validate the settings and build the service without starting it")
    commands.add_parser("healthcheck", help="ask the service on this machine whether it is ready; exit with 1 if not")
    return parser


def _print_errors(name: str, refused: SettingsRefused) -> int:
    sys.stderr.write(f"The {name} service can't start:\n" + "".join(f"  - {each}\n" for each in refused.sentences))
    sys.stderr.write("See docs/reference/settings.md.\n")
    return 2
