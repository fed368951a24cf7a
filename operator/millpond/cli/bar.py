"""How far a transfer is, drawn on a terminal; elsewhere nothing is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn


@contextmanager
def bar(total: int, console: Console | None = None) -> Iterator[Callable[[int], None]]:
    """A function that is told of bytes as they come, `total` in all; what is drawn goes when all have."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        line = progress.add_task("", total=total)
        yield lambda amount: progress.advance(line, amount)
