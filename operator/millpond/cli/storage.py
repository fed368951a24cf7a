"""`millpond storage upload|download|ls|rm`: files between here and a container of a store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from millpond.cli.ages import size
from millpond.cli.columns import Column
from millpond.cli.errors import CliError
from millpond.cli.landing import land
from millpond.cli.output import print_document
from millpond.cli.stores import Opened, Wanted, find_door, said
from millpond.cli.tables import draw_rows, terminal_width
from millpond.cli.transfers import Lines, transfer
from millpond.storage.objects import put_file, remove
from millpond.storage.reading import list_objects, read_object

T = TypeVar("T")

AT_A_TIME = 8
PIECE = 1 << 20
COLUMNS = (Column("SIZE", lambda *_: "", right=True), Column("NAME", lambda *_: ""))


@dataclass(frozen=True)
class Local:
    """A file here, and what it is to be called in the container."""

    path: Path
    name: str
    size: int


def split(place: str) -> tuple[str, str]:
    """Container and prefix of CONTAINER[/PREFIX]."""
    container, _, prefix = place.strip("/").partition("/")
    return container, prefix


def upload(wanted: Wanted, paths: Iterable[str], place: str) -> None:
    """Put files into a container; of directories all that is beneath them, under their paths there."""
    container, prefix = split(place)
    files = _distinct(file for path in paths for file in _local(Path(path), prefix.strip("/")))
    if not files:
        raise CliError("There is no file to upload: the directories are empty.")
    opened = find_door(wanted).open(container)

    def one(file: Local, meter: Lines) -> None:
        with said(file.name, opened.text):
            put_file(opened.store, file.name, _read(file, meter), file.size)
        meter.finished(file.name)

    with transfer("uploaded", len(files), sum(file.size for file in files)) as meter:
        _each(files, lambda file: one(file, meter))


def download(wanted: Wanted, place: str, target: str) -> None:
    """Fetch all files of a container whose names start with the prefix, under these names beneath `target`."""
    container, prefix = split(place)
    opened = find_door(wanted).open(container)
    with said("The list of files", opened.text):
        entries = list_objects(opened.store, prefix)
    if not entries:
        raise CliError(f"{opened.text} has no file{_starting(prefix)}.", f"millpond storage ls {container}")

    def one(name: str, meter: Lines) -> None:
        with said(name, opened.text):
            reading = read_object(opened.store, name)
            land(target, name, _counted(reading.pieces, meter), reading.size)
        meter.finished(name)

    with transfer("downloaded", len(entries), sum(entry.size for entry in entries)) as meter:
        _each([entry.name for entry in entries], lambda name: one(name, meter))


def print_names(wanted: Wanted, place: str, output: str) -> None:
    """Print the files of a container whose names start with the prefix."""
    container, prefix = split(place)
    opened = find_door(wanted).open(container)
    with said("The list of files", opened.text):
        entries = list_objects(opened.store, prefix)
    match output:
        case "json" | "yaml":
            print_document([{"name": entry.name, "size": entry.size} for entry in entries], output)
        case "name":
            for entry in entries:
                click.echo(entry.name)
        case _ if not entries:
            click.echo(f"{opened.text} has no file{_starting(prefix)}.", err=True)
        case _:
            for line in draw_rows(COLUMNS, [[size(e.size), e.name] for e in entries], width=terminal_width()):
                click.echo(line)


def remove_files(wanted: Wanted, places: Iterable[str]) -> None:
    """Remove single files; nothing is removed by a prefix."""
    door = find_door(wanted)
    doors: dict[str, Opened] = {}
    for place in places:
        container, name = split(place)
        if not name:
            raise CliError(f"{place!r} names a container and no file: write CONTAINER/NAME.")
        opened = doors[container] if container in doors else doors.setdefault(container, door.open(container))
        with said(name, opened.text):
            remove(opened.store, name)
        click.echo(f"removed {name} of {opened.text}", err=True)


def _starting(prefix: str) -> str:
    return f" whose name starts with {prefix!r}" if prefix else ""


def _local(path: Path, prefix: str) -> Iterator[Local]:
    """The files that a path means, each with its name to be. Links beneath directories are left out, and said to be."""
    if path.is_dir():
        for directory, _, names in os.walk(path):
            for name in sorted(names):
                file = Path(directory) / name
                if file.is_symlink() or not file.is_file():
                    click.echo(f"{file} is no plain file, and is left out", err=True)
                    continue
                yield Local(file, "/".join(filter(None, (prefix, file.relative_to(path).as_posix()))), _size(file))
    elif path.is_file():
        yield Local(path, "/".join(filter(None, (prefix, path.name))), _size(path))
    else:
        raise CliError(f"There is no file {path}.")


def _distinct(files: Iterable[Local]) -> list[Local]:
    """Each file once, however often it was named; CliError where two files would have one name."""
    chosen: dict[str, Local] = {}
    for file in files:
        other = chosen.setdefault(file.name, file)
        if other is not file and not other.path.samefile(file.path):
            raise CliError(
                f"{other.path} and {file.path} would both be {file.name}: give them to two commands, with two prefixes."
            )
    return list(chosen.values())


def _size(path: Path) -> int:
    return path.stat().st_size


def _read(file: Local, meter: Lines) -> Iterator[bytes]:
    try:
        with file.path.open("rb") as source:
            while piece := source.read(PIECE):
                yield piece
                meter.moved(len(piece))
    except OSError as error:
        raise CliError(f"{file.path} cannot be read: {error.strerror}.") from None


def _counted(pieces: Iterator[memoryview], meter: Lines) -> Iterator[memoryview]:
    for piece in pieces:
        yield piece
        meter.moved(len(piece))


def _each(items: list[T], work: Callable[[T], None]) -> None:
    """Do it for all, some at a time; the first that fails keeps those from being begun that have not been."""
    with ThreadPoolExecutor(min(AT_A_TIME, len(items))) as threads:
        try:
            for end in [threads.submit(work, item) for item in items]:
                end.result()
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
