"""Progress as a picture that redraws itself, for terminals."""

from __future__ import annotations

import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from millpond.cli.ages import duration, seconds_between
from millpond.cli.columns import at
from millpond.cli.plain import stamp
from millpond.cli.progress import Progress, counts_line

MOST_RUNNING, MOST_FAILURES = 8, 5


class LiveView:
    """Draws on the terminal until closed; the last picture stays."""

    def __init__(self, console: Console | None = None) -> None:
        self._live = Live(console=console or Console(highlight=False), auto_refresh=False, transient=False)
        self._live.start()

    def show(self, progress: Progress, elapsed: float) -> None:
        """Draw the progress as it is now."""
        self._live.update(picture(progress, elapsed, time.time()), refresh=True)

    def close(self, progress: Progress, elapsed: float) -> None:
        """Draw the end, and leave it."""
        self.show(progress, elapsed)
        self._live.stop()


def picture(progress: Progress, elapsed: float, now: float) -> RenderableType:
    """All that is drawn: the job, a bar, the tallies, what runs, what is wrong."""
    pool = at(progress.job, "spec", "poolName") or ""
    title = Text.assemble(("Job ", ""), (progress.name, "bold"), f" on pool {pool}  ", (progress.state, "cyan"))
    bar = Table.grid(padding=(0, 2))
    failed = progress.tally["failed"] > 0
    bar.add_row(
        ProgressBar(
            total=max(1, progress.total), completed=progress.done, width=40, finished_style="red" if failed else "green"
        ),
        Text(stamp(elapsed).strip(), style="dim"),
    )
    parts: list[RenderableType] = [title, bar, Text(counts_line(progress))]
    if progress.running:
        parts.append(_running(progress, now))
    trouble = progress.trouble()
    if trouble:
        parts.append(Text(trouble, style="yellow"))
    parts += [
        Text.assemble(("! ", "yellow"), (line.name, "bold"), f" {line.why}")
        for line in list(progress.stuck.values())[:MOST_FAILURES]
    ]
    parts += [
        Text.assemble(("✗ ", "red"), (line.name, "bold"), f" {line.why}") for line in progress.failures[-MOST_FAILURES:]
    ]
    return Group(*parts)


def _running(progress: Progress, now: float) -> Table:
    table = Table.grid(padding=(0, 2))
    for line in list(progress.running.values())[:MOST_RUNNING]:
        took = duration(seconds_between(line.started or None, None, now))
        table.add_row(Text("▸ " + line.name), Text(line.node, style="dim"), Text(line.tally, style="cyan"), Text(took))
    more = len(progress.running) - MOST_RUNNING
    if more > 0:
        table.add_row(Text(f"  and {more} more", style="dim"))
    return table
