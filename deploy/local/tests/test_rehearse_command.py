"""`townhall rehearse` reports in one line why it can't start, with an exit code of its own."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from townhall_local.rehearsal.command import FAILED, rehearse

APP = typer.Typer()
APP.command()(rehearse)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """The smallest recording: one statement, one vote."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "comments.csv").write_text("comment-id,author-id,comment-body\n1,7,hello\n")
    (folder / "votes.csv").write_text("timestamp,comment-id,voter-id,vote\n5,1,a,1\n")
    return folder


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    """The smallest petition counts: one petition."""
    file = tmp_path / "petitions.csv"
    file.write_text("petition_idx,title,num_agree\n1,hello,30\n")
    return file


def refused(*arguments: str | Path) -> str:
    """Run the command, which must fail; return its output on one line."""
    result = CliRunner().invoke(APP, [str(argument) for argument in arguments])
    assert result.exit_code == FAILED
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def test_a_directory_without_an_export_is_reported(tmp_path: Path) -> None:
    """By the missing file, before any request to the platform."""
    assert "comments.csv" in refused(tmp_path, "--yes-threshold", "3")


def test_a_platform_that_does_not_run_is_reported(export: Path, tmp_path: Path) -> None:
    """With the command that starts one."""
    message = refused(export, "--yes-threshold", "3", "--data-dir", tmp_path)
    assert "townhall up --data-dir" in message


def test_a_missing_report_directory_is_reported_before_the_run(export: Path, tmp_path: Path) -> None:
    """Not minutes later, when the report is written."""
    message = refused(export, "--yes-threshold", "3", "--report", tmp_path / "nowhere" / "r.json")
    assert "directory of the report" in message


@pytest.mark.parametrize("wrong", [["--yes-threshold", "-1"], ["--yes-threshold", "many"], []])
def test_the_threshold_is_a_number(export: Path, wrong: list[str]) -> None:
    """It is required and has no default."""
    assert "--yes-threshold" in refused(export, *wrong)


@pytest.mark.parametrize(
    ("how_much", "message"),
    [
        ([], "either --scale"),
        (["--scale", "0.1", "--ballots", "3"], "either --scale"),
        (["--scale", "0.001"], "no ballot"),
        (["--scale", "0.1", "--max-voters", "3"], "--max-voters"),
        *((["--scale", wrong], "number above 0") for wrong in ("0", "-1", "1/0", "nan", "1e9", "101", "", "a", "١")),
        (["--ballots", "0"], "--ballots"),
        (["--scale", "1", "--top", "0"], "--top"),
    ],
)
def test_the_number_of_synthetic_ballots_must_be_given(counts: Path, how_much: list[str], message: str) -> None:
    """Either as a factor of the counts or as a total."""
    assert message in refused("--petitions", counts, "--yes-threshold", "3", *how_much)


def test_a_recording_and_petition_counts_exclude_each_other(export: Path, counts: Path) -> None:
    """One of them is required, and options of the one are refused for the other."""
    assert "either DIR" in refused(export, "--petitions", counts, "--scale", "1", "--yes-threshold", "3")
    assert "either DIR" in refused("--yes-threshold", "3")
    assert "recording is replayed as it is" in refused(export, "--scale", "1", "--yes-threshold", "3")


def test_valid_options_need_a_running_platform(counts: Path, tmp_path: Path) -> None:
    """The options are accepted; only the platform is missing."""
    for how_much in (["--scale", "0.1"], ["--scale", "1/10"], ["--scale", "100"], ["--ballots", "3", "--top", "1"]):
        message = refused("--petitions", counts, "--yes-threshold", "3", "--data-dir", tmp_path, *how_much)
        assert "townhall up --data-dir" in message
