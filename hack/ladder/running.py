"""Runs a level's commands, tells every few seconds how far they are, and keeps the whole output in a file."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ladder.levels import Level, Step

HEARTBEAT_SECONDS = 15.0
POLL_SECONDS = 0.1
SHOWN_LINES = 400
"""How much of a failed command's output is shown; the file has all."""


class Run:
    """A command under way, its output going to a file; `yielding` is how much nicer it is than this one."""

    def __init__(self, name: str, step: Step, log: Path, yielding: int = 0) -> None:
        self.name = name
        self.log = log
        self.started = time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                step.arguments,
                cwd=step.directory,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **step.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if yielding:
            os.setpriority(os.PRIO_PROCESS, self._process.pid, os.getpriority(os.PRIO_PROCESS, 0) + yielding)

    def wait(self, say: Callable[[str], None]) -> bool:
        """Wait for the end, telling of progress; whether it passed."""
        told = time.monotonic()
        while self._process.poll() is None:
            time.sleep(POLL_SECONDS)
            if time.monotonic() - told >= HEARTBEAT_SECONDS:
                told = time.monotonic()
                say(f"  …   {self.name:<10} {told - self.started:6.0f} s  {last_line(self.log)}")
        return self._process.returncode == 0

    def stop(self) -> None:
        """End the command, if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def last_line(log: Path) -> str:
    """The last line in a file that says anything, shortened to fit on a terminal."""
    lines = [line.strip() for line in tail(log, 40).splitlines() if line.strip()]
    return lines[-1][:100] if lines else ""


def tail(log: Path, lines: int) -> str:
    """The last lines of a file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def climb(level: Level, logs: Path, say: Callable[[str], None]) -> bool:
    """Run a level to its end, or to its first failing command; whether it passed."""
    say(f"==    {level.name}: {level.about}")
    log = logs / f"{level.name}.log"
    log.unlink(missing_ok=True)
    started = time.monotonic()
    passed = True
    summaries: list[str] = []
    for step in level.steps:
        try:
            passed = watch(Run(level.name, step, log, level.track.yielding), say)
            summaries.append(last_line(log))
        except OSError as error:
            passed = False
            summaries.append(f"{step.arguments[0]} could not be started ({error.strerror}): run hack/install first")
        if not passed:
            break
    if not passed or level.name == "check":
        say(tail(log, SHOWN_LINES))
    seconds = time.monotonic() - started
    say(f"{'ok  ' if passed else 'FAIL'}  {level.name:<10} {seconds:6.1f} s  {'; '.join(summaries)}")
    return passed


def watch(run: Run, say: Callable[[str], None]) -> bool:
    """Wait for a command, and end it when this program is interrupted."""
    try:
        return run.wait(say)
    finally:
        run.stop()
