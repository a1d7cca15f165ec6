"""Draw docstrings at random, to try whether a reader who has never seen the tree understands them.

`python -m tests.architecture.draw --seed 7` prints ten names with their docstrings and nothing of their code. A reader
writes one line for each on what the thing does; `--answers` prints where each one is, to compare.
"""

import argparse
import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.architecture.repository import SOURCES, shown


@dataclass(frozen=True, slots=True)
class Documented:
    """A public function, class or method with its docstring."""

    place: str
    """Path and line."""
    name: str
    """Qualified name and signature."""
    docstring: str


def documented() -> list[Documented]:
    """Return every public name of the product that has a docstring, in a stable order."""
    found: list[Documented] = []
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")):
            if "versions" not in path.parts:
                tree = ast.parse(path.read_text())
                found += (Documented(f"{shown(path)}:{line}", name, text) for line, name, text in _of(tree, path.stem))
    return found


def _of(tree: ast.Module | ast.ClassDef, owner: str) -> Iterator[tuple[int, str, str]]:
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        text = ast.get_docstring(node)
        if text:
            arguments = "" if isinstance(node, ast.ClassDef) else f"({ast.unparse(node.args)})"
            yield node.lineno, f"{owner}.{node.name}{arguments}", text
        if isinstance(node, ast.ClassDef):
            yield from _of(node, f"{owner}.{node.name}")


def draw(seed: int, many: int) -> Sequence[Documented]:
    """Return so many of them by chance; the same seed gives the same ones while the tree stays as it is."""
    return random.Random(seed).sample(documented(), many)


def main() -> None:
    """Print the sample."""
    parser = argparse.ArgumentParser(prog="python -m tests.architecture.draw", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="the same seed draws the same docstrings")
    parser.add_argument("--many", type=int, default=10, help="how many (default 10)")
    parser.add_argument("--answers", action="store_true", help="print file and line beside each")
    wanted = parser.parse_args()
    for number, each in enumerate(draw(wanted.seed, wanted.many), start=1):
        place = f"   [{each.place}]" if wanted.answers else ""
        print(f"{number}. {each.name}{place}\n   {each.docstring}\n")  # noqa: T201  a command's output


if __name__ == "__main__":
    main()
