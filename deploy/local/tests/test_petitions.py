"""Reading a petition board, and saying by file and line what can't be read."""

from pathlib import Path

import pytest

from townhall_local.rehearsal import petitions
from townhall_local.rehearsal.petitions import Petition
from townhall_local.rehearsal.table import Unreadable

COLUMNS = "petition_idx,begin,end,category,title,num_agree\n"
GOOD = "7,2019-04-01,2019-05-01,교통,심야 버스를 늘려 주세요,300\n"


def board(folder: Path, rows: str, encoding: str = "utf-8") -> Path:
    """Write a board."""
    file = folder / "board.csv"
    file.write_bytes(rows.encode(encoding))
    return file


def test_a_board_is_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Titles with commas and quotes, columns that aren't needed, and a byte order mark do no harm."""
    file = board(tmp_path, COLUMNS + GOOD + '8,,,,"둘, ""셋""",0\n\n', encoding="utf-8-sig")
    assert petitions.read(file) == (Petition("7", "심야 버스를 늘려 주세요", 300), Petition("8", '둘, "셋"', 0))


def test_the_largest_come_from_the_largest_on(tmp_path: Path) -> None:
    """Of two with as many consents, the first in the file is the larger."""
    file = board(tmp_path, COLUMNS + "1,,,,a,5\n2,,,,b,9\n3,,,,c,5\n4,,,,d,1\n")
    assert [petition.id for petition in petitions.largest(petitions.read(file), 2)] == ["2", "1"]


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ("id,name\n1,a\n", "no column num_agree, petition_idx, title"),
        ("", "no column"),
        (COLUMNS, "no petition with consents"),
        (COLUMNS + "1,,,,a,0\n", "no petition with consents"),
        (COLUMNS + GOOD + "8,,,,title,-1\n", "line 3: num_agree"),
        (COLUMNS + "8,,,,title\n", "line 2: num_agree"),
        (COLUMNS + "8,,,,title,\n", "line 2: num_agree"),
        (COLUMNS + "8,,,,title,1.5\n", "line 2: num_agree"),
        (COLUMNS + "8,,,,title,1_000\n", "line 2: num_agree"),
        (COLUMNS + "8,,,,title,１２\n", "line 2: num_agree"),
        (COLUMNS + f"8,,,,title,{'9' * 5000}\n", "line 2: num_agree"),
        (COLUMNS + "8,,,,a comma, unquoted,12\n", "line 2: num_agree"),
        (COLUMNS + "8,,,,,12\n", "line 2: a title"),
        (COLUMNS + "8,,,,\u3164\u115f\u1160\u200b,12\n", "line 2: a title"),
        (COLUMNS + ",,,,title,12\n", "line 2: petition_idx"),
        (COLUMNS + GOOD + GOOD, "line 3: petition_idx"),
    ],
)
def test_a_bad_board_is_told_by_file_and_line(tmp_path: Path, rows: str, title: str) -> None:
    """Before anything is asked of the platform, and in words."""
    with pytest.raises(Unreadable, match=r"board\.csv") as told:
        petitions.read(board(tmp_path, rows))
    assert title in str(told.value)


def test_a_board_in_another_encoding_is_told(tmp_path: Path) -> None:
    """Korean spreadsheets are often saved in another one."""
    with pytest.raises(Unreadable, match=r"board\.csv: not in UTF-8"):
        petitions.read(board(tmp_path, COLUMNS + GOOD, encoding="cp949"))


def test_a_board_that_is_not_there_is_told(tmp_path: Path) -> None:
    """By its name, without its folder."""
    with pytest.raises(Unreadable, match=r"^nowhere\.csv: No such file"):
        petitions.read(tmp_path / "nowhere.csv")
