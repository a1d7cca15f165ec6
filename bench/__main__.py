"""`make bench`: run all benchmarks, show progress, and write the report."""

import argparse
import json
import os
import sys
from typing import Any

import uvloop

from bench import ballots, crossing, events, growth, growth_report, isolation, pgbench, profile, report
from bench.infrastructure import Infrastructure, infrastructure
from townhall.chassis.auth.keys import MAX_VERIFIED

MIN_VOTERS = 2 * MAX_VERIFIED + 5000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Run all benchmarks on this machine; writes bench/report.md, report.json, throughput.svg.",
        epilog="BROKER=kafka measures on Apache Kafka. Exit code 1 if totals and ballots differ.",
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each measurement (default 8)")
    parser.add_argument("--voters", type=int, default=80_000, help="distinct voters, each with a token (default 80000)")
    parser.add_argument("--events", type=int, default=20_000, help="events published and consumed (default 20000)")
    parser.add_argument(
        "--growth",
        type=float,
        nargs="*",
        metavar="MILLIONS",
        help="only measure votes with so many million ballots (default 1 10); writes bench/growth.md and growth.svg",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args()
    if options.voters < MIN_VOTERS:
        parser.error(f"at least {MIN_VOTERS} voters are needed, or their tokens would be in voting's cache")
    return options


async def _measure(servers: Infrastructure, options: argparse.Namespace) -> dict[str, Any]:
    results: dict[str, Any] = {"machine": report.machine(), "broker": os.environ.get("BROKER", "tansu")}
    _log("pgbench: the same statements without a service")
    results["pgbench_per_second"] = await pgbench.measure(servers, options.seconds / 2)
    _log("CPU profile of one ballot")
    results["profile"] = await profile.measure(servers, min(options.voters, 3000))
    _log("ballots over HTTP")
    results["ballots"] = await ballots.measure(servers, options.voters, options.seconds)
    top = results["ballots"]["grouped"]["per_second"]
    _log("isolation of other tasks from a viral one")
    results["isolation"] = {
        "half": await isolation.measure(servers, options.voters, top / 2, options.seconds),
        "quarter": await isolation.measure(servers, options.voters, top / 4, options.seconds),
    }
    _log("publishing and consuming events")
    results["events"] = await events.measure(servers, options.events)
    _log("from threshold to case")
    results["crossing"] = await crossing.measure(servers, top, options.seconds)
    return results


def _log(message: str) -> None:
    sys.stderr.write(f"· {message}\n")


def main() -> int:
    """Run the benchmarks, write the report and print it; return the exit code."""
    options = _arguments()
    if options.growth is not None:
        return _growth(options)
    with infrastructure(os.environ.get("BROKER", "tansu")) as servers:
        results = uvloop.run(_measure(servers, options))
    report.write(results)
    sys.stdout.write(json.dumps(results, indent=2) + "\n" if options.json else (report.HERE / "report.md").read_text())
    return 0 if results["ballots"]["exact"] else 1


def _growth(options: argparse.Namespace) -> int:
    with infrastructure(os.environ.get("BROKER", "tansu"), *growth.SETTINGS) as servers:
        results = uvloop.run(growth.measure(servers, options.voters, options.growth or growth.DEFAULT))
    growth_report.write(results)
    sys.stdout.write(json.dumps(results, indent=2) + "\n" if options.json else growth_report.PAGE.read_text())
    return 0 if results["recount"]["agrees"] else 1


if __name__ == "__main__":
    sys.exit(main())
