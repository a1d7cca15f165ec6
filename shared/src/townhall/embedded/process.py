"""Child processes that never outlive their parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_WRAPPER: Final = """
import ctypes, os, sys
parent, death, user, group = map(int, sys.argv[1:5])
if os.geteuid() == 0 and user > 0:
    os.setgroups([]); os.setgid(group); os.setuid(user)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, death)
if os.getppid() == parent:
    os.execv(sys.argv[5], sys.argv[5:])
"""
"""Runs in the child before the program: changes the user, then requests a signal on the death of the parent, in this
order, because a change of user clears the request. A `preexec_fn` would not be safe in a process with threads."""

Owner = tuple[int, int]
"""User and group ids that a process runs as if root starts it."""
ROOT: Final = Path("/")
SAME_USER: Final[Owner] = (-1, -1)


class CannotStart(Exception):
    """An embedded server can't start. The text is one sentence for the user."""


class Child:
    """A process in its own session, so that Ctrl-C reaches only the parent, which stops its children in order.

    It ends with the *thread* that started it: start children from the main thread. Output goes to `log`.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        owner: Owner = SAME_USER,
        parent_death_signal: signal.Signals = signal.SIGTERM,
        pass_fds: Sequence[int] = (),
        cwd: Path | None = None,
    ) -> None:
        self.log = log
        wrapper = [sys.executable, "-I", "-S", "-c", _WRAPPER, os.getpid(), int(parent_death_signal), *owner]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [str(argument) for argument in [*wrapper, *argv]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                pass_fds=pass_fds,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal, or None while it runs."""
        return self._process.poll()

    def wait(self, within: float) -> bool:
        """Wait so many seconds for the process to end; return whether it has ended."""
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def terminate(self, how: signal.Signals, *, within: float) -> None:
        """Send the signal; kill the process if it hasn't ended after so many seconds."""
        self.signal(how)
        if not self.wait(within):
            self.kill()

    def kill(self) -> None:
        """Send SIGKILL and reap the process."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def signal(self, how: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        self._process.send_signal(how)

    def log_tail(self) -> str:
        """Return the end of its log."""
        return tail(self.log)


def run(
    argv: Sequence[str | Path],
    owner: Owner = SAME_USER,
    *,
    stdin: int = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as `owner` if this process is root; return its exit code and output."""
    user, group = owner if os.geteuid() == 0 and owner != SAME_USER else (None, None)
    return subprocess.run(
        argv,
        stdin=stdin,
        capture_output=True,
        text=True,
        pass_fds=pass_fds,
        check=False,
        cwd=cwd,
        env=None if env is None else {**os.environ, **env},
        user=user,
        group=group,
        extra_groups=None if user is None else (),
    )


def tail(log: Path, size: int = 2000) -> str:
    """Return the last `size` bytes of a log file as text."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - size))
        return file.read().decode(errors="replace").strip()


def last_line(output: str) -> str:
    """Return the last line of a program's output, usually the reason why it ended."""
    return (output.strip().splitlines() or ["no output"])[-1]
