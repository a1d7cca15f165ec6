"""The command line every service has: `python -m <service> serve | migrate | check`."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from townhall.chassis.serve import serve
from townhall.chassis.settings import ServiceSettings, SettingsRefused, load
from townhall.chassis.telemetry import logs, tracing


def main(name: str, build: Callable[[Any], FastAPI], settings_class: type[ServiceSettings]) -> None:
    """Load the settings and run the subcommand. Exits with 2 if the settings are refused."""
    act = _parser(name).parse_args().act
    try:
        settings = load(settings_class)
    except SettingsRefused as refused:
        sys.exit(_report(name, refused))
    logs.configure(name, settings.log_level)
    if act == "migrate":
        _migrate(name, str(settings.database_url))
    elif act == "serve":
        tracing.configure(name)
        serve(build, settings)
    else:
        build(settings)


def _migrate(name: str, url: str) -> None:
    from townhall.chassis import migrate  # noqa: PLC0415  serving doesn't need the migration tool in memory

    asyncio.run(migrate.upgrade(url, name))


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {name}",
        description=f"The {name} service of Townhall. Settings: {name.upper()}_* variables, or files they name.",
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="serve | migrate | check")
    acts.add_parser("serve", help="serve HTTP, publish and consume events until SIGTERM")
    acts.add_parser("migrate", help="bring the database to this version; safe to repeat and to run twice at once")
    acts.add_parser("check", help="read the settings and put the service together without starting it")
    return parser


def _report(name: str, refused: SettingsRefused) -> int:
    sys.stderr.write(f"The {name} service can't start:\n" + "".join(f"  - {each}\n" for each in refused.sentences))
    return 2
