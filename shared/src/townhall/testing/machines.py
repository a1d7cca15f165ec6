"""State machines for rules: the rules and a naive model take the same turns, and must agree after each."""

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from townhall.rejected import Rejected

Turn = tuple[str, Mapping[str, Any]]
"""A step of a machine: the name of its method, and what it is given."""


def runs(*, examples: int, steps: int) -> settings:
    """Return how often a machine runs, and how far each time. `make quick` (the profile `quick`) runs it less often."""
    rarely = settings.get_current_profile_name() == "quick"
    return settings(max_examples=examples // 10 if rarely else examples, stateful_step_count=steps)


def turn(name: str, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Turn]:
    """Return turns of one kind.

    A machine has one rule, which takes turns of every kind. Hypothesis would switch off about half the rules in each
    run, and then hardly ever go a long way, such as from a proposal to a published result.
    """
    return st.tuples(st.just(name), st.fixed_dictionaries(given))


class Machine(RuleBasedStateMachine):
    """The rules and the model side by side."""

    def play(self, to: Turn) -> None:
        """Take a turn."""
        name, given = to
        getattr(self, name)(**given)

    def step(self, refused: set[str], act: Callable[[], object], noted: Callable[[], object]) -> None:
        """Let the rules act. They must refuse exactly where the model knows a reason, and then nothing is noted.

        Which of several reasons comes first is the rules' own matter.
        """
        try:
            act()
        except Rejected as refusal:
            if refusal.code not in refused:
                raise
        else:
            if refused:
                raise AssertionError(f"should have been refused: {sorted(refused)}")
            noted()
