"""`python -m committee serve | migrate | check`."""

from committee.app import build
from committee.settings import Settings
from townhall.chassis.command import main


def run() -> None:
    """Run the command named on the command line."""
    main("committee", build, Settings)


if __name__ == "__main__":
    run()
