"""`make bench`: measure everything in one run, with progress, and write the report."""

import argparse
import json
import os
import sys
from typing import Any

import uvloop

from bench import ballots, crossing, events, isolation, pgbench, profile, report
from bench.infrastructure import Infrastructure, infrastructure
from townhall.chassis.auth.keys import REMEMBERED

LEAST_VOTERS = 2 * REMEMBERED + 5000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure what Townhall costs on this machine; writes bench/report.md, report.json, throughput.svg.",
        epilog="BROKER=kafka measures on Apache Kafka. Exit code 1 when totals and ballots disagree.",
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each measurement (default 8)")
    parser.add_argument("--voters", type=int, default=80_000, help="distinct voters with a token each (default 80000)")
    parser.add_argument("--events", type=int, default=20_000, help="events over the bus (default 20000)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    wanted = parser.parse_args()
    if wanted.voters < LEAST_VOTERS:
        parser.error(f"at least {LEAST_VOTERS} voters are needed, or their tokens would be remembered")
    return wanted


async def _measure(stand: Infrastructure, wanted: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {"machine": report.machine(), "broker": os.environ.get("BROKER", "tansu")}
    _tell("pgbench: the same statements without a server in front")
    found["pgbench_per_second"] = await pgbench.measure(stand, wanted.seconds / 2)
    _tell("what the processor does for one ballot")
    found["profile"] = await profile.measure(stand, min(wanted.voters, 3000))
    _tell("ballots over HTTP")
    found["ballots"] = await ballots.measure(stand, wanted.voters, wanted.seconds)
    top = found["ballots"]["grouped"]["per_second"]
    _tell("a task going viral")
    found["isolation"] = {
        "half": await isolation.measure(stand, wanted.voters, top / 2, wanted.seconds),
        "quarter": await isolation.measure(stand, wanted.voters, top / 4, wanted.seconds),
    }
    _tell("events over the bus")
    found["events"] = await events.measure(stand, wanted.events)
    _tell("from crossing to case")
    found["crossing"] = await crossing.measure(stand, top, wanted.seconds)
    return found


def _tell(what: str) -> None:
    sys.stderr.write(f"· {what}\n")


def main() -> int:
    """Run, write, and say where the report is."""
    wanted = _arguments()
    with infrastructure(os.environ.get("BROKER", "tansu")) as stand:
        found = uvloop.run(_measure(stand, wanted))
    report.write(found)
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if wanted.json else (report.HERE / "report.md").read_text())
    return 0 if found["ballots"]["exact"] else 1


if __name__ == "__main__":
    sys.exit(main())
