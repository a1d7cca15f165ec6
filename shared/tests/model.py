"""The model of delivery: what a consumer must do with late, repeated and unreadable messages."""

from dataclasses import dataclass, field

UNREADABLE, TOO_MANY_ATTEMPTS, PARKED = "bad-body", "ZeroDivisionError", "parked"


@dataclass(frozen=True)
class ModelMessage:
    """One message: its number, its key, and whether it can be decoded."""

    number: int
    key: int
    readable: bool = True


@dataclass
class ModelDeadLetter:
    """A dead letter, or a message parked behind one."""

    message: ModelMessage
    reason: str
    status: str = "waiting"

    @property
    def holds(self) -> bool:
        """Return whether later messages of the key must wait for it."""
        return self.status in {"waiting", "requeued"}

    @property
    def may_go(self) -> bool:
        """Return whether it may be processed, if no earlier one of its key is open."""
        return self.status == "requeued" or (self.status == "waiting" and self.reason == PARKED)


@dataclass
class ModelConsumer:
    """Applies each message once, in the order of its key."""

    applied: list[ModelMessage] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    dead_letters: list[ModelDeadLetter] = field(default_factory=list)
    forbidden: set[int] = field(default_factory=set)
    """Numbers that a rule refuses now."""
    refused: set[int] = field(default_factory=set)
    """Numbers that were refused."""

    def held(self, key: int) -> bool:
        """Return whether this key has an open dead letter."""
        return any(each.holds for each in self.dead_letters if each.message.key == key)

    def take(self, message: ModelMessage) -> None:
        """Apply a message, park it, make it a dead letter, or ignore it as a duplicate."""
        if message.number in self.seen:
            return
        self.seen.add(message.number)
        if self.held(message.key):
            self.dead_letters.append(ModelDeadLetter(message, PARKED))
        elif not message.readable:
            self.dead_letters.append(ModelDeadLetter(message, UNREADABLE))
        else:
            self.judge(message)

    def judge(self, message: ModelMessage) -> None:
        """Apply a message unless a rule refuses it."""
        if message.number in self.forbidden:
            self.refused.add(message.number)
        else:
            self.applied.append(message)

    def exhaust_attempts(self, message: ModelMessage) -> None:
        """Make a message a dead letter after too many attempts."""
        self.seen.add(message.number)
        self.dead_letters.append(ModelDeadLetter(message, TOO_MANY_ATTEMPTS))

    def change_status(self, status: str, reason: str) -> None:
        """Set the status of the waiting dead letters of this reason."""
        for each in self.dead_letters:
            if (each.status, each.reason) == ("waiting", reason):
                each.status = status

    def process_changes(self) -> None:
        """Process dead letters in order until none may be processed."""
        while going := [each for each in self.dead_letters if each.may_go and self.first(each)]:
            self.again(going[0])

    def first(self, asked: ModelDeadLetter) -> bool:
        """Return whether no earlier one of the same key is open."""
        before = self.dead_letters[: self.dead_letters.index(asked)]
        return not any(each.holds for each in before if each.message.key == asked.message.key)

    def again(self, each: ModelDeadLetter) -> None:
        """Process a dead letter again."""
        if not each.message.readable:
            each.status, each.reason = "waiting", UNREADABLE
            return
        each.status = "applied"
        self.judge(each.message)
