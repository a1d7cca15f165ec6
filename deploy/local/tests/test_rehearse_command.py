"""`townhall rehearse` says in one line why it can't begin, and its exit code tells that from a disagreement."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from townhall_local.rehearsal.command import CANNOT, rehearse

APP = typer.Typer()
APP.command()(rehearse)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """The smallest consultation: one statement, one vote."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "comments.csv").write_text("comment-id,author-id,comment-body\n1,7,hello\n")
    (folder / "votes.csv").write_text("timestamp,comment-id,voter-id,vote\n5,1,a,1\n")
    return folder


def refused(*arguments: str | Path) -> str:
    """What it says when it can't begin."""
    result = CliRunner().invoke(APP, [str(argument) for argument in arguments])
    assert result.exit_code == CANNOT
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def test_a_folder_that_is_no_export_is_named(tmp_path: Path) -> None:
    """Before anything is asked of the platform."""
    assert "comments.csv" in refused(tmp_path, "--yes-threshold", "3")


def test_a_platform_that_does_not_run_is_named(export: Path, tmp_path: Path) -> None:
    """With the command that starts it."""
    says = refused(export, "--yes-threshold", "3", "--data-dir", tmp_path)
    assert "townhall up --data-dir" in says


def test_a_report_without_a_folder_is_refused_before_the_long_run(export: Path, tmp_path: Path) -> None:
    """Nobody waits for minutes to learn that."""
    says = refused(export, "--yes-threshold", "3", "--report", tmp_path / "nowhere" / "r.json")
    assert "no folder for the report" in says


@pytest.mark.parametrize("wrong", [["--yes-threshold", "-1"], ["--yes-threshold", "many"], []])
def test_the_threshold_is_a_number(export: Path, wrong: list[str]) -> None:
    """It has no default: whoever rehearses says what they test."""
    assert "--yes-threshold" in refused(export, *wrong)
