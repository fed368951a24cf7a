"""Progress as plain lines, for pipes and logs: one line for each piece of news, none that repeats the last."""

from __future__ import annotations

from collections.abc import Callable

from millpond.cli.columns import at
from millpond.cli.progress import Progress, counts_line

MOST_FAILURES = 20
"""Failures told one by one, and tasks that cannot run; a job whose tasks all fail is told in numbers."""


def stamp(seconds: float) -> str:
    """Time since the watching began."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:2}:{rest:02}"


class PlainView:
    """Tells news through `echo`, each with the seconds since the beginning that `show` is given."""

    def __init__(self, echo: Callable[[str], object]) -> None:
        self._echo = echo
        self._state = ""
        self._counts = ""
        self._trouble = ""
        self._failures = 0
        self._stuck: set[str] = set()

    def show(self, progress: Progress, elapsed: float) -> None:
        """Tell what has changed since the last call."""
        self._say_state(progress, elapsed)
        trouble = progress.trouble()
        if trouble and trouble != self._trouble:
            self._say(elapsed, trouble)
        self._trouble = trouble
        for line in progress.failures[self._failures : MOST_FAILURES]:
            self._say(elapsed, f"{line.name} failed: {line.why}")
        if self._failures <= MOST_FAILURES < len(progress.failures):
            self._say(elapsed, f"More than {MOST_FAILURES} tasks failed; the others are counted only.")
        self._failures = len(progress.failures)
        self._say_stuck(progress, elapsed)
        counts = counts_line(progress)
        if counts != self._counts and (progress.total or self._counts):
            self._counts = counts
            self._say(elapsed, counts)

    def close(self, progress: Progress, elapsed: float) -> None:
        """Tell the end."""
        self.show(progress, elapsed)

    def _say_stuck(self, progress: Progress, elapsed: float) -> None:
        for line in progress.stuck.values():
            if line.name not in self._stuck and len(self._stuck) < MOST_FAILURES:
                self._stuck.add(line.name)
                self._say(elapsed, f"{line.name} cannot run: {line.why}")

    def _say_state(self, progress: Progress, elapsed: float) -> None:
        if progress.job is None:
            self._say(elapsed, f"Job {progress.name} was deleted.")
            return
        if progress.state != self._state:
            self._state = progress.state
            why = at(progress.job, "status", "terminateReason")
            pool = at(progress.job, "spec", "poolName")
            more = f" ({why})" if why else f" on pool {pool}"
            self._say(elapsed, f"Job {progress.name} is {self._state}{more}")

    def _say(self, elapsed: float, text: str) -> None:
        self._echo(f"{stamp(elapsed)}  {text}")
