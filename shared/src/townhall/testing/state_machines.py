"""Stateful tests of rules: rules and a naive model perform the same actions and must agree after each."""

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from townhall.rejected import Rejected

Action = tuple[str, Mapping[str, Any]]
"""The name of a machine's method, and its keyword arguments."""


def action(name: str, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Action]:
    """Return a strategy for the actions that call this method with drawn arguments.

    A machine has one hypothesis rule for all its actions. With a rule for each, hypothesis disables about half of them
    in each run, so that long paths, such as from a proposal to a published result, hardly ever occur.
    """
    return st.tuples(st.just(name), st.fixed_dictionaries(given))


def runs(*, examples: int, steps: int) -> settings:
    """Return hypothesis settings with so many runs and steps; with a tenth of the runs in the profile `quick`."""
    quick = settings.get_current_profile_name() == "quick"
    return settings(max_examples=examples // 10 if quick else examples, stateful_step_count=steps)


class Machine(RuleBasedStateMachine):
    """Base of machines that compare the rules with a model."""

    def perform(self, action_: Action) -> None:
        """Call the action's method."""
        name, given = action_
        getattr(self, name)(**given)

    def check(self, refused: set[str], act: Callable[[], object], noted: Callable[[], object]) -> None:
        """Run `act`, which must raise `Rejected` exactly if the model expects a refusal; else run `noted`.

        `refused` are the codes the model expects; the rules may raise any one of them. `noted` updates the model.
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
