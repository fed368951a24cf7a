"""Drawing tables: aligned by spaces, one line an object, and no wider than the terminal where there is one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from millpond.cli.columns import Column, Document

GAP = "   "
CUT = "…"
SHORTEST = 8
"""Characters that a shortened column keeps at least."""

GOOD, BAD, BUSY = "\x1b[32m", "\x1b[31m", "\x1b[36m"
RESET = "\x1b[0m"
COLOURS = {
    **dict.fromkeys(("Success", "Idle"), GOOD),
    **dict.fromkeys(("Failure", "StartTaskFailed", "Unusable", "Unknown"), BAD),
    **dict.fromkeys(("Running", "Preparing", "Resizing", "Starting", "Creating", "WaitingForStartTask"), BUSY),
}


def terminal_width() -> int | None:
    """Columns of the terminal on standard output; None where that is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def colours_wanted() -> bool:
    """Colours are for terminals whose user has not said NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def draw(
    columns: Sequence[Column],
    documents: Sequence[Document],
    now: float,
    *,
    width: int | None = None,
    coloured: bool = False,
) -> list[str]:
    """The lines of the table, heading first; none where there are no documents."""
    if not documents:
        return []
    rows = [[column.cell(document, now) for column in columns] for document in documents]
    return draw_rows(columns, rows, width=width, coloured=coloured)


def draw_rows(
    columns: Sequence[Column], rows: list[list[str]], *, width: int | None = None, coloured: bool = False
) -> list[str]:
    """The lines of a table whose cells are known. Cells are single lines; control characters are shown, not obeyed."""
    cells = [[column.header for column in columns], *[[_plain(cell) for cell in row] for row in rows]]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    if width is not None:
        _narrow(columns, widths, width)
    lines = []
    for number, row in enumerate(cells):
        fields = [
            _field(cell, widths[index], columns[index].right, coloured and number > 0) for index, cell in enumerate(row)
        ]
        lines.append(GAP.join(fields).rstrip())
    return lines


def _plain(cell: str) -> str:
    return "".join(c if c.isprintable() else "\\n" if c == "\n" else CUT for c in cell)


def _field(cell: str, width: int, right: bool, coloured: bool) -> str:
    shown = cell if len(cell) <= width else cell[: width - 1] + CUT
    padding = " " * (width - len(shown))
    if coloured and cell in COLOURS:
        shown = f"{COLOURS[cell]}{shown}{RESET}"
    return padding + shown if right else shown + padding


def _narrow(columns: Sequence[Column], widths: list[int], width: int) -> None:
    """Take from the widest elastic column until the table fits, or nothing can be taken."""
    while sum(widths) + len(GAP) * (len(widths) - 1) > width:
        elastic = [i for i, column in enumerate(columns) if column.elastic and widths[i] > SHORTEST]
        if not elastic:
            return
        widths[max(elastic, key=lambda i: widths[i])] -= 1
