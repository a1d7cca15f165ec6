"""Those who do nothing wrong while somebody else attacks, and floods of many connections at once."""

import selectors
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from tests.attacks.callers import Caller, request

LIVEZ = request("GET", "/livez", close=True)


@dataclass
class Others:
    """What well-behaved callers got meanwhile."""

    times: list[float] = field(default_factory=list)
    """Seconds each answer took."""
    failures: list[str] = field(default_factory=list)

    @property
    def slowest(self) -> float:
        """The longest time an answer took, in seconds."""
        return max(self.times, default=float("inf"))


@contextmanager
def others_at(port: int) -> Iterator[Others]:
    """Ask for /livez over new connections, one after the other, for as long as the block lasts; then once more."""
    others, over = Others(), threading.Event()

    def go_on() -> None:
        while not over.wait(0.02):
            _ask(port, others)
        _ask(port, others)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield others
    finally:
        over.set()
        thread.join()


def _ask(port: int, others: Others) -> None:
    began = monotonic()
    try:
        with Caller(port) as caller:
            seen = caller.send(LIVEZ).seen(20.0)
    except OSError as error:
        others.failures.append(type(error).__name__)
        return
    if seen.statuses == [200]:
        others.times.append(monotonic() - began)
    else:
        others.failures.append(str(seen))


def flood(callers: Sequence[Caller], data: bytes, *, read: bool, within: float) -> int:
    """Send the data over every connection at once; return the bytes the server took before time was over."""
    sent, selector = dict.fromkeys(callers, 0), selectors.DefaultSelector()
    for caller in callers:
        caller.socket.settimeout(0)
        selector.register(caller.socket, selectors.EVENT_WRITE | (selectors.EVENT_READ if read else 0), caller)
    deadline = monotonic() + within
    while selector.get_map() and (left := deadline - monotonic()) > 0:
        for key, events in selector.select(left):
            sent[key.data] += _moved(key.data, events, memoryview(data)[sent[key.data] :])
            if key.data.closed or sent[key.data] >= len(data):
                selector.unregister(key.fileobj)
    selector.close()
    return sum(sent.values())


def _moved(caller: Caller, events: int, left: memoryview) -> int:
    """Read what came, if anything did, and send what the server takes; return how many bytes it took."""
    try:
        if events & selectors.EVENT_READ and not caller.socket.recv(1 << 18):
            caller.closed = True
        return caller.socket.send(left[: 1 << 18]) if events & selectors.EVENT_WRITE else 0
    except BlockingIOError:
        return 0
    except OSError:
        caller.closed = True
        return 0
