"""A program in a real terminal of a given size: tmux holds it, a test presses keys and reads the screen."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = shutil.which("tmux")
SECONDS_MAX = 60


@dataclass(frozen=True)
class Screen:
    """One tmux session with one window, on a server of its own."""

    socket: Path

    @property
    def ended(self) -> Path:
        """The file that gets the program's exit code."""
        return self.socket.with_name(f"{self.socket.name}.ended")

    def tmux(self, *words: str) -> str:
        """One tmux command; what it printed."""
        assert HERE is not None
        argv = [HERE, "-S", str(self.socket), "-f", "/dev/null", *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=30).stdout

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self.tmux("send-keys", "-t", "bee", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Another size."""
        self.tmux("resize-window", "-t", "bee", "-x", str(columns), "-y", str(rows))

    def text(self) -> str:
        """What stands there, without trailing space."""
        return "\n".join(line.rstrip() for line in self.tmux("capture-pane", "-p", "-t", "bee").split("\n")).rstrip()

    def styled(self) -> str:
        """The same with its colours, as escape sequences."""
        return self.tmux("capture-pane", "-p", "-e", "-t", "bee")

    def wait_for(self, *texts: str, gone: bool = False) -> str:
        """The screen as soon as all texts stand there (`gone`: none of them)."""
        return self.wait_until(
            f"{texts}{' gone' if gone else ''}",
            lambda shown: not any(text in shown for text in texts) if gone else all(text in shown for text in texts),
        )

    def wait_for_the_end(self) -> int:
        """The exit code of the program, as soon as it has ended. tmux itself now and then forgets the code."""
        deadline = time.monotonic() + SECONDS_MAX
        while not self.ended.exists():
            assert time.monotonic() < deadline, f"not ended within {SECONDS_MAX} s: {self.text()}"
            time.sleep(0.1)
        return int(self.ended.read_text())

    def wait_until(self, what: str, good: Callable[[str], bool]) -> str:
        """The screen as soon as it is good."""
        deadline = time.monotonic() + SECONDS_MAX
        while not good(shown := self.text()):
            assert time.monotonic() < deadline, f"{what}: not within {SECONDS_MAX} s in\n{shown}"
            time.sleep(0.1)
        return shown


@contextmanager
def opened(folder: Path, argv: Sequence[str], env: Mapping[str, str], columns: int, rows: int) -> Iterator[Screen]:
    """The program in a terminal of its own; the terminal stays, with its exit code, when it has ended."""
    screen = Screen(
        folder / f"tmux-{secrets.token_hex(4)}"
    )  # a server that is ending answers on its socket for a while
    given = [f"{name}={value}" for name, value in {**env, "TERM": "tmux-256color", "LC_ALL": "C.UTF-8"}.items()]
    renewer = f'trap : INT; "$@"; echo $? >{screen.ended}.new; mv {screen.ended}.new {screen.ended}'
    words = ["env", "-i", *given, "sh", "-c", renewer, "sh", *argv]
    try:
        screen.tmux("new-session", "-d", "-s", "bee", "-x", str(columns), "-y", str(rows), "cat")
        screen.tmux("set-option", "-g", "remain-on-exit", "on")
        screen.tmux("set-option", "-g", "status", "off")
        screen.tmux("respawn-pane", "-k", "-t", "bee", "--", *words)
        yield screen
    finally:
        subprocess.run([str(HERE), "-S", str(screen.socket), "kill-server"], capture_output=True, check=False)
