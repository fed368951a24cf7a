"""`millpond agent files`: a look at files of the node directory, copies of them, and their deletion.

Exit codes tell the command line why not: 1 refused or incomplete, 2 wrong arguments, and those of `MISSING`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from millpond.agent.beneath import MissingFileError, RangeError, RefusedPathError, open_directory, open_root, parts_of
from millpond.lifecycle.fileaccess import NO_DIRECTORY, NO_FILE, NO_SUCH_RANGE, ROOT

if TYPE_CHECKING:
    from millpond.agent.files import Entry


@click.group("files")
def files() -> None:
    """Show, read and delete files of the node directory."""


def _place(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say where files are."""
    command = click.option("--directory", "-d", default="", help="Beneath the node directory; default: all of it.")(
        command
    )
    return click.option("--root", default=ROOT, show_default=True, help="The node directory.")(command)


@files.command("list")
@_place
@click.argument("patterns", nargs=-1)
def list_command(root: str, directory: str, patterns: tuple[str, ...]) -> None:
    """Print a JSON line for each file that the PATTERNS mean."""
    from millpond.agent.files import list_files  # noqa: PLC0415 - only this subcommand needs it

    with refusals(), _opened(root, directory) as base:
        for entry in list_files(base, patterns):
            _tell(entry)


@files.command("stat")
@_place
@click.argument("path")
def stat_command(root: str, directory: str, path: str) -> None:
    """Print a JSON line with the properties of PATH."""
    from millpond.agent.files import describe  # noqa: PLC0415 - only this subcommand needs it

    with refusals(), _opened(root, directory) as base:
        _tell(describe(base, parts_of(path)))


def _tell(entry: Entry) -> None:
    line: dict[str, Any] = {
        "path": entry.path,
        "size": entry.size,
        "mtime": round(entry.modified, 3),
        "mode": f"{entry.mode:04o}",
        "isDirectory": entry.is_directory,
    }
    click.echo(json.dumps(line))


@files.command("cat")
@_place
@click.option("--offset", default=0, type=click.IntRange(min=0), help="Bytes to leave out at the start.")
@click.option("--length", default=None, type=click.IntRange(min=0), help="Bytes to print at most.")
@click.option("--follow", is_flag=True, help="Go on until the task has ended, or standard input has.")
@click.argument("path")
def cat_command(root: str, directory: str, offset: int, length: int | None, follow: bool, path: str) -> None:
    """Print the content of the file PATH."""
    from millpond.agent.files import copy_file  # noqa: PLC0415 - only this subcommand needs it
    from millpond.agent.follow import follow_file  # noqa: PLC0415 - only this subcommand needs it

    with refusals(), _opened(root, directory) as base:
        if follow:
            follow_file(base, parts_of(path), offset, _stdout(), sys.stdin.fileno())
        else:
            copy_file(base, parts_of(path), offset, _stdout(), length)


@files.command("tar")
@_place
@click.option("--after", default="", help="Only files that come after this path in the order of a list.")
@click.option("--below", default=None, type=click.IntRange(min=1), help="Only files of fewer bytes.")
@click.argument("patterns", nargs=-1, required=True)
def tar_command(root: str, directory: str, after: str, below: int | None, patterns: tuple[str, ...]) -> None:
    """Print a tar stream of the files that the PATTERNS mean."""
    from millpond.agent.files import pack  # noqa: PLC0415 - only this subcommand needs it

    with refusals(), _opened(root, directory) as base:
        trouble = pack(base, patterns, _stdout(), after=parts_of(after), below=below)
    for sentence in trouble:
        click.echo(sentence, err=True)
    if trouble:
        sys.exit(1)


@files.command("delete")
@_place
@click.option("--recursive", is_flag=True, help="Directories with all that is in them.")
@click.argument("paths", nargs=-1, required=True)
def delete_command(root: str, directory: str, recursive: bool, paths: tuple[str, ...]) -> None:
    """Delete the files PATHS of a task that has ended, or of the shared directory."""
    from millpond.agent.remove import remove  # noqa: PLC0415 - only this subcommand needs it

    with refusals():
        # Looked for first: what is gone with its directory is another answer than a file that is not there.
        with _opened(root, directory):
            pass
        with _opened(root, "") as base:
            for path in paths:
                remove(base, (*parts_of(directory), *parts_of(path)), recursive=recursive)


def _stdout() -> BinaryIO:
    return sys.stdout.buffer


class _NoDirectoryError(RefusedPathError):
    pass


@contextmanager
def _opened(root: str, below: str) -> Iterator[int]:
    base = open_root(root)
    try:
        try:
            descriptor = open_directory(base, parts_of(below))
        except MissingFileError as error:
            raise _NoDirectoryError(str(error)) from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    finally:
        os.close(base)


@contextmanager
def refusals() -> Iterator[None]:
    """Say on standard error what was refused, and exit with the code that says why."""
    try:
        yield
    except RefusedPathError as refusal:
        click.echo(str(refusal), err=True)
        kinds = ((_NoDirectoryError, NO_DIRECTORY), (MissingFileError, NO_FILE), (RangeError, NO_SUCH_RANGE))
        sys.exit(next((code for kind, code in kinds if isinstance(refusal, kind)), 1))
    except BrokenPipeError:
        # The reader has gone; what is still buffered has no taker either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        click.echo(f"{error.filename or 'the node directory'}: {error.strerror}", err=True)
        sys.exit(1)
