"""Files and functions stay short."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.architecture.repository import CHASSIS, ROOT, shown, tracked, tree

FILE = 250
TEST_FILE = 400
FUNCTION = 40
CHASSIS_LINES = 6700
"""4,850 with tracing and a server as a process; the rest is what production needs on every edge: TLS, logins
and refusals of Kafka, URLs and failover of PostgreSQL, the contract of consumed events, issuer keys and persons across
key versions, throttled log lines."""
CHASSIS_MODULE = 200


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function of a file with its length in lines."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{shown(path)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def length(path: Path) -> int:
    """Return the number of lines of a file."""
    return len(path.read_text().splitlines())


def is_test(path: Path) -> bool:
    """Return whether this is a test file, which may be longer because of its tables."""
    return "tests" in path.relative_to(ROOT).parts


def code() -> list[Path]:
    """Return every Python file except migrations, which are frozen."""
    return [path for path in tracked("*.py") if "versions" not in path.parts]


def test_files_stay_readable() -> None:
    """A file has at most 250 lines, a test file 400."""
    long = {shown(path): length(path) for path in code() if length(path) > (TEST_FILE if is_test(path) else FILE)}
    assert not long


def test_functions_stay_readable() -> None:
    """A function has at most 40 lines, and half of them at most ten."""
    sizes = dict(each for path in code() for each in functions(path))
    assert not {name: size for name, size in sizes.items() if size > FUNCTION}
    assert median(sizes.values()) <= 10


def test_the_chassis_keeps_its_budget() -> None:
    """The chassis has only what every service needs; whoever needs more lines raises the limit here, with a reason."""
    modules = {shown(path): length(path) for path in tracked("shared/src/townhall/chassis/*.py")}
    assert sum(modules.values()) <= CHASSIS_LINES
    assert not {name: size for name, size in modules.items() if size > CHASSIS_MODULE}


PROCESS = {"ballot", "vote", "voting", "proposal", "committee", "evaluation", "case", "sitting", "initiative"}


def names(path: Path) -> Iterator[str]:
    """Yield every name that a module defines or uses."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name


def test_the_chassis_has_no_domain_words() -> None:
    """No name in the chassis has a word of the process: it could serve another platform as well."""
    assert not {
        f"{shown(path)}: {name}"
        for path in CHASSIS.rglob("*.py")
        for name in names(path)
        if PROCESS & set(re.findall(r"[A-Z]?[a-z]+", name)) | PROCESS & set(name.lower().split("_"))
    }
