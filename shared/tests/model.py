"""The naive model of delivery: what a careful clerk does with letters that come late, twice and unreadable."""

from dataclasses import dataclass, field

UNREADABLE, GIVEN_UP, PARKED = "bad-body", "ZeroDivisionError", "parked"


@dataclass(frozen=True)
class Letter:
    """One message: its number, its key, and whether it can be read."""

    number: int
    key: int
    readable: bool = True


@dataclass
class Aside:
    """A letter on the pile beside the sample_service."""

    letter: Letter
    reason: str
    status: str = "waiting"

    @property
    def holds(self) -> bool:
        """Tell whether later letters of the key must wait for it."""
        return self.status in {"waiting", "requeued"}

    @property
    def may_go(self) -> bool:
        """Tell whether it may be tried, once nothing of its key lies before it."""
        return self.status == "requeued" or (self.status == "waiting" and self.reason == PARKED)


@dataclass
class Clerk:
    """Notes each letter once, in the order of its key."""

    noted: list[Letter] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    pile: list[Aside] = field(default_factory=list)
    forbidden: set[int] = field(default_factory=set)
    """What a rule says no to now."""
    refused: set[int] = field(default_factory=set)
    """What it said no to, for good."""

    def held(self, key: int) -> bool:
        """Tell whether a letter of this key lies aside."""
        return any(each.holds for each in self.pile if each.letter.key == key)

    def take(self, letter: Letter) -> None:
        """Note a letter, or lay it aside, or do nothing since it came before."""
        if letter.number in self.seen:
            return
        self.seen.add(letter.number)
        if self.held(letter.key):
            self.pile.append(Aside(letter, PARKED))
        elif not letter.readable:
            self.pile.append(Aside(letter, UNREADABLE))
        else:
            self.judge(letter)

    def judge(self, letter: Letter) -> None:
        """Note what a rule does not say no to."""
        if letter.number in self.forbidden:
            self.refused.add(letter.number)
        else:
            self.noted.append(letter)

    def give_up(self, letter: Letter) -> None:
        """Lay a letter aside that could not be handled."""
        self.seen.add(letter.number)
        self.pile.append(Aside(letter, GIVEN_UP))

    def operate(self, status: str, reason: str) -> None:
        """Mark what lies there for this reason as the operator says."""
        for each in self.pile:
            if (each.status, each.reason) == ("waiting", reason):
                each.status = status

    def obey(self) -> None:
        """Go through the pile from the top for as long as something may go."""
        while going := [each for each in self.pile if each.may_go and self.first(each)]:
            self.again(going[0])

    def first(self, asked: Aside) -> bool:
        """Tell whether nothing of the same key lies before it."""
        before = self.pile[: self.pile.index(asked)]
        return not any(each.holds for each in before if each.letter.key == asked.letter.key)

    def again(self, each: Aside) -> None:
        """Try a letter from the pile."""
        if not each.letter.readable:
            each.status, each.reason = "waiting", UNREADABLE
            return
        each.status = "applied"
        self.judge(each.letter)
