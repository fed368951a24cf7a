"""`millpond task subtasks`: the instances of a multi-instance task but the primary, as its last attempt left them."""

from __future__ import annotations

from typing import Any

import click

from millpond.cli.access import Cluster
from millpond.cli.columns import Column, at, text
from millpond.cli.objects import get_document
from millpond.cli.output import print_document
from millpond.cli.tables import colours_wanted, draw, terminal_width

Entry = dict[str, Any]


def _of(header: str, *path: str, elastic: bool = False) -> Column:
    return Column(header, lambda entry, _: text(at(entry, *path)), elastic=elastic)


COLUMNS = (
    _of("ID", "id"),
    _of("NODE", "nodeName"),
    _of("STATE", "state"),
    _of("RESULT", "result"),
    _of("EXIT", "exitCode"),
    _of("FAILURE", "failure", "message", elastic=True),
)


async def print_subtasks(cluster: Cluster, name: str, output: str) -> None:
    """Print one entry for each."""
    task = await get_document(cluster, "task", name)
    entries: list[Entry] = at(task, "status", "subtasks") or []
    if output in ("json", "yaml"):
        print_document(entries, output)
        return
    if output == "name":
        for entry in entries:
            click.echo(entry["id"])
        return
    width = None if output == "wide" else terminal_width()
    for line in draw(COLUMNS, entries, 0.0, width=width, coloured=colours_wanted()):
        click.echo(line)
    if not entries:
        is_group = at(task, "spec", "multiInstanceSettings") is not None
        why = "has no subtasks, or has not started" if is_group else "is no multi-instance task"
        click.echo(f"Task {name} {why}.", err=True)
