"""`python -m voting serve | migrate | check`."""

from townhall.chassis.command import main
from voting.app import build
from voting.settings import Settings


def run() -> None:
    """Do what the command line says."""
    main("voting", build, Settings)


if __name__ == "__main__":
    run()
