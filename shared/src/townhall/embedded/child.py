"""One server process: a direct child that never outlives its parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_LEASH: Final = """
import ctypes, os, sys
parent, death, user, group = map(int, sys.argv[1:5])
if os.geteuid() == 0 and user > 0:
    os.setgroups([]); os.setgid(group); os.setuid(user)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, death)
if os.getppid() == parent:
    os.execv(sys.argv[5], sys.argv[5:])
"""
"""Runs before the server, in its process: drops to its user, then asks the kernel for a signal when the parent dies, in
this order, because a change of user takes the request back. A `preexec_fn` would not be safe beside threads."""

Owner = tuple[int, int]
"""The user and group a process runs as, when root starts it."""
ROOT: Final = Path("/")
AS_I_AM: Final[Owner] = (-1, -1)


class CannotStart(Exception):
    """An embedded part can't run here. The text is one sentence for the person who started it."""


class Child:
    """A process in a session of its own, so that a Ctrl-C reaches only the parent, which ends its children in order.

    The kernel ends it with the *thread* that started it: start children from the main thread.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        owner: Owner = AS_I_AM,
        death: signal.Signals = signal.SIGTERM,
        keep: Sequence[int] = (),
        inside: Path | None = None,
    ) -> None:
        self.log = log
        leash = [sys.executable, "-I", "-S", "-c", _LEASH, os.getpid(), int(death), *owner]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [str(word) for word in [*leash, *argv]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=inside,
                pass_fds=keep,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, or None while it runs."""
        return self._process.poll()

    def ended(self, within: float) -> bool:
        """Wait for the end, at most so many seconds; tell whether it came."""
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, how: signal.Signals, *, within: float) -> None:
        """Ask it to end; kill it when it doesn't within so many seconds."""
        self.signal(how)
        if not self.ended(within):
            self.kill()

    def kill(self) -> None:
        """End it as a crash would, and reap it."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def signal(self, how: signal.Signals) -> None:
        """Send a signal; nothing happens when it has ended already."""
        self._process.send_signal(how)

    def last_words(self) -> str:
        """Return the end of its log."""
        return tail(self.log)


def run(
    argv: Sequence[str | Path],
    owner: Owner = AS_I_AM,
    *,
    stdin: int = subprocess.DEVNULL,
    keep: Sequence[int] = (),
    inside: Path = ROOT,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as that user when root asks, and return what it said."""
    user, group = owner if os.geteuid() == 0 and owner != AS_I_AM else (None, None)
    return subprocess.run(
        argv,
        stdin=stdin,
        capture_output=True,
        text=True,
        pass_fds=keep,
        check=False,
        cwd=inside,
        user=user,
        group=group,
        extra_groups=None if user is None else (),
    )


def tail(log: Path, size: int = 2000) -> str:
    """Return the end of a log file."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - size))
        return file.read().decode(errors="replace").strip()


def last_line(words: str) -> str:
    """Return the last line of what a program said: usually why it ended."""
    return (words.strip().splitlines() or ["it said nothing"])[-1]
