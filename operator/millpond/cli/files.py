"""`millpond task|node files list|get`: a look at the files of a node through its agent, and copies of them here."""

from __future__ import annotations

import json
import tempfile
from typing import Any

import click

from millpond.cli.access import Cluster
from millpond.cli.agents import ask, place_of
from millpond.cli.ages import clock, size
from millpond.cli.columns import Column
from millpond.cli.extract import extract
from millpond.cli.output import print_document
from millpond.cli.tables import draw_rows, terminal_width

COLUMNS = (
    Column("SIZE", lambda *_: "", right=True),
    Column("MODIFIED", lambda *_: ""),
    Column("PATH", lambda *_: ""),
)


async def print_files(cluster: Cluster, noun: str, name: str, patterns: tuple[str, ...], output: str) -> None:
    """Print the files that the patterns mean. Directories end in a slash and have no size."""
    place = await place_of(cluster, noun, name)
    received = bytearray()

    async def receive(chunk: bytes) -> None:
        received.extend(chunk)

    await ask(cluster, place, "list", *patterns, receive=receive)
    entries: list[dict[str, Any]] = [json.loads(line) for line in received.splitlines()]
    match output:
        case "json" | "yaml":
            print_document(entries, output)
        case "name":
            for entry in entries:
                click.echo(entry["path"])
        case _:
            _print_table(entries, f"{noun} {name}")


def _print_table(entries: list[dict[str, Any]], whose: str) -> None:
    rows = [
        [
            "-" if entry["isDirectory"] else size(entry["size"]),
            clock(entry["mtime"]),
            entry["path"] + "/" * entry["isDirectory"],
        ]
        for entry in entries
    ]
    if not rows:
        click.echo(f"No such files of {whose}.", err=True)
        return
    for line in draw_rows(COLUMNS, rows, width=terminal_width()):
        click.echo(line)


async def fetch_files(cluster: Cluster, noun: str, name: str, patterns: tuple[str, ...], target: str) -> None:
    """Copy the files that the patterns mean into the directory `target`, under the paths they have there."""
    place = await place_of(cluster, noun, name)
    with tempfile.TemporaryFile() as archive:

        async def receive(chunk: bytes) -> None:
            archive.write(chunk)

        await ask(cluster, place, "tar", *patterns, receive=receive)
        archive.seek(0)
        fetched = extract(archive, target)
    for path, amount in fetched:
        click.echo(f"{path}  {size(amount)}")
    files = "1 file" if len(fetched) == 1 else f"{len(fetched)} files"
    click.echo(f"{files}, {size(sum(amount for _, amount in fetched))}, from node {place.node}", err=True)
