"""The state that voting's routes and its fast path share."""

from dataclasses import dataclass

from voting.domain.voter_keys import Keyring
from voting.intake import Intake
from voting.tally_cache import TallyCache


@dataclass(frozen=True, slots=True)
class VotingState:
    """Made when the service starts; see `app.py`."""

    keyring: Keyring
    intake: Intake
    tally_cache: TallyCache
