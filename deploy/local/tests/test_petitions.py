"""Petition counts are read from CSV; errors name file and line."""

from pathlib import Path

import pytest

from townhall_local.rehearsal import petitions
from townhall_local.rehearsal.csv_rows import Unreadable
from townhall_local.rehearsal.petitions import Petition

COLUMNS = "petition_idx,begin,end,category,title,num_agree\n"
GOOD = "7,2019-04-01,2019-05-01,교통,심야 버스를 늘려 주세요,300\n"


def petitions_file(folder: Path, rows: str, encoding: str = "utf-8") -> Path:
    """Write a file of petition counts."""
    file = folder / "petitions.csv"
    file.write_bytes(rows.encode(encoding))
    return file


def test_petitions_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Commas and quotes in titles, additional columns and a byte order mark are accepted."""
    file = petitions_file(tmp_path, COLUMNS + GOOD + '8,,,,"둘, ""셋""",0\n\n', encoding="utf-8-sig")
    assert petitions.read(file) == (Petition("7", "심야 버스를 늘려 주세요", 300), Petition("8", '둘, "셋"', 0))


def test_the_largest_petitions_come_first(tmp_path: Path) -> None:
    """Ties keep the order of the file."""
    file = petitions_file(tmp_path, COLUMNS + "1,,,,a,5\n2,,,,b,9\n3,,,,c,5\n4,,,,d,1\n")
    assert [petition.id for petition in petitions.largest(petitions.read(file), 2)] == ["2", "1"]


@pytest.mark.parametrize(
    ("rows", "message"),
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
        (COLUMNS + "8,,,,,12\n", "line 2: the title"),
        (COLUMNS + "8,,,,\u3164\u115f\u1160\u200b,12\n", "line 2: the title"),
        (COLUMNS + ",,,,title,12\n", "line 2: petition_idx"),
        (COLUMNS + GOOD + GOOD, "line 3: petition_idx"),
    ],
)
def test_an_invalid_row_is_reported_by_file_and_line(tmp_path: Path, rows: str, message: str) -> None:
    """The text also names the problem."""
    with pytest.raises(Unreadable, match=r"petitions\.csv") as error:
        petitions.read(petitions_file(tmp_path, rows))
    assert message in str(error.value)


def test_another_encoding_is_reported(tmp_path: Path) -> None:
    """Korean spreadsheets are often saved in CP949."""
    with pytest.raises(Unreadable, match=r"petitions\.csv: not in UTF-8"):
        petitions.read(petitions_file(tmp_path, COLUMNS + GOOD, encoding="cp949"))


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    """By name, without its directory."""
    with pytest.raises(Unreadable, match=r"^nowhere\.csv: No such file"):
        petitions.read(tmp_path / "nowhere.csv")
