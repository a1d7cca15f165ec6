"""Entry point: `python -m evaluation serve | migrate | check`."""

from evaluation.app import build
from evaluation.settings import Settings
from townhall.chassis.command import main


def run() -> None:
    """Run the command given on the command line."""
    main("evaluation", build, Settings)


if __name__ == "__main__":
    run()
