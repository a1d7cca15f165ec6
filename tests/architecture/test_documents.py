"""The documents are correct: every test, function and file they name exists."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, SERVICES, shown, tracked, tree

RULEBOOK = ROOT / "docs" / "rulebook.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"


def rows(page: Path, numbered: str) -> dict[str, list[str]]:
    """Return, by number, the code-marked names in each row of a page's tables."""
    found = re.findall(rf"^\| ({numbered}) \|(.*)\|$", page.read_text(), re.MULTILINE)
    return {number: re.findall(r"`([^`]+)`", rest) for number, rest in found}


RULES = rows(RULEBOOK, r"[PVCEX]\d+")
GUARANTEES = rows(ARCHITECTURE, r"G\d+")


def named_tests(names: list[str]) -> list[str]:
    """Return the names of tests: `path.py` or `path.py::test`."""
    return [name for name in names if ".py" in name and "test_" in name]


@cache
def defined(path: Path) -> set[str]:
    """Return the names of all functions and classes of a file."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in ast.walk(tree(path)) if isinstance(node, kinds)}


def exists(name: str) -> bool:
    """Return whether `path.py` or `path.py::function` exists."""
    path, _, function = name.partition("::")
    return (ROOT / path).is_file() and (not function or function in defined(ROOT / path))


def importable(name: str) -> bool:
    """Return whether `service.module.function` can be imported."""
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(import_module(module), attribute)
    except ImportError:
        return False


@pytest.mark.parametrize(("number", "names"), GUARANTEES.items(), ids=GUARANTEES.keys())
def test_a_guarantee_has_its_test(number: str, names: list[str]) -> None:
    """Each guarantee of docs/architecture.md names an existing test by file and function."""
    assert named_tests(names)
    assert all("::" in name for name in named_tests(names))
    assert [name for name in named_tests(names) if not exists(name)] == []


@pytest.mark.parametrize(("number", "names"), RULES.items(), ids=RULES.keys())
def test_a_rule_has_its_function_and_its_test(number: str, names: list[str]) -> None:
    """Each rule of docs/rulebook.md names an existing function that decides it and an existing test."""
    tests = named_tests(names)
    functions = [
        name for name in names if name.split(".")[0] in (*SERVICES, "townhall") and not name.startswith("townhall/")
    ]
    assert tests
    assert functions
    assert [name for name in tests if not exists(name)] == []
    assert [name for name in functions if not importable(name)] == []


def cited() -> Iterator[tuple[str, str]]:
    """Yield each rule number in the code, with its file."""
    for path in tracked("services/*/src/*.py", "shared/src/*.py"):
        for number in re.findall(r'(?:rule = "|# )([PVCE]\d+)\b', path.read_text()):
            yield number, shown(path)


def test_the_code_cites_existing_rules() -> None:
    """Every rule number in the code is in the rulebook."""
    assert RULES
    assert {(number, path) for number, path in cited() if number not in RULES} == set()


def test_numbers_are_used_once() -> None:
    """Numbers are never reused."""
    for page, numbered in ((RULEBOOK, r"[PVCEX]\d+"), (ARCHITECTURE, r"G\d+")):
        numbers = re.findall(rf"^\| ({numbered}) \|", page.read_text(), re.MULTILINE)
        assert len(numbers) == len(set(numbers))


DECISIONS = tracked("docs/decisions/[0-9]*.md")


@pytest.mark.parametrize("path", DECISIONS, ids=[path.stem for path in DECISIONS])
def test_a_decision_is_short_and_has_all_sections(path: Path) -> None:
    """At most 60 lines: context, decision, consequence, what was rejected, and when to revisit it."""
    text = path.read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequence", "Rejected", "When to revisit"]
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_without_a_gap() -> None:
    """A decision is superseded by a later one, never removed."""
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_readme_is_short() -> None:
    """At most 80 lines, with the two commands to start with."""
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 80
    assert "make demo" in text
    assert "make test" in text


PAGES = tracked("*.md")


@pytest.mark.parametrize("page", PAGES, ids=[shown(page) for page in PAGES])
def test_links_have_targets(page: Path) -> None:
    """Every relative link points to an existing file."""
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


CHECKED = ("docs/", "services/", "shared/", "README", "CONTRIBUTING")
PRESENT = [page for page in PAGES if shown(page).startswith(CHECKED) and page.parent.name != "decisions"]


@pytest.mark.parametrize("page", PRESENT, ids=[shown(page) for page in PRESENT])
def test_modules_that_a_page_names_exist(page: Path) -> None:
    """`store/ballots.py` is the end of a tracked path. Decisions are left out: they record history."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`([a-z_0-9/]+\.py)(?:::\w+)?`", text))
    paths = [f"/{shown(path)}" for path in tracked("*.py")]
    assert {name for name in named if not any(path.endswith(f"/{name}") for path in paths)} == set()
