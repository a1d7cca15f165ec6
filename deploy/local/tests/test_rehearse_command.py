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


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """The smallest board: one petition."""
    file = tmp_path / "board.csv"
    file.write_text("petition_idx,title,num_agree\n1,hello,30\n")
    return file


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
    title = refused(export, "--yes-threshold", "3", "--data-dir", tmp_path)
    assert "townhall up --data-dir" in title


def test_a_report_without_a_folder_is_refused_before_the_long_run(export: Path, tmp_path: Path) -> None:
    """Nobody waits for minutes to learn that."""
    title = refused(export, "--yes-threshold", "3", "--report", tmp_path / "nowhere" / "r.json")
    assert "no folder for the report" in title


@pytest.mark.parametrize("wrong", [["--yes-threshold", "-1"], ["--yes-threshold", "many"], []])
def test_the_threshold_is_a_number(export: Path, wrong: list[str]) -> None:
    """It has no default: whoever rehearses says what they test."""
    assert "--yes-threshold" in refused(export, *wrong)


@pytest.mark.parametrize(
    ("how_much", "title"),
    [
        ([], "either --scale"),
        (["--scale", "0.1", "--ballots", "3"], "either --scale"),
        (["--scale", "0.001"], "not one ballot"),
        (["--scale", "0.1", "--max-voters", "3"], "--max-voters"),
        *((["--scale", wrong], "number above 0") for wrong in ("0", "-1", "1/0", "nan", "1e9", "101", "", "a", "١")),
        (["--ballots", "0"], "--ballots"),
        (["--scale", "1", "--top", "0"], "--top"),
    ],
)
def test_how_much_of_a_board_is_played_is_asked_for(board: Path, how_much: list[str], title: str) -> None:
    """A factor of the counts or so many ballots in all, and no guess."""
    assert title in refused("--petitions", board, "--yes-threshold", "3", *how_much)


def test_a_recording_and_a_board_are_not_played_together(export: Path, board: Path) -> None:
    """Nor is nothing played; and what shapes a board does nothing to a recording."""
    assert "either DIR" in refused(export, "--petitions", board, "--scale", "1", "--yes-threshold", "3")
    assert "either DIR" in refused("--yes-threshold", "3")
    assert "recording is played as it is" in refused(export, "--scale", "1", "--yes-threshold", "3")


def test_a_board_that_can_be_played_needs_a_platform(board: Path, tmp_path: Path) -> None:
    """What was asked for is understood; only the platform is missing."""
    for how_much in (["--scale", "0.1"], ["--scale", "1/10"], ["--scale", "100"], ["--ballots", "3", "--top", "1"]):
        title = refused("--petitions", board, "--yes-threshold", "3", "--data-dir", tmp_path, *how_much)
        assert "townhall up --data-dir" in title
