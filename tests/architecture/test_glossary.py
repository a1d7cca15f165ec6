"""docs/glossary.md explains the terms that the code uses."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.repository import ROOT, SERVICES, package, shown, tracked, tree

GLOSSARY = ROOT / "docs" / "glossary.md"
HEADER = ["term", "Korean", "meaning", "In code"]


def rows() -> list[list[str]]:
    """Return the cells of each row of the tables."""
    lines = [line for line in GLOSSARY.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def terms() -> list[list[str]]:
    """Return the rows that explain a term."""
    return [cells for cells in rows() if cells != HEADER]


def listed() -> set[str]:
    """Return the names in the column *In code*."""
    return {name for cells in terms() for name in re.findall(r"`([^`]+)`", cells[-1])}


def classes(path: Path) -> Iterator[str]:
    """Return the public classes at the top of a module."""
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def domain_classes() -> set[tuple[str, str]]:
    """Return each public class of a domain package, with its service."""
    return {
        (service, name)
        for service in SERVICES
        for path in (package(service) / "domain").rglob("*.py")
        for name in classes(path)
    }


def defined() -> set[str]:
    """Return every name that a module of the product defines at its top, bare and behind its service's name."""
    found = set()
    for path in tracked("services/*/src/*.py", "shared/src/*.py"):
        owner = shown(path).split("/")[1]
        for node in tree(path).body:
            match node:
                case ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                    found |= {name, f"{owner}.{name}"}
    return found


def test_each_class_of_a_domain_is_in_the_glossary() -> None:
    """A newcomer finds every public class of the domain beside the term that it stands for."""
    names = listed()
    assert {each for each in domain_classes() if not {each[1], ".".join(each)} & names} == set()


def test_names_of_two_services_are_distinguished() -> None:
    """`State` alone could be that of a proposal, of a vote or of an initiative."""
    found = sorted(name for _, name in domain_classes())
    twice = {name for name in found if found.count(name) > 1}
    assert twice & listed() == set()
    assert {f"{service}.{name}" for service, name in domain_classes() if name in twice} - listed() == set()


def test_each_listed_name_exists() -> None:
    """A renamed class takes its row along."""
    assert listed() - defined() == set()


def test_each_term_has_a_korean_word_and_a_meaning() -> None:
    """Four columns, the first three filled, and no term twice."""
    assert [cells for cells in rows() if len(cells) != len(HEADER)] == []
    assert [cells[0] for cells in terms() if not re.search(r"[가-힣]", cells[1]) or not cells[2].endswith(".")] == []
    found = [cells[0] for cells in terms()]
    assert sorted(found) == sorted(set(found))
