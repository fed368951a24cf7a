"""The bar of a transfer: on terminals only, and gone when all has come."""

from __future__ import annotations

import io

from millpond.cli.bar import bar
from rich.console import Console


def drawn(*, terminal: bool) -> str:
    out = io.StringIO()
    with bar(2048, Console(file=out, force_terminal=terminal, width=100)) as progress:
        progress(1024)
        progress(1024)
    return out.getvalue()


def test_on_a_terminal_it_tells_how_much_has_come() -> None:
    assert "2.0/2.0 KiB" in drawn(terminal=True)


def test_elsewhere_nothing_is_drawn() -> None:
    assert drawn(terminal=False) == ""
