"""Texts that no file of the repository may contain."""

import re
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, shown, tracked

BINARY = {".png", ".jpg", ".ico", ".woff2", ".gz"}

ANYWHERE = {
    "a package registry's host": (
        r"pypi\.[a-z]|python[h]osted|//(registry|repo[0-9]?|deb|index|static|proxy)\.[a-z-]+\.[a-z]+"
    ),
    "a path of one machine": r"/w[o]rk/[a-z.]|/r[o]ot/|/h[o]me/[a-z]|/f[a]rm/|[.]l[i]brary/",
    "an unfinished mark": r"\b(T[O]DO|F[I]XME|X[X]X)\b|N[o]tImplementedError",
}
IN_TESTS = {
    "a mock of our own code": r"unittest\.m[o]ck|m[o]cker\.|Magic[M]ock|monkeypatch\.s[e]tattr",
    "a sleep": r"(time|asyncio)\.s[l]eep\(",
    "a skip without an issue": r"pytest\.(mark\.)?(s[k]ip|x[f]ail)(?!.*#\d)",
}
UNEXPLAINED = r"# noqa(?!: [A-Z]+\d+(, ?[A-Z]+\d+)*  ?\S)|# type: ignore(?!\[[a-z-, ]+\]  ?# ?\S)"


def found(pattern: str, paths: list[Path]) -> list[str]:
    """Return each line that matches the pattern."""
    matcher = re.compile(pattern)
    return [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in paths
        if path.suffix not in BINARY
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if matcher.search(line)
    ]


@pytest.mark.parametrize(("what", "pattern"), ANYWHERE.items(), ids=ANYWHERE.keys())
def test_no_file_contains(what: str, pattern: str) -> None:
    """The repository builds on any machine, from any package index, and has no unfinished marks."""
    assert not found(pattern, tracked())


@pytest.mark.parametrize(("what", "pattern"), IN_TESTS.items(), ids=IN_TESTS.keys())
def test_no_test_has(what: str, pattern: str) -> None:
    """No mocks, no sleeps, no skips without an issue."""
    assert not found(pattern, [path for path in tracked("*.py") if {"tests", "testing"} & set(path.parts)])


def test_each_suppression_has_a_reason() -> None:
    """In the form `# noqa: CODE  reason`."""
    assert not found(UNEXPLAINED, [path for path in tracked("*.py") if path != Path(__file__)])


def test_no_lock_file_names_a_host() -> None:
    """Pinned requirement files are the locks; npm's lock pins by hash, and is allowed if it has no address."""
    assert not [shown(path) for path in tracked("*uv.lock", "*yarn.lock", "*poetry.lock")]
    assert not [shown(path) for path in tracked("*package-lock.json") if "://" in path.read_text()]


def test_each_requirement_is_pinned_by_hash() -> None:
    """Every package has one version with its hashes and no address."""
    for path in (*tracked("*requirements*.txt"),):
        pins = re.split(r"\n(?=[a-z])", path.read_text().strip())
        assert all(
            re.match(r"[a-z0-9-]+==\S+.*?(\s+--hash=sha256:[0-9a-f]{64}( \\)?)+$", pin, re.DOTALL) for pin in pins
        )
    assert len(tracked("services/*/requirements.txt")) == len(list((ROOT / "services").iterdir()))
