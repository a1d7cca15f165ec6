"""Entry point: `python -m voting serve | migrate | check`."""

from townhall.chassis.command import main
from voting.app import build
from voting.settings import Settings


def run() -> None:
    """Run the command given on the command line."""
    main("voting", build, Settings)


if __name__ == "__main__":
    run()
