"""`millpond app push|list|set-default|rm`: versions of applications in the namespace's default store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import click

from millpond.cli.ages import size
from millpond.cli.columns import Column
from millpond.cli.errors import CliError
from millpond.cli.output import print_document
from millpond.cli.stores import Opened, Wanted, find_door, said
from millpond.cli.tables import draw_rows, terminal_width
from millpond.cli.transfers import Lines, transfer
from millpond.packages import catalog
from millpond.packages.archive import check
from millpond.packages.zipformat import ArchiveError
from millpond.storage.objects import find, put_file, remove
from millpond.storage.problems import Problem, StoreError

PIECE = 1 << 20
COLUMNS = tuple(
    Column(header, lambda *_: "", right=header == "SIZE") for header in ("APPLICATION", "VERSION", "DEFAULT", "SIZE")
)


def push(wanted: Wanted, application: str, version: str, path: str, *, default: bool) -> None:
    """Put a version into the store, once its archive is found good. One that is there is never replaced."""
    name = _named(application, version)
    with _file(path) as archive:
        try:
            contents = check(archive)
        except ArchiveError as refusal:
            raise CliError(f"{path} cannot be an application package: {refusal}.") from None
        opened = _open(wanted)
        if _is_there(opened, name):
            raise CliError(
                f"{application} has a version {version} already, and versions do not change.",
                f"Push it as another version, or remove this one: millpond app rm {application} {version}",
            )
        amount = archive.seek(0, 2)
        with transfer("pushed", 1, amount) as meter, said(name, opened.text):
            put_file(opened.store, name, _read(archive, meter), amount)
            meter.finished(name)
    click.echo(f"{application} {version}: {len(contents.files)} files, {size(contents.size)} unpacked", err=True)
    if default:
        _set(opened, application, version)


def set_default(wanted: Wanted, application: str, version: str) -> None:
    """Make a version the one that is meant where none is named."""
    name, opened = _named(application, version), _open(wanted)
    if not _is_there(opened, name):
        raise _no_version(opened, application, version)
    _set(opened, application, version)


def remove_version(wanted: Wanted, application: str, version: str) -> None:
    """Remove a version; an application whose default version it was has none from then on."""
    name, opened = _named(application, version), _open(wanted)
    if not _is_there(opened, name):
        raise _no_version(opened, application, version)
    with said(name, opened.text):
        found = {one.id: one for one in catalog.applications(opened.store)}.get(application)
        if found is not None and found.default == version:
            # First, so that no default is ever left that leads nowhere.
            catalog.drop_default(opened.store, application)
            click.echo(f"{application} has no default version any more", err=True)
        remove(opened.store, name)
    click.echo(f"removed {application} {version}", err=True)


def print_applications(wanted: Wanted, output: str) -> None:
    """Print all versions of all applications."""
    opened = _open(wanted)
    with said("The list of applications", opened.text):
        found = catalog.applications(opened.store)
    match output:
        case "json" | "yaml":
            print_document([_document(one) for one in found], output)
        case "name":
            for one in found:
                click.echo(one.id)
        case _ if not found:
            click.echo(f"There are no applications in {opened.text}.", err=True)
        case _:
            rows = [
                [one.id, version.name, "yes" * (version.name == one.default), size(version.size)]
                for one in found
                for version in one.versions
            ]
            for line in draw_rows(COLUMNS, rows, width=terminal_width()):
                click.echo(line)


def _document(one: catalog.Application) -> dict[str, object]:
    versions = [{"version": version.name, "size": version.size} for version in one.versions]
    document: dict[str, object] = {"id": one.id, "versions": versions}
    return document | ({"defaultVersion": one.default} if one.default else {})


def _open(wanted: Wanted) -> Opened:
    return find_door(wanted).open(catalog.CONTAINER)


def _named(application: str, version: str) -> str:
    return catalog.package_name(_checked(catalog.check_id, application), _checked(catalog.check_version, version))


def _checked(check_: Callable[[str], str], word: str) -> str:
    try:
        return check_(word)
    except catalog.CatalogError as refusal:
        raise CliError(f"{str(refusal)[0].upper()}{str(refusal)[1:]}.") from None


def _is_there(opened: Opened, name: str) -> bool:
    with said(name, opened.text):
        try:
            find(opened.store, name)
        except StoreError as error:
            if error.trouble.problem is Problem.FILE_NOT_FOUND:
                return False
            raise
    return True


def _no_version(opened: Opened, application: str, version: str) -> CliError:
    with said("The list of applications", opened.text):
        found = {one.id: one for one in catalog.applications(opened.store)}.get(application)
    there = ", ".join(one.name for one in found.versions) if found is not None else ""
    next_step = f"There are: {there}" if there else "millpond app list"
    return CliError(f"There is no version {version} of {application} in {opened.text}.", next_step)


def _set(opened: Opened, application: str, version: str) -> None:
    with said(f"The default version of {application}", opened.text):
        catalog.set_default(opened.store, application, version)
    click.echo(f"{version} is the default version of {application}", err=True)


def _file(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}.") from None


def _read(archive: BinaryIO, meter: Lines) -> Iterator[bytes]:
    archive.seek(0)
    while piece := archive.read(PIECE):
        yield piece
        meter.moved(len(piece))
