"""How a transfer of files goes on, told on standard error: a bar on a terminal, else lines now and then."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from millpond.cli.ages import size

FEW = 32
"""So many files are told one by one; of more, how far it is every few seconds."""
TELL_EVERY = 5.0


class Lines:
    """Tells in lines; any thread may."""

    def __init__(self, files: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._files = files
        self._clock = clock
        self._told = clock()
        self._lock = threading.Lock()
        self.done = self.bytes = 0

    def moved(self, amount: int) -> None:
        """So many bytes more were transferred."""
        with self._lock:
            self.bytes += amount

    def finished(self, name: str) -> None:
        """A file is whole in its place."""
        with self._lock:
            self.done += 1
            if self._files <= FEW:
                click.echo(name, err=True)
            elif self._clock() >= self._told + TELL_EVERY:
                self._told = self._clock()
                click.echo(f"{self.done} of {self._files} files, {size(self.bytes)}", err=True)


class Bar(Lines):
    """Draws a bar of the bytes."""

    def __init__(self, files: int, task: Callable[..., Any]) -> None:
        super().__init__(files)
        self._task = task

    def moved(self, amount: int) -> None:
        super().moved(amount)
        self._task(advance=amount)

    def finished(self, name: str) -> None:
        with self._lock:
            self.done += 1
        self._task(description=f"{self.done}/{self._files} files, {name[-40:]}")


@contextmanager
def transfer(verb: str, files: int, amount: int) -> Iterator[Lines]:
    """A transfer of so many files and bytes; its end is told too."""
    if not sys.stderr.isatty():
        meter = Lines(files)
        yield meter
    else:
        from rich import progress  # noqa: PLC0415 - only for terminals
        from rich.console import Console  # noqa: PLC0415 - as above

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.DownloadColumn(binary_units=True),
            progress.TransferSpeedColumn(),
        )
        with progress.Progress(*columns, console=Console(stderr=True, highlight=False), transient=True) as drawn:
            task = drawn.add_task(f"0/{files} files", total=amount)
            meter = Bar(files, lambda **how: drawn.update(task, **how))
            yield meter
    what = "1 file" if meter.done == 1 else f"{meter.done} files"
    click.echo(f"{verb} {what}, {size(meter.bytes)}", err=True)
