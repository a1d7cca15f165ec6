"""`python -m proposal serve | migrate | check`."""

from proposal.app import build
from proposal.settings import Settings
from townhall.chassis.command import main


def run() -> None:
    """Do what the command line says."""
    main("proposal", build, Settings)


if __name__ == "__main__":
    run()
