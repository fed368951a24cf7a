"""Putting what was downloaded into files here: whole under their names, beneath a directory, through no link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from millpond.cli.errors import CliError


def land(target: str, name: str, pieces: Iterator[memoryview], size: int) -> Path:
    """Write the file `name` beneath `target`, in the place of an earlier one, and tell its path.

    CliError where its name leads elsewhere, where it cannot be written, or where not all `size` bytes came.
    """
    path = _inside(target, name)
    temporary = path.with_name(f".{path.name}.{os.getpid()}"[:200] + ".part")
    length = 0
    try:
        with temporary.open("xb") as file:
            for piece in pieces:
                file.write(piece)
                length += len(piece)
        if size >= 0 and length != size:
            raise CliError(f"{name} came with {length} bytes instead of {size}; it was not kept.", "Fetch it again.")
        temporary.replace(path)
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _inside(target: str, name: str) -> Path:
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\0" in name:
        raise CliError(f"The store has a file named {name!r}, which does not lie inside {target}; it was refused.")
    path = Path(target)
    try:
        path.mkdir(parents=True, exist_ok=True)
        for part in parts[:-1]:
            path /= part
            if path.is_symlink():
                raise CliError(
                    f"{path} is a symbolic link, through which nothing is written.", "Choose another directory."
                )
            path.mkdir(exist_ok=True)
    except OSError as error:
        raise CliError(f"{path} cannot be made: {error.strerror}.") from None
    return path / parts[-1]
