"""A rehearsal of a recorded consultation gives exactly the totals of a recount."""

import asyncio
import json
import random
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from townhall_local.rehearsal import polis
from townhall_local.rehearsal.recount import ballots, recount

pytestmark = [pytest.mark.broker, pytest.mark.process, pytest.mark.xdist_group("copy")]

COMMENTS = {
    "0": "심야 버스를 늘려 주세요",
    "1": "two\nlines, and a \u202ehidden turn",
    "2": "",
    "3": "Nobody votes on this",
}
VOTERS = 12


def record(folder: Path, seed: int) -> Path:
    """Write a random recording with repeated votes and passes, not in time order."""
    rng = random.Random(seed)
    folder.mkdir()
    votes = [
        f"{rng.randrange(10_000)},,{comment},{voter},{rng.choice([1, 1, -1, 0])}"
        for voter in range(VOTERS)
        for comment in ("0", "1", "2", "404")
        for _ in range(rng.choice([1, 1, 2, 3]))
    ]
    rng.shuffle(votes)
    written = [f'0,,{name},{int(name) % 2},0,0,1,"{body}"' for name, body in COMMENTS.items()]
    (folder / "comments.csv").write_text(
        "\n".join(["timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body", *written])
    )
    (folder / "votes.csv").write_text("\n".join(["timestamp,datetime,comment-id,voter-id,vote", *votes]))
    return folder


async def rehearse(*what: str | Path, more_than: int, data_dir: Path) -> dict[str, Any]:
    """Run `townhall rehearse`, which must find no difference; return its report."""
    arguments = [*map(str, what), "--yes-threshold", str(more_than), "--data-dir", str(data_dir), "--json"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "townhall_local", "rehearse", *arguments, stdout=PIPE
    )
    async with asyncio.timeout(240):
        printed, _ = await process.communicate()
    report: dict[str, Any] = json.loads(printed)
    assert process.returncode == 0, report["differences"]
    return report


async def test_two_rehearsals_on_one_platform_each_agree_with_the_recount(
    tmp_path: Path, shared_platform: Path
) -> None:
    """Totals, thresholds and cases are exact; the second rehearsal has its own tasks and threshold."""
    recording = record(tmp_path / "recording", seed=7)
    expected = recount(polis.read(recording))
    most = max(tally.yes for tally in expected.values())
    reports = [
        await rehearse(recording, more_than=more_than, data_dir=shared_platform) for more_than in (most - 1, most)
    ]
    for more_than, report in zip((most - 1, most), reports, strict=True):
        assert report["differences"] == []
        counted = {task["source_id"]: (task["yes"], task["no"]) for task in report["tasks"]}
        assert counted == {name: (tally.yes, tally.no) for name, tally in expected.items()}
        with_case = {task["source_id"] for task in report["tasks"] if task["case_id"]}
        assert with_case >= {name for name, tally in expected.items() if tally.yes > more_than}
        assert with_case <= {name for name, tally in expected.items() if tally.ever_yes > more_than}
        assert report["ballots"]["accepted"] == report["ballots"]["sent"] == len(ballots(polis.read(recording)))
    first, second = ({task["task_id"] for task in report["tasks"]} for report in reports)
    assert len(first) == len(second) == len(COMMENTS)
    assert not first & second


CONSENTS = {"11": 600, "12": 150, "13": 90, "14": 1, "15": 0}


async def test_a_synthetic_load_is_counted_exactly(tmp_path: Path, shared_platform: Path) -> None:
    """Each petition has its share of the ballots, and those above the threshold have a case."""
    petitions = tmp_path / "petitions.csv"
    rows = [f'{name},"청원 {name}, 늘려 주세요",{consents}' for name, consents in CONSENTS.items()]
    petitions.write_text("\n".join(["petition_idx,title,num_agree", *rows]))
    report = await rehearse("--petitions", petitions, "--scale", "1/2", more_than=45, data_dir=shared_platform)
    counted = {task["source_id"]: (task["yes"], task["no"]) for task in report["tasks"]}
    assert counted == {"11": (300, 0), "12": (75, 0), "13": (45, 0), "14": (0, 0), "15": (0, 0)}
    assert {task["source_id"] for task in report["tasks"] if task["case_id"]} == {"11", "12"}
    assert report["ballots"] == {"sent": 420, "accepted": 420, "revised": 0, "refused": 0}
    assert report["voters"] == 300
