"""`millpond task|node files …`: a look at the files of a node through its agent, copies of them, and their deletion."""

from __future__ import annotations

import json
import mimetypes
import sys
from collections.abc import Callable
from typing import Any

import click

from millpond.cli.access import Cluster
from millpond.cli.agents import Place, ask, place_of
from millpond.cli.ages import clock, size
from millpond.cli.columns import Column, at
from millpond.cli.errors import CliError
from millpond.cli.fetch import Entry, Fetch
from millpond.cli.output import print_document
from millpond.cli.tables import draw_rows, terminal_width
from millpond.lifecycle.fileaccess import FILE_NOT_FOUND
from millpond.lifecycle.nodes import SWEEPER_CONTAINER

COLUMNS = (
    Column("SIZE", lambda *_: "", right=True),
    Column("MODIFIED", lambda *_: ""),
    Column("PATH", lambda *_: ""),
)
WIDE = (
    *COLUMNS[:2],
    Column("MODE", lambda *_: ""),
    Column("TYPE", lambda *_: ""),
    COLUMNS[2],
)
BINARY = "application/octet-stream"


async def print_files(cluster: Cluster, noun: str, name: str, patterns: tuple[str, ...], output: str) -> None:
    """Print the files that the patterns mean. Directories end in a slash and have no size."""
    entries = await _list(cluster, await place_of(cluster, noun, name), patterns)
    match output:
        case "json" | "yaml":
            print_document(entries, output)
        case "name":
            for entry in entries:
                click.echo(entry["path"])
        case _:
            _print_table(entries, f"{noun} {name}", wide=output == "wide")


async def _list(cluster: Cluster, place: Place, patterns: tuple[str, ...]) -> list[Entry]:
    return list(map(_typed, await _lines(cluster, place, "list", *patterns)))


async def _lines(cluster: Cluster, place: Place, what: str, *arguments: str) -> list[Entry]:
    received = bytearray()

    async def receive(chunk: bytes) -> None:
        received.extend(chunk)

    await ask(cluster, place, what, *arguments, receive=receive)
    return [json.loads(line) for line in received.splitlines()]


def _typed(entry: Entry) -> Entry:
    """With the content type that its name promises; a directory has none."""
    if entry["isDirectory"]:
        return entry
    return entry | {"contentType": mimetypes.guess_type(entry["path"], strict=False)[0] or BINARY}


def _print_table(entries: list[Entry], whose: str, *, wide: bool) -> None:
    if not entries:
        click.echo(f"No such files of {whose}.", err=True)
        return
    rows = []
    for entry in entries:
        amount = "-" if entry["isDirectory"] else size(entry["size"])
        more = [entry["mode"], entry.get("contentType", "directory")] if wide else []
        rows.append([amount, clock(entry["mtime"]), *more, entry["path"] + "/" * entry["isDirectory"]])
    for line in draw_rows(WIDE if wide else COLUMNS, rows, width=terminal_width()):
        click.echo(line)


async def print_properties(cluster: Cluster, noun: str, name: str, path: str, output: str) -> None:
    """Print what is known of one file or directory."""
    (entry,) = map(_typed, await _lines(cluster, await place_of(cluster, noun, name), "stat", path))
    match output:
        case "json" | "yaml":
            print_document(entry, output)
        case "name":
            click.echo(entry["path"])
        case _:
            kind = "directory" if entry["isDirectory"] else "file"
            rows = [
                ("Path", entry["path"]),
                ("Type", kind),
                ("Modified", clock(entry["mtime"])),
                ("Mode", entry["mode"]),
            ]
            if not entry["isDirectory"]:
                rows += [("Size", f"{size(entry['size'])} ({entry['size']} bytes)"), ("Content", entry["contentType"])]
            for label, value in rows:
                click.echo(f"{label + ':':<12}{value}")


async def print_content(
    cluster: Cluster, noun: str, name: str, path: str, *, offset: int, length: int | None, follow: bool
) -> None:
    """Write a file's bytes to standard output: all, a range, or on as the file grows."""
    place = await place_of(cluster, noun, name)
    follow = follow and not (place.task is not None and at(place.task, "status", "state") == "Completed")
    options = ["--offset", str(offset)]
    options += ["--length", str(length)] if length is not None else []
    options += ["--follow"] if follow else []

    async def receive(chunk: bytes) -> None:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()

    await ask(cluster, place, "cat", path, options=tuple(options), receive=receive, listening=follow)


async def fetch_files(cluster: Cluster, noun: str, name: str, patterns: tuple[str, ...], target: str) -> None:
    """Copy the files that the patterns mean into the directory `target`, under the paths they have there."""
    place = await place_of(cluster, noun, name)
    entries = [entry for entry in await _list(cluster, place, patterns) if not entry["isDirectory"]]
    if not entries:
        message = f"On node {place.node}: no file matches {' '.join(patterns)} ({FILE_NOT_FOUND})."
        raise CliError(message, f"millpond {noun} files list {name}")
    with _bar(sum(entry["size"] for entry in entries)) as progress:
        fetched = await Fetch(cluster, place, target, progress).fetch(entries, patterns)
    for path, amount in fetched:
        click.echo(f"{target}/{path}  {size(amount)}")
    files = "1 file" if len(fetched) == 1 else f"{len(fetched)} files"
    click.echo(f"{files}, {size(sum(amount for _, amount in fetched))}, from node {place.node}", err=True)


def _bar(total: int) -> Any:
    from millpond.cli.bar import bar  # noqa: PLC0415 - what draws is only loaded to draw

    return bar(total)


async def delete_files(
    cluster: Cluster, noun: str, name: str, paths: tuple[str, ...], *, recursive: bool, echo: Callable[[str], object]
) -> None:
    """Delete files of a task that has ended, or of the directory that a node's tasks share."""
    place = await place_of(cluster, noun, name)
    if place.task is not None and at(place.task, "status", "state") != "Completed":
        message = f"Task {name} has not ended: its files are its own until then."
        raise CliError(message, f"millpond task terminate {name}, or wait for its end.")

    async def receive(_: bytes) -> None:
        pass

    options = ("--recursive",) if recursive else ()
    for path in paths:
        await ask(cluster, place, "delete", path, options=options, receive=receive, container=SWEEPER_CONTAINER)
        echo(f"deleted {path} on node {place.node}")
