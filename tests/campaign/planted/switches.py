"""How the campaign and what it planted in a service speak with each other: files in one directory."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Switches:
    """A switch is on while its file is there. What is planted leaves a mark, one byte, each time it strikes."""

    directory: Path

    def on(self, name: str) -> bool:
        """Tell whether a switch is on."""
        return (self.directory / name).exists()

    def says(self, name: str) -> str:
        """Return what a switch was told; nothing when it is off."""
        return (self.directory / name).read_text() if self.on(name) else ""

    def mark(self, name: str) -> None:
        """Leave a mark."""
        marks = os.open(self.directory / f"{name}.marks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(marks, b".")
        os.close(marks)

    def marks(self) -> dict[str, int]:
        """Count the marks left, by name."""
        return {file.stem: file.stat().st_size for file in self.directory.glob("*.marks")}


def replaced(text: str, old: str, new: str) -> str:
    """Replace what has to be there: a mistake that could not be planted would go unnoticed."""
    if old not in text:
        raise LookupError(old)
    return text.replace(old, new)
