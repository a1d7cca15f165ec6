"""Polis exports are read, with the irregularities that real exports have."""

from pathlib import Path

import pytest

from townhall_local.rehearsal import polis
from townhall_local.rehearsal.csv_rows import Unreadable
from townhall_local.rehearsal.polis import Vote
from townhall_local.rehearsal.statement import Statement

COMMENTS = "timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body\n"
VOTES = "timestamp,datetime,comment-id,voter-id,vote\n"


def export(folder: Path, comments: str, votes: str = "", encoding: str = "utf-8") -> Path:
    """Write an export."""
    (folder / "comments.csv").write_bytes((COMMENTS + comments).encode(encoding))
    (folder / "votes.csv").write_bytes((VOTES + votes).encode(encoding))
    return folder


def test_votes_are_in_time_order_and_ties_keep_the_order_of_the_file(tmp_path: Path) -> None:
    """Rows are not sorted; of two votes in one millisecond the later row is the later vote."""
    folder = export(tmp_path, "1,x,0,7,0,0,1,밤에도 버스를\n", "9,x,0,a,1\n5,x,0,b,-1\n5,x,0,b,1\n")
    votes = polis.read(folder).votes
    assert votes == (Vote(5, "0", "b", -1), Vote(5, "0", "b", 1), Vote(9, "0", "a", 1))


@pytest.mark.parametrize(
    ("row", "comment"),
    [
        ('1,x,3,7,0,0,1,"two\nlines, ""quoted"""\n', Statement("3", "7", 'two\nlines, "quoted"')),
        ("1,x,3,,0,0,1,no author\n", Statement("3", polis.UNKNOWN_AUTHOR, "no author")),
        ("1,x,3,7,0,0,1,\n", Statement("3", "7", "")),
        ("1,x,3,7\n", Statement("3", "7", "")),
        ("1,x,3,7,0,0,1,more,columns,than,named\n", Statement("3", "7", "more")),
        ("\n1,x,3,7,0,0,1,after a blank line\n\n", Statement("3", "7", "after a blank line")),
        ("1,x,3,7,0,0,1,a\u202eb\x00c\n", Statement("3", "7", "a\u202eb\x00c")),
        ("1,x,3,7,0,0,1,first\n1,x,3,8,0,0,1,the same id again\n", Statement("3", "7", "first")),
    ],
)
def test_an_irregular_row_is_read_as_it_is(tmp_path: Path, row: str, comment: Statement) -> None:
    """Irregularities of real exports are accepted; characters that the APIs refuse are removed later."""
    assert polis.read(export(tmp_path, row)).comments == (comment,)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """Spreadsheet programs write one."""
    folder = export(tmp_path, "1,x,3,7,0,0,1,hello\n", "5,x,3,a,1\n", encoding="utf-8-sig")
    assert len(polis.read(folder).votes) == 1


def test_votes_on_unknown_comments_are_left_out_and_counted(tmp_path: Path) -> None:
    """There is no task for them."""
    recording = polis.read(export(tmp_path, "1,x,3,7,0,0,1,hello\n", "5,x,3,a,1\n6,x,99,a,1\n"))
    assert [vote.comment for vote in recording.votes] == ["3"]
    assert recording.orphan_votes == 1


@pytest.mark.parametrize("row", ["5,x,3,a,2\n", "5,x,3,a,\n", "x,x,3,a,1\n", "5,x,3,,1\n", "5,x,3,a,yes\n"])
def test_an_invalid_vote_is_reported_by_file_and_line(tmp_path: Path, row: str) -> None:
    """It is never skipped or guessed, which would falsify the recount."""
    with pytest.raises(Unreadable, match=r"votes\.csv, line 3"):
        polis.read(export(tmp_path, "1,x,3,7,0,0,1,hello\n", "5,x,3,b,1\n" + row))


def test_a_directory_without_an_export_is_refused(tmp_path: Path) -> None:
    """Missing files, missing columns and other encodings are reported."""
    with pytest.raises(Unreadable, match=r"comments\.csv"):
        polis.read(tmp_path)
    export(tmp_path, "").joinpath("comments.csv").write_text("a,b\n1,2\n")
    with pytest.raises(Unreadable, match="no column author-id, comment-body, comment-id"):
        polis.read(tmp_path)
    with pytest.raises(Unreadable, match=r"comments\.csv"):
        polis.read(export(tmp_path, "1,x,3,7,0,0,1,심야\n", encoding="euc-kr"))


def test_the_first_voters_are_the_first_in_time(tmp_path: Path) -> None:
    """Each of them keeps all their votes."""
    recording = polis.read(
        export(tmp_path, "1,x,3,7,0,0,1,hello\n", "9,x,3,late,1\n1,x,3,early,0\n12,x,3,early,1\n4,x,3,next,-1\n")
    )
    assert [vote.voter for vote in recording.of_first_voters(2).votes] == ["early", "next", "early"]
    assert recording.of_first_voters(9).votes == recording.votes
