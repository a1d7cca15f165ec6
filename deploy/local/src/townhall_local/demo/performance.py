"""One performance on a running platform: the play, how it went, and where to look around afterwards."""

from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from rich.console import Console

from townhall.contracts import TOPICS
from townhall_local.client.api import Json, Refused, Unreachable
from townhall_local.client.issuer import issuer_at
from townhall_local.client.people import visit
from townhall_local.client.waiting import TooLate
from townhall_local.demo.play import play
from townhall_local.demo.scene import Scene
from townhall_local.demo.stage import Stage, Surprise
from townhall_local.demo.story import told
from townhall_local.running import Running
from townhall_local.saying import called

STEP_FAILED = (Refused, Unreachable, TooLate, Surprise)


async def perform(running: Running, data_dir: Path, console: Console) -> bool:
    """Play the story. Tells whether every step did what the story says."""
    stage, start = Stage(console), monotonic()
    async with issuer_at(running.issuer) as issuer, visit(running.urls, issuer) as platform:
        scene = Scene(told(), platform, stage, _clock)
        try:
            task = await play(scene)
        except STEP_FAILED as fault:
            await stage.failed(str(fault))
            return False
    _show_timeline(stage, task)
    _sum_up(stage, monotonic() - start)
    _show_where(stage, running, data_dir, str(task["task_id"]))
    return True


def _clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the calendar on the wall of those who call meetings


def _show_timeline(stage: Stage, task: Json) -> None:
    rows = [(str(fact["at"])[11:23], str(fact["source"]), str(fact["type"])) for fact in task["timeline"]]
    stage.table(f"{task['title']} — {task['state']}", ("UTC", "service", "what happened"), rows)


def _sum_up(stage: Stage, seconds: float) -> None:
    waits = sorted(stage.waits)
    stage.console.print(
        f"\n[bold green]모두 끝났습니다 · The whole consultation took {seconds:.1f} s.[/] {len(waits)} steps happened "
        f"by themselves, the slowest seen after {waits[-1] * 1000:,.0f} ms.",
        highlight=False,
        soft_wrap=True,
    )


def _show_where(stage: Stage, running: Running, data_dir: Path, task_id: str) -> None:
    urls = running.urls
    rows = [
        ("the task, with its timeline", f"{urls['proposal']}/tasks/{task_id}"),
        ("its vote", f"{urls['voting']}/votes/{task_id}"),
        ("its case", f"{urls['committee']}/cases?task_id={task_id}"),
        *((f"API of {name}", f"{url}/docs") for name, url in urls.items()),
        *((f"metrics of {name}", f"{url}/metrics") for name, url in urls.items()),
        ("events heard and told", f"{urls['committee']}/asyncapi.json"),
        ("topics", f"{', '.join(TOPICS)} on {running.kafka}"),
        ("a token, to act yourself", f"{called()} token --role citizen --data-dir {data_dir}"),
    ]
    stage.table("둘러보기 · Where to look", ("", ""), rows)
