"""One run of the demo on a running platform, and its summary: timeline, duration, addresses."""

from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from rich.console import Console

from townhall.contracts import TOPICS
from townhall_local.client.api import Json, Refused, Unreachable
from townhall_local.client.issuer import issuer_at
from townhall_local.client.polling import PollTimeout
from townhall_local.client.users import platform_client
from townhall_local.demo.consultation import read_consultation
from townhall_local.demo.context import DemoContext
from townhall_local.demo.output import DemoOutput, UnexpectedResult
from townhall_local.demo.sequence import run_steps
from townhall_local.output import command_name
from townhall_local.running_platform import RunningPlatform

STEP_FAILED = (Refused, Unreachable, PollTimeout, UnexpectedResult)


async def run_demo(running: RunningPlatform, data_dir: Path, console: Console, *, stays_up: bool) -> bool:
    """Run the consultation and print a summary; return whether every step had its expected result.

    The summary includes addresses if the platform stays up after the demo.
    """
    output, start = DemoOutput(console), monotonic()
    async with issuer_at(running.issuer) as issuer, platform_client(running.urls, issuer) as platform:
        context = DemoContext(read_consultation(), platform, output, _clock)
        try:
            task = await run_steps(context)
        except STEP_FAILED as error:
            await output.failed(str(error))
            return False
    _show_timeline(output, task)
    _show_duration(output, monotonic() - start)
    if stays_up:
        _show_addresses(output, running, data_dir, str(task["task_id"]))
    return True


def _clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the calendar on the wall of those who call meetings


def _show_timeline(output: DemoOutput, task: Json) -> None:
    rows = [(str(fact["at"])[11:23], str(fact["source"]), str(fact["type"])) for fact in task["timeline"]]
    output.table(f"{task['title']} — {task['state']}", ("UTC", "service", "event"), rows)


def _show_duration(output: DemoOutput, seconds: float) -> None:
    automatic = sorted(output.automatic_seconds)
    output.console.print(
        f"\n[bold green]모두 끝났습니다 · The whole consultation took {seconds:.1f} s.[/] {len(automatic)} steps "
        f"happened automatically, the slowest visible after {automatic[-1] * 1000:,.0f} ms.",
        highlight=False,
        soft_wrap=True,
    )


def _show_addresses(output: DemoOutput, running: RunningPlatform, data_dir: Path, task_id: str) -> None:
    urls = running.urls
    rows = [
        ("the task, with its timeline", f"{urls['proposal']}/tasks/{task_id}"),
        ("its vote", f"{urls['voting']}/votes/{task_id}"),
        ("its case", f"{urls['committee']}/cases?task_id={task_id}"),
        *((f"API of {name}", f"{url}/docs") for name, url in urls.items()),
        *((f"metrics of {name}", f"{url}/metrics") for name, url in urls.items()),
        ("events consumed and published", f"{urls['committee']}/asyncapi.json"),
        ("topics", f"{', '.join(TOPICS)} on {running.kafka}"),
        ("a token, to call the APIs yourself", f"{command_name()} token --role citizen --data-dir {data_dir}"),
    ]
    output.table("둘러보기 · Where to look", ("", ""), rows)
