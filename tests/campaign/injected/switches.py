"""Files in one directory, by which the campaign controls the code it injected into services and gets its reports."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Switches:
    """A switch is on while its file exists. Injected code appends a mark, one byte, each time it has an effect."""

    directory: Path

    def on(self, name: str) -> bool:
        """Return whether a switch is on."""
        return (self.directory / name).exists()

    def value(self, name: str) -> str:
        """Return the content of a switch; empty when it is off."""
        return (self.directory / name).read_text() if self.on(name) else ""

    def mark(self, name: str) -> None:
        """Append a mark."""
        marks = os.open(self.directory / f"{name}.marks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(marks, b".")
        os.close(marks)

    def marks(self) -> dict[str, int]:
        """Return the number of marks by name."""
        return {file.stem: file.stat().st_size for file in self.directory.glob("*.marks")}


def replaced(text: str, old: str, new: str) -> str:
    """Replace text that must be there: a mistake that can't be injected would go unnoticed. Raises `LookupError`."""
    if old not in text:
        raise LookupError(old)
    return text.replace(old, new)
